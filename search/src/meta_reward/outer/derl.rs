//! DERL without a language model: a learned distribution over rewards, trained on what they reach.
//!
//! ```text
//! Aᵢ = (vᵢ − mean v) / (s + 10⁻⁶)      s: sample deviation of the group; all A = 0 if s < s_floor
//! loss = − (1 − w)/n Σᵢ min(rᵢ Aᵢ, clip(rᵢ, 1−c, 1+c) Aᵢ)      not below 3 Aᵢ where Aᵢ < 0
//!        − w/k Σⱼ ln π(best rewardⱼ)                            with the estimator `pqt`, else w = 0
//!        + β₁ KL₃(π, π before the step) + β₂ KL₃(π, prior) − h H(π)         means over tokens
//! KL₃ = exp(d) − d − 1,   d = ln π_reference(token) − ln π(token), at most 10
//! ```
//!
//! | symbol | code | meaning |
//! |---|---|---|
//! | v | `values` | validation success of a reward's policies |
//! | A | [`Estimator`], [`Baseline`] | other forms of the advantage by name |
//! | r | | chance of a reward (or token) now over that when it was proposed |
//! | c | `clip` | how far a ratio may pull |
//! | w, k | `queue_weight`, `queue` | weight and number of the best rewards so far |
//! | β₁, β₂ | `kl_step`, `kl_prior` | weights of the two distances |
//! | h | `entropy` | weight of the entropy, linear to 0 at 80 % of the budget |
//!
//! With `mix`, part of a group is mutated from the best rewards so far. It counts in the loss by its chance under the policy, as if it had
//! been sampled, which it was not: the gradient leans to what is near the best. What the policy could not have written teaches nothing.
//!
//! Source: *Differentiable Evolutionary RL*, arXiv:2512.13399v2, sections 3 and 4. Departures: groups are groups (the published code has one for
//! each sample, so that there is no baseline); moments are kept between steps; the grammar cannot write an invalid reward.

mod advantage;
mod config;
mod loss;

use hatchery_engine::update::{Adam, UpdateRule};
use hatchery_engine::{Metrics, StrategyError};
use hatchery_kernels::Dice;
use serde::{Deserialize, Serialize};

pub use config::{Baseline, DerlConfig, Estimator, Ratio};

use self::advantage::advantages;
use self::loss::Lesson;
use super::archive::Archive;
use super::meta_policy::{MetaPolicy, Sample, Start};
use super::proposer::Proposer;
use crate::meta_reward::expression::{Reward, Vocabulary};

/// Purpose of its dice.
const DERL: u32 = 0x4445_524c;

/// The learned proposer.
#[derive(Debug)]
pub struct Derl {
    vocabulary: Vocabulary,
    policy: MetaPolicy,
    config: DerlConfig,
    adam: Adam,
    updates: u64,
    seed: u64,
    /// Outer steps in all, for the schedule of the entropy.
    steps: u32,
    /// Groups that were written. A step may need several, where rewards can be invalid.
    groups: u32,
    /// Running mean of the values.
    average: Option<f64>,
    archive: Archive,
    /// The last group.
    proposed: Vec<Proposed>,
    /// Invalid rewards of this step's groups, and all.
    invalid: [usize; 2],
}

/// What a resumed proposer needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DerlState {
    weights: Vec<f32>,
    moments: Vec<Vec<f32>>,
    updates: u64,
    groups: u32,
    average: Option<f64>,
    archive: Archive,
}

/// A member of a group.
#[derive(Clone, Debug)]
struct Proposed {
    /// Nothing if it is invalid.
    reward: Option<Reward>,
    /// Nothing if the policy could not have written it.
    sample: Option<Sample>,
}

impl Derl {
    /// A proposer that knows nothing but its prior. The configuration must have been checked.
    pub fn new(vocabulary: Vocabulary, config: DerlConfig, seed: u64, steps: u32) -> Self {
        let start = Start { nodes: config.nodes, examples: config.examples, seed };
        let policy = MetaPolicy::new(config.policy, vocabulary.clone(), start);
        Self {
            adam: Adam::new(policy.weights().len(), 0.9, 0.999, 1e-8),
            vocabulary,
            policy,
            config,
            updates: 0,
            seed,
            steps,
            groups: 0,
            average: None,
            archive: Archive::default(),
            proposed: Vec::new(),
            invalid: [0; 2],
        }
    }

    /// The distribution over rewards.
    pub fn policy(&self) -> &MetaPolicy {
        &self.policy
    }

    /// The best rewards so far that are better than the mean of all.
    fn queue(&self) -> Vec<&Reward> {
        let mean = self.archive.mean();
        let best = self.archive.best(self.config.queue);
        best.into_iter().filter(|best| best.mean() > mean).map(|best| &best.reward).collect()
    }

    fn sampled(&self, dice: &mut Dice) -> Proposed {
        let (reward, sample) = self.policy.sample(dice);
        Proposed { reward, sample: Some(sample) }
    }

    fn mutated(&self, parents: &[&Reward], dice: &mut Dice) -> Proposed {
        let parent = parents[dice.below(parents.len())];
        let child = self.policy.mutated(parent, dice);
        let child = if dice.chance(0.5) { self.policy.mutated(&child, dice) } else { child };
        Proposed { sample: self.policy.read(&child), reward: Some(child) }
    }

    /// How the rewards were written, with their values; what is invalid has 0. What was proposed and is not among the rewards is left out.
    fn group(&mut self, rewards: &[Reward], values: &[f32]) -> (Vec<Option<Sample>>, Vec<f32>) {
        let mut scored = rewards.iter().zip(values).peekable();
        let value = |proposed: &Proposed| match &proposed.reward {
            None => Some(0.0),
            Some(reward) => {
                scored.next_if(|(scored, _)| *scored == reward).map(|(_, value)| *value)
            }
        };
        let values: Vec<Option<f32>> = self.proposed.iter().map(value).collect();
        let group = self.proposed.drain(..).zip(values);
        group.filter_map(|(proposed, value)| Some((proposed.sample, value?))).unzip()
    }

    /// Of the entropy in this step.
    fn entropy(&self, step: u32) -> f64 {
        let share = f64::from(step) / (0.8 * f64::from(self.steps.max(1)));
        self.config.entropy * (1.0 - share).max(0.0)
    }

    /// The mean entropy of a token; 0 if there was nothing to learn.
    fn study(&mut self, lesson: &Lesson) -> f64 {
        let mut spread = 0.0;
        for _ in 0..self.config.epochs {
            let (gradient, own) = lesson.gradient(&self.policy, &self.config);
            (spread, self.updates) = (own, self.updates + 1);
            let rate = self.config.rate(self.steps);
            self.adam.step(self.policy.weights_mut(), &gradient, rate, self.updates);
        }
        spread
    }
}

impl Proposer for Derl {
    type State = DerlState;

    fn name(&self) -> &'static str {
        "derl"
    }

    fn propose(&mut self, _: u32, count: usize) -> Result<Vec<Reward>, StrategyError> {
        let parents = if self.config.mix > 0.0 { self.queue() } else { Vec::new() };
        let mutants = (self.config.mix * count as f64).round() as usize;
        let propose = |member: usize| {
            let ticket = u64::from(self.groups) << 32 | member as u64;
            let mut dice = Dice::new(self.seed, ticket, DERL);
            if member < mutants && !parents.is_empty() {
                self.mutated(&parents, &mut dice)
            } else {
                self.sampled(&mut dice)
            }
        };
        let proposed: Vec<Proposed> = (0..count).map(propose).collect();
        self.groups += 1;
        let rewards: Vec<Reward> = proposed.iter().filter_map(|p| p.reward.clone()).collect();
        self.invalid[0] += count - rewards.len();
        self.invalid[1] += count;
        self.proposed = proposed;
        Ok(rewards)
    }

    fn learn(
        &mut self,
        step: u32,
        rewards: &[Reward],
        values: &[f32],
        metrics: &mut Metrics,
    ) -> Result<(), StrategyError> {
        for (reward, &value) in rewards.iter().zip(values) {
            self.archive.add(reward, value, &self.vocabulary);
        }
        let (samples, values) = self.group(rewards, values);
        let advantages = advantages(&values, &self.config, &mut self.average);
        let queue: Vec<Sample> = match self.config.estimator {
            Estimator::Pqt => self.queue().iter().filter_map(|r| self.policy.read(r)).collect(),
            _ => Vec::new(),
        };
        let teaches = advantages.is_some() || !queue.is_empty();
        let advantages = advantages.unwrap_or_else(|| vec![0.0; values.len()]);
        let pairs = samples.into_iter().zip(advantages);
        let samples = pairs.filter_map(|(sample, advantage)| Some((sample?, advantage))).collect();
        let lesson = Lesson { samples, group: values.len(), queue, entropy: self.entropy(step) };
        let spread = if teaches { self.study(&lesson) } else { 0.0 };
        let finite = values.iter().copied().filter(|value| value.is_finite());
        let (low, high) = finite.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        metrics.push("value_range", f64::from((high - low).max(0.0)));
        metrics.push("entropy", spread);
        let [invalid, all] = std::mem::take(&mut self.invalid);
        metrics.push("invalid_share", invalid as f64 / all.max(1) as f64);
        Ok(())
    }

    fn consensus(&self) -> Option<Reward> {
        self.policy.mode()
    }

    fn state(&self) -> DerlState {
        DerlState {
            weights: self.policy.weights().to_vec(),
            moments: self.adam.moments().into_iter().map(<[f32]>::to_vec).collect(),
            updates: self.updates,
            groups: self.groups,
            average: self.average,
            archive: self.archive.clone(),
        }
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
        (self.updates, self.groups) = (state.updates, state.groups);
        (self.average, self.archive) = (state.average, state.archive);
        (self.proposed, self.invalid) = (Vec::new(), [0; 2]);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
