//! Evolution against random search, by the protocol of AutoML-Zero (Real et al. 2020): the difficulty of a task is the number of random
//! programs for each acceptable one; the success rate of evolution counts at most one acceptable program a run, over all
//! evaluations.

use hatchery::search::program::evolve::{Config, Method};
use hatchery::search::program::{Operations, Program, mutate};
use rayon::prelude::*;
use serde_json::{Value, json};

use super::lab;

/// A proxy, and the hand-made rule that an acceptable program must beat.
const TASKS: [(&str, &str); 4] = [
    ("b1:steps=50", "sgd"),
    ("h1:steps=50", "sgd-momentum"),
    ("q1:steps=50", "sgd-momentum"),
    ("q2:steps=100", "adamw"),
];
/// Seeds of the judgement.
const FRESH: u32 = 16;
/// Evaluations of one run of evolution.
const EVALUATIONS: u64 = 2_000;

/// Seeds of each proxy in a fitness.
const SEEDS_OF_EACH: u32 = 4;

pub(crate) fn run(quick: bool) -> Value {
    let runs: u64 = if quick { 3 } else { 20 };
    let random_evaluations = runs * EVALUATIONS;
    println!(
        "{:14} {:14} {:>12} {:>14} {:>14} {:>8}",
        "task", "reference", "random", "difficulty", "evolution", "ratio"
    );
    let mut rows: Vec<Value> = Vec::new();
    for (task, reference) in TASKS {
        let suite = lab::suite(&[task]);
        let rule = lab::tuned(&lab::named(reference), &suite);
        // Acceptable: better than the tuned reference on seeds that no search has seen.
        let limit = lab::fresh(&rule, &suite, 50, FRESH).expect("it was tuned");
        let acceptable = |program: &Program| {
            lab::fresh(program, &suite, 50, FRESH).is_some_and(|ratio| ratio < limit)
        };
        let start = lab::named("empty");
        let random = lab::search(
            config(Method::Random),
            &start,
            &suite,
            SEEDS_OF_EACH,
            0,
            Some(random_evaluations),
        );
        let entries = random.progress().archive.best(usize::MAX);
        // What is far off on the seeds of the search needs no second look.
        let near: Vec<&Program> = entries
            .iter()
            .filter(|(_, entry)| -entry.fitness() < 2.0 * limit)
            .map(|(_, entry)| &entry.program)
            .collect();
        let found = near.par_iter().filter(|program| acceptable(program)).count() as f64;
        let evaluated = random.progress().counters.evaluated as f64;
        let (mut solved, mut spent) = (0.0, 0.0);
        for seed in 0..runs {
            let evolution = lab::search(
                config(Method::Evolution),
                &start,
                &suite,
                SEEDS_OF_EACH,
                100 + seed,
                Some(EVALUATIONS),
            );
            spent += evolution.progress().counters.evaluated as f64;
            solved += f64::from(u8::from(acceptable(&lab::best(&evolution, &suite).0)));
        }
        // With nothing found by chance the ratio is a lower bound, as if one had been.
        let random_rate = found.max(1.0) / evaluated;
        let ratio = (solved / spent) / random_rate;
        let bound = if found == 0.0 { "≥ " } else { "" };
        println!(
            "{task:14} {reference:14} {:>12} {:>14} {:>14} {:>8}",
            format!("{found:.0}/{evaluated:.0}"),
            format!("{bound}{:.0}", evaluated / found.max(1.0)),
            format!("{solved:.0} of {runs}"),
            format!("{bound}{ratio:.2}")
        );
        rows.push(json!({
            "task": task, "reference": reference, "limit": limit,
            "random_acceptable": found, "random_evaluated": evaluated,
            "evolution_solved": solved, "evolution_runs": runs, "evolution_evaluated": spent,
            "ratio": ratio, "ratio_is_lower_bound": found == 0.0,
        }));
    }
    json!({ "rows": rows })
}

fn config(method: Method) -> Config {
    Config {
        method,
        // Evaluations end a run, not births.
        births: 1 << 31,
        population: 100,
        tournament: 10,
        random_length: 10,
        archive: 100_000,
        mutation: mutate::Config {
            operations: Operations::small(),
            length_max: 30,
            ..mutate::Config::default()
        },
        ..Config::default()
    }
}
