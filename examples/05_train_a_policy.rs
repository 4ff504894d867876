//! Trains a network to balance a pole on a cart, by low-rank evolution strategies.
//!
//! The members of a generation never lie in memory: each is the centre plus noise that is drawn where it is needed, and a
//! block of members plays its episodes together.
//!
//! `cargo run --release --example 05_train_a_policy`

use hatchery::prelude::*;
use hatchery::tasks::control::{CartPole, Config as Episodes, Policy};

/// Width of the hidden layer.
const HIDDEN: usize = 32;
/// Antithetic pairs per generation; the two members of a pair start in the same state.
const PAIRS: u32 = 64;
/// Noise scale.
const SIGMA: f32 = 0.3;
/// Rank of the noise of each weight matrix.
const RANK: u32 = 1;
/// Step size of Adam.
const LEARNING_RATE: f32 = 0.1;
/// Most generations.
const GENERATIONS: u32 = 100;
/// The mean return of a whole generation at which to stop; 500 is the most there is.
const TARGET: f64 = 490.0;
/// Fresh episodes to judge the result by.
const EPISODES: u32 = 100;
/// Names all random numbers.
const SEED: u64 = 5;

/// Prints a line for each generation.
struct Lines;

impl Observer for Lines {
    fn on_generation(&mut self, report: &GenerationReport) -> Result<(), ObserverError> {
        let stats = &report.stats;
        println!("{:4}  mean {:6.1}  best {:5.0}", report.generation, stats.mean, stats.best);
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = mlp::Config { hidden: vec![HIDDEN], ..mlp::Config::default() };
    let task = Policy::new(CartPole, Episodes::default(), &model, SEED);
    let config = eggroll::Config {
        pairs: PAIRS,
        sigma: SIGMA,
        rank: RANK,
        learning_rate: LEARNING_RATE,
        ..eggroll::Config::default()
    };
    let variant = eggroll::Variant::Eggroll;
    let mut search = Eggroll::try_new(variant, config, task.init(SEED), SEED)?;
    let budget = Budget {
        generations: Some(GENERATIONS),
        target: Some(TARGET),
        target_statistic: TargetStatistic::Mean,
        ..Budget::default()
    };
    let plan = RunPlan { budget, ..RunPlan::default() };
    let evaluator = Evaluator::new(Backend::cpu());
    let report = run(&mut search, &task, &evaluator, &plan, &mut [&mut Lines])?;

    // Members without noise, in starting states of another seed: what the centre is worth.
    let learned = search.centre().expect("an evolution strategy has a centre").clone();
    let judge = Policy::new(CartPole, Episodes::default(), &model, SEED + 1);
    let returns = evaluator.evaluate(&judge, &Perturbed::mean(learned.into(), EPISODES))?;
    println!("{}: mean return {:.1} of 500", report.stopped_by, returns.stats().mean);
    println!("{} episodes in {:.2} s", report.evaluations, report.seconds);
    Ok(())
}
