//! The generation loop spelled out: ask, evaluate, tell.
//!
//! `hatchery::prelude::run` is this loop with budgets, reports and checkpoints. Write it yourself when evaluations happen
//! somewhere else, or when something is to happen between the three verbs.
//!
//! `cargo run --release --example 02_ask_evaluate_tell`

use hatchery::prelude::*;
use hatchery::tasks::toys::AlwaysTwo;

/// Examples that each member answers per generation.
const EXAMPLES: u32 = 8;
/// Hidden layers of the network that is to answer 2, whatever it is asked.
const HIDDEN: [usize; 2] = [16, 16];
/// Antithetic pairs per generation.
const PAIRS: u32 = 32;
/// Noise scale.
const SIGMA: f32 = 0.2;
/// Rank of the noise of each weight matrix.
const RANK: u32 = 8;
/// Step size of AdamW.
const LEARNING_RATE: f32 = 0.03;
/// Generations.
const GENERATIONS: u32 = 40;
/// Names all random numbers.
const SEED: u64 = 2;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model =
        mlp::Config { hidden: HIDDEN.to_vec(), activation: Activation::Relu, ..Default::default() };
    let task = AlwaysTwo::new(EXAMPLES, &model, SEED);
    let config = eggroll::Config {
        pairs: PAIRS,
        sigma: SIGMA,
        rank: RANK,
        learning_rate: LEARNING_RATE,
        optimiser: Optimiser::Adamw,
        shaping: Shaping::ZScore,
        ..eggroll::Config::default()
    };
    let variant = eggroll::Variant::Eggroll;
    let mut search = Eggroll::try_new(variant, config, task.init(SEED), SEED)?;
    let evaluator = Evaluator::new(Backend::cpu());

    println!("generation  mean fitness  update norm");
    for generation in 0..GENERATIONS {
        // Ask: 64 members, but only their address: centre, sigma, and where their noise is drawn.
        let population = search.ask(generation)?;
        // Evaluate: one fitness per member, larger is better, NaN where a member failed.
        let fitness = evaluator.evaluate(&task, &population)?;
        // Tell: the population is consumed, its noise drawn once more, the centre moved.
        let metrics = search.tell(population, &fitness, &evaluator.backend)?;

        if generation % 5 == 0 || generation + 1 == GENERATIONS {
            let step = metrics.get("update_norm").unwrap_or(f64::NAN);
            println!("{generation:10}  {:12.4}  {step:11.4}", fitness.stats().mean);
        }
    }

    // What was learned is the centre: ask for it without noise.
    let learned = search.centre().expect("an evolution strategy has a centre").clone();
    let centre = Perturbed::mean(learned.into(), 1);
    let fitness = evaluator.evaluate(&task, &centre)?;
    println!("the centre alone: {:.5} (0 is perfect)", fitness.values[0]);
    Ok(())
}
