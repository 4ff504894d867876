//! Mistakes before a run: exit code 2, one message with place and nearest name, and nothing is made.

use crate::support::{PRESETS, Scratch, stderr, stdout};

/// Runs the words, expects exit code 2 and one message that contains all parts; nothing new may appear.
fn refused(scratch: &Scratch, words: &[&str], parts: &[&str]) {
    let before = scratch.names();
    let assert = scratch.command_of(words).assert().code(2).stdout("");
    let message = stderr(&assert);
    for part in parts {
        assert!(message.contains(part), "`{part}` is missing from: {message}");
    }
    assert_eq!(message.trim_end().lines().count(), 1, "more than one line: {message}");
    assert!(message.starts_with("hatchery: "), "{message}");
    assert_eq!(scratch.names(), before, "{words:?} left something behind");
}

const FILE: &str = r#"seed = 1

[task]
name = "cartpole"
episodes = 1

[model]
hidden = [8]
activation = "tanh"

[search]
pairs = 8
sigma = 0.1
optimiser = "adam"

[budget]
generations = 2
"#;

#[test]
fn the_file_of_these_tests_is_right_as_it_is() {
    let scratch = Scratch::new();
    scratch.write("my.toml", FILE);
    let last = scratch.json("run my.toml --quiet");
    assert_eq!(last["run_dir"], "runs/my-seed1");
    assert_eq!(last["generations"], 2);
}

#[test]
fn a_mistake_in_a_file_is_named_with_its_line_and_the_nearest_name() {
    // What to write instead of what, and what the message has to contain.
    let cases: [(&str, &str, &[&str]); 18] = [
        ("sigma = 0.1", "sigmma = 0.1", &["my.toml:13", "`sigmma`", "did you mean `sigma`?"]),
        ("[search]", "[serch]", &["my.toml:11", "`serch`", "did you mean `search`?"]),
        ("seed = 1", "sed = 1", &["my.toml:1", "`sed`", "did you mean `seed`?"]),
        ("episodes = 1", "episode = 1", &["my.toml:5", "did you mean `episodes`?"]),
        ("hidden = [8]", "hiden = [8]", &["my.toml:8", "did you mean `hidden`?"]),
        ("generations = 2", "generation = 2", &["my.toml:17", "did you mean `generations`?"]),
        ("\"cartpole\"", "\"cartpol\"", &["my.toml:4", "task.name", "did you mean `cartpole`?"]),
        ("pairs = 8", "strategy = \"egroll\"", &["my.toml:12", "did you mean `eggroll`?"]),
        ("\"adam\"", "\"addam\"", &["my.toml:14", "search.optimiser", "did you mean `adam`?"]),
        ("\"tanh\"", "\"tahn\"", &["my.toml:9", "model.activation", "did you mean `tanh`?"]),
        ("sigma = 0.1", "sigma = \"big\"", &["my.toml:13", "search.sigma", "string \"big\""]),
        ("hidden = [8]", "hidden = 8", &["my.toml:8", "model.hidden", "integer `8`"]),
        ("seed = 1", "seed = -1", &["my.toml:1", "seed", "from 0"]),
        ("sigma = 0.1", "sigma = -0.1", &["my.toml:13", "search.sigma", "-0.1"]),
        ("pairs = 8", "pairs = 0", &["my.toml:12", "search.pairs", "0"]),
        ("episodes = 1", "episodes = 0", &["my.toml:5", "task.episodes", "from 1 to", "found 0"]),
        ("generations = 2", "generations = 0", &["my.toml:17", "budget.generations", "above 0"]),
        ("[model]", "[model", &["my.toml:7"]),
    ];
    let scratch = Scratch::new();
    for (right, wrong, parts) in cases {
        assert!(FILE.contains(right));
        scratch.write("my.toml", &FILE.replace(right, wrong));
        refused(&scratch, &["run", "my.toml"], parts);
    }
}

#[test]
fn a_mistake_in_a_set_is_named_with_the_flag() {
    let cases: [(&str, &[&str]); 9] = [
        ("search.sigmma=0.1", &["did you mean `sigma`?"]),
        ("search.sigma=big", &["search.sigma", "string \"big\""]),
        ("search.sigma=-1", &["search.sigma"]),
        ("search={ sigma = -1.0 }", &["search.sigma"]),
        ("tusk.name=cartpole", &["did you mean `task`?"]),
        ("task.name=sphre", &["did you mean `sphere`?"]),
        ("search.sigma", &["expected KEY=VALUE"]),
        ("search..sigma=1", &["expected a dotted key"]),
        ("seed.x=1", &["`seed` is a value, not a table"]),
    ];
    let scratch = Scratch::new();
    for (set, parts) in cases {
        let flag = format!("--set {set}");
        let parts = [parts, &[flag.as_str()]].concat();
        refused(&scratch, &["run", "cartpole", "--set", set], &parts);
    }
}

#[test]
fn a_run_that_nothing_ends_is_refused() {
    let scratch = Scratch::new();
    scratch.write("my.toml", &FILE.replace("generations = 2", "target = 500"));
    refused(&scratch, &["run", "my.toml"], &["my", "budget", "nothing ends this run"]);
}

#[test]
fn budget_flags_without_sense_are_refused() {
    let scratch = Scratch::new();
    for flag in ["--seconds=0", "--seconds=-1", "--seconds=nan", "--seconds=inf", "--target=nan"] {
        let name = flag.split('=').next().expect("a name");
        refused(&scratch, &["run", "sphere", flag], &[name]);
    }
    // These are refused by the parser of the words, in its own form.
    for flag in ["--generations=0", "--evaluations=0", "--generations=many", "--seed=-1"] {
        let name = flag.split('=').next().expect("a name");
        let assert = scratch.command_of(&["run", "sphere", flag]).assert().code(2);
        assert!(stderr(&assert).contains(name));
    }
    assert!(scratch.names().is_empty());
}

#[test]
fn a_missing_file_is_named() {
    let scratch = Scratch::new();
    refused(&scratch, &["run", "nowhere/my.toml"], &["nowhere/my.toml", "cannot be read"]);
    refused(&scratch, &["run", "."], &[".", "cannot be read"]);
}

#[test]
fn a_directory_that_is_not_empty_is_refused() {
    let scratch = Scratch::new();
    scratch.ok("run sphere --generations 1 --quiet --out a");
    let words = ["run", "sphere", "--out", "a"];
    refused(&scratch, &words, &["a exists and is not empty", "--out", "hatchery resume a"]);
    scratch.write("file", "");
    refused(&scratch, &["run", "sphere", "--out", "file"], &["file is a file", "--out"]);
}

#[test]
fn a_backend_that_is_not_there_is_refused_with_the_reason() {
    let scratch = Scratch::new();
    let doctor = scratch.json("doctor");
    if doctor["backend"] == "cuda" {
        return;
    }
    let reason = doctor["cuda"].as_str().expect("a reason");
    refused(&scratch, &["run", "sphere", "--backend", "cuda"], &["--backend cuda", reason]);
}

#[test]
fn what_is_no_run_directory_is_refused_by_every_command_that_wants_one() {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.path("empty")).expect("made");
    for command in ["resume", "eval", "report", "export --format json"] {
        for (dir, reason) in [("nowhere", "no directory"), ("empty", "no run directory")] {
            let words = format!("{command} {dir}");
            refused(&scratch, &words.split(' ').collect::<Vec<_>>(), &[dir, reason]);
        }
    }
    assert!(scratch.path("empty").read_dir().expect("listed").next().is_none());
}

#[test]
fn every_shown_preset_is_runnable() {
    let scratch = Scratch::new();
    // Searches for programs and rewards have tests of their own, with less work.
    let programs = |name: &&str| {
        *name == "optimizer-search" || name.starts_with("formula-") || name.starts_with("reward-")
    };
    for name in PRESETS.into_iter().filter(|name| !programs(name)) {
        let file = format!("{name}.toml");
        scratch.write(&file, &stdout(&scratch.ok(&format!("show {name}"))));
        // The heavy ones with fewer members; the groups of the regression want theirs.
        let fewer = if name == "regression" { "" } else { "--set search.pairs=8" };
        let last = scratch.json(&format!("run {file} --generations 2 {fewer} --quiet"));
        assert_eq!((&last["generations"], &last["failures"]), (&2.into(), &0.into()), "{name}");
        assert_eq!(last["run_dir"], format!("runs/{name}-seed0"));
    }
}

#[test]
fn set_changes_a_key_and_the_last_one_wins() {
    let scratch = Scratch::new();
    scratch
        .ok("run sphere --generations 1 --set search.pairs=3 --set search.pairs=5 --quiet --out a");
    let text = std::fs::read_to_string(scratch.path("a/config.toml")).expect("read");
    assert!(text.contains("pairs = 5"), "{text}");
    assert_eq!(scratch.metrics("a")[0]["evaluations"], 10);
}
