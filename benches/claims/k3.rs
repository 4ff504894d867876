//! Evolution against random search, by the protocol of AutoML-Zero (Real et al. 2020): the difficulty of a task is the number of random
//! programs for each acceptable one; the success rate of evolution counts at most one acceptable program a run, over all
//! evaluations.

use hatchery::search::program::Operations;
use hatchery::search::program::evolve::{Config, Method};
use hatchery::search::program::mutate;
use serde_json::{Value, json};

use super::lab;

/// A proxy, and the hand-made rule that an acceptable program must beat by so much of its ratio.
const TASKS: [(&str, &str, f64); 4] = [
    ("b1:steps=50", "sgd", 1.0),
    ("h1:steps=50", "sgd-momentum", 1.0),
    ("q1:steps=50", "sgd-momentum", 1.0),
    ("q2:steps=100", "adamw", 1.0),
];
/// Evaluations of one run of evolution.
const EVALUATIONS: u64 = 2_000;

pub(crate) fn run(quick: bool) -> Value {
    let runs: u64 = if quick { 3 } else { 20 };
    let random_evaluations = runs * EVALUATIONS;
    println!(
        "{:14} {:14} {:>12} {:>14} {:>14} {:>8}",
        "task", "reference", "random", "difficulty", "evolution", "ratio"
    );
    let mut rows: Vec<Value> = Vec::new();
    for (task, reference, share) in TASKS {
        let suite = lab::suite(&[task]);
        let rule = lab::tuned(&lab::named(reference), &suite);
        // Judged on the seeds of the search, as both searches are.
        let limit = share * -search_fitness(&rule, &suite);
        let acceptable = |fitness: f64| -fitness < limit;
        let start = lab::named("empty");
        let random = lab::search(
            config(Method::Random, u64::MAX >> 33),
            &start,
            &suite,
            0,
            Some(random_evaluations),
        );
        let entries = random.progress().archive.best(usize::MAX);
        let found = entries.iter().filter(|(_, entry)| acceptable(entry.fitness())).count() as f64;
        let evaluated = random.progress().counters.evaluated as f64;
        let (mut solved, mut spent) = (0.0, 0.0);
        for seed in 0..runs {
            let evolution = lab::search(
                config(Method::Evolution, u64::MAX >> 33),
                &start,
                &suite,
                100 + seed,
                Some(EVALUATIONS),
            );
            spent += evolution.progress().counters.evaluated as f64;
            solved += f64::from(u8::from(acceptable(lab::best(&evolution).1)));
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

/// A fitness as the search with seed 0 sees it.
fn search_fitness(
    rule: &hatchery::search::program::Program,
    suite: &std::sync::Arc<hatchery::search::program::training::Suite>,
) -> f64 {
    let one =
        lab::search(Config { births: 1, ..config(Method::Evolution, 1) }, rule, suite, 0, Some(1));
    let known = one.progress().islands[0].members[0].fitness();
    f64::from(known)
}

fn config(method: Method, births: u64) -> Config {
    Config {
        method,
        births: births.min(1 << 31),
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
