//! Two lengths of training at once, by programs that see how far training is and how long it lasts, and by programs that do not.

use hatchery::search::program::evolve::Config;
use hatchery::search::program::select::paired;
use hatchery::search::program::{Signature, start};
use serde_json::{Value, json};

use super::lab;

/// One quadratic for 50 and for 800 steps.
const PROXIES: [&str; 2] = ["q1:steps=50", "q1:steps=800"];
const SEEDS: u64 = 5;
/// Seeds of each proxy in a fitness.
const SEEDS_OF_EACH: u32 = 4;

pub(crate) fn run(quick: bool) -> Value {
    let mut rows = Vec::new();
    let mut fresh: [Vec<f64>; 2] = Default::default();
    println!("ratio to AdamW on 32 fresh seeds; smaller is better");
    println!("{:>4}  {:>12}  {:>12}", "seed", "with t", "without");
    let arms = [true, false].map(|progress| {
        let signature = Signature::optimizer(progress);
        let suite = lab::suite_of(&PROXIES, signature.clone());
        let start = start::named("adamw", &signature).expect("it is one of the named");
        (lab::tuned(&start, &suite), suite)
    });
    for seed in 0..SEEDS {
        let mut line = format!("{seed:>4}");
        for (arm, (start, suite)) in arms.iter().enumerate() {
            let mutation = lab::small();
            let config = Config {
                births: if quick { 5_000 } else { 100_000 },
                islands: 10,
                population: 100,
                tournament: 5,
                rotate: 10_000,
                mutation,
                ..Config::default()
            };
            let evolution = lab::search(config, start, suite, SEEDS_OF_EACH, seed, None);
            let (program, _) = lab::best(&evolution, suite);
            let ratio = lab::fresh(&program, suite, 50, 32).unwrap_or(f64::INFINITY);
            line += &format!("  {ratio:>12.4}");
            rows.push(json!({
                "seed": seed, "sees_progress": arm == 0, "fresh": ratio,
                "fitness": lab::best_fitness(&evolution), "text": lab::text_of(&program, suite.signature()),
            }));
            fresh[arm].push(ratio);
        }
        println!("{line}");
    }
    let difference = paired(&fresh[0], &fresh[1]);
    println!(
        "with − without: {:+.4} ± {:.4} (standard error of {SEEDS} pairs)",
        difference.mean, difference.standard_error
    );
    json!({ "rows": rows, "difference": difference })
}
