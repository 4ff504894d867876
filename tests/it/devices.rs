//! `--backend cuda`: on a GPU, or where there is none on devices that the processor stands in for.

use std::process::Command as Process;

use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

use crate::support::{Scratch, last_line};

/// Whether runs on devices can be tested; `environment` is what the command then needs.
fn environment(devices: &'static str) -> Option<Vec<(&'static str, &'static str)>> {
    if std::env::var_os("HATCHERY_REQUIRE_CUDA").is_some() {
        return Some(Vec::new());
    }
    let compiler = Process::new("g++").arg("--version").output().is_ok();
    let required = std::env::var_os("HATCHERY_REQUIRE_EMULATOR").is_some();
    assert!(compiler || !required, "HATCHERY_REQUIRE_EMULATOR is set, and there is no g++");
    compiler.then(|| vec![("HATCHERY_EMULATED_DEVICES", devices)])
}

fn on(scratch: &Scratch, environment: &[(&str, &str)], words: &str) -> Value {
    let mut command = scratch.command(&format!("{words} --quiet --json"));
    command.envs(environment.iter().copied());
    last_line(&command.assert().success())
}

#[test]
fn a_run_on_devices_has_the_digest_of_the_cpu() {
    let Some(pair) = environment("2") else { return };
    let scratch = Scratch::new();
    for task in ["cartpole", "pendulum"] {
        let run = format!(
            "run {task} --generations 3 --set search.pairs=8 --set task.episodes=1 --seed 5"
        );
        let cpu = on(&scratch, &[], &format!("{run} --backend cpu --out {task}-cpu"));
        let cuda = on(&scratch, &pair, &format!("{run} --backend cuda --out {task}-cuda"));
        assert_eq!((&cpu["backend"], &cuda["backend"]), (&"cpu".into(), &"cuda".into()));
        assert_eq!(cpu["digest"], cuda["digest"], "{task}");
    }
}

/// Everything that a generation does on a device: rules, clipping, noise that is not low-rank, wide layers.
#[test]
fn every_way_to_learn_has_the_digest_of_the_cpu() {
    let Some(one) = environment("1") else { return };
    let scratch = Scratch::new();
    for (name, search, hidden) in [
        ("lion", "strategy = 'eggroll'\noptimiser = 'lion'\nclip_norm = 0.01", "8"),
        // Programs have no device code: the processor makes the step.
        (
            "program",
            "optimiser = 'program'\nprogram = 'adamw'\nlearning_rate = 30\nclip_norm = 0.01",
            "8",
        ),
        ("momentum", "strategy = 'eggroll'\noptimiser = 'momentum'\nrank = 3", "8, 9"),
        ("sgd", "strategy = 'eggroll'\noptimiser = 'sgd'\nnoise = 'uniform'", "8"),
        ("open-es", "strategy = 'open-es'\noptimiser = 'adam'\nclip_norm = 1e-4", "140"),
        ("sparse", "strategy = 'sparse'\noptimiser = 'adamw'", "8"),
        ("sign", "strategy = 'sign-update'\nshaping = 'centred-ranks'", "70"),
    ] {
        let task = "[task]\nname = 'always-two'\n[budget]\ngenerations = 4\n";
        let text = format!("{task}[model]\nhidden = [{hidden}]\n[search]\npairs = 16\n{search}\n");
        scratch.write(&format!("{name}.toml"), &text);
        let run = format!("run {name}.toml --seed 3");
        let cpu = on(&scratch, &[], &format!("{run} --backend cpu --out {name}-cpu"));
        let cuda = on(&scratch, &one, &format!("{run} --backend cuda --out {name}-cuda"));
        assert_eq!(cpu["digest"], cuda["digest"], "{name}");
        let metrics = |run: &str| scratch.metrics(&format!("{name}-{run}"));
        assert_eq!(metrics("cpu"), metrics("cuda"), "{name}");
    }
}

#[test]
fn a_run_goes_on_where_the_other_backend_stopped() {
    let Some(one) = environment("1") else { return };
    let scratch = Scratch::new();
    let run = "run cartpole --set search.pairs=8";
    let whole = on(&scratch, &[], &format!("{run} --generations 6 --backend cpu --out whole"));
    on(&scratch, &one, &format!("{run} --generations 3 --backend cuda --out parts"));
    on(&scratch, &[], "resume parts --generations 4 --backend cpu");
    let parts = on(&scratch, &one, "resume parts --generations 6 --backend cuda");
    assert_eq!(whole["digest"], parts["digest"]);
}

/// The integer language model: its update is made by the processor, so that only evaluations differ.
#[test]
fn a_language_model_of_integers_goes_on_where_the_other_backend_stopped() {
    let Some(pair) = environment("2") else { return };
    let scratch = Scratch::new();
    std::fs::write(scratch.path("text.txt"), "Let there be light. ".repeat(99)).expect("written");
    for (name, sampling) in [
        ("pairs", "--set search.sampling=antithetic --set search.group=0"),
        ("members", "--set search.sampling=one-sided --set search.group=4 --set task.group=4"),
    ] {
        let run = format!(
            "run egg --set task.corpus=text.txt --set task.width=16 --set task.depth=1 --set task.tokens=4 \
             --set search.pairs=6 --set task.validation_streams=2 {sampling}"
        );
        let (alone, parts) = (format!("{name}-whole"), format!("{name}-parts"));
        let whole =
            on(&scratch, &[], &format!("{run} --generations 4 --backend cpu --out {alone}"));
        on(&scratch, &pair, &format!("{run} --generations 2 --backend cuda --out {parts}"));
        on(&scratch, &[], &format!("resume {parts} --generations 3 --backend cpu"));
        let parts = on(&scratch, &pair, &format!("resume {parts} --generations 4 --backend cuda"));
        assert_eq!(whole["digest"], parts["digest"], "{name}");
        assert_eq!(whole["mean_fitness"], parts["mean_fitness"], "{name}");
    }
}

#[test]
fn doctor_names_the_devices() {
    let Some(pair) = environment("2") else { return };
    let scratch = Scratch::new();
    let mut command = scratch.command("doctor --json");
    let doctor = last_line(&command.envs(pair.iter().copied()).assert().success());
    assert_eq!(doctor["backend"], "cuda");
    assert!(doctor["cuda"].as_str().is_some_and(|text| text.contains("GiB free")), "{doctor}");
}

#[test]
fn a_run_that_cannot_fit_says_what_it_would_need() {
    if std::env::var_os("HATCHERY_REQUIRE_CUDA").is_some() {
        return;
    }
    let Some(one) = environment("1") else { return };
    let scratch = Scratch::new();
    let mut command = scratch.command("run cartpole --backend cuda --out a");
    command
        .envs(one)
        .env("HATCHERY_EMULATED_BYTES", "1000")
        .assert()
        .code(1)
        .stderr(contains("a batch of 1 directions needs").and(contains("CPU backend")));
}

#[test]
fn auto_says_once_why_devices_that_seem_to_be_there_are_not_used() {
    if hatchery::kernels::cuda::probe().is_ready() {
        return;
    }
    let scratch = Scratch::new();
    let run = "run cartpole --generations 2 --set search.pairs=4 --quiet --json";
    let mut command = scratch.command(&format!("{run} --backend auto --out a"));
    let assert = command.env("HATCHERY_EMULATED_DEVICES", "0").assert().success();
    assert_eq!(last_line(&assert)["backend"], "cpu");
    let stderr = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    assert_eq!(stderr.matches("CUDA is not used: ").count(), 1, "{stderr}");
    assert!(stderr.contains("this runs on the CPU"), "{stderr}");
}
