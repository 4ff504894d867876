//! Searches for rewards against each other and against no search at all, on the same budget of inner trainings and the same grammar.
//!
//! ```text
//! cargo bench --bench rewards -- --env tidy-hard --budget 300 --seeds 10 --json rewards.jsonl
//! ```
//!
//! `cargo bench --bench rewards -- synthetic` compares settings of the methods on values that behave like those of trainings.
//!
//! `aging-slots` and `random-slots` choose from what the default of DERL writes, a weight for each primitive; `aging` and `random` from the
//! whole grammar.
//!
//! `--methods derl-pop,pbt,one-step` are eight members whose policies inherit weights after each of ten slices, or do not (`one-step`), with
//! the same updates in all: what the policy at the end of the chain reaches.
//!
//! For every outer seed and method: a search, a race of its best, and eight fresh trainings with the winner, judged on L0, L1, L2. The
//! largest value that a search has seen is printed beside the fresh one: it is what luck makes of it. Differences are paired by outer
//! seed. Cells that are in the file already, with the same settings, are not run again, so that an experiment may be stopped and started at
//! any time.

mod args;
mod inherited;
mod report;
mod searches;
mod synthetic;

use std::fs::OpenOptions;
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use hatchery::tasks::worlds::{WORLDS, with_world};
use rayon::prelude::*;

fn main() {
    if let Err(error) = run() {
        eprintln!("rewards: {error}");
        std::process::exit(2);
    }
}

fn run() -> Result<(), String> {
    let words = || std::env::args().skip(1).filter(|word| word != "--bench");
    if words().eq(["synthetic"]) {
        return synthetic::print();
    }
    let args = args::Args::read(words())?;
    if !WORLDS.iter().any(|(id, _)| *id == args.env) {
        let ids: Vec<&str> = WORLDS.iter().map(|(id, _)| *id).collect();
        return Err(format!("there is no environment '{}': {}", args.env, ids.join(", ")));
    }
    let before: Vec<searches::Found> = match &args.json {
        None => Vec::new(),
        Some(path) => std::fs::read_to_string(path)
            .unwrap_or_default()
            .lines()
            .filter_map(|line| searches::Found::read(line, &args))
            .collect(),
    };
    let is_new = |seed: u64, method: &str| {
        !before.iter().any(|found| found.seed == seed && found.method == method)
    };
    let jobs: Vec<(u64, &str)> = (args.first..args.first + args.seeds)
        .flat_map(|seed| args.methods.iter().map(move |method| (seed, method.as_str())))
        .filter(|&(seed, method)| is_new(seed, method))
        .collect();
    let file = match &args.json {
        Some(path) => {
            let file = OpenOptions::new().create(true).append(true).open(path);
            Some(Mutex::new(file.map_err(|error| format!("cannot write '{path}': {error}"))?))
        }
        None => None,
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads).build();
    let pool = pool.map_err(|error| error.to_string())?;
    let done = AtomicUsize::new(0);
    let one = |&(seed, method): &(u64, &str)| {
        let cell = searches::Cell { method, seed, args: &args };
        let found = with_world(&args.env, cell).ok_or("the environment is gone")??;
        let number = done.fetch_add(1, Ordering::Relaxed) + 1;
        eprintln!("[{number} of {}] {method} seed {seed}: {}", jobs.len(), found.line());
        if let Some(file) = &file {
            let mut file = file.lock().map_err(|_| "another thread has failed".to_owned())?;
            writeln!(file, "{}", found.json(&args)).map_err(|error| error.to_string())?;
        }
        Ok(found)
    };
    let mut results: Vec<searches::Found> =
        pool.install(|| jobs.par_iter().map(one).collect::<Result<_, String>>())?;
    let seeds = args.first..args.first + args.seeds;
    results.extend(before.into_iter().filter(|found| seeds.contains(&found.seed)));
    results.sort_by_key(|found| found.seed);
    report::print(&results, &args);
    Ok(())
}
