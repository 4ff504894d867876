//! Trains only what promises most: of several times as many proposals as are needed, those that a model of all values so far likes.
//!
//! Works with any [`Proposer`]. What was screened out is as if it had never been proposed: a method that mutates or samples gets the
//! values of what was kept. For [`Derl`](super::Derl) that biases the gradient: the kept rewards have the chances of the policy in the
//! loss, but they come from the policy times the chance to be kept. Their advantages are relative to each other, so that what the model
//! likes in all of them is neither rewarded nor punished; the policy learns where the model is wrong, and the model goes on
//! with what both agree in. Nothing corrects it further.

mod features;
mod model;

use hatchery_engine::{Metrics, StrategyError};
use hatchery_kernels::Dice;
use serde::{Deserialize, Serialize};

pub use model::ValueModel;

use super::archive::Archive;
use super::proposer::Proposer;
use crate::ConfigError;
use crate::meta_reward::expression::{Invariance, Reward, Vocabulary};

/// Purpose of its dice.
const SCREEN: u32 = 0x5343_524e;

/// What is added to the expected value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    /// Each place of the group goes to the best by a model of its own, drawn from all that are likely. Source: Thompson (1933).
    #[default]
    Thompson,
    /// The largest expectation plus so many deviations.
    Ucb,
}

/// Settings of the screening.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScreenConfig {
    /// Proposals for each reward that is trained; 1 trains all.
    pub screen: usize,
    /// What is added to the expected value.
    pub choice: Choice,
    /// How much of it: deviations for `ucb`, the scale of what is drawn for `thompson`.
    pub bonus: f64,
}

impl Default for ScreenConfig {
    fn default() -> Self {
        Self { screen: 1, choice: Choice::Thompson, bonus: 1.0 }
    }
}

impl ScreenConfig {
    /// Whether the settings make sense.
    ///
    /// # Errors
    /// For the first key that does not.
    pub fn check(&self) -> Result<(), ConfigError> {
        if !(1..=1000).contains(&self.screen) {
            let found = format!("must be from 1 to 1000, found {}", self.screen);
            return Err(ConfigError::new("screen", found));
        }
        if !(0.0..=100.0).contains(&self.bonus) {
            let found = format!("must be from 0 to 100, found {}", self.bonus);
            return Err(ConfigError::new("bonus", found));
        }
        Ok(())
    }
}

/// A proposer whose proposals are screened.
#[derive(Debug)]
pub struct Screened<P> {
    inner: P,
    vocabulary: Vocabulary,
    config: ScreenConfig,
    seed: u64,
    archive: Archive,
    groups: u32,
    /// Expected values of what was kept last.
    expected: Vec<f64>,
}

/// What a resumed proposer needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScreenedState<S> {
    inner: S,
    archive: Archive,
    groups: u32,
}

impl<P: Proposer> Screened<P> {
    /// A proposer with a model of its values. The configuration must have been checked.
    pub fn new(inner: P, vocabulary: Vocabulary, config: ScreenConfig, seed: u64) -> Self {
        let archive = Archive::default();
        Self { inner, vocabulary, config, seed, archive, groups: 0, expected: Vec::new() }
    }

    /// The method whose proposals are screened.
    pub fn inner(&self) -> &P {
        &self.inner
    }

    /// The model of all values so far; nothing if there are none.
    pub fn model(&self) -> Option<ValueModel> {
        ValueModel::fit(&self.archive, &self.vocabulary)
    }

    /// Which candidates are trained, in order: at most `count`, as different as they allow.
    fn choose(&self, model: &ValueModel, candidates: &[Reward], count: usize) -> Vec<usize> {
        let hash = |reward: &Reward| reward.canonical_hash(&self.vocabulary, Invariance::Affine);
        let hashes: Vec<u64> = candidates.iter().map(hash).collect();
        let points: Vec<_> = candidates.iter().map(|reward| model.point(reward)).collect();
        let optimism = |reward| {
            let (mean, deviation) = model.predict(reward);
            mean + self.config.bonus * deviation
        };
        let mut scores: Vec<f64> = match self.config.choice {
            Choice::Ucb => candidates.iter().map(optimism).collect(),
            Choice::Thompson => Vec::new(),
        };
        let mut chosen: Vec<usize> = Vec::new();
        for place in 0..count.min(candidates.len()) {
            if self.config.choice == Choice::Thompson {
                let ticket = u64::from(self.groups) << 32 | place as u64;
                let drawn =
                    model.draw(self.config.bonus, &mut Dice::new(self.seed, ticket, SCREEN));
                scores = points.iter().map(|point| point.dot(&drawn)).collect();
            }
            let is_new = |at: usize| chosen.iter().all(|&other| hashes[other] != hashes[at]);
            let left = (0..candidates.len()).filter(|at| !chosen.contains(at));
            let better = |a: &usize, b: &usize| {
                let news = is_new(*a).cmp(&is_new(*b));
                news.then(scores[*a].total_cmp(&scores[*b])).then(b.cmp(a))
            };
            let best = left.max_by(better);
            chosen.extend(best);
        }
        chosen.sort_unstable();
        chosen
    }
}

impl<P: Proposer> Proposer for Screened<P> {
    type State = ScreenedState<P::State>;

    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn propose(&mut self, step: u32, count: usize) -> Result<Vec<Reward>, StrategyError> {
        let mut candidates = self.inner.propose(step, self.config.screen * count)?;
        self.expected.clear();
        if self.config.screen > 1
            && let Some(model) = self.model()
        {
            let chosen = self.choose(&model, &candidates, count);
            candidates = chosen.into_iter().map(|at| candidates[at].clone()).collect();
            self.expected = candidates.iter().map(|reward| model.predict(reward).0).collect();
        }
        candidates.truncate(count);
        self.groups += 1;
        Ok(candidates)
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
        if !self.expected.is_empty() {
            let sum: f64 = self.expected.iter().sum();
            metrics.push("expected_mean", sum / self.expected.len() as f64);
        }
        self.inner.learn(step, rewards, values, metrics)
    }

    fn consensus(&self) -> Option<Reward> {
        self.inner.consensus()
    }

    fn state(&self) -> Self::State {
        let (inner, archive) = (self.inner.state(), self.archive.clone());
        ScreenedState { inner, archive, groups: self.groups }
    }

    fn restore(&mut self, state: Self::State) -> Result<(), StrategyError> {
        self.inner.restore(state.inner)?;
        (self.archive, self.groups) = (state.archive, state.groups);
        self.expected.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
