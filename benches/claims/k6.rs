//! From AdamW to the sign of a momentum, on the two problems where that is known to win: a box, and heavy-tailed noise.

use hatchery::search::program::evolve::Config;
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
    let (mut found, mut bounded) = (0, 0);
    for seed in 0..5 {
        let mutation = lab::small();
        let config = Config {
            births: if quick { 5_000 } else { 200_000 },
            population: 1000,
            tournament: 5,
            rotate: 10_000,
            mutation,
            ..Config::default()
        };
        let evolution = lab::search(config, &start, &suite, SEEDS_OF_EACH, seed, None);
        let (program, _) = lab::best(&evolution, &suite);
        let fitness = lab::best_fitness(&evolution);
        let fresh = lab::fresh(&program, &suite, 50, 32);
        let mut probe = Probe::new(&program);
        let weight = probe.as_mut().and_then(Probe::sign_momentum);
        let is_bounded = probe.as_mut().is_some_and(Probe::is_bounded);
        found += u32::from(weight.is_some());
        bounded += u32::from(is_bounded);
        println!(
            "seed {seed}: fitness {fitness:.4}, fresh {fresh:.4?}, bounded in the gradient: {is_bounded}, sign of gradient and momentum: {}",
            weight.map_or("no".into(), |weight| format!("yes, weight of the state {weight:.2}"))
        );
        println!("{}", lab::text(&program));
        rows.push(json!({ "seed": seed, "fitness": fitness, "fresh": fresh, "bounded": is_bounded, "state_weight": weight, "text": lab::text(&program) }));
    }
    println!(
        "sign-momentum in {found} of 5 runs, an update that is bounded in the gradient in {bounded}"
    );
    json!({ "adamw": adamw, "lion": lion, "found": found, "bounded": bounded, "rows": rows })
}
