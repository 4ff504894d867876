//! Ctrl-C and its relatives.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use crate::support::{ENDLESS, Scratch};

/// Ends an endless run by a signal and expects everything that a run leaves, ready to be resumed.
fn interrupted_by(signal: &str) {
    let scratch = Scratch::new();
    let running = scratch.spawn(&format!("{ENDLESS} --out a"));
    scratch.await_generations("a", 2);
    running.signal(signal);
    let (code, said) = running.end();
    assert_eq!(code, Some(130), "{said}");
    assert!(said.contains("finishing this generation"), "{said}");
    let summary = scratch.json_file("a/summary.json");
    assert_eq!(summary["stopped_by"], "interrupted");
    let done = summary["generations"].as_u64().expect("a count");
    assert_eq!(scratch.metrics("a").len() as u64, done);
    assert_eq!(scratch.checkpoints("a").len(), 1);
    assert!(scratch.path("a/parameters.safetensors").is_file());
    assert!(scratch.path("a/report.html").is_file());
    let more = done + 2;
    let last = scratch.json(&format!("resume a --generations {more} --quiet"));
    assert_eq!(last["generations"], more);
    let whole = ENDLESS.replace("1000000", &more.to_string());
    assert_eq!(scratch.json(&format!("{whole} --out b"))["digest"], last["digest"]);
}

#[test]
fn an_interrupt_finishes_the_generation_and_saves() {
    interrupted_by("INT");
}

#[test]
fn a_request_to_end_does_the_same() {
    interrupted_by("TERM");
}

#[test]
fn a_second_interrupt_leaves_at_once() {
    let scratch = Scratch::new();
    // One generation of this takes many seconds.
    let mut running = scratch.spawn("run pendulum --set search.pairs=20000 --quiet --out a");
    // The handler is in place before the metrics are begun.
    scratch.await_generations("a", 0);
    running.signal("INT");
    let mut lines = BufReader::new(running.0.stderr.take().expect("piped")).lines();
    let heard = lines.find(|l| l.as_ref().is_ok_and(|l| l.contains("finishing this generation")));
    assert!(heard.is_some());
    let began = Instant::now();
    running.signal("INT");
    assert_eq!(running.status().code(), Some(130));
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert!(!scratch.path("a/summary.json").exists());
}

#[test]
fn a_killed_run_goes_on_from_its_last_checkpoint() {
    let scratch = Scratch::new();
    let endless = format!("{ENDLESS} --set output.checkpoint_every=2");
    let mut running = scratch.spawn(&format!("{endless} --out a"));
    scratch.await_generations("a", 5);
    running.signal("KILL");
    assert_eq!(running.status().code(), None);
    let more = scratch.metrics("a").len() + 2;
    let last = scratch.json(&format!("resume a --generations {more} --quiet"));
    let whole = endless.replace("1000000", &more.to_string());
    assert_eq!(scratch.json(&format!("{whole} --out b"))["digest"], last["digest"]);
    assert_eq!(scratch.metrics("a"), scratch.metrics("b"));
}
