//! Timing: medians of whole generations.

use std::time::Instant;

use hatchery::engine::{Evaluator, Strategy};
use hatchery::kernels::Backend;
use hatchery::search::Eggroll;
use hatchery::search::eggroll::{Config, Variant};

use super::args::Args;
use super::stack::Stack;

/// Calls a second of each work: medians of at least five rounds, over about `seconds` for each. The works take turns, so
/// that a disturbance of the machine hits all of them and ratios stay what they are.
pub(super) fn median_rates<const N: usize>(
    seconds: f64,
    mut works: [&mut dyn FnMut(); N],
) -> [f64; N] {
    works.iter_mut().for_each(|work| work());
    let began = Instant::now();
    let mut times = [const { Vec::new() }; N];
    let enough = |rounds: usize| {
        let elapsed = began.elapsed().as_secs_f64() / N as f64;
        rounds >= 5 && elapsed > seconds || rounds >= 3 && elapsed > 10.0 * seconds
    };
    for round in 0.. {
        if enough(round) {
            break;
        }
        for (work, times) in works.iter_mut().zip(&mut times) {
            let start = Instant::now();
            work();
            times.push(start.elapsed().as_secs_f64());
        }
    }
    times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        1.0 / times[times.len() / 2]
    })
}

/// A search that can be asked for one whole generation after the other: ask, evaluate, tell.
pub(super) struct Generations<'a> {
    stack: &'a Stack,
    search: Eggroll,
    evaluator: Evaluator,
    generation: u32,
}

impl<'a> Generations<'a> {
    pub(super) fn new(
        stack: &'a Stack,
        variant: Variant,
        rank: u32,
        args: &Args,
        population: usize,
    ) -> Self {
        let pairs = (population / 2) as u32;
        let (noise, precision) = (args.noise, args.precision);
        let config =
            Config { pairs, rank, noise, precision, learning_rate: 1e-6, ..Config::default() };
        let start = (*stack.params).clone();
        let search = Eggroll::try_new(variant, config, start, 1).expect("it is valid");
        Self { stack, search, evaluator: Evaluator::new(Backend::cpu()), generation: 0 }
    }

    pub(super) fn next(&mut self) {
        let population = self.search.ask(self.generation).expect("it asks");
        let fitness = self.evaluator.evaluate(self.stack, &population).expect("it evaluates");
        self.search.tell(population, &fitness, &self.evaluator.backend).expect("it tells");
        self.generation += 1;
    }
}

/// The largest memory that this process has held, MiB; 0 where the system does not say.
pub(super) fn peak_resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}
