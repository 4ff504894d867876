//! Evolves an update rule for a training problem of your own: a loss with its gradient over a flat slice.
//!
//! `cargo run --release --example 07_your_own_proxy`

use std::sync::Arc;

use hatchery::engine::{Part, Scratch, Trainable};
use hatchery::kernels::{Domain, NoiseAddress, NoiseStream};
use hatchery::prelude::*;
use hatchery::search::program::evolve::{self, Evolution};
use hatchery::search::program::training::{Limits, ProxyTraining, Suite};
use hatchery::search::program::{Names, Signature, start};

/// Features of an example; their scales go from 1 to 100, as those of columns of tables do.
const FEATURES: usize = 12;
/// Examples of a batch.
const BATCH: usize = 16;
/// Steps of a training run.
const STEPS: u32 = 60;
/// Programs that the search makes; most compute what another did, and are not trained with.
const BIRTHS: u64 = 4000;
/// Training runs for each program: initial weights and data are others in each.
const SEEDS: u32 = 2;

/// Linear regression on noisy examples that are made up as they are needed.
struct Regression;

impl Regression {
    /// Mean of half the squared errors over the batch of a step; adds up its gradient.
    fn pass(&self, weights: &[f32], seed: u64, step: u32, gradient: &mut [f32]) -> f32 {
        let stream = NoiseStream::new(seed).domain(Domain::Data);
        let mut numbers = vec![0.0; BATCH * (FEATURES + 1)];
        let at = NoiseAddress { generation: step, ..NoiseAddress::default() };
        stream.fill_normals(at, &mut numbers);
        gradient.fill(0.0);
        let mut loss = 0.0;
        for example in numbers.chunks_exact_mut(FEATURES + 1) {
            let (x, noise) = example.split_at_mut(FEATURES);
            let mut error = 0.1 * noise[0];
            for (i, (x, w)) in x.iter_mut().zip(weights).enumerate() {
                *x *= 100_f32.powf(i as f32 / FEATURES as f32);
                error += *x * (w - 1.0);
            }
            loss += 0.5 * error * error / BATCH as f32;
            for (g, x) in gradient.iter_mut().zip(x) {
                *g += error * *x / BATCH as f32;
            }
        }
        loss
    }
}

impl Trainable for Regression {
    fn name(&self) -> String {
        "regression".into()
    }

    fn leaves(&self) -> &[usize] {
        &[FEATURES]
    }

    fn steps(&self) -> u32 {
        STEPS
    }

    fn init(&self, _: u64) -> Vec<f32> {
        vec![0.0; FEATURES]
    }

    fn gradient(&self, w: &[f32], seed: u64, step: u32, g: &mut [f32], _: &mut Scratch) -> f32 {
        self.pass(w, seed, step, g)
    }

    /// Batches that training does not come to.
    fn loss(&self, w: &[f32], seed: u64, part: Part, _: &mut Scratch) -> f64 {
        let first = STEPS + 8 * u32::from(part == Part::Test);
        let mut unused = vec![0.0; FEATURES];
        (first..first + 8).map(|step| f64::from(self.pass(w, seed, step, &mut unused))).sum()
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let signature = Signature::optimizer(false);
    let suite = Suite::new(vec![Arc::new(Regression)], signature.clone(), Limits::default());
    let task = ProxyTraining::new(Arc::new(suite), SEEDS);
    let adamw = start::named("adamw", &signature).ok_or("it is one of the named")?;
    let config = evolve::Config { births: BIRTHS, population: 100, ..Default::default() };
    let mut search = Evolution::try_new(config, adamw, signature.clone(), 1)?;

    let evaluator = Evaluator::new(Backend::cpu());
    run(&mut search, &task, &evaluator, &RunPlan::default(), &mut [])?;

    let archive = search.progress().archive.best(1);
    let (_, best) = archive.first().ok_or("no program could be trained with")?;
    let program = best.program.without_dead(&signature);
    println!("loss relative to tuned AdamW: {:.3}", -best.fitness());
    println!("{}", program.text(&signature, &Names::of(&signature)));
    Ok(())
}
