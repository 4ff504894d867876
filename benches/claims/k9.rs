//! Meta-overfitting: best-so-far programs of several runs on larger proxies.

use hatchery::engine::StopFlag;
use hatchery::search::program::evolve::Config;
use hatchery::search::program::select::{turning, validate};
use serde_json::{Value, json};

use super::lab;

/// Seeds of each proxy in a fitness.
const SEEDS_OF_EACH: u32 = 1;

pub(crate) fn run(quick: bool) -> Value {
    let (runs, births) = if quick { (2, 1_000) } else { (10, 10_000) };
    let suite = lab::suite(&["m1", "n1"]);
    let larger = lab::suite(&["m1:stage=b", "n1:width=96,steps=400"]);
    let start = lab::tuned(&lab::named("adamw"), &suite);
    let mut rows = Vec::new();
    println!("births: search fitness / meta-validation, for each run; then where the curve turns");
    for seed in 0..runs {
        let mutation = lab::small();
        let config =
            Config { births, population: 300, tournament: 5, mutation, ..Config::default() };
        let evolution = lab::search(config, &start, &suite, SEEDS_OF_EACH, seed, None);
        let improvements = &evolution.progress().improvements;
        let points =
            validate(improvements, &larger, (8, 2), &lab::signature(), &StopFlag::default())
                .expect("nobody stops it");
        let turning = turning(&points, births);
        let curve: Vec<String> = points
            .iter()
            .map(|point| {
                let validation = point.validation.map_or("failed".into(), |v| format!("{v:.3}"));
                format!("{}: {:.3}/{validation}", point.births, point.fitness)
            })
            .collect();
        let at = turning.map_or("–".into(), |at| format!("{:.0} %", 100.0 * at));
        println!("run {seed}  {}  turns at {at}", curve.join("  "));
        rows.push(json!({ "seed": seed, "turning": turning, "points": points }));
    }
    json!({ "births": births, "runs": rows })
}
