//! Stochastic gradient descent.
//!
//! ```text
//! θ ← θ − α (g + λ θ)
//! ```
//!
//! | symbol | code            | meaning                                            |
//! |--------|-----------------|----------------------------------------------------|
//! | α      | `learning_rate` | step size                                          |
//! | g      | `gradient`      | gradient of the loss                               |
//! | λ      | `weight_decay`  | pull towards 0, added to the gradient (L2 penalty) |
//!
//! Source: Robbins & Monro, *A Stochastic Approximation Method* (1951); `optax.sgd`, with
//! `optax.add_decayed_weights` before it.

use hatchery_kernels::cuda::Rule;

use super::{UpdateError, UpdateRule, assert_lengths, assert_weight_decay, restore_moments};

/// Plain gradient descent: the step is the gradient times the learning rate.
///
/// ```
/// use hatchery_engine::update::{Sgd, UpdateRule};
///
/// let mut theta = [1.0, -2.0];
/// Sgd::new(2).step(&mut theta, &[0.5, -1.0], 0.5, 1);
/// assert_eq!(theta, [0.75, -1.5]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Sgd {
    parameters: usize,
    weight_decay: f32,
}

impl Sgd {
    /// The rule for so many parameters, without weight decay.
    pub fn new(parameters: usize) -> Self {
        Self { parameters, weight_decay: 0.0 }
    }

    /// Adds `weight_decay · theta` to each gradient.
    ///
    /// # Panics
    /// If `weight_decay` is negative or not finite.
    pub fn with_weight_decay(mut self, weight_decay: f32) -> Self {
        assert_weight_decay(weight_decay);
        self.weight_decay = weight_decay;
        self
    }
}

impl UpdateRule for Sgd {
    fn step(&mut self, theta: &mut [f32], gradient: &[f32], learning_rate: f32, _t: u64) {
        assert_lengths(theta, gradient, self.parameters);
        let lambda = self.weight_decay;
        for (theta, &g) in theta.iter_mut().zip(gradient) {
            *theta -= learning_rate * (g + lambda * *theta);
        }
    }

    fn on_device(&self, _: u64) -> Option<Rule> {
        Some(Rule::Sgd { decay: self.weight_decay })
    }

    fn moments(&self) -> Vec<&[f32]> {
        Vec::new()
    }

    fn restore(&mut self, moments: Vec<Vec<f32>>) -> Result<(), UpdateError> {
        restore_moments([], moments)
    }
}
