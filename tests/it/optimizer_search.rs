//! Searching for optimizers from the command line.

use std::fs;

use predicates::str::contains;
use serde_json::Value;

use crate::support::{Scratch, stderr};

/// A search of seconds, with everything that follows it.
const SMALL: &str = "run optimizer-search --quiet \
    --set search.births=300 --set search.population=30 --set search.tune_start=4 --set search.rotate=100 \
    --set task.proxies=[\"q1:steps=30\",\"h1:steps=30\"] \
    --set selection.validation=[\"q1:steps=60\"] --set selection.stages=[[\"h1:steps=60\"]] \
    --set selection.report=[\"b1:steps=40\"] --set selection.draws=4 --set selection.report_seeds=4";

/// The same without what follows, and long enough to be killed.
const LONG: &str = "run optimizer-search --quiet \
    --set search.births=12000 --set search.population=50 --set search.tune_start=0 \
    --set task.proxies=[\"q1:steps=20\",\"h1:steps=20\"] --set output.checkpoint_every=3 \
    --set selection.validation=[] --set selection.stages=[] --set selection.report=[]";

/// What was found, without what depends on the clock.
fn found(scratch: &Scratch, run: &str) -> Value {
    let mut found = scratch.json_file(&format!("{run}/programs.json"));
    for key in ["making_s", "evaluating_s"] {
        found["counters"].as_object_mut().expect("counters").remove(key);
    }
    found
}

#[test]
fn a_search_ends_with_table_curves_and_code() {
    let scratch = Scratch::new();
    let last = scratch.json(&format!("{SMALL} --out a"));
    assert_eq!(last["stopped_by"], "finished");
    let text = fs::read_to_string(scratch.path("a/discovered.txt")).expect("read");
    assert!(text.starts_with("def train(w, g, v1, v2, lr):") && text.contains("return update"));
    assert_eq!(last["discovered"], text);
    for file in ["discovered.rs", "discovered_pytorch.py", "discovered_optax.py", "discovered.tex"]
    {
        assert!(scratch.path("a/exports").join(file).is_file(), "{file}");
    }
    let comparison = scratch.json_file("a/comparison.json");
    let rows = comparison[0]["rows"].as_array().expect("rows");
    let rules: Vec<&str> = rows.iter().filter_map(|row| row["rule"].as_str()).collect();
    assert_eq!(rules, ["discovered", "adamw", "adamw-corrected", "lion", "sgd-momentum"]);
    assert!(rows[1]["mean"].as_f64().is_some_and(f64::is_finite), "{comparison}");
    let funnel = scratch.json_file("a/funnel.json");
    assert!(funnel[0]["entered"].as_u64().is_some_and(|entered| entered > 0));
    let validation = scratch.json_file("a/validation.json");
    assert!(validation["runs"][0]["turning"].as_f64().is_some());
    let counters = &found(&scratch, "a")["counters"];
    assert_eq!(counters["births"], 300);
    let sum = ["hits", "evaluated"].map(|key| counters[key].as_u64().expect("a count"));
    assert_eq!(sum[0] + sum[1], 301);
    let page = fs::read_to_string(scratch.path("a/report.html")).expect("read");
    for part in ["Fitness over births", "Funnel", "Meta-validation", "Lineage", "nothing had seen"]
    {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn threads_never_change_what_is_found() {
    let scratch = Scratch::new();
    scratch.ok(&format!("{SMALL} --threads 1 --out a"));
    scratch.ok(&format!("{SMALL} --threads 3 --out b"));
    assert_eq!(found(&scratch, "a"), found(&scratch, "b"));
    for file in ["discovered.txt", "funnel.json", "comparison.json", "validation.json"] {
        let read = |run: &str| fs::read(scratch.path(run).join(file)).expect("read");
        assert!(read("a") == read("b"), "{file}");
    }
}

#[cfg(unix)]
#[test]
fn a_search_that_is_killed_again_and_again_finds_the_same() {
    let scratch = Scratch::new();
    scratch.ok(&format!("{LONG} --out whole"));
    let mut running = scratch.spawn(&format!("{LONG} --out parts"));
    for generations in [8, 20, 45] {
        scratch.await_generations("parts", generations);
        running.signal("KILL");
        running.status();
        running = scratch.spawn("resume parts --quiet");
    }
    assert_eq!(running.status().code(), Some(0));
    assert_eq!(found(&scratch, "whole"), found(&scratch, "parts"));
}

#[cfg(unix)]
#[test]
fn an_interrupted_search_keeps_what_it_has_and_goes_on() {
    let scratch = Scratch::new();
    scratch.ok(&format!("{LONG} --out whole"));
    let running = scratch.spawn(&format!("{LONG} --out parts"));
    scratch.await_generations("parts", 10);
    running.signal("INT");
    let (code, said) = running.end();
    assert_eq!(code, Some(130), "{said}");
    assert!(scratch.path("parts/best.txt").is_file());
    scratch.ok("resume parts --quiet");
    assert_eq!(found(&scratch, "whole"), found(&scratch, "parts"));
}

#[test]
fn a_program_of_ones_own_is_a_start_and_travels_with_the_run() {
    let scratch = Scratch::new();
    scratch.write("mine.txt", "update = clip(g, lr)\nupdate = update * 0.01\n");
    scratch.ok(&format!("{SMALL} --set search.births=40 --set search.start=mine.txt --out a"));
    let config = fs::read_to_string(scratch.path("a/config.toml")).expect("read");
    assert!(config.contains("clip(g, lr)"), "{config}");
    fs::remove_file(scratch.path("mine.txt")).expect("removed");
    scratch.ok("run a/config.toml --quiet --out b");
    assert_eq!(found(&scratch, "a"), found(&scratch, "b"));
}

#[test]
fn mistakes_are_named_and_nothing_is_made() {
    let scratch = Scratch::new();
    scratch.write("wrong.txt", "m = interp(g, v1, 0.9)\nupdate = signn(m)\n");
    let cases = [
        ("search.start=adamm", "did you mean `adamw`"),
        ("search.start=wrong.txt", "line 2, column"),
        ("search.start=none.txt", "cannot be read"),
        ("search.start=random:0", "1 to 1000"),
        ("search.strategy=eggroll", "does not fit this task"),
        ("search.mutation.operations=lion46", "lion46"),
        ("search.tournament=0", "search.tournament"),
        ("task.proxies=[\"m9\"]", "there is no proxy 'm9'"),
        ("task.proxies=[\"m1:depth=3\"]", "no knob 'depth'"),
        ("selection.report=[\"m9\"]", "selection.report"),
        ("selection.draws=0", "selection.draws"),
    ];
    for (change, expected) in cases {
        let words = format!("run optimizer-search --out a --set {change}");
        let said = stderr(&scratch.command(&words).assert().code(2));
        assert!(said.contains(expected), "{change}: {said}");
        assert!(!said.contains("panicked"), "{said}");
    }
    assert_eq!(scratch.names(), ["wrong.txt"]);
    let words = "run sphere --out a --set selection.draws=2";
    scratch.command(words).assert().code(2).stderr(contains("this task has none"));
}

#[test]
fn commands_for_parameters_say_that_there_are_none() {
    let scratch = Scratch::new();
    scratch.ok(&format!("{SMALL} --set search.births=20 --out a"));
    for words in ["eval a", "export a --format json"] {
        scratch.command(words).assert().code(2).stderr(contains("has no parameters"));
    }
}
