//! Same configuration and seed, same bits.

use std::fs;

use crate::support::{SMALL_CARTPOLE, Scratch};

#[test]
fn the_number_of_threads_never_changes_a_result() {
    let scratch = Scratch::new();
    for (threads, out) in [(1, "a"), (2, "b"), (5, "c")] {
        scratch.ok(&format!("{SMALL_CARTPOLE} --generations 4 --threads {threads} --out {out}"));
    }
    assert_eq!(scratch.metrics("a"), scratch.metrics("b"));
    assert_eq!(scratch.metrics("a"), scratch.metrics("c"));
}

#[test]
fn another_seed_gives_another_digest() {
    let scratch = Scratch::new();
    let digest = |seed: u32| {
        let words = format!("{SMALL_CARTPOLE} --generations 2 --seed {seed}");
        scratch.json(&words)["digest"].as_str().expect("a digest").to_owned()
    };
    let (first, same, other) = (digest(3), digest(3), digest(4));
    assert_eq!(first, same);
    assert_ne!(first, other);
    // Nobody chose a directory, and none was written over.
    assert!(scratch.path("runs/cartpole-seed3-2/summary.json").is_file());
}

#[test]
fn every_strategy_repeats_itself() {
    let scratch = Scratch::new();
    // The preset gives a rank, and two of the four have none.
    scratch.write("my.toml", "[task]\nname = \"always-two\"\n[search]\npairs = 8\n");
    for strategy in ["eggroll", "open-es", "sign-update", "sparse"] {
        let words = format!("run my.toml --set search.strategy={strategy} --generations 3 --quiet");
        let digests = ["a", "b"].map(|_| scratch.json(&words)["digest"].clone());
        assert_eq!(digests[0], digests[1], "{strategy}");
    }
}

#[test]
fn the_resolved_configuration_reruns_to_the_same_bits() {
    let scratch = Scratch::new();
    for preset in ["cartpole", "digits", "rastrigin"] {
        let changes = "--set search.pairs=6 --set search.sigma=0.07 --generations 2 --seed 9";
        scratch.ok(&format!("run {preset} {changes} --quiet --out {preset}"));
        scratch.ok(&format!("run {preset}/config.toml --quiet --out {preset}-again"));
        assert_eq!(scratch.metrics(preset), scratch.metrics(&format!("{preset}-again")));
        let text = |run: &str| fs::read_to_string(scratch.path(run).join("config.toml"));
        assert_eq!(text(preset).expect("read"), text(&format!("{preset}-again")).expect("read"));
    }
}

/// Networks of any width, noise, ranks, the update: all of it has the same bits with every instruction set.
#[test]
fn the_instruction_set_never_changes_a_result() {
    let scratch = Scratch::new();
    let words = "run cartpole --set search.pairs=24 --set search.rank=2 --set model.hidden=[40,20] --generations 3 --quiet";
    for precision in ["f32", "bf16"] {
        let digest = |level: &str| {
            let out = format!("{precision}-{level}");
            let words = format!("{words} --set search.precision={precision} --out {out}");
            scratch.command(&words).env("HATCHERY_SIMD", level).assert().success();
            scratch.json_file(&format!("{out}/summary.json"))["digest"].clone()
        };
        let widest = digest("");
        assert_eq!(widest, digest("avx2"));
        assert_eq!(widest, digest("portable"));
    }
}
