//! From AdamW to the sign of a momentum, on the two problems where that is known to win: a box, and heavy-tailed noise.

use hatchery::search::program::evolve::Config;
use hatchery::search::program::{Operations, mutate};
use serde_json::{Value, json};

use super::lab;
use super::probe::{self, Probe};

/// Seeds of each proxy in a fitness.
const SEEDS_OF_EACH: u32 = 4;

pub(crate) fn run(quick: bool) -> Value {
    probe::self_test();
    let suite = lab::suite(&["b1", "h1"]);
    let start = lab::tuned(&lab::named("adamw"), &suite);
    let lion = lab::fresh(&lab::tuned(&lab::named("lion"), &suite), &suite, 50, 32);
    let adamw = lab::fresh(&start, &suite, 50, 32);
    println!("ratio on 32 fresh seeds: tuned AdamW {adamw:.4?}, tuned Lion {lion:.4?}");
    let mut rows = Vec::new();
    let mut found = 0;
    for seed in 0..5 {
        let mutation =
            mutate::Config { operations: Operations::small(), ..mutate::Config::default() };
        let births = if quick { 5_000 } else { 100_000 };
        let config =
            Config { births, population: 500, tournament: 5, mutation, ..Config::default() };
        let evolution = lab::search(config, &start, &suite, SEEDS_OF_EACH, seed, None);
        let (program, _) = lab::best(&evolution, &suite);
        let fitness = lab::best_fitness(&evolution);
        let fresh = lab::fresh(&program, &suite, 50, 32);
        let weight = Probe::new(&program).and_then(|mut probe| probe.sign_momentum());
        found += u32::from(weight.is_some());
        println!(
            "seed {seed}: fitness {fitness:.4}, fresh {fresh:.4?}, sign of gradient and momentum: {}",
            weight.map_or("no".into(), |weight| format!("yes, weight of the state {weight:.2}"))
        );
        println!("{}", lab::text(&program));
        rows.push(json!({ "seed": seed, "fitness": fitness, "fresh": fresh, "state_weight": weight, "text": lab::text(&program) }));
    }
    println!("sign-momentum in {found} of 5 runs");
    json!({ "adamw": adamw, "lion": lion, "found": found, "rows": rows })
}
