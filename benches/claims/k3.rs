//! Evolution against random search, after AutoML-Zero (Real et al. 2020): the difficulty of a task is the number of random programs for
//! each acceptable one; the success rate of evolution counts at most one acceptable program a run, over all evaluations until there is
//! one.
//!
//! Acceptable is what is better than a hand-made reference, and, so that difficulty grows step by step, what is better than all but
//! so many of the random programs. All on seeds that no search has seen.

use hatchery::search::program::evolve::{Config, Method};
use hatchery::search::program::{Operations, Program, mutate};
use rayon::prelude::*;
use serde_json::{Value, json};

use super::lab;

/// A proxy, and a hand-made rule for it.
const TASKS: [(&str, &str); 4] = [
    ("b1:steps=50", "adamw"),
    ("h1:steps=50", "adamw"),
    ("q1:steps=50", "sgd-momentum"),
    ("q2:steps=100", "adamw"),
];
/// Random programs that are better than the limits of growing difficulty.
const RANKS: [usize; 3] = [100, 20, 4];
/// Random programs that are judged on fresh seeds: those that look best.
const JUDGED: usize = 2_000;
/// Seeds of the judgement.
const FRESH: u32 = 16;
/// Evaluations of one run of evolution, at most, and how often that is halved for the shortest.
const EVALUATIONS: u64 = 10_000;
const HALVINGS: u32 = 6;
/// Seeds of each proxy in a fitness.
const SEEDS_OF_EACH: u32 = 4;

pub(crate) fn run(quick: bool) -> Value {
    let runs: u64 = if quick { 2 } else { 10 };
    println!(
        "{:14} {:24} {:>12} {:>12} {:>10} {:>12} {:>8}",
        "task", "better than", "random", "difficulty", "evolution", "evaluations", "ratio"
    );
    let mut rows: Vec<Value> = Vec::new();
    for (task, reference) in TASKS {
        let suite = lab::suite(&[task]);
        let fresh =
            |program: &Program| lab::fresh(program, &suite, 50, FRESH).unwrap_or(f64::INFINITY);
        let rule = lab::tuned(&lab::named(reference), &suite);
        let start = lab::named("empty");
        let search = |method, seed, evaluations| {
            let config = config(method);
            lab::search(config, &start, &suite, SEEDS_OF_EACH, seed, Some(evaluations))
        };
        let random = search(Method::Random, 0, runs * EVALUATIONS);
        let evaluated = random.progress().counters.evaluated as f64;
        let entries = random.progress().archive.best(JUDGED);
        let mut ratios: Vec<f64> =
            entries.par_iter().map(|(_, entry)| fresh(&entry.program)).collect();
        ratios.sort_by(f64::total_cmp);
        let mut limits = vec![(reference.to_owned(), fresh(&rule))];
        limits.extend(RANKS.map(|rank| (format!("all but {rank} of random"), ratios[rank])));
        // For each run what it had come to after each budget; a longer search begins as the shorter one.
        let budgets: Vec<u64> = (0..=HALVINGS).rev().map(|h| EVALUATIONS >> h).collect();
        let reached: Vec<Vec<f64>> = (0..runs)
            .map(|seed| {
                let best = |budget: &u64| {
                    let evolution = search(Method::Evolution, 100 + seed, *budget);
                    fresh(&lab::best(&evolution, &suite).0)
                };
                budgets.iter().map(best).collect()
            })
            .collect();
        for (name, limit) in limits {
            let found = ratios.iter().filter(|ratio| **ratio < limit).count() as f64;
            let (mut solved, mut spent) = (0_u32, 0_u64);
            for run in &reached {
                let at = run.iter().position(|ratio| *ratio < limit);
                solved += u32::from(at.is_some());
                spent += budgets[at.unwrap_or(budgets.len() - 1)];
            }
            // With nothing found by chance the ratio is a lower bound, as if one had been.
            let difficulty = evaluated / found.max(1.0);
            let ratio = f64::from(solved) / spent as f64 * difficulty;
            let bound = if found == 0.0 { "≥ " } else { "" };
            println!(
                "{task:14} {name:24} {:>12} {:>12} {:>10} {spent:>12} {:>8}",
                format!("{found:.0}/{evaluated:.0}"),
                format!("{bound}{difficulty:.0}"),
                format!("{solved} of {runs}"),
                format!("{bound}{ratio:.2}")
            );
            rows.push(json!({
                "task": task, "better_than": name, "limit": limit,
                "random_acceptable": found, "random_evaluated": evaluated,
                "evolution_solved": solved, "evolution_runs": runs, "evolution_evaluated": spent,
                "ratio": ratio, "ratio_is_lower_bound": found == 0.0,
            }));
        }
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
