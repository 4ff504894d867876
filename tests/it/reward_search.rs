//! `hatchery run reward-*`: a search for a reward, from its first step to the policy that is kept.

use std::fs;
use std::time::{Duration, Instant};

use predicates::str::contains;
use serde_json::Value;

use crate::support::Scratch;

/// A search of 44 short trainings in six steps, and a race.
const SMALL: &str = "run reward-tidy --set search.budget=44 --set search.group=4 --set search.trainings=2 --set search.race=3 \
                     --set search.race_seeds=2 --set search.fresh=2 --set task.inner.updates=4 --set task.inner.episodes=16 --quiet";

/// The lines of a log, in the order of what they are, without the clock.
fn log(scratch: &Scratch, run: &str) -> Vec<String> {
    let text = fs::read_to_string(scratch.path(run).join("outer.log")).expect("a log");
    let plain = |line: &str| {
        let mut training: Value = serde_json::from_str(line).expect("each line is JSON");
        training["seconds"].take();
        training.to_string()
    };
    let mut lines: Vec<String> = text.lines().map(plain).collect();
    lines.sort();
    lines
}

/// The summary without the clock and the place.
fn plain(mut summary: Value) -> Value {
    for key in ["seconds", "run_dir", "stopped_by"] {
        summary[key].take();
    }
    summary
}

#[test]
fn a_search_ends_with_a_formula_that_can_be_trained_again() {
    let scratch = Scratch::new();
    let found = scratch.json(&format!("{SMALL} --out a"));
    for rival in ["searched", "outcome_only", "average", "hand_made"] {
        for split in ["l0", "l1", "l2"] {
            let part = &found[rival][split];
            assert_eq!(part["values"].as_array().map(Vec::len), Some(2), "{rival} {split}");
            assert!(part["low"].as_f64() <= part["mean"].as_f64());
        }
    }
    // 19 rewards twice, a race of 3 with 2 seeds each, four rewards twice; fewer where rewards are the same.
    let trainings = found["trainings"].as_u64().expect("a count");
    assert!((30..=38 + 6 + 8).contains(&trainings), "{trainings}");
    assert_eq!(trainings as usize, log(&scratch, "a").len());
    let expression = found["expression"].as_str().expect("a formula");
    let words = ["reward", "score", expression, "--env", "tidy-hard", "--seeds", "2"];
    let again = scratch
        .command_of(&words)
        .args(["--updates", "4", "--episodes", "16", "--json"])
        .assert()
        .success();
    let again: Value = serde_json::from_slice(&again.get_output().stdout).expect("JSON");
    assert_eq!(again["l0"]["values"], found["searched"]["l0"]["values"]);
    assert_eq!(again["hash"], found["hash"]);
    let page = fs::read_to_string(scratch.path("a/report.html")).expect("a page");
    assert!(page.contains("<h2>The reward</h2>") && page.contains("What is rewarded"));
    let judged = scratch.json("eval a --episodes 20");
    assert!(["l0", "l1", "l2"].iter().all(|split| judged[split].is_f64()), "{judged}");
    let watched = scratch.ok("eval a --watch").get_output().stdout.clone();
    let watched = String::from_utf8(watched).expect("characters");
    assert!(watched.contains("step 1: ") && watched.contains("the outcome is"), "{watched}");
}

/// Runs a search until so many trainings are logged, and kills it.
fn kill_after(scratch: &Scratch, command: &str, run: &str, lines: usize) {
    let mut running = scratch.spawn(&format!("{command} --out {run}"));
    let until = Instant::now() + Duration::from_secs(30);
    let written = || {
        let text = fs::read_to_string(scratch.path(run).join("outer.log"));
        text.map_or(0, |text| text.lines().count())
    };
    while written() < lines && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(1));
    }
    running.signal("KILL");
    running.status();
}

#[test]
fn threads_change_nothing_and_a_search_that_is_killed_finds_the_same() {
    let scratch = Scratch::new();
    let whole = scratch.json(&format!("{SMALL} --threads 1 --out whole"));
    let other = scratch.json(&format!("{SMALL} --threads 2 --out other"));
    assert_eq!(plain(whole.clone()), plain(other));
    assert_eq!(log(&scratch, "whole"), log(&scratch, "other"));
    // Killed in the first step, in the middle, and in the race.
    for lines in [3, 20, 38] {
        let run = format!("killed-{lines}");
        kill_after(&scratch, &format!("{SMALL} --threads 2"), &run, lines);
        let resumed = scratch.json(&format!("resume {run} --quiet"));
        assert_eq!(plain(resumed), plain(whole.clone()), "killed after {lines} trainings");
        assert_eq!(log(&scratch, &run), log(&scratch, "whole"));
    }
}

/// A search of 12 slices for each of four members with two policies each, and three rivals.
const INHERITED: &str = "run reward-tidy --set search.group=4 --set search.trainings=2 --set search.fresh=2 --set search.inherit.slices=4 \
                         --set task.inner.updates=12 --set task.inner.episodes=16 --quiet --set search.method=";

#[test]
fn a_search_that_inherits_ends_with_a_policy_and_the_sequence_that_trained_it() {
    let scratch = Scratch::new();
    for method in ["derl-pop", "pbt"] {
        let found = scratch.json(&format!("{INHERITED}{method} --threads 1 --out {method}"));
        for rival in ["searched", "outcome_only", "average", "hand_made"] {
            for split in ["l0", "l1", "l2"] {
                let values = &found[rival][split]["values"];
                assert_eq!(values.as_array().map(Vec::len), Some(2), "{rival} {split}");
            }
            assert!(found[rival]["expression"].is_string());
        }
        let sequence = found["sequence"].as_array().expect("a sequence");
        let steps: Vec<u64> = sequence.iter().filter_map(|link| link["step"].as_u64()).collect();
        assert_eq!(steps, [0, 1, 2, 3]);
        assert!(sequence.iter().all(|link| link["weights"].is_string()), "{sequence:?}");
        assert!(found["measured"].as_str().is_some_and(|text| text.contains("fresh episodes")));
        // Four slices of four members with two policies each, and three rivals twice.
        assert_eq!(found["trainings"], 4 * 4 * 2 + 3 * 2);
        assert_eq!(log(&scratch, method).len(), 4 * 4 * 2 + 3 * 2);
        let page = fs::read_to_string(scratch.path(&format!("{method}/report.html")));
        let page = page.expect("a page");
        assert!(page.contains("<h2>The sequence that trained the policy</h2>"));
        assert!(page.contains("one policy in 2 sets of fresh episodes"));
        // The policy that was kept is the one that was measured.
        let judged = scratch.json(&format!("eval {method} --episodes 20"));
        assert!(["l0", "l1", "l2"].iter().all(|split| judged[split].is_f64()), "{judged}");
        scratch.ok(&format!("eval {method} --watch"));
        let other = scratch.json(&format!("{INHERITED}{method} --threads 2 --out {method}-2"));
        assert_eq!(plain(found.clone()), plain(other));
        assert_eq!(log(&scratch, method), log(&scratch, &format!("{method}-2")));
        let run = format!("{method}-short");
        scratch.ok(&format!("{INHERITED}{method} --generations 2 --out {run}"));
        let resumed = scratch.json(&format!("resume {run} --generations 99 --quiet"));
        assert_eq!(plain(resumed), plain(found.clone()), "resumed after two slices");
        assert_eq!(log(&scratch, &run), log(&scratch, method));
        // In the middle of a slice, whose trainings are made again and not logged twice.
        let run = format!("{method}-killed");
        kill_after(&scratch, &format!("{INHERITED}{method} --threads 2"), &run, 13);
        let resumed = scratch.json(&format!("resume {run} --quiet"));
        assert_eq!(plain(resumed), plain(found), "killed in the second slice");
        assert_eq!(log(&scratch, &run), log(&scratch, method));
    }
}

#[test]
fn a_policy_with_memory_and_an_evolution_strategy_inside_are_a_word_each() {
    let scratch = Scratch::new();
    for (environment, more) in [
        ("tidy-hard", "--set task.inner.policy=gru"),
        ("pointmaze", "--set task.inner.policy=gru --set task.inner.steps_max=3000"),
        ("keydoor", "--set task.inner.trainer=eggroll"),
        ("tidy-hard", "--set task.inner.entropy=0.03"),
        ("tidy-hard", "--set task.inner.trainer=eggroll --set task.inner.policy=gru"),
    ] {
        let run = "--set search.budget=24 --out a --set search.race=2 --set task.inner.updates=2";
        let found =
            scratch.json(&format!("{SMALL} --set task.environment={environment} {run} {more}"));
        let expression = found["expression"].as_str().expect("a formula");
        let mut words = vec!["reward", "score", expression, "--env", environment, "--json"];
        words.extend(["--seeds", "2", "--updates", "2", "--episodes", "16"]);
        for (key, word) in [("policy=gru", "--policy=gru"), ("eggroll", "--trainer=eggroll")] {
            words.extend(more.contains(key).then_some(word));
        }
        words.extend(more.contains("entropy").then_some("--entropy=0.03"));
        let capped = more.contains("steps_max");
        words.extend(capped.then_some("--steps-max=3000"));
        let again = scratch.command_of(&words).assert().success();
        let again: Value = serde_json::from_slice(&again.get_output().stdout).expect("JSON");
        assert_eq!(again["l0"]["values"], found["searched"]["l0"]["values"], "{more}");
        assert_eq!(again["capped"], if capped { 2 } else { 0 }, "{more}");
        assert_eq!(log(&scratch, "a").iter().all(|line| line.contains("capped")), capped);
        let watched = scratch.ok("eval a --watch").get_output().stdout.clone();
        assert!(String::from_utf8_lossy(&watched).contains("the outcome is"));
        fs::remove_dir_all(scratch.path("a")).expect("it was there");
    }
}

#[cfg(unix)]
#[test]
fn a_program_may_propose_and_what_it_said_is_kept() {
    let scratch = Scratch::new();
    scratch.write(
        "propose.sh",
        "while read -r line; do case $line in\n*hello*) echo '{\"t\":\"ready\",\"learns\":false}';;\n\
         *'\"propose\"'*) step=${line#*step\\\":}; step=${step%%,*}; echo \"{\\\"t\\\":\\\"proposal\\\",\\\"step\\\":$step,\\\"exprs\\\":[\\\"g1 + found\\\",\\\"g1 + dnoe\\\"]}\";;\n\
         *feedback*) step=${line#*step\\\":}; step=${step%%,*}; echo \"{\\\"t\\\":\\\"ack\\\",\\\"step\\\":$step}\";;\n*bye*) exit;; esac; done\n",
    );
    let command =
        "--set search.method=external --set search.external.command=[\"sh\",\"propose.sh\"]";
    let found = scratch.json(&format!("{SMALL} {command} --out a"));
    assert_eq!(found["expression"], "g1 + found");
    let kept = scratch.names_in("a/external");
    assert!(!kept.is_empty());
}

#[test]
fn every_method_and_environment_runs_and_mistakes_are_named() {
    let scratch = Scratch::new();
    for more in [
        "--set search.method=aging",
        "--set search.method=gp",
        "--set search.derl.policy=tree --set search.screening.screen=4",
        "--set search.method=cma",
        "--set search.method=random --set task.operators=full",
        "--set task.environment=countdown-3",
        "--set task.environment=pointmaze --set task.primitives=sub",
    ] {
        let found = scratch.json(&format!("{SMALL} {more} --set task.inner.updates=1"));
        assert!(found["expression"].is_string(), "{more}");
    }
    for (more, words) in [
        ("--set task.environment=tidy-hart", "did you mean `tidy-hard`"),
        ("--set task.primitives=derl5", "did you mean `derl4`"),
        ("--set task.inner.update=3", "did you mean `updates`"),
        ("--set task.inner.updates=many", "task.inner.updates"),
        ("--set task.inner.rollouts=1", "must be from 2"),
        ("--set task.inner.policy=grue", "task.inner.policy"),
        ("--set task.inner.trainer=egrol", "task.inner.trainer"),
        ("--set task.inner.sigma=0", "task.inner.sigma"),
        ("--set search.method=pbt", "at most task.inner.updates, 4"),
        ("--set search.method=pbt --set search.screening.screen=4", "screening.screen"),
        ("--set search.method=pbt --set search.inherit.share=1", "search.inherit.share"),
        ("--set search.budget=5", "must be at least"),
        ("--set search.method=dearl", "derl"),
        ("--set search.derl.clip=-1", "clip"),
        ("--set search.method=external", "search.command"),
        ("--set search.strategy=eggroll", "does not fit"),
    ] {
        scratch.command(&format!("{SMALL} {more}")).assert().code(2).stderr(contains(words));
    }
}
