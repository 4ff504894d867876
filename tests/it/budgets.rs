//! What ends a run, and that it is named.

use crate::support::{SMALL_CARTPOLE, Scratch};

#[test]
fn every_limit_ends_the_run_and_is_named() {
    let scratch = Scratch::new();
    let cases = [
        ("--generations 3", "generation-limit"),
        ("--evaluations 40 --generations 1000", "evaluation-limit"),
        ("--seconds 0.05 --generations 1000000 --target 1e9", "time-limit"),
        ("--target 8 --set budget.target_statistic=best", "target-reached"),
        ("--set budget.stagnation=1 --target 1e9 --generations 100000", "stagnated"),
    ];
    for (flags, reason) in cases {
        let last = scratch.json(&format!("{SMALL_CARTPOLE} {flags}"));
        assert_eq!(last["stopped_by"], reason, "{last}");
    }
}

#[test]
fn a_generation_that_has_begun_is_finished() {
    let scratch = Scratch::new();
    let last = scratch.json(&format!("{SMALL_CARTPOLE} --evaluations 40"));
    assert_eq!((&last["generations"], &last["evaluations"]), (&3.into(), &48.into()));
}

#[test]
fn a_negative_target_can_be_given() {
    let scratch = Scratch::new();
    let last = scratch.json("run sphere --quiet --target -1e9");
    assert_eq!((&last["stopped_by"], &last["generations"]), (&"target-reached".into(), &1.into()));
}

#[test]
fn flags_go_over_the_budget_of_the_file() {
    let scratch = Scratch::new();
    let last =
        scratch.json(&format!("{SMALL_CARTPOLE} --set budget.generations=5 --generations 2"));
    assert_eq!(last["generations"], 2);
}
