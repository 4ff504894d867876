//! Evolution against mutation of constants only, and against random programs, both with four times the evaluations.

use hatchery::search::program::evolve::{Config, Method};
use hatchery::search::program::select::paired;
use hatchery::search::program::{Operations, mutate};
use serde_json::{Value, json};

use super::lab;

const SEEDS: u64 = 5;
const EVALUATIONS: u64 = 1_000;

/// Seeds of each proxy in a fitness.
const SEEDS_OF_EACH: u32 = 2;

pub(crate) fn run(quick: bool) -> Value {
    let evaluations = if quick { EVALUATIONS / 10 } else { EVALUATIONS };
    let suite = lab::suite(&["m1", "n1"]);
    let start = lab::tuned(&lab::named("adamw"), &suite);
    let mut rows = Vec::new();
    let mut fits: [Vec<f64>; 3] = Default::default();
    let mut on_fresh: [Vec<f64>; 3] = Default::default();
    println!(
        "fitness (minus ratio to AdamW; larger is better), in the search and on 8 fresh seeds"
    );
    println!(
        "{:>4}  {:>20}  {:>20}  {:>20}",
        "seed", "evolution, N", "constants only, 4 N", "random, 4 N"
    );
    for seed in 0..SEEDS {
        let mut line = format!("{seed:>4}");
        let mut row = json!({ "seed": seed });
        let arms = [
            ("evolution", Method::Evolution, false, evaluations),
            ("constants", Method::Evolution, true, 4 * evaluations),
            ("random", Method::Random, false, 4 * evaluations),
        ];
        for (arm, (name, method, constants_only, budget)) in arms.into_iter().enumerate() {
            let mutation = mutate::Config {
                operations: Operations::small(),
                constants_only,
                ..mutate::Config::default()
            };
            let config = Config {
                method,
                births: 1 << 31,
                population: 200,
                tournament: 5,
                mutation,
                ..Config::default()
            };
            let begin = if method == Method::Random { lab::named("empty") } else { start.clone() };
            let evolution = lab::search(config, &begin, &suite, SEEDS_OF_EACH, seed, Some(budget));
            let (program, _) = lab::best(&evolution, &suite);
            let fitness = lab::best_fitness(&evolution);
            let fresh = -lab::fresh(&program, &suite, 50, 8).unwrap_or(f64::INFINITY);
            line += &format!("  {:>9.4} / {:>8.4}", fitness, fresh);
            row[name] = json!({
                "fitness": fitness, "fresh": fresh, "births": evolution.progress().counters.births,
                "evaluated": evolution.progress().counters.evaluated, "text": lab::text(&program),
            });
            fits[arm].push(fitness);
            on_fresh[arm].push(fresh);
        }
        println!("{line}");
        rows.push(row);
    }
    let compare = |what: &str, of: &[Vec<f64>; 3]| {
        [("constants only", 1), ("random", 2)].map(|(name, arm)| {
            let difference = paired(&of[0], &of[arm]);
            println!(
                "{what}: evolution − {name}: {:+.4} ± {:.4} (standard error), {:.1} standard errors",
                difference.mean,
                difference.standard_error,
                difference.mean / difference.standard_error
            );
            json!({ "against": name, "difference": difference })
        })
    };
    let (search, fresh) = (compare("search", &fits), compare("fresh seeds", &on_fresh));
    json!({ "evaluations": evaluations, "rows": rows, "search": search, "fresh": fresh })
}
