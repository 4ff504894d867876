//! Failures while running: exit code 1, a message that names the fault, never a panic.

use predicates::prelude::*;
use predicates::str::contains;

use crate::support::{BINARY, ENDLESS, Scratch, stderr};

#[test]
fn a_run_directory_removed_during_the_run_is_an_error() {
    let scratch = Scratch::new();
    let running = scratch.spawn(&format!("{ENDLESS} --out a"));
    scratch.await_generations("a", 1);
    // At one blow: the run may write while its files are removed one by one.
    std::fs::rename(scratch.path("a"), scratch.path("elsewhere")).expect("moved away");
    let (code, said) = running.end();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("metrics.jsonl") && !said.contains("panicked"), "{said}");
}

/// A limit on the size of files stands for a full disk: both refuse a write.
#[cfg(unix)]
#[test]
fn a_full_disk_is_an_error_that_names_the_file() {
    let scratch = Scratch::new();
    let limited = format!("trap '' XFSZ; ulimit -f 4; exec {BINARY} run sphere --quiet --out a");
    let mut command = assert_cmd::Command::new("sh");
    let assert = command.current_dir(scratch.path("")).args(["-c", &limited]).assert();
    let said = stderr(&assert.code(1));
    assert!(said.contains("a/") && !said.contains("panicked"), "{said}");
    assert_eq!(said.matches("too large").count(), 1, "the cause is said once: {said}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_printed_is_an_error() {
    let scratch = Scratch::new();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let output = std::process::Command::new(BINARY)
        .current_dir(scratch.path(""))
        .args(["run", "sphere", "--generations", "1", "--json", "--quiet"])
        .stdout(full)
        .output()
        .expect("ran");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).expect("utf-8");
    assert!(said.contains("cannot write to standard output"), "{said}");
}

#[test]
fn a_generation_in_which_all_fail_stops_the_run_with_a_checkpoint() {
    let scratch = Scratch::new();
    let wild = "run sphere --set search.sigma=1e30 --quiet --out a";
    scratch.command(wild).assert().code(1).stderr(
        contains("all 128 evaluations of generation 0 failed").and(contains("a stopped early")),
    );
    assert_eq!(scratch.checkpoints("a").len(), 1);
    assert!(scratch.path("a/parameters.safetensors").is_file());
}

#[test]
fn a_place_that_cannot_be_written_is_an_error() {
    let scratch = Scratch::new();
    scratch.write("file", "");
    let assert = scratch.command("run sphere --out file/a").assert().failure();
    assert.stderr(contains("file/a").and(contains("panicked").not()));
}

#[test]
fn failed_evaluations_are_counted_and_the_others_go_on() {
    let scratch = Scratch::new();
    // Values of about 1e37 squared are infinite now and then, not always.
    let wild = "--set task.dimension=1 --set search.sigma=1.5e19";
    let last = scratch.json(&format!("run sphere {wild} --generations 1 --quiet"));
    let failures = last["failures"].as_u64().expect("a count");
    assert!((1..128).contains(&failures), "{last}");
    assert!(last["best_fitness"].is_f64(), "{last}");
}
