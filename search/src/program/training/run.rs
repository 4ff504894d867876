//! One training run with a program as the optimizer.

use hatchery_engine::{Part, Scratch, Trainable};
use hatchery_kernels::math;
use serde::{Deserialize, Serialize};

use crate::program::Signature;
use crate::program::interpret::{Leaves, Machine, Plan};

/// Why a training run has no result. None of them can pass for a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Failure {
    /// A loss was infinite or not a number.
    NotFinite,
    /// A loss was more than [`Limits::diverged`] times the first.
    Diverged,
    /// After a quarter of the steps the loss was above [`Limits::stalled`] times the first.
    Stalled,
    /// The program does more arithmetic than [`Limits::work`] allows, so it was never run.
    TooCostly,
    /// The evaluation itself broke.
    Crashed,
}

impl Failure {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::NotFinite, Self::Diverged, Self::Stalled, Self::TooCostly, Self::Crashed];

    /// In a few words.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotFinite => "not finite",
            Self::Diverged => "diverged",
            Self::Stalled => "no progress",
            Self::TooCostly => "too costly",
            Self::Crashed => "crashed",
        }
    }
}

/// When a training run is given up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// A loss of so many times the first is a failure at any step.
    pub diverged: f32,
    /// A loss of so many times the first is a failure after a quarter of the steps.
    pub stalled: f32,
    /// Largest [work](Plan::work) of one step for each weight; AdamW has 12. 500 makes a step on the small perceptron about four times
    /// that of AdamW, gradient included. Counted, not timed, so that the outcome does not depend on the machine.
    pub work: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { diverged: 20.0, stalled: 2.0, work: 500 }
    }
}

/// The schedule: linear from 0 to 1 over the first 5 % of the steps, then half a cosine down to 0. A program multiplies it with a
/// step size of its own.
pub fn rate(step: u32, steps: u32) -> f32 {
    let warm = (steps / 20).max(1);
    if step < warm {
        return (step + 1) as f32 / warm as f32;
    }
    let along = f64::from(step - warm) / f64::from((steps - warm).max(1));
    let (_, cosine) = math::sin_cos_f64(std::f64::consts::PI * along);
    (0.5 * (1.0 + cosine)) as f32
}

/// Trains one model from the initial weights of a seed and returns its loss on the data of that part.
///
/// # Errors
/// [`Failure`], if there is no number to return.
pub fn train(
    plan: &Plan,
    signature: &Signature,
    proxy: &dyn Trainable,
    seed: u64,
    part: Part,
    limits: &Limits,
) -> Result<f64, Failure> {
    if plan.work() > limits.work {
        return Err(Failure::TooCostly);
    }
    let mut training = Training::new(plan, signature, proxy, seed);
    let steps = proxy.steps();
    let mut first = f32::INFINITY;
    for step in 0..steps {
        let loss = training.step(step);
        if step == 0 {
            first = loss;
        }
        let factor = if step == steps / 4 { limits.stalled } else { limits.diverged };
        if !loss.is_finite() {
            return Err(Failure::NotFinite);
        }
        if loss > factor * first {
            let stalled = step == steps / 4 && loss <= limits.diverged * first;
            return Err(if stalled { Failure::Stalled } else { Failure::Diverged });
        }
    }
    let Training { weights, mut scratch, .. } = training;
    let loss = proxy.loss(&weights, seed, part, &mut scratch);
    if !loss.is_finite() {
        return Err(Failure::NotFinite);
    }
    if loss > f64::from(limits.diverged * first) {
        return Err(Failure::Diverged);
    }
    Ok(loss)
}

/// Losses of the first steps, until one is not finite.
pub(super) fn first_losses(
    plan: &Plan,
    signature: &Signature,
    proxy: &dyn Trainable,
    seed: u64,
    steps: u32,
) -> Vec<f32> {
    let mut training = Training::new(plan, signature, proxy, seed);
    let mut losses = Vec::new();
    for step in 0..steps.min(proxy.steps()) {
        losses.push(training.step(step));
        if !losses[losses.len() - 1].is_finite() {
            break;
        }
    }
    losses
}

/// A model in training.
struct Training<'a> {
    proxy: &'a dyn Trainable,
    seed: u64,
    weights: Vec<f32>,
    gradient: Vec<f32>,
    states: Vec<Vec<f32>>,
    machine: Machine,
    scratch: Scratch,
    log_steps: f32,
}

impl<'a> Training<'a> {
    fn new(plan: &Plan, signature: &Signature, proxy: &'a dyn Trainable, seed: u64) -> Self {
        let weights = proxy.init(seed);
        Self {
            proxy,
            seed,
            gradient: vec![0.0; weights.len()],
            states: vec![vec![0.0; weights.len()]; signature.states().len()],
            machine: Machine::new(plan.clone(), Leaves::of_sizes(proxy.leaves())),
            scratch: Scratch::default(),
            log_steps: math::rounded::ln(proxy.steps() as f32),
            weights,
        }
    }

    /// Loss of the batch before the step.
    fn step(&mut self, step: u32) -> f32 {
        let Self { proxy, seed, weights, gradient, states, machine, scratch, .. } = self;
        let loss = proxy.gradient(weights, *seed, step, gradient, scratch);
        if loss.is_finite() {
            let steps = proxy.steps();
            let scalars = [rate(step, steps), step as f32 / steps as f32, self.log_steps];
            machine.step(weights, gradient, states, &scalars);
        }
        loss
    }
}
