//! Settings of the outer update.

use serde::{Deserialize, Serialize};

use super::super::meta_policy::Form;
use crate::ConfigError;
use crate::meta_reward::expression::{NODES_MAX, PRIOR_NODES_MAX};

/// Outer steps up to which a policy needs its whole step size.
const STEPS_FULL: u32 = 16;

/// Of what the ratio is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ratio {
    /// Of the whole reward: the product over its tokens.
    #[default]
    Sequence,
    /// Of each token, with the mean over tokens.
    Token,
}

/// How values become what the policy is pulled by; b is the [`Baseline`], s the sample deviation of the group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Estimator {
    /// A = (v − b) / s, with clipped ratios.
    #[default]
    Grpo,
    /// A = v − b, each token by its own logarithm, without ratios: exact in the first of the epochs only.
    Reinforce,
    /// A = v − b, with clipped ratios: groups of small differences teach less. Source: arXiv:2503.20783.
    DrGrpo,
    /// A = v − the upper quartile where it is above, else 0, times 4. Source: Petersen et al., *Deep Symbolic Regression* (2021), arXiv:1912.04871.
    Risk,
    /// GRPO and the likelihood of the best rewards so far, see `queue_weight`. Source: Abolafia et al. (2018), arXiv:1801.03526.
    Pqt,
}

/// What values are compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Baseline {
    /// The mean of the group.
    #[default]
    Group,
    /// The running mean of the groups before, see `baseline_decay`.
    Ema,
    /// The mean of the others in the group.
    LeaveOneOut,
}

/// Settings of the outer update.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DerlConfig {
    /// What writes rewards; `tokens` is the paper's way, in which they may be invalid.
    pub policy: Form,
    /// Most nodes that the policies `tree` and `gru` write; above 11, an untrained policy is the prior of longer trees.
    pub nodes: usize,
    /// Valid rewards that the policy `tokens` has read before the first step.
    pub examples: usize,
    /// How values become what the policy is pulled by.
    pub estimator: Estimator,
    /// What values are compared with; `risk` has its own.
    pub baseline: Baseline,
    /// Share of the running mean that stays in each step, for the baseline `ema`.
    pub baseline_decay: f64,
    /// Most of the best rewards so far that are learnt from by `pqt` and varied by `mix`. Those below the mean of all values are not among them.
    pub queue: usize,
    /// Weight of the likelihood in `pqt`, from 0 to 1; the policy gradient has the rest.
    pub queue_weight: f64,
    /// Share of a group that is mutated from the best rewards so far, not sampled.
    pub mix: f64,
    /// Updates with each group.
    pub epochs: u32,
    /// Step size of Adam; none for what suits the policy, 0.3 for `slots`, 0.05 for `tree` and `tokens`, 0.01 for `gru`, and beyond 16 outer steps
    /// in proportion less, so that a policy makes up its mind when its budget ends and not before.
    pub learning_rate: Option<f32>,
    /// How far a ratio may pull.
    pub clip: f64,
    /// Of what the ratio is taken.
    pub ratio: Ratio,
    /// Weight of the distance to the policy before the step.
    pub kl_step: f64,
    /// Weight of the distance to the prior.
    pub kl_prior: f64,
    /// Weight of the entropy at the start.
    pub entropy: f64,
    /// Groups whose values deviate less teach nothing.
    pub deviation_min: f64,
}

impl Default for DerlConfig {
    fn default() -> Self {
        Self {
            policy: Form::Slots,
            nodes: PRIOR_NODES_MAX,
            examples: 200,
            estimator: Estimator::Grpo,
            baseline: Baseline::Group,
            baseline_decay: 0.8,
            queue: 10,
            queue_weight: 0.5,
            mix: 0.0,
            epochs: 4,
            learning_rate: None,
            clip: 0.2,
            ratio: Ratio::Sequence,
            kl_step: 0.01,
            kl_prior: 0.001,
            entropy: 0.01,
            deviation_min: 0.01,
        }
    }
}

impl DerlConfig {
    /// Whether the settings make sense.
    ///
    /// # Errors
    /// For the first key that does not.
    pub fn check(&self) -> Result<(), ConfigError> {
        for (key, value, least, most) in [
            ("nodes", self.nodes, 3, NODES_MAX),
            ("examples", self.examples, 1, 1_000_000),
            ("queue", self.queue, 1, 10_000),
            ("epochs", self.epochs as usize, 1, 1_000_000),
        ] {
            if !(least..=most).contains(&value) {
                let found = format!("must be from {least} to {most}, found {value}");
                return Err(ConfigError::new(key, found));
            }
        }
        if let Some(rate) = self.learning_rate
            && !(rate.is_finite() && rate > 0.0)
        {
            return Err(ConfigError::new(
                "learning_rate",
                format!("must be above 0, found {rate}"),
            ));
        }
        for (key, value, most) in [
            ("baseline_decay", self.baseline_decay, 1.0),
            ("queue_weight", self.queue_weight, 1.0),
            ("mix", self.mix, 1.0),
            ("clip", self.clip, 1.0),
            ("kl_step", self.kl_step, 1e3),
            ("kl_prior", self.kl_prior, 1e3),
            ("entropy", self.entropy, 1e3),
            ("deviation_min", self.deviation_min, 1.0),
        ] {
            if !(0.0..=most).contains(&value) {
                let found = format!("must be from 0 to {most}, found {value}");
                return Err(ConfigError::new(key, found));
            }
        }
        Ok(())
    }

    /// The step size of Adam in a search of so many outer steps.
    pub fn rate(&self, steps: u32) -> f32 {
        let share = STEPS_FULL as f32 / steps.max(STEPS_FULL) as f32;
        self.learning_rate.unwrap_or(self.policy.learning_rate() * share)
    }
}
