//! Lion: only the sign of an interpolated momentum.
//!
//! ```text
//! c = β₁ m + (1−β₁) g
//! θ ← θ − α (sign(c) + λ θ)
//! m ← β₂ m + (1−β₂) g
//! ```
//!
//! | symbol | code            | meaning                                                        |
//! |--------|-----------------|----------------------------------------------------------------|
//! | m      | `mean`          | running mean of the gradient, 0 at first                       |
//! | β₁     | `beta1`         | weight of the memory in the step, in [0, 1)                    |
//! | β₂     | `beta2`         | decay of the memory, in [0, 1)                                 |
//! | λ      | `weight_decay`  | decoupled pull towards 0                                       |
//! | α      | `learning_rate` | change of every parameter in a step; 3 to 10 times below Adam's |
//!
//! Source: Chen et al., *Symbolic Discovery of Optimization Algorithms* (2023), arXiv:2302.06675,
//! algorithm 2; `optax.lion`. The rule was itself found by an evolutionary search over programs.

use hatchery_kernels::cuda::Rule;

use super::{
    UpdateError, UpdateRule, assert_decay, assert_lengths, assert_weight_decay, restore_moments,
};

/// Steps of exactly the learning rate in every parameter, in the direction of the momentum's sign.
///
/// ```
/// use hatchery_engine::update::{Lion, UpdateRule};
///
/// let mut theta = [0.0, 0.0, 0.0];
/// Lion::new(3, 0.9, 0.99).step(&mut theta, &[1e-3, -1e3, 0.0], 0.5, 1);
/// assert_eq!(theta, [-0.5, 0.5, 0.0]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Lion {
    mean: Vec<f32>,
    beta1: f32,
    beta2: f32,
    weight_decay: f32,
}

impl Lion {
    /// Lion for so many parameters, without weight decay. Usual values: 0.9, 0.99.
    ///
    /// # Panics
    /// If `beta1` or `beta2` is not in [0, 1).
    pub fn new(parameters: usize, beta1: f32, beta2: f32) -> Self {
        assert_decay("beta1", beta1);
        assert_decay("beta2", beta2);
        Self { mean: vec![0.0; parameters], beta1, beta2, weight_decay: 0.0 }
    }

    /// Adds `weight_decay · theta` to each step, beside the sign.
    ///
    /// # Panics
    /// If `weight_decay` is negative or not finite.
    pub fn with_weight_decay(mut self, weight_decay: f32) -> Self {
        assert_weight_decay(weight_decay);
        self.weight_decay = weight_decay;
        self
    }
}

impl UpdateRule for Lion {
    fn step(&mut self, theta: &mut [f32], gradient: &[f32], learning_rate: f32, _t: u64) {
        assert_lengths(theta, gradient, self.mean.len());
        let (beta1, beta2, lambda) = (self.beta1, self.beta2, self.weight_decay);
        for ((theta, &g), m) in theta.iter_mut().zip(gradient).zip(&mut self.mean) {
            let direction = sign(beta1 * *m + (1.0 - beta1) * g);
            *theta -= learning_rate * (direction + lambda * *theta);
            *m = beta2 * *m + (1.0 - beta2) * g;
        }
    }

    fn on_device(&self, _: u64) -> Option<Rule> {
        Some(Rule::Lion { decay: self.weight_decay, betas: [self.beta1, self.beta2] })
    }

    fn moments(&self) -> Vec<&[f32]> {
        vec![&self.mean]
    }

    fn restore(&mut self, moments: Vec<Vec<f32>>) -> Result<(), UpdateError> {
        restore_moments([&mut self.mean], moments)
    }
}

/// -1, 0 or 1; `f32::signum` has no 0, and a parameter without gradient must not move.
fn sign(x: f32) -> f32 {
    f32::from(i8::from(x > 0.0) - i8::from(x < 0.0))
}
