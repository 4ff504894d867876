//! What becomes of the learned parameters: judged and exported.

use std::fs;

use safetensors::SafeTensors;
use serde_json::Value;

use crate::support::{SMALL_CARTPOLE, Scratch, stdout};

#[test]
fn eval_plays_the_episodes_it_was_asked_for_and_repeats_itself() {
    let scratch = Scratch::new();
    scratch.ok(&format!("{SMALL_CARTPOLE} --generations 5 --out a"));
    let first = scratch.json("eval a --episodes 30");
    assert_eq!(first["episodes"], 30);
    assert!(first["mean"].as_f64().is_some_and(|mean| (8.0..=500.0).contains(&mean)), "{first}");
    assert!(first["std"].as_f64().is_some_and(|std| std >= 0.0), "{first}");
    assert!(first.get("accuracy").is_none(), "{first}");
    assert_eq!(first, scratch.json("eval a --episodes 30"));
    let other = scratch.json("eval a --episodes 30 --seed 5");
    assert_ne!((&first["mean"], &first["std"]), (&other["mean"], &other["std"]));
    scratch.ok("eval a --episodes 10").stdout(predicates::str::contains("over 10 fresh episodes"));
}

#[test]
fn eval_of_a_classifier_has_its_accuracy_on_the_held_out_part() {
    let scratch = Scratch::new();
    scratch.ok(
        "run digits --set search.pairs=16 --set task.images=64 --generations 3 --quiet --out a",
    );
    let judged = scratch.json("eval a");
    assert_eq!(judged["episodes"], 359);
    assert!(judged["accuracy"].as_f64().is_some_and(|a| (0.0..=1.0).contains(&a)), "{judged}");
    scratch.ok("eval a").stdout(predicates::str::contains("on 359 held-out examples"));
}

#[test]
fn eval_judges_every_kind_of_task() {
    let scratch = Scratch::new();
    for preset in ["pendulum", "always-two", "regression", "sphere"] {
        let fewer = if preset == "regression" { "" } else { "--set search.pairs=4" };
        scratch.ok(&format!("run {preset} {fewer} --generations 1 --quiet --out {preset}"));
        let judged = scratch.json(&format!("eval {preset} --episodes 4"));
        for key in ["mean", "std", "episodes"] {
            assert!(judged[key].is_number(), "{key} in {judged}");
        }
    }
}

#[test]
fn both_exports_hold_the_same_numbers_as_the_file_of_the_run() {
    let scratch = Scratch::new();
    scratch.ok(&format!("{SMALL_CARTPOLE} --generations 2 --out a"));
    let of_run = fs::read(scratch.path("a/parameters.safetensors")).expect("read");
    scratch.ok("export a --format safetensors --out weights.safetensors");
    assert_eq!(fs::read(scratch.path("weights.safetensors")).expect("read"), of_run);
    let assert = scratch.ok("export a --format safetensors");
    assert_eq!(assert.get_output().stdout, of_run);
    let object: Value =
        serde_json::from_str(&stdout(&scratch.ok("export a --format json"))).expect("JSON");
    let tensors = SafeTensors::deserialize(&of_run).expect("safetensors");
    assert_eq!(tensors.len(), object.as_object().expect("an object").len());
    for (name, tensor) in tensors.tensors() {
        let shape: Vec<usize> =
            serde_json::from_value(object[&name]["shape"].clone()).expect("a shape");
        let values: Vec<f32> =
            serde_json::from_value(object[&name]["values"].clone()).expect("values");
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!((shape.as_slice(), bytes.as_slice()), (tensor.shape(), tensor.data()), "{name}");
    }
}
