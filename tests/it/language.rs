//! The integer language model: learning, going on, judging, writing.

use std::fs;

use predicates::str::contains;

use crate::support::Scratch;

/// A model of 16 numbers on a text of a few thousand bytes.
const SMALL: &str = "run egg --set task.corpus=text.txt --set task.width=16 --set task.depth=1 \
                     --set task.tokens=16 --set search.pairs=16 --set task.validation_streams=8 \
                     --set task.validate_every=10 --quiet";

fn scratch() -> Scratch {
    let scratch = Scratch::new();
    let verse = "In the beginning God created the heaven and the earth.\n";
    fs::write(scratch.path("text.txt"), verse.repeat(90)).expect("written");
    scratch
}

#[test]
fn ten_generations_are_five_and_five_more_and_threads_change_nothing() {
    let scratch = scratch();
    let whole = scratch.json(&format!("{SMALL} --generations 10 --threads 1 --out whole"));
    scratch.ok(&format!("{SMALL} --generations 5 --threads 2 --out parts"));
    let parts = scratch.json("resume parts --generations 10 --threads 2 --quiet");
    assert_eq!(whole["digest"], parts["digest"]);
    assert_eq!(whole["mean_fitness"], parts["mean_fitness"]);
    let judged = scratch.json("eval whole");
    assert_eq!(judged["validation_bits_per_byte"], whole["validation_bits_per_byte"]);
    assert!(whole["levels_bits_per_byte"]["order_5"].as_f64().expect("a level") < 1.0);
    let metrics = fs::read_to_string(scratch.path("whole/metrics.jsonl")).expect("there");
    let last = metrics.lines().last().expect("a line");
    assert!(last.contains("\"bits_per_byte\":") && last.contains("\"validation_bits_per_byte\":"));
}

#[test]
fn a_model_writes_what_seed_and_prompt_say() {
    let scratch = scratch();
    scratch.ok(&format!("{SMALL} --tokens 1024 --out a"));
    // 32 members of 16 tokens: two generations.
    let metrics = fs::read_to_string(scratch.path("a/metrics.jsonl")).expect("there");
    assert_eq!(metrics.lines().count(), 2);
    let write = |seed: u32| {
        let command = format!("sample a --prompt God --bytes 40 --top-k 20 --seed {seed}");
        scratch.ok(&command).get_output().stdout.clone()
    };
    assert_eq!(write(1), write(1));
    assert_ne!(write(1), write(2));
    assert!(write(1).starts_with(b"God") && write(1).len() == 3 + 40 + 1);
    let bytes = scratch.ok("export a --format safetensors").get_output().stdout.clone();
    assert_eq!(bytes, fs::read(scratch.path("a/parameters.safetensors")).expect("there"));
    assert!(scratch.json("eval a --file text.txt")["bits_per_byte"].is_f64());
}

#[test]
fn what_makes_no_sense_is_refused_by_name() {
    let scratch = scratch();
    let refuses = |more: &str, message: &str| {
        scratch.command(&format!("{SMALL} {more}")).assert().code(2).stderr(contains(message));
    };
    refuses("--set task.group=3", "must be even");
    refuses("--set task.corpus=missing.txt", "missing.txt");
    refuses("--set search.alpha=0", "search.alpha");
    scratch.command("run sphere --tokens 100").assert().code(2).stderr(contains("--tokens"));
}
