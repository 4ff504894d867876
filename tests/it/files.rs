//! What a run leaves behind.

use std::fs;

use crate::support::{SMALL_CARTPOLE, Scratch, names_in};

#[test]
fn the_last_line_of_json_has_the_promised_keys() {
    let scratch = Scratch::new();
    let last = scratch.json(&format!("{SMALL_CARTPOLE} --generations 3 --out a"));
    for key in ["generations", "evaluations", "failures"] {
        assert!(last[key].is_u64(), "{key} in {last}");
    }
    for key in ["seconds", "best_fitness", "mean_fitness"] {
        assert!(last[key].is_f64(), "{key} in {last}");
    }
    for key in ["stopped_by", "digest", "run_dir"] {
        assert!(last[key].is_string(), "{key} in {last}");
    }
    assert_eq!(last, scratch.json_file("a/summary.json"));
}

#[test]
fn a_run_directory_holds_what_it_should() {
    let scratch = Scratch::new();
    let last = scratch.json(&format!("{SMALL_CARTPOLE} --generations 3 --out a"));
    let names = names_in(&scratch.path("a"));
    let files = [
        "checkpoints",
        "config.toml",
        "metrics.jsonl",
        "parameters.safetensors",
        "report.html",
        "summary.json",
    ];
    for file in files {
        assert!(names.iter().any(|name| name == file), "no {file} in {names:?}");
    }
    let events = names.iter().filter(|name| name.starts_with("events.out.tfevents.")).count();
    assert_eq!((events, names.len()), (1, files.len() + 1), "{names:?}");
    let metrics = scratch.metrics("a");
    assert_eq!(metrics.len(), 3);
    for (generation, line) in metrics.iter().enumerate() {
        assert_eq!(line["generation"], generation);
        assert_eq!(line["digest"].as_str().map(str::len), Some(16), "{line}");
    }
    assert_eq!(metrics[2]["digest"], last["digest"]);
    let checkpoints = scratch.checkpoints("a");
    assert!(checkpoints.len() == 1 && checkpoints[0].ends_with("gen-000000003.ckpt"));
}

#[test]
fn the_last_few_checkpoints_are_kept() {
    let scratch = Scratch::new();
    let sets = "--set output.checkpoint_every=2 --set output.keep=2";
    scratch.ok(&format!("run sphere --generations 9 {sets} --quiet --out a"));
    assert_eq!(
        names_in(&scratch.path("a/checkpoints")),
        ["gen-000000008.ckpt", "gen-000000009.ckpt"]
    );
}

#[test]
fn the_page_and_the_events_can_be_left_out() {
    let scratch = Scratch::new();
    let sets = "--set output.report=false --set output.tensorboard=false";
    scratch.ok(&format!("run sphere --generations 2 {sets} --quiet --out a"));
    let names = names_in(&scratch.path("a"));
    assert!(!names.iter().any(|n| n == "report.html" || n.starts_with("events")), "{names:?}");
}

#[test]
fn a_page_that_was_lost_is_written_again() {
    let scratch = Scratch::new();
    scratch.ok("run sphere --generations 2 --quiet --out a");
    let page = scratch.path("a/report.html");
    let first = fs::read_to_string(&page).expect("written by the run");
    fs::remove_file(&page).expect("removed");
    scratch.ok("report a").stdout(predicates::str::contains("a/report.html"));
    assert_eq!(fs::read_to_string(&page).expect("written again").len(), first.len());
    let inside = first.to_lowercase();
    assert!(inside.contains("<svg") && !inside.contains("src=\"http"), "self-contained");
}
