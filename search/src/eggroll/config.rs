//! What can be set, and which values make sense.

use hatchery_engine::Sampling;
use hatchery_engine::schedule::Schedule;
use hatchery_engine::shaping::{Shaping, ShapingError};
use hatchery_engine::update::{self, Optimiser, UpdateError, UpdateRule};
use hatchery_kernels::{Distribution, Perturbation, Precision};
use serde::{Deserialize, Serialize};

use crate::ConfigError;
use crate::program::ProgramRule;

/// Which noise is added and how the update is made from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// Low-rank noise `A Bᵀ/√r`, the same in the update.
    #[default]
    Eggroll,
    /// Dense noise: the evolution strategy of Salimans et al., the naive baseline.
    OpenEs,
    /// Low-rank noise, but the update adds `sign(A) sign(B)ᵀ/√r`.
    SignUpdate,
    /// `max(m, n)` entries of a matrix perturbed, at random places. Experimental, as it is in the reference.
    Sparse,
}

impl Variant {
    /// Whether the noise has a rank.
    pub const fn has_rank(self) -> bool {
        matches!(self, Self::Eggroll | Self::SignUpdate)
    }
}

/// Length of the gradient that the update rule is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scaling {
    /// `√N · mean(uᵢ σ Eᵢ)`: with SGD and unit-variance utilities the step size is in units of σ, whatever N is.
    /// This is what the published hyperparameters belong to.
    #[default]
    Reference,
    /// `(1/(N σ)) Σ uᵢ Eᵢ`: an unbiased estimate of the gradient if the utilities are differences of fitness.
    Unbiased,
}

/// Settings of [`Eggroll`](super::Eggroll): the `[search]` table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Half the number of members: antithetic pairs, or half the one-sided directions.
    pub pairs: u32,
    /// Noise scale σ in generation 0, > 0.
    pub sigma: f32,
    /// Rank r of the noise of matrices, ≥ 1; not used by `open-es` and `sparse`.
    pub rank: u32,
    /// Distribution of the noise: standard normal, or the cheaper uniform with the same variance.
    pub noise: Distribution,
    /// In what products are made; sums and parameters are always f32.
    pub precision: Precision,
    /// Step size in generation 0, > 0.
    pub learning_rate: f32,
    /// Utilities from fitness.
    pub shaping: Shaping,
    /// Members per group for shaping; 0 = the whole population.
    pub group: u32,
    /// Antithetic pairs, or one-sided directions (use `shaping = "leave-one-out"` for the leave-one-out estimator).
    pub sampling: Sampling,
    /// Generations that share their directions; 0 = all of them.
    pub noise_reuse: u32,
    /// Whether vectors (biases, norms) are left alone.
    pub freeze_vectors: bool,
    /// Length of the gradient.
    pub scaling: Scaling,
    /// Largest Euclidean norm of the gradient; longer ones are cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f32>,
    /// Update rule.
    pub optimiser: Optimiser,
    /// The program of `program`: a name of [`start`](crate::program::start), or statements. It replaces the built-in rules; its `lr` is
    /// the learning rate of the generation, see [`ProgramRule`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// Momentum of `momentum`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub momentum: Option<f32>,
    /// First decay rate of Adam, AdamW and Lion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beta1: Option<f32>,
    /// Second decay rate of Adam, AdamW and Lion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beta2: Option<f32>,
    /// Guard of the division in Adam and AdamW.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epsilon: Option<f32>,
    /// Weight decay; decoupled for AdamW and Lion, added to the gradient otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f32>,
    /// Nesterov's form of `momentum`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nesterov: Option<bool>,
    /// Noise scale over generations.
    pub sigma_schedule: Schedule,
    /// Step size over generations.
    pub learning_rate_schedule: Schedule,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            pairs: 128,
            sigma: 0.1,
            rank: 1,
            noise: Distribution::Normal,
            precision: Precision::F32,
            learning_rate: 0.05,
            shaping: Shaping::CentredRanks,
            group: 0,
            sampling: Sampling::Antithetic,
            noise_reuse: 1,
            freeze_vectors: false,
            scaling: Scaling::Reference,
            clip_norm: None,
            optimiser: Optimiser::Adam,
            program: None,
            momentum: None,
            beta1: None,
            beta2: None,
            epsilon: None,
            weight_decay: None,
            nesterov: None,
            sigma_schedule: Schedule::default(),
            learning_rate_schedule: Schedule::default(),
        }
    }
}

impl Config {
    /// Members per generation.
    pub fn members(&self) -> u32 {
        self.pairs.saturating_mul(2)
    }

    /// The settings of the update rule.
    pub fn update(&self) -> update::Config {
        update::Config {
            optimiser: self.optimiser,
            momentum: self.momentum,
            nesterov: self.nesterov,
            beta1: self.beta1,
            beta2: self.beta2,
            epsilon: self.epsilon,
            weight_decay: self.weight_decay,
        }
    }

    /// The noise of matrices.
    pub fn perturbation(&self, variant: Variant) -> Perturbation {
        match variant {
            Variant::Eggroll | Variant::SignUpdate => Perturbation::LowRank { rank: self.rank },
            Variant::OpenEs => Perturbation::Dense,
            Variant::Sparse => Perturbation::Sparse,
        }
    }

    /// Whether all values make sense together.
    ///
    /// # Errors
    /// The first key whose value does not, with the range that it must be in.
    pub fn check(&self) -> Result<(), ConfigError> {
        in_range("pairs", self.pairs, 1, 1 << 30)?;
        in_range("rank", self.rank, 1, 1024)?;
        positive("sigma", self.sigma)?;
        positive("learning_rate", self.learning_rate)?;
        if let Some(bound) = self.clip_norm {
            positive("clip_norm", bound)?;
        }
        self.check_rule()?;
        let paired = self.sampling == Sampling::Antithetic;
        self.shaping
            .check(self.group as usize, self.members() as usize, paired)
            .map_err(|e| ConfigError::new(key_of(&e), e.to_string()))?;
        self.sigma_schedule
            .check()
            .map_err(|e| ConfigError::new("sigma_schedule", e.to_string()))?;
        self.learning_rate_schedule
            .check()
            .map_err(|e| ConfigError::new("learning_rate_schedule", e.to_string()))
    }
}

impl Config {
    fn check_rule(&self) -> Result<(), ConfigError> {
        let program = match (self.update().check(), &self.program) {
            (Err(UpdateError::NotBuiltIn), Some(program)) => program,
            (Err(e), _) => {
                return Err(ConfigError::new(e.key().unwrap_or("optimiser"), e.to_string()));
            }
            (Ok(()), None) => return Ok(()),
            (Ok(()), Some(_)) => {
                let reason = format!("belongs to optimiser `program`, not `{}`", self.optimiser);
                return Err(ConfigError::new("program", reason));
            }
        };
        let rule = ProgramRule::of_text(program, &[1]);
        rule.map(drop).map_err(|reason| ConfigError::new("program", reason))
    }

    /// The update rule for tensors of these sizes, one behind the other.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn rule(&self, sizes: &[usize]) -> Result<Box<dyn UpdateRule>, ConfigError> {
        self.check_rule()?;
        match &self.program {
            None => Ok(self.update().build(sizes.iter().sum())),
            Some(program) => {
                let rule = ProgramRule::of_text(program, sizes)
                    .map_err(|reason| ConfigError::new("program", reason))?;
                Ok(Box::new(rule))
            }
        }
    }
}

/// The key to change when shaping does not fit.
fn key_of(error: &ShapingError) -> &'static str {
    match error {
        ShapingError::GroupDoesNotDivide { .. } | ShapingError::SplitPair { .. } => "group",
        _ => "shaping",
    }
}

fn positive(key: &'static str, value: f32) -> Result<(), ConfigError> {
    if value.is_finite() && value > 0.0 {
        Ok(())
    } else {
        Err(ConfigError::new(key, format!("must be a number above 0, found {value}")))
    }
}

fn in_range(key: &'static str, value: u32, low: u32, high: u32) -> Result<(), ConfigError> {
    if (low..=high).contains(&value) {
        Ok(())
    } else {
        Err(ConfigError::new(key, format!("must be from {low} to {high}, found {value}")))
    }
}
