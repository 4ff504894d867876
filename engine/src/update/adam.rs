//! Adam, and AdamW by its second kind of weight decay.
//!
//! ```text
//! g ← g + λ θ                           only with weight decay that is not decoupled
//! m ← β₁ m + (1−β₁) g                   m̂ = m / (1 − β₁ᵗ)
//! v ← β₂ v + (1−β₂) g²                  v̂ = v / (1 − β₂ᵗ)
//! θ ← θ − α (m̂ / (√v̂ + ε) + λ θ)        the last term only with decoupled weight decay: AdamW
//! ```
//!
//! | symbol | code            | meaning                                                       |
//! |--------|-----------------|---------------------------------------------------------------|
//! | m, v   | `mean`, `square`| running means of the gradient and of its square, 0 at first   |
//! | β₁, β₂ | `beta1`, `beta2`| decay of each mean, in [0, 1)                                 |
//! | ε      | `epsilon`       | least divisor, outside the root, in units of the gradient     |
//! | λ      | `weight_decay`  | pull towards 0                                                |
//! | α      | `learning_rate` | step size: about the largest change of a parameter in a step  |
//! | t      | `t`             | number of this step, from 1                                   |
//!
//! With this rule the scale of the gradient cancels, except through ε: of the factors `√N` and σ of
//! the EGGROLL update nothing remains.
//!
//! Source: Kingma & Ba, *Adam* (2015), arXiv:1412.6980, algorithm 1; Loshchilov & Hutter, *Decoupled
//! Weight Decay Regularization* (2019), arXiv:1711.05101, algorithm 2, where optax and we multiply λ
//! by the learning rate. `optax.adam`, `optax.adamw`.

use hatchery_kernels::cuda::Rule;

use super::{
    UpdateError, UpdateRule, assert_decay, assert_lengths, assert_weight_decay, restore_moments,
};
use crate::schedule::power;

/// Steps of a similar size for every parameter, whatever the scale of its gradient.
///
/// ```
/// use hatchery_engine::update::{Adam, UpdateRule};
///
/// let mut theta = [0.0, 0.0];
/// Adam::new(2, 0.9, 0.999, 1e-8).step(&mut theta, &[1e-3, -1e3], 0.1, 1);
/// assert!((theta[0] + 0.1).abs() < 1e-5 && (theta[1] - 0.1).abs() < 1e-5);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Adam {
    mean: Vec<f32>,
    square: Vec<f32>,
    beta1: f32,
    beta2: f32,
    epsilon: f32,
    coupled_decay: f32,
    decoupled_decay: f32,
}

impl Adam {
    /// Adam for so many parameters, without weight decay. Usual values: 0.9, 0.999, 1e-8.
    ///
    /// # Panics
    /// If `beta1` or `beta2` is not in [0, 1), or if `epsilon` is not above 0.
    pub fn new(parameters: usize, beta1: f32, beta2: f32, epsilon: f32) -> Self {
        assert_decay("beta1", beta1);
        assert_decay("beta2", beta2);
        assert!(epsilon > 0.0, "epsilon must be above 0, but it is {epsilon}");
        let zeros = || vec![0.0; parameters];
        let (mean, square) = (zeros(), zeros());
        Self { mean, square, beta1, beta2, epsilon, coupled_decay: 0.0, decoupled_decay: 0.0 }
    }

    /// Adds `weight_decay · theta` to each gradient, so that the decay is rescaled like the gradient.
    ///
    /// # Panics
    /// If `weight_decay` is negative or not finite.
    pub fn with_weight_decay(mut self, weight_decay: f32) -> Self {
        assert_weight_decay(weight_decay);
        self.coupled_decay = weight_decay;
        self
    }

    /// Adds `weight_decay · theta` to each step, beside the rescaled gradient: AdamW.
    ///
    /// # Panics
    /// If `weight_decay` is negative or not finite.
    pub fn with_decoupled_weight_decay(mut self, weight_decay: f32) -> Self {
        assert_weight_decay(weight_decay);
        self.decoupled_decay = weight_decay;
        self
    }
}

/// `1 / (1 − βᵗ)`.
fn unbias(beta: f32, t: u64) -> f32 {
    (1.0 / (1.0 - power(f64::from(beta), t))) as f32
}

impl UpdateRule for Adam {
    fn step(&mut self, theta: &mut [f32], gradient: &[f32], learning_rate: f32, t: u64) {
        assert_lengths(theta, gradient, self.mean.len());
        debug_assert!(t > 0, "steps count from 1");
        let (beta1, beta2) = (self.beta1, self.beta2);
        let (unbias_mean, unbias_square) = (unbias(beta1, t), unbias(beta2, t));
        let moments = self.mean.iter_mut().zip(&mut self.square);
        for ((theta, &g), (m, v)) in theta.iter_mut().zip(gradient).zip(moments) {
            let g = g + self.coupled_decay * *theta;
            *m = beta1 * *m + (1.0 - beta1) * g;
            *v = beta2 * *v + (1.0 - beta2) * (g * g);
            let scaled = (*m * unbias_mean) / ((*v * unbias_square).sqrt() + self.epsilon);
            *theta -= learning_rate * (scaled + self.decoupled_decay * *theta);
        }
    }

    fn on_device(&self, t: u64) -> Option<Rule> {
        let betas = [self.beta1, self.beta2];
        let &Self { coupled_decay, decoupled_decay, epsilon, .. } = self;
        let unbias = betas.map(|beta| unbias(beta, t));
        Some(Rule::Adam { coupled_decay, decoupled_decay, betas, epsilon, unbias })
    }

    fn moments(&self) -> Vec<&[f32]> {
        vec![&self.mean, &self.square]
    }

    fn restore(&mut self, moments: Vec<Vec<f32>>) -> Result<(), UpdateError> {
        restore_moments([&mut self.mean, &mut self.square], moments)
    }
}
