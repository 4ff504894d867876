//! Minimises a function of ten numbers: the shortest road from a function to its optimum.
//!
//! `cargo run --release --example 01_minimise_a_function`

use hatchery::prelude::*;

/// Numbers in the vector.
const DIMENSION: usize = 10;
/// Antithetic pairs per generation: each adds one direction to the estimate of the gradient.
const PAIRS: u32 = 50;
/// How far members stray from the centre at first; about the size of the detail that matters.
const SIGMA: f32 = 0.1;
/// Step size at first.
const LEARNING_RATE: f32 = 0.05;
/// Both shrink to nothing over so many generations.
const GENERATIONS: u32 = 3000;
/// Names all random numbers: the same seed gives the same result, to the bit.
const SEED: u64 = 1;

/// Rosenbrock's valley: long, bent, flat along its floor. The minimum is 0 at (1, …, 1).
fn rosenbrock(x: &[f32]) -> f32 {
    x.windows(2).map(|w| 100.0 * (w[1] - w[0] * w[0]).powi(2) + (1.0 - w[0]).powi(2)).sum()
}

struct Valley;

impl Objective for Valley {
    fn dimension(&self) -> usize {
        DIMENSION
    }

    /// Larger is better everywhere in Hatchery, so whoever minimises negates, here and nowhere else.
    fn value(&self, x: &[f32]) -> f32 {
        -rosenbrock(x)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let task = PerturbedPoints(Valley);
    let start = Params::zeros(task.layout());
    let shrink = Schedule::Linear { end: 0.0, generations: GENERATIONS };
    let config = eggroll::Config {
        pairs: PAIRS,
        sigma: SIGMA,
        learning_rate: LEARNING_RATE,
        sigma_schedule: shrink,
        learning_rate_schedule: shrink,
        ..eggroll::Config::default()
    };
    let mut search = Eggroll::try_new(eggroll::Variant::Eggroll, config, start, SEED)?;
    let budget = Budget { generations: Some(GENERATIONS - 1), ..Budget::default() };
    let plan = RunPlan { budget, ..RunPlan::default() };

    let report = run(&mut search, &task, &Evaluator::new(Backend::cpu()), &plan, &mut [])?;

    let x = &search.centre().expect("an evolution strategy has a centre").values;
    println!("minimum {:.2e} at {x:.3?}", rosenbrock(x));
    println!("{} evaluations in {:.2} s", report.evaluations, report.seconds);
    Ok(())
}
