//! Minimises a function of ten numbers: the shortest road from a function to its optimum.
//!
//! `cargo run --release --example 01_minimise_a_function`

use hatchery::prelude::*;

/// Numbers in the vector.
const DIMENSION: usize = 10;
/// Antithetic pairs per generation: each adds one direction to the estimate of the gradient.
const PAIRS: u32 = 50;
/// How far members stray from the centre at first: about the width of the valley.
const SIGMA: f32 = 0.03;
/// Step size at first.
const LEARNING_RATE: f32 = 0.02;
/// Generations, over which both shrink: the step size to 0, sigma to a thousandth.
const GENERATIONS: u32 = 3000;
/// What sigma is multiplied by each generation: 0.9977 to the 3000th is about a thousandth.
const SHRINK: f64 = 0.9977;
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
    let config = eggroll::Config {
        pairs: PAIRS,
        sigma: SIGMA,
        learning_rate: LEARNING_RATE,
        sigma_schedule: Schedule::Exponential { factor: SHRINK, floor: 0.0 },
        learning_rate_schedule: Schedule::Linear { end: 0.0, generations: GENERATIONS },
        ..eggroll::Config::default()
    };
    let mut search = Eggroll::try_new(eggroll::Variant::Eggroll, config, start, SEED)?;
    let budget = Budget { generations: Some(GENERATIONS), ..Budget::default() };
    let plan = RunPlan { budget, ..RunPlan::default() };

    let report = run(&mut search, &task, &Evaluator::new(Backend::cpu()), &plan, &mut [])?;

    let x = &search.centre().expect("an evolution strategy has a centre").values;
    println!("minimum {:.2e} at {x:.3?}", rosenbrock(x));
    println!("{} evaluations in {:.2} s", report.evaluations, report.seconds);
    Ok(())
}
