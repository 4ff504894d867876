//! The cache: how much it saves, and that it changes nothing.

use hatchery::search::program::evolve::Config;
use serde_json::{Value, json};

use super::lab;

/// Seeds of each proxy in a fitness.
const SEEDS_OF_EACH: u32 = 1;

pub(crate) fn run(quick: bool) -> Value {
    let suite = lab::suite(&["m1", "n1"]);
    let start = lab::tuned(&lab::named("adamw"), &suite);
    let mutation = lab::small();
    // The published settings: a population of 1000, tournaments of 2.
    let config =
        Config { births: if quick { 2_000 } else { 20_000 }, mutation, ..Config::default() };
    let mut rows = Vec::new();
    println!(
        "{:>4} {:>8} {:>10} {:>8} {:>10} {:>9} {:>10}",
        "seed", "births", "evaluated", "hits", "redundant", "failed", "best"
    );
    for seed in 0..if quick { 1 } else { 3 } {
        let evolution = lab::search(config.clone(), &start, &suite, SEEDS_OF_EACH, seed, None);
        let counters = &evolution.progress().counters;
        let best = lab::best_fitness(&evolution);
        println!(
            "{seed:>4} {:>8} {:>10} {:>6.1} % {:>8.1} % {:>9} {best:>10.4}",
            counters.births,
            counters.evaluated,
            100.0 * counters.hit_rate(),
            100.0 * counters.redundancy(),
            counters.failures(),
        );
        let text = lab::text(&evolution.progress().archive.best(1)[0].1.program);
        println!("{text}");
        rows.push(json!({ "seed": seed, "best": best, "text": text, "hit_rate": counters.hit_rate(), "redundancy": counters.redundancy(), "counters": counters }));
    }
    let short = Config { births: if quick { 400 } else { 2_000 }, ..config };
    let with = lab::search(short.clone(), &start, &suite, SEEDS_OF_EACH, 0, None);
    let without =
        lab::search(Config { cache: false, ..short }, &start, &suite, SEEDS_OF_EACH, 0, None);
    let same = with.progress().improvements == without.progress().improvements;
    let evaluated = [with.progress().counters.evaluated, without.progress().counters.evaluated];
    println!(
        "cache off: {} evaluations instead of {}, improvements {}",
        evaluated[1],
        evaluated[0],
        if same { "the same to the bit" } else { "DIFFERENT" }
    );
    json!({ "rows": rows, "same_without_cache": same, "evaluated_with_and_without": evaluated })
}
