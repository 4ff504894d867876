//! From plain descent to momentum, on a quadratic of condition 10⁴.
//!
//! Eight operations, as AutoML-Zero restricts them, and other training seeds every 10,000 births: with twenty-two operations or always the
//! same seeds the search ends more often in rules that no other seed trains with, or in schedules without a state; one queue of 1,000
//! came to momentum in 3 of 5 runs, ten queues of 100 in 5 of 5. That was found out with seeds 0 to 104, so those here begin at 200.

use hatchery::search::program::evolve::Config;
use hatchery::search::program::{Operations, mutate};
use serde_json::{Value, json};

use super::{lab, probe};

/// Seeds of each proxy in a fitness.
const SEEDS_OF_EACH: u32 = 8;
const OPERATIONS: &str = "+,-,*,/,interp,square,sqrt,sign";

pub(crate) fn run(quick: bool) -> Value {
    probe::self_test();
    let suite = lab::suite(&["q1"]);
    let start = lab::tuned(&lab::named("sgd"), &suite);
    let of = |name: &str| lab::fresh(&lab::tuned(&lab::named(name), &suite), &suite, 50, 32);
    let (sgd, momentum) = (of("sgd"), of("sgd-momentum"));
    println!("ratio on 32 fresh seeds: tuned descent {sgd:.4?}, tuned momentum {momentum:.4?}");
    let mut rows = Vec::new();
    let mut found = 0;
    for seed in 200..205 {
        let operations = Operations::try_from(OPERATIONS.to_owned()).expect("they exist");
        let config = Config {
            births: if quick { 10_000 } else { 400_000 },
            islands: 10,
            population: 100,
            tournament: 5,
            rotate: 10_000,
            mutation: mutate::Config { operations, ..mutate::Config::default() },
            ..Config::default()
        };
        let evolution = lab::search(config, &start, &suite, SEEDS_OF_EACH, seed, None);
        let (program, _) = lab::best(&evolution, &suite);
        let fitness = lab::best_fitness(&evolution);
        let fresh = lab::fresh(&program, &suite, 50, 32);
        let average = probe::average(&program, &*suite.proxies()[0]);
        let is_used = average.is_some_and(|average| average.is_used());
        found += u32::from(is_used);
        let kept = average.map_or(f64::NAN, |average| average.keeps);
        println!(
            "seed {seed}: fitness {fitness:.4}, fresh {fresh:.4?}, averages gradients: {is_used} (keeps {kept:.3})"
        );
        println!("{}", lab::text(&program));
        rows.push(json!({
            "seed": seed, "fitness": fitness, "fresh": fresh, "found": is_used,
            "average": average, "text": lab::text(&program),
        }));
    }
    println!("momentum in {found} of 5 runs");
    json!({ "sgd": sgd, "momentum": momentum, "found": found, "rows": rows })
}
