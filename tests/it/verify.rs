//! The log is the checkpoint: `hatchery verify` rebuilds a run and finds what was changed.

use std::fs;

use predicates::str::contains;

use crate::support::{SMALL_CARTPOLE, Scratch, stderr};

const LOGGED: &str = "--set output.log_fitness=true --set output.report=false";

/// A run of so many generations with a log, in `a`.
fn logged(generations: u32) -> Scratch {
    let scratch = Scratch::new();
    scratch.ok(&format!("{SMALL_CARTPOLE} {LOGGED} --generations {generations} --out a"));
    scratch
}

#[test]
fn a_run_is_rebuilt_from_its_log() {
    let scratch = logged(12);
    let found = scratch.json("verify a --sample 20");
    assert_eq!((&found["generations"], &found["digests"]), (&12.into(), &12.into()));
    assert_eq!((&found["recomputed"], &found["evaluations"]), (&20.into(), &192.into()));
    let files = found["files"].as_array().expect("a list");
    assert!(files.contains(&"parameters.safetensors".into()), "{found}");
    let bytes = fs::metadata(scratch.path("a/fitness.log")).expect("there").len();
    assert_eq!(found["log_bytes"], bytes);
    scratch.ok("verify a").stdout(contains("12 generations rebuilt without an evaluation"));
}

#[test]
fn parameters_of_any_generation_can_be_had() {
    let scratch = logged(12);
    scratch.ok("verify a --generation 5 --out five.safetensors");
    scratch.ok(&format!("{SMALL_CARTPOLE} --generations 5 --out b"));
    let read = |name: &str| fs::read(scratch.path(name)).expect("there");
    assert_eq!(read("five.safetensors"), read("b/parameters.safetensors"));
    let said = stderr(&scratch.command("verify a --generation 13").assert().code(1));
    assert!(said.contains("12 generations, 13 were asked for"), "{said}");
}

#[test]
fn a_resumed_run_is_rebuilt_as_well() {
    let scratch = logged(4);
    scratch.ok("resume a --generations 9 --quiet");
    assert_eq!(scratch.json("verify a")["digests"], 9);
}

#[test]
fn a_killed_run_can_go_on_and_be_rebuilt() {
    let scratch = Scratch::new();
    let words = "run pendulum --set search.pairs=2 --set task.episodes=1 --set output.checkpoint_every=2 --quiet";
    let mut running = scratch.spawn(&format!("{words} {LOGGED} --generations 100000 --out a"));
    scratch.await_generations("a", 5);
    running.signal("KILL");
    running.status();
    let done = scratch.metrics("a").len();
    scratch.ok(&format!("resume a --generations {} --quiet", done + 3));
    assert_eq!(scratch.json("verify a")["digests"], done + 3);
}

#[test]
fn whatever_was_changed_is_found_and_named() {
    let changed = |file: &str, change: &dyn Fn(Vec<u8>) -> Vec<u8>, expected: &str| {
        let scratch = logged(6);
        let path = scratch.path(&format!("a/{file}"));
        fs::write(&path, change(fs::read(&path).expect("there"))).expect("written");
        let said = stderr(&scratch.command("verify a --sample 96").assert().code(1));
        assert!(said.contains(expected), "{file}: {said}");
    };
    let replace = |from: &'static str, to: &'static str| {
        move |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).expect("text");
            assert!(text.contains(from), "{text}");
            text.replacen(from, to, 1).into_bytes()
        }
    };
    let flip = |mut bytes: Vec<u8>| {
        bytes[100] ^= 1;
        bytes
    };
    changed("fitness.log", &flip, "fitness.log");
    let cut = |mut bytes: Vec<u8>| {
        bytes.truncate(bytes.len() - 3);
        bytes
    };
    changed("fitness.log", &cut, "the log has 5 generations, metrics.jsonl has 6");
    changed("config.toml", &replace("seed = 0", "seed = 1"), "generation 0");
    changed("config.toml", &replace("sigma = 0.", "sigma = 0.9"), "generation 0");
    changed("metrics.jsonl", &replace("\"digest\":\"", "\"digest\":\"f"), "metrics.jsonl says f");
    let zero = |mut bytes: Vec<u8>| {
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        bytes
    };
    changed("parameters.safetensors", &zero, "parameters.safetensors does not hold");
}

#[test]
fn a_run_without_a_log_says_how_to_have_one() {
    let scratch = Scratch::new();
    scratch.ok(&format!("{SMALL_CARTPOLE} --generations 1 --out a"));
    let said = stderr(&scratch.command("verify a").assert().code(2));
    assert!(said.contains("fitness.log") && said.contains("output.log_fitness=true"), "{said}");
}
