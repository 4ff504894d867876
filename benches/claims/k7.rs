//! From plain descent to momentum, on a quadratic of condition 10⁴.

use hatchery::search::program::evolve::Config;
use hatchery::search::program::{Operations, mutate};
use serde_json::{Value, json};

use super::lab;
use super::probe::{self, Probe};

/// Seeds of each proxy in a fitness.
const SEEDS_OF_EACH: u32 = 8;

pub(crate) fn run(quick: bool) -> Value {
    probe::self_test();
    let suite = lab::suite(&["q1"]);
    let start = lab::tuned(&lab::named("sgd"), &suite);
    let of = |name: &str| lab::fresh(&lab::tuned(&lab::named(name), &suite), &suite, 50, 32);
    let (sgd, momentum) = (of("sgd"), of("sgd-momentum"));
    println!("ratio on 32 fresh seeds: tuned descent {sgd:.4?}, tuned momentum {momentum:.4?}");
    let mut rows = Vec::new();
    let mut found = 0;
    for seed in 0..5 {
        let mutation =
            mutate::Config { operations: Operations::small(), ..mutate::Config::default() };
        let births = if quick { 2_000 } else { 200_000 };
        let config =
            Config { births, population: 1000, tournament: 5, mutation, ..Config::default() };
        let evolution = lab::search(config, &start, &suite, SEEDS_OF_EACH, seed, None);
        let (program, _) = lab::best(&evolution, &suite);
        let fitness = lab::best_fitness(&evolution);
        let fresh = lab::fresh(&program, &suite, 50, 32);
        let average = Probe::new(&program).is_some_and(|mut probe| probe.has_average());
        found += u32::from(average);
        println!(
            "seed {seed}: fitness {fitness:.4}, fresh {fresh:.4?}, a state averages gradients: {average}"
        );
        println!("{}", lab::text(&program));
        rows.push(json!({ "seed": seed, "fitness": fitness, "fresh": fresh, "average": average, "text": lab::text(&program) }));
    }
    println!("momentum in {found} of 5 runs");
    json!({ "sgd": sgd, "momentum": momentum, "found": found, "rows": rows })
}
