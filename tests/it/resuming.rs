//! Going on with a run, to the bit.

use std::fs;
use std::path::Path;

use predicates::prelude::*;
use predicates::str::contains;

use crate::support::{SMALL_CARTPOLE, Scratch, stderr};

/// A finished run of 8 generations in `a`, with checkpoints after each of the last three.
fn eight_generations() -> Scratch {
    let scratch = Scratch::new();
    let every = "--set output.checkpoint_every=1";
    scratch.ok(&format!("{SMALL_CARTPOLE} --generations 8 {every} --out a"));
    scratch
}

fn name_of(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).expect("a name")
}

fn damage(path: &Path, by: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).expect("read");
    by(&mut bytes);
    fs::write(path, bytes).expect("damaged");
}

#[test]
fn twenty_generations_are_ten_and_ten_more() {
    let scratch = Scratch::new();
    for preset in ["cartpole", "digits", "sphere"] {
        let changes = "--set search.pairs=8 --set search.noise_reuse=3 --quiet";
        let (whole, parts) = (format!("{preset}-whole"), format!("{preset}-parts"));
        let whole_last =
            scratch.json(&format!("run {preset} {changes} --generations 20 --out {whole}"));
        scratch.ok(&format!("run {preset} {changes} --generations 10 --out {parts}"));
        let parts_last = scratch.json(&format!("resume {parts} --generations 20 --quiet"));
        assert_eq!(whole_last["digest"], parts_last["digest"], "{preset}");
        assert_eq!(whole_last["best_fitness"], parts_last["best_fitness"], "{preset}");
        assert_eq!(whole_last["evaluations"], parts_last["evaluations"], "{preset}");
        assert_eq!(scratch.metrics(&whole), scratch.metrics(&parts), "{preset}");
        let config = |run: &str| fs::read_to_string(scratch.path(run).join("config.toml"));
        assert_eq!(config(&whole).expect("read"), config(&parts).expect("read"));
        let parameters = |run: &str| fs::read(scratch.path(run).join("parameters.safetensors"));
        assert_eq!(parameters(&whole).expect("read"), parameters(&parts).expect("read"));
    }
}

#[test]
fn a_run_may_be_resumed_on_another_number_of_threads() {
    let scratch = eight_generations();
    scratch.ok(&format!("{SMALL_CARTPOLE} --generations 4 --threads 1 --out b"));
    scratch.ok("resume b --generations 8 --threads 3 --quiet");
    assert_eq!(scratch.metrics("a"), scratch.metrics("b"));
}

#[test]
fn a_damaged_checkpoint_is_named_and_the_previous_one_is_used() {
    type Damage = fn(&mut Vec<u8>);
    let cases: [(&str, Damage); 4] = [
        ("is truncated", |bytes| bytes.truncate(bytes.len() / 2)),
        ("has been altered", |bytes| bytes[60] ^= 4),
        ("is not a checkpoint", |bytes| *bytes = b"something else".to_vec()),
        ("format 7", |bytes| bytes[6] = 7),
    ];
    let whole = eight_generations();
    for (fault, by) in cases {
        let scratch = eight_generations();
        let newest = scratch.checkpoints("a").pop().expect("a checkpoint");
        damage(&newest, by);
        let warned = scratch.ok("resume a --generations 8 --quiet");
        let said = stderr(&warned);
        let parts = [fault, name_of(&newest), "the previous one is used"];
        assert!(parts.iter().all(|part| said.contains(part)), "{said}");
        // The lost generation is made again, to the bit, and the damaged file is replaced.
        assert_eq!(scratch.metrics("a"), whole.metrics("a"));
        scratch.ok("resume a --generations 9 --quiet").stderr("");
    }
}

#[test]
fn a_run_whose_checkpoints_are_all_damaged_fails_with_their_names() {
    let scratch = eight_generations();
    let files = scratch.checkpoints("a");
    assert_eq!(files.len(), 3);
    for file in &files {
        damage(file, |bytes| bytes.truncate(30));
    }
    let before = fs::read(scratch.path("a/metrics.jsonl")).expect("read");
    for words in ["resume a --generations 9", "eval a", "export a --format json"] {
        let said = stderr(&scratch.command(words).assert().code(1));
        assert!(said.contains("no usable checkpoint"), "{said}");
        assert!(files.iter().all(|file| said.contains(name_of(file))), "{said}");
    }
    assert_eq!(fs::read(scratch.path("a/metrics.jsonl")).expect("read"), before);
}

#[test]
fn eval_and_export_say_which_checkpoint_they_passed_over() {
    let scratch = eight_generations();
    let newest = scratch.checkpoints("a").pop().expect("a checkpoint");
    damage(&newest, |bytes| bytes.truncate(30));
    for words in ["eval a --episodes 2", "export a --format json"] {
        let said = contains(name_of(&newest)).and(contains("the previous one is used"));
        scratch.ok(words).stderr(said);
    }
}

#[test]
fn a_run_whose_budget_is_spent_says_so() {
    let scratch = eight_generations();
    let before = scratch.metrics("a");
    scratch.ok("resume a").stderr(contains("give more with --generations"));
    assert_eq!(scratch.metrics("a"), before);
}

#[test]
fn a_half_written_line_of_metrics_is_made_again() {
    let scratch = eight_generations();
    let whole = scratch.metrics("a");
    let path = scratch.path("a/metrics.jsonl");
    let text = fs::read(&path).expect("read");
    fs::remove_file(scratch.checkpoints("a").pop().expect("the newest")).expect("removed");
    fs::write(&path, &text[..text.len() - 20]).expect("cut");
    scratch.ok("resume a --quiet");
    assert_eq!(scratch.metrics("a"), whole);
}

#[test]
fn budget_flags_without_sense_are_refused_and_leave_the_run_alone() {
    let scratch = eight_generations();
    let before = fs::read(scratch.path("a/config.toml")).expect("read");
    scratch.command("resume a --seconds 0").assert().code(2).stderr(contains("--seconds"));
    assert_eq!(fs::read(scratch.path("a/config.toml")).expect("read"), before);
}
