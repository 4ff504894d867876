//! `hatchery reward`: expressions on the command line.

use predicates::prelude::*;
use serde_json::Value;

use crate::support::Scratch;

fn score(words: &[&str]) -> Value {
    let scratch = Scratch::new();
    let output = scratch.command("reward score").args(words).arg("--json").assert().success();
    serde_json::from_slice(&output.get_output().stdout).expect("one JSON object")
}

#[test]
fn a_score_repeats_and_has_every_split() {
    let words = ["g1+0.5*(found+held)", "--env", "tidy-hard", "--seeds", "2", "--updates", "3"];
    let (mut one, mut two) = (score(&words), score(&words));
    for split in ["l0", "l1", "l2"] {
        let of = &one[split];
        assert_eq!(of["values"].as_array().map(Vec::len), Some(2), "{of}");
        assert!(
            of["low"].as_f64() <= of["mean"].as_f64() && of["mean"].as_f64() <= of["high"].as_f64()
        );
    }
    assert_eq!(one["class"], "stable");
    one["elapsed_s"].take();
    two["elapsed_s"].take();
    assert_eq!(one, two);
}

#[test]
fn rewards_that_train_the_same_share_a_hash() {
    let hash = |text| {
        score(&[text, "--env", "tidy-hard", "--seeds", "1", "--updates", "1"])["hash"].clone()
    };
    assert_eq!(hash("g1+0.5*found"), hash("found + 2*g1 + 3"));
    assert_ne!(hash("g1+0.5*found"), hash("g1-0.5*found"));
}

#[test]
fn mistakes_in_a_reward_are_named_with_their_column() {
    let cases = [
        (["g1+*2", "tidy-hard"], "column 4"),
        (["(g1", "tidy-hard"], "column"),
        (["g1+helt", "tidy-hard"], "did you mean 'held'"),
        (["g1", "tidy-hart"], "did you mean `tidy-hard`"),
    ];
    for ([text, env], words) in cases {
        let says = predicate::str::contains(words);
        Scratch::new()
            .command("reward score")
            .args([text, "--env", env])
            .assert()
            .code(2)
            .stderr(says);
    }
}

#[test]
fn names_of_every_environment_can_be_printed_and_its_hand_made_reward_scored() {
    for env in [
        "tidy-hard",
        "tidy-mixed",
        "lab-hard",
        "lab-mixed",
        "keydoor",
        "keydoor-hard",
        "countdown-3",
        "countdown-4",
        "sparsecar",
        "pointmaze",
        "pointmaze-hard",
    ] {
        Scratch::new()
            .command("reward names")
            .args(["--env", env])
            .assert()
            .success()
            .stdout(predicate::str::contains("g1").and(predicate::str::contains("hand_made")));
        let scored = score(&["hand_made", "--env", env, "--seeds", "1", "--updates", "1"]);
        assert_eq!(scored["env"], env);
    }
}
