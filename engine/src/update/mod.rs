//! From a gradient to a step: what the strategy does with its estimate of the slope.
//!
//! A gradient here is that of a **loss**: `theta` moves against it. A strategy that climbs a fitness
//! negates its estimate once, before it calls [`UpdateRule::step`].
//!
//! | rule                          | moments | step against the gradient `g`                            |
//! |-------------------------------|---------|----------------------------------------------------------|
//! | [`Sgd`]                       | none    | `g`                                                      |
//! | [`Momentum`]                  | `v`     | `v ← μ v + g`; `v`, or `μ v + g` with Nesterov's foresight |
//! | [`Adam`] (and AdamW)          | `m`, `v`| `m̂ / (√v̂ + ε)`                                           |
//! | [`Lion`]                      | `m`     | `sign(β₁ m + (1−β₁) g)`                                  |
//!
//! All are elementwise, in `f32`, in a fixed order: the result is the same bits on any number of
//! threads. Numbers that depend on the step only are computed in `f64`. All agree with optax, which
//! `tests/golden/update_rules.json` pins.

mod adam;
mod clip;
mod lion;
mod momentum;
mod sgd;

use std::fmt;

use hatchery_kernels::cuda::Rule;
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use adam::Adam;
pub use clip::{clip_by_global_norm, clip_factor, global_norm};
pub use lion::Lion;
pub use momentum::Momentum;
pub use sgd::Sgd;

/// Turns gradients into steps, and may remember what came before in its moments.
pub trait UpdateRule: Send + fmt::Debug {
    /// Moves `theta` against `gradient`, `(parameters,)` both, in place. Called once per generation;
    /// `t` counts these calls from 1, in a resumed run as in an unbroken one.
    ///
    /// # Panics
    /// If the lengths differ from each other or from the length that the rule was built for.
    fn step(&mut self, theta: &mut [f32], gradient: &[f32], learning_rate: f32, t: u64);

    /// The same step, the `t`-th, for a device; none if the rule is for the processor alone.
    fn on_device(&self, t: u64) -> Option<Rule> {
        let _ = t;
        None
    }

    /// What the rule remembers between steps, each `(parameters,)`, in an order that never changes.
    /// Called when a checkpoint is written.
    fn moments(&self) -> Vec<&[f32]>;

    /// Takes over the moments that [`moments`](Self::moments) gave. Called once, on resuming.
    ///
    /// # Errors
    /// If there are too many or too few, or if one has another length; the rule is then unchanged.
    fn restore(&mut self, moments: Vec<Vec<f32>>) -> Result<(), UpdateError>;
}

/// Why an update rule cannot be built or restored.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// A key of the configuration holds a value outside its range.
    #[error("`{key}` must be {expected}, but it is {got}")]
    OutOfRange {
        /// The offending key, as it is written in the configuration.
        key: &'static str,
        /// The range in words.
        expected: &'static str,
        /// The value that was written.
        got: f32,
    },
    /// A key was written that the chosen optimiser does not have.
    #[error("optimiser `{optimiser}` has no `{key}`; remove the key or choose another optimiser")]
    UnusedKey {
        /// The offending key, as it is written in the configuration.
        key: &'static str,
        /// The optimiser that was chosen.
        optimiser: Optimiser,
    },
    /// The rule is none of those here: whoever asked for it brings it along.
    #[error("optimiser `program` runs a program; name or write one under the key `program`")]
    NotBuiltIn,
    /// The saved moments are those of another optimiser.
    #[error("expected {expected} moment vectors, but got {got}; resume with the saved optimiser")]
    MomentCount {
        /// How many moment vectors this rule has.
        expected: usize,
        /// How many there were.
        got: usize,
    },
    /// The saved moments are those of other parameters.
    #[error("expected {expected} values in moment vector {index}, but got {got}")]
    MomentLength {
        /// Which moment vector.
        index: usize,
        /// The number of parameters.
        expected: usize,
        /// The number of values.
        got: usize,
    },
}

impl UpdateError {
    /// The offending key of the configuration, if the error is about one.
    pub fn key(&self) -> Option<&'static str> {
        match self {
            Self::OutOfRange { key, .. } | Self::UnusedKey { key, .. } => Some(key),
            Self::NotBuiltIn => Some("optimiser"),
            Self::MomentCount { .. } | Self::MomentLength { .. } => None,
        }
    }
}

/// The update rules by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Optimiser {
    /// [`Sgd`], what the EGGROLL reference uses unless told otherwise.
    Sgd,
    /// [`Momentum`].
    Momentum,
    /// [`Adam`]; a `weight_decay` is added to the gradient.
    #[default]
    Adam,
    /// [`Adam`] with decoupled weight decay.
    Adamw,
    /// [`Lion`].
    Lion,
    /// A program that the strategy brings along; it has no keys but those of the strategy, and cannot be built here.
    Program,
}

impl fmt::Display for Optimiser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sgd => "sgd",
            Self::Momentum => "momentum",
            Self::Adam => "adam",
            Self::Adamw => "adamw",
            Self::Lion => "lion",
            Self::Program => "program",
        })
    }
}

/// An update rule as it is written: flat keys, each with a default. The learning rate is not among
/// them, since its schedule belongs to the strategy.
///
/// | key            | default                         | range    | optimisers               |
/// |----------------|---------------------------------|----------|--------------------------|
/// | `momentum`     | 0.9                             | [0, 1)   | `momentum`               |
/// | `nesterov`     | false                           |          | `momentum`               |
/// | `beta1`        | 0.9                             | [0, 1)   | `adam`, `adamw`, `lion`  |
/// | `beta2`        | 0.999, `lion`: 0.99             | [0, 1)   | `adam`, `adamw`, `lion`  |
/// | `epsilon`      | 1e-8                            | above 0  | `adam`, `adamw`          |
/// | `weight_decay` | 0, `adamw`: 1e-4, `lion`: 1e-3  | 0 or more| all but `program`        |
///
/// ```
/// use hatchery_engine::update::{Config, Optimiser};
///
/// let config = Config { optimiser: Optimiser::Momentum, momentum: Some(0.5), ..Config::default() };
/// config.check()?;
/// let mut rule = config.build(1);
/// let mut theta = [1.0];
/// rule.step(&mut theta, &[2.0], 0.25, 1);
/// rule.step(&mut theta, &[0.0], 0.25, 2);
/// assert_eq!(theta, [0.25]); // 1 - 0.25 · 2 - 0.25 · (0.5 · 2)
/// # Ok::<(), hatchery_engine::update::UpdateError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Which rule.
    pub optimiser: Optimiser,
    /// `μ`, the share of the velocity that is kept.
    pub momentum: Option<f32>,
    /// Whether the step looks ahead along the velocity.
    pub nesterov: Option<bool>,
    /// `β₁`, the decay of the mean of gradients; in Lion, the weight of the memory in the step.
    pub beta1: Option<f32>,
    /// `β₂`, the decay of the mean of squared gradients; in Lion, the decay of the memory.
    pub beta2: Option<f32>,
    /// `ε`, the least divisor of a step, in units of the gradient.
    pub epsilon: Option<f32>,
    /// `λ`, the pull towards 0: decoupled from the gradient in `adamw` and `lion`, else added to it.
    pub weight_decay: Option<f32>,
}

impl Config {
    /// Whether the rule can be built.
    ///
    /// # Errors
    /// Names the first key that is out of its range or that the optimiser does not have; if all are right,
    /// [`UpdateError::NotBuiltIn`] for [`Optimiser::Program`].
    pub fn check(&self) -> Result<(), UpdateError> {
        use Optimiser::{Adam, Adamw, Lion, Momentum, Sgd};
        self.belongs("momentum", self.momentum.is_some(), &[Momentum])?;
        self.belongs("nesterov", self.nesterov.is_some(), &[Momentum])?;
        self.belongs("beta1", self.beta1.is_some(), &[Adam, Adamw, Lion])?;
        self.belongs("beta2", self.beta2.is_some(), &[Adam, Adamw, Lion])?;
        self.belongs("epsilon", self.epsilon.is_some(), &[Adam, Adamw])?;
        let decaying = [Sgd, Momentum, Adam, Adamw, Lion];
        self.belongs("weight_decay", self.weight_decay.is_some(), &decaying)?;
        for (key, value) in
            [("momentum", self.momentum), ("beta1", self.beta1), ("beta2", self.beta2)]
        {
            in_range(key, value, "at least 0 and below 1", |v| (0.0..1.0).contains(&v))?;
        }
        in_range("epsilon", self.epsilon, "finite and above 0", |v| v.is_finite() && v > 0.0)?;
        in_range("weight_decay", self.weight_decay, "finite and at least 0", |v| {
            v.is_finite() && v >= 0.0
        })?;
        if self.optimiser == Optimiser::Program { Err(UpdateError::NotBuiltIn) } else { Ok(()) }
    }

    /// The rule for `parameters` parameters, with moments of 0.
    ///
    /// # Panics
    /// If a value is out of its range, or for [`Optimiser::Program`]: call [`check`](Self::check) first.
    pub fn build(&self, parameters: usize) -> Box<dyn UpdateRule> {
        let decay = |default| self.weight_decay.unwrap_or(default);
        let beta1 = self.beta1.unwrap_or(0.9);
        let adam = || {
            let (beta2, epsilon) = (self.beta2.unwrap_or(0.999), self.epsilon.unwrap_or(1e-8));
            Adam::new(parameters, beta1, beta2, epsilon)
        };
        match self.optimiser {
            Optimiser::Sgd => Box::new(Sgd::new(parameters).with_weight_decay(decay(0.0))),
            Optimiser::Momentum => Box::new(
                Momentum::new(parameters, self.momentum.unwrap_or(0.9))
                    .with_nesterov(self.nesterov.unwrap_or(false))
                    .with_weight_decay(decay(0.0)),
            ),
            Optimiser::Adam => Box::new(adam().with_weight_decay(decay(0.0))),
            Optimiser::Adamw => Box::new(adam().with_decoupled_weight_decay(decay(1e-4))),
            Optimiser::Lion => Box::new(
                Lion::new(parameters, beta1, self.beta2.unwrap_or(0.99))
                    .with_weight_decay(decay(1e-3)),
            ),
            Optimiser::Program => panic!("a program is built by whoever brings it along"),
        }
    }

    fn belongs(
        &self,
        key: &'static str,
        written: bool,
        optimisers: &[Optimiser],
    ) -> Result<(), UpdateError> {
        if written && !optimisers.contains(&self.optimiser) {
            return Err(UpdateError::UnusedKey { key, optimiser: self.optimiser });
        }
        Ok(())
    }
}

fn in_range(
    key: &'static str,
    value: Option<f32>,
    expected: &'static str,
    accepts: impl Fn(f32) -> bool,
) -> Result<(), UpdateError> {
    match value {
        Some(got) if !accepts(got) => Err(UpdateError::OutOfRange { key, expected, got }),
        _ => Ok(()),
    }
}

/// Panics unless `theta` and `gradient` have the length that a rule was built for.
fn assert_lengths(theta: &[f32], gradient: &[f32], parameters: usize) {
    assert_eq!(theta.len(), parameters, "theta has not the length the rule was built for");
    assert_eq!(gradient.len(), parameters, "the gradient has not the length of theta");
}

/// Panics unless `value` can be the decay of a running mean.
fn assert_decay(name: &str, value: f32) {
    assert!(
        (0.0..1.0).contains(&value),
        "{name} must be at least 0 and below 1, but it is {value}"
    );
}

/// Panics unless `value` can be a weight decay.
fn assert_weight_decay(value: f32) {
    assert!(
        value.is_finite() && value >= 0.0,
        "weight decay must be at least 0, but it is {value}"
    );
}

/// Replaces a rule's moments by saved ones, or leaves all of them as they were.
fn restore_moments<const N: usize>(
    mut own: [&mut Vec<f32>; N],
    saved: Vec<Vec<f32>>,
) -> Result<(), UpdateError> {
    if saved.len() != N {
        return Err(UpdateError::MomentCount { expected: N, got: saved.len() });
    }
    for (index, (own, saved)) in own.iter().zip(&saved).enumerate() {
        if own.len() != saved.len() {
            let (expected, got) = (own.len(), saved.len());
            return Err(UpdateError::MomentLength { index, expected, got });
        }
    }
    for (own, saved) in own.iter_mut().zip(saved) {
        **own = saved;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
