//! Timing: medians of whole generations.

use std::time::Instant;

use hatchery::engine::{Evaluator, Strategy};
use hatchery::kernels::Backend;
use hatchery::search::Eggroll;
use hatchery::search::eggroll::{Config, Variant};

use super::args::Args;
use super::stack::Stack;

/// Calls a second of `work`: the median of at least five calls, over about `seconds`.
pub(super) fn median_rate(seconds: f64, mut work: impl FnMut()) -> f64 {
    work();
    let began = Instant::now();
    let mut times = Vec::new();
    while times.len() < 5 || began.elapsed().as_secs_f64() < seconds {
        let start = Instant::now();
        work();
        times.push(start.elapsed().as_secs_f64());
        if times.len() >= 3 && began.elapsed().as_secs_f64() > 10.0 * seconds {
            break;
        }
    }
    times.sort_by(f64::total_cmp);
    1.0 / times[times.len() / 2]
}

/// Whole generations a second: ask, evaluate, tell.
pub(super) fn generations_per_s(
    stack: &Stack,
    variant: Variant,
    rank: u32,
    args: &Args,
    population: usize,
    seconds: f64,
) -> f64 {
    let pairs = (population / 2) as u32;
    let (noise, precision) = (args.noise, args.precision);
    let config = Config { pairs, rank, noise, precision, learning_rate: 1e-6, ..Config::default() };
    let start = (*stack.params).clone();
    let mut search = Eggroll::try_new(variant, config, start, 1).expect("it is valid");
    let evaluator = Evaluator::new(Backend::cpu());
    let mut generation = 0;
    median_rate(seconds, || {
        let population = search.ask(generation).expect("it asks");
        let fitness = evaluator.evaluate(stack, &population).expect("it evaluates");
        search.tell(population, &fitness, &evaluator.backend).expect("it tells");
        generation += 1;
    })
}

/// The largest memory that this process has held, MiB; 0 where the system does not say.
pub(super) fn peak_resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}
