//! Searches for rewards against each other and against no search at all, on the same budget of inner trainings and the same grammar.
//!
//! ```text
//! cargo bench --bench rewards -- --budget 200 --seeds 10 --json rewards.jsonl
//! ```
//!
//! For every outer seed and method: a search, a race of its five best, and eight fresh trainings with the winner, judged on L0, L1, L2.
//! The largest value that a search has seen is printed beside the fresh one: it is what luck makes of it. Differences are paired by outer seed.

mod args;
mod report;
mod searches;

use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use hatchery::tasks::worlds::tidy;
use rayon::prelude::*;

fn main() {
    if let Err(error) = run() {
        eprintln!("rewards: {error}");
        std::process::exit(2);
    }
}

fn run() -> Result<(), String> {
    let args = args::Args::read(std::env::args().skip(1))?;
    let variant = match args.env.as_str() {
        "tidy-hard" => tidy::Variant::Hard,
        "tidy-mixed" => tidy::Variant::Mixed,
        other => return Err(format!("there is no environment '{other}': tidy-hard, tidy-mixed")),
    };
    let world = tidy::Config { variant, ..tidy::Config::default() }.world();
    let jobs: Vec<(u64, &str)> = (args.first..args.first + args.seeds)
        .flat_map(|seed| args.methods.iter().map(move |method| (seed, method.as_str())))
        .collect();
    let file = match &args.json {
        Some(path) => {
            let file = std::fs::File::create(path);
            Some(Mutex::new(file.map_err(|error| format!("cannot write '{path}': {error}"))?))
        }
        None => None,
    };
    let done = AtomicUsize::new(0);
    let results: Vec<searches::Found> = jobs
        .par_iter()
        .map(|&(seed, method)| {
            let found = searches::search(&world, method, seed, &args)?;
            let number = done.fetch_add(1, Ordering::Relaxed) + 1;
            eprintln!("[{number} of {}] {method} seed {seed}: {}", jobs.len(), found.line());
            if let Some(file) = &file {
                let mut file = file.lock().map_err(|_| "another thread has failed".to_owned())?;
                writeln!(file, "{}", found.json()).map_err(|error| error.to_string())?;
            }
            Ok(found)
        })
        .collect::<Result<_, String>>()?;
    report::print(&results, &args);
    Ok(())
}
