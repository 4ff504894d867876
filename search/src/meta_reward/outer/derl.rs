//! DERL without a language model: a learned distribution over rewards, trained by GRPO on what they reach.
//!
//! ```text
//! Aᵢ = (vᵢ − mean v) / (s + 10⁻⁶)      s: sample deviation of the group; all A = 0 if s < s_floor
//! loss = − 1/n Σᵢ min(rᵢ Aᵢ, clip(rᵢ, 1−c, 1+c) Aᵢ)      not below 3 Aᵢ where Aᵢ < 0
//!        + β₁ KL₃(π, π before the step) + β₂ KL₃(π, prior) − h H(π)         means over tokens
//! KL₃ = exp(d) − d − 1,   d = ln π_reference(token) − ln π(token), at most 10
//! ```
//!
//! | symbol | code | meaning |
//! |---|---|---|
//! | v | `values` | validation success of a reward's policies |
//! | r | | chance of a reward (or token) now over that when it was sampled |
//! | c | `clip` | how far a ratio may pull |
//! | β₁, β₂ | `kl_step`, `kl_prior` | weights of the two distances |
//! | h | `entropy` | weight of the entropy, linear to 0 at 80 % of the budget |
//!
//! Source: *Differentiable Evolutionary RL*, arXiv:2512.13399v2, sections 3 and 4. Departures: groups are groups (the published code has one for
//! each sample, so that there is no baseline); moments are kept between steps; the grammar cannot write an invalid reward.

use hatchery_engine::update::{Adam, UpdateRule};
use hatchery_engine::{Metrics, StrategyError};
use hatchery_kernels::Dice;
use serde::{Deserialize, Serialize};

use super::meta_policy::{MetaPolicy, Sample};
use super::proposer::Proposer;
use crate::ConfigError;
use crate::meta_reward::expression::{Reward, Vocabulary};
use crate::meta_reward::inner::group_advantages;

/// Purpose of its dice.
const DERL: u32 = 0x4445_524c;
/// What a negative advantage can pull at most, in advantages.
const DUAL_CLIP: f64 = 3.0;
const DISTANCE_MAX: f64 = 10.0;

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

/// Settings of the outer update.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DerlConfig {
    /// Updates with each group.
    pub epochs: u32,
    /// Step size of Adam.
    pub learning_rate: f32,
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
            epochs: 4,
            learning_rate: 0.05,
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
        if self.epochs == 0 {
            return Err(ConfigError::new("epochs", "must be at least 1, found 0"));
        }
        if !(self.learning_rate.is_finite() && self.learning_rate > 0.0) {
            let found = format!("must be above 0, found {}", self.learning_rate);
            return Err(ConfigError::new("learning_rate", found));
        }
        for (key, value, most) in [
            ("clip", self.clip, 1.0),
            ("kl_step", self.kl_step, 1e3),
            ("kl_prior", self.kl_prior, 1e3),
            ("entropy", self.entropy, 1e3),
            ("deviation_min", self.deviation_min, 1.0),
        ] {
            if !(0.0..=most).contains(&value) {
                return Err(ConfigError::new(
                    key,
                    format!("must be from 0 to {most}, found {value}"),
                ));
            }
        }
        Ok(())
    }
}

/// The learned proposer.
#[derive(Debug)]
pub struct Derl {
    policy: MetaPolicy,
    config: DerlConfig,
    adam: Adam,
    updates: u64,
    seed: u64,
    /// Outer steps in all, for the schedule of the entropy.
    steps: u32,
    /// How the last group was written.
    samples: Vec<Sample>,
}

/// What a resumed proposer needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DerlState {
    weights: Vec<f32>,
    moments: Vec<Vec<f32>>,
    updates: u64,
}

impl Derl {
    /// A proposer that knows nothing but its prior. The configuration must have been checked.
    pub fn new(vocabulary: Vocabulary, config: DerlConfig, seed: u64, steps: u32) -> Self {
        let policy = MetaPolicy::new(vocabulary);
        let adam = Adam::new(policy.weights().len(), 0.9, 0.999, 1e-8);
        Self { policy, config, adam, updates: 0, seed, steps, samples: Vec::new() }
    }

    /// The distribution over rewards.
    pub fn policy(&self) -> &MetaPolicy {
        &self.policy
    }

    /// The gradient of the loss with these advantages, (weights,), and the mean entropy of a token.
    fn gradient(&self, advantages: &[f32], entropy: f64) -> (Vec<f32>, f64) {
        let productions = self.policy.vocabulary().productions().len();
        let mut gradient = vec![0.0_f32; self.policy.weights().len()];
        let (mut spread, tokens): (f64, usize) =
            (0.0, self.samples.iter().map(|sample| sample.productions.len()).sum());
        for (sample, &advantage) in self.samples.iter().zip(advantages) {
            let advantage = f64::from(advantage);
            let mut log = 0.0;
            self.policy.replay(sample, |at, next, token| {
                log += next.chances[token].ln() - sample.logs[at];
            });
            let whole = self.pull(libm::exp(log), advantage);
            let length = sample.productions.len() as f64;
            self.policy.replay(sample, |at, next, token| {
                let now = next.chances[token].ln();
                let pull = match self.config.ratio {
                    Ratio::Sequence => whole,
                    Ratio::Token => self.pull(libm::exp(now - sample.logs[at]), advantage) / length,
                };
                // Of KL₃ by ln π: 1 − exp(d), and nothing where d is cut off.
                let slope = |reference: f64| {
                    let distance = reference - now;
                    if distance > DISTANCE_MAX { 0.0 } else { 1.0 - libm::exp(distance) }
                };
                let away = self.config.kl_step * slope(sample.logs[at])
                    + self.config.kl_prior * slope(next.prior[token].ln());
                let by_log = -pull / self.samples.len() as f64 + away / tokens as f64;
                let surprise = |chance: f64| if chance > 0.0 { -chance * chance.ln() } else { 0.0 };
                let own: f64 = next.chances.iter().map(|&chance| surprise(chance)).sum();
                spread += own / tokens as f64;
                for (production, &chance) in next.chances.iter().enumerate() {
                    if chance <= 0.0 {
                        continue;
                    }
                    let is_token = if production == token { 1.0 } else { 0.0 };
                    let slope = by_log * (is_token - chance)
                        + entropy * chance * (chance.ln() + own) / tokens as f64;
                    for row in next.rows {
                        gradient[row * productions + production] += slope as f32;
                    }
                }
            });
        }
        (gradient, spread)
    }

    /// The slope of min(r A, clip(r) A) by ln r, with the second clip of negative advantages.
    fn pull(&self, ratio: f64, advantage: f64) -> f64 {
        let clip = self.config.clip;
        let is_cut = if advantage >= 0.0 {
            ratio > 1.0 + clip
        } else {
            ratio < 1.0 - clip || ratio > DUAL_CLIP
        };
        if is_cut { 0.0 } else { ratio * advantage }
    }
}

impl Proposer for Derl {
    type State = DerlState;

    fn name(&self) -> &'static str {
        "derl"
    }

    fn propose(&mut self, step: u32, count: usize) -> Result<Vec<Reward>, StrategyError> {
        let (seed, policy) = (self.seed, &self.policy);
        let draw =
            |member: u64| policy.sample(&mut Dice::new(seed, u64::from(step) << 32 | member, DERL));
        let (rewards, samples) = (0..count as u64).map(draw).unzip();
        self.samples = samples;
        Ok(rewards)
    }

    fn learn(
        &mut self,
        step: u32,
        _: &[Reward],
        values: &[f32],
        metrics: &mut Metrics,
    ) -> Result<(), StrategyError> {
        let mut advantages = values.to_vec();
        let finite = values.iter().filter(|value| value.is_finite());
        let (low, high) = finite.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &value| {
            (low.min(value), high.max(value))
        });
        let differ = group_advantages(&mut advantages, self.config.deviation_min);
        let share = f64::from(step) / (0.8 * f64::from(self.steps.max(1)));
        let entropy = self.config.entropy * (1.0 - share).max(0.0);
        let mut spread = 0.0;
        if differ {
            for _ in 0..self.config.epochs {
                let (gradient, own) = self.gradient(&advantages, entropy);
                spread = own;
                self.updates += 1;
                let rate = self.config.learning_rate;
                self.adam.step(self.policy.weights_mut(), &gradient, rate, self.updates);
            }
        }
        metrics.push("value_range", f64::from((high - low).max(0.0)));
        metrics.push("entropy", spread);
        Ok(())
    }

    fn consensus(&self) -> Option<Reward> {
        Some(self.policy.mode())
    }

    fn state(&self) -> DerlState {
        let moments = self.adam.moments().into_iter().map(<[f32]>::to_vec).collect();
        DerlState { weights: self.policy.weights().to_vec(), moments, updates: self.updates }
    }

    fn restore(&mut self, state: DerlState) -> Result<(), StrategyError> {
        let (expected, found) = (self.policy.weights().len(), state.weights.len());
        if expected != found {
            return Err(StrategyError::StateMismatch { what: "weights", expected, found });
        }
        let found = state.moments.first().map_or(0, Vec::len);
        let mismatch = StrategyError::StateMismatch { what: "moments", expected, found };
        self.adam.restore(state.moments).map_err(|_| mismatch)?;
        self.policy.weights_mut().copy_from_slice(&state.weights);
        self.updates = state.updates;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
