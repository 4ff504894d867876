//! Gradient descent with momentum, plain or Nesterov's.
//!
//! ```text
//! v ← μ v + g + λ θ
//! θ ← θ − α v                      plain
//! θ ← θ − α (μ v + g + λ θ)        Nesterov
//! ```
//!
//! | symbol | code            | meaning                                             |
//! |--------|-----------------|-----------------------------------------------------|
//! | v      | `velocity`      | decaying **sum** of gradients, 0 at first           |
//! | μ      | `momentum`      | share of the velocity that is kept, in [0, 1)       |
//! | g      | `gradient`      | gradient of the loss                                |
//! | λ      | `weight_decay`  | pull towards 0, added to the gradient (L2 penalty)  |
//! | α      | `learning_rate` | step size; a lasting gradient is walked at α/(1−μ)  |
//!
//! Source: Polyak, *Some methods of speeding up the convergence of iteration methods* (1964); the
//! form of Nesterov's method is that of Sutskever et al., *On the importance of initialization and
//! momentum in deep learning* (2013); `optax.sgd(momentum, nesterov)`.

use hatchery_kernels::cuda::Rule;

use super::{
    UpdateError, UpdateRule, assert_decay, assert_lengths, assert_weight_decay, restore_moments,
};

/// Gradient descent that keeps a share of its velocity.
///
/// ```
/// use hatchery_engine::update::{Momentum, UpdateRule};
///
/// let mut rule = Momentum::new(1, 0.5);
/// let mut theta = [0.0];
/// for t in 1..=3 {
///     rule.step(&mut theta, &[-1.0], 1.0, t);
/// }
/// assert_eq!(theta, [1.0 + 1.5 + 1.75]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Momentum {
    velocity: Vec<f32>,
    momentum: f32,
    nesterov: bool,
    weight_decay: f32,
}

impl Momentum {
    /// Plain momentum for so many parameters, at rest, without weight decay.
    ///
    /// # Panics
    /// If `momentum` is not in [0, 1).
    pub fn new(parameters: usize, momentum: f32) -> Self {
        assert_decay("momentum", momentum);
        Self { velocity: vec![0.0; parameters], momentum, nesterov: false, weight_decay: 0.0 }
    }

    /// Whether the step looks ahead along the velocity.
    pub fn with_nesterov(mut self, nesterov: bool) -> Self {
        self.nesterov = nesterov;
        self
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

impl UpdateRule for Momentum {
    fn step(&mut self, theta: &mut [f32], gradient: &[f32], learning_rate: f32, _t: u64) {
        assert_lengths(theta, gradient, self.velocity.len());
        let (mu, lambda) = (self.momentum, self.weight_decay);
        for ((theta, &g), v) in theta.iter_mut().zip(gradient).zip(&mut self.velocity) {
            let g = g + lambda * *theta;
            *v = mu * *v + g;
            let direction = if self.nesterov { mu * *v + g } else { *v };
            *theta -= learning_rate * direction;
        }
    }

    fn on_device(&self, _: u64) -> Option<Rule> {
        let Self { momentum, nesterov, weight_decay: decay, .. } = *self;
        Some(Rule::Momentum { decay, momentum, nesterov })
    }

    fn moments(&self) -> Vec<&[f32]> {
        vec![&self.velocity]
    }

    fn restore(&mut self, moments: Vec<Vec<f32>>) -> Result<(), UpdateError> {
        restore_moments([&mut self.velocity], moments)
    }
}
