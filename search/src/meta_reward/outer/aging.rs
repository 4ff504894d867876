//! Regularized evolution of rewards: a mutated tournament winner enters, the oldest dies.
//!
//! Source: Real et al., *Regularized Evolution for Image Classifier Architecture Search* (2019), arXiv:1802.01548, algorithm 1. All
//! children of an outer step come from the same population, so that they can be trained side by side.

use std::collections::VecDeque;

use hatchery_engine::{Metrics, StrategyError};
use hatchery_kernels::Dice;
use serde::{Deserialize, Serialize};

use super::proposer::Proposer;
use super::space::{Rewards, Space};
use crate::ConfigError;
use crate::meta_reward::expression::{Reward, Vocabulary};

/// Purpose of its dice.
const AGING: u32 = 0x4147_4531;

/// Settings of the evolution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AgingConfig {
    /// Members that live at a time.
    pub population: usize,
    /// Members that a parent must win against.
    pub tournament: usize,
    /// Which rewards it chooses from.
    pub space: Space,
}

impl Default for AgingConfig {
    fn default() -> Self {
        Self { population: 16, tournament: 4, space: Space::default() }
    }
}

impl AgingConfig {
    /// Whether the settings make sense.
    ///
    /// # Errors
    /// For the first key that does not.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.population < 2 {
            let found = format!("must be at least 2, found {}", self.population);
            return Err(ConfigError::new("population", found));
        }
        if !(1..=self.population).contains(&self.tournament) {
            let found = format!("must be from 1 to the population, found {}", self.tournament);
            return Err(ConfigError::new("tournament", found));
        }
        Ok(())
    }
}

/// Ageing evolution.
#[derive(Clone, Debug)]
pub struct Aging {
    rewards: Rewards,
    config: AgingConfig,
    seed: u64,
    /// Oldest first.
    living: VecDeque<(Reward, f32)>,
}

impl Aging {
    /// An evolution without members. The configuration must have been checked.
    pub fn new(vocabulary: Vocabulary, config: AgingConfig, seed: u64) -> Self {
        let rewards = config.space.over(vocabulary);
        Self { rewards, config, seed, living: VecDeque::new() }
    }
}

impl Proposer for Aging {
    type State = VecDeque<(Reward, f32)>;

    fn name(&self) -> &'static str {
        "aging"
    }

    fn propose(&mut self, step: u32, count: usize) -> Result<Vec<Reward>, StrategyError> {
        let birth = |member: usize| {
            let mut dice = Dice::new(self.seed, u64::from(step) << 32 | member as u64, AGING);
            if self.living.is_empty() || self.living.len() + member < self.config.population {
                return self.rewards.draw(&mut dice);
            }
            let mut best = dice.below(self.living.len());
            for _ in 1..self.config.tournament {
                let other = dice.below(self.living.len());
                if self.living[other].1 > self.living[best].1 {
                    best = other;
                }
            }
            let child = self.rewards.mutated(&self.living[best].0, &mut dice);
            if dice.chance(0.5) { self.rewards.mutated(&child, &mut dice) } else { child }
        };
        Ok((0..count).map(birth).collect())
    }

    fn learn(
        &mut self,
        _: u32,
        rewards: &[Reward],
        values: &[f32],
        metrics: &mut Metrics,
    ) -> Result<(), StrategyError> {
        for (reward, &value) in rewards.iter().zip(values) {
            let value = if value.is_nan() { 0.0 } else { value };
            self.living.push_back((reward.clone(), value));
            if self.living.len() > self.config.population {
                self.living.pop_front();
            }
        }
        let sum: f64 = self.living.iter().map(|(_, value)| f64::from(*value)).sum();
        metrics.push("living_mean", sum / self.living.len().max(1) as f64);
        Ok(())
    }

    /// The living member that is written most often; of equals the one of the highest value.
    fn consensus(&self) -> Option<Reward> {
        let often = |reward: &Reward| self.living.iter().filter(|(r, _)| r == reward).count();
        let best = self
            .living
            .iter()
            .max_by(|(a, x), (b, y)| often(a).cmp(&often(b)).then(x.total_cmp(y)));
        best.map(|(reward, _)| reward.clone())
    }

    fn state(&self) -> Self::State {
        self.living.clone()
    }

    fn restore(&mut self, state: Self::State) -> Result<(), StrategyError> {
        if state.len() > self.config.population {
            let (found, expected) = (state.len(), self.config.population);
            return Err(StrategyError::StateMismatch { what: "members", expected, found });
        }
        self.living = state;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::vocabulary;
    use super::*;

    #[test]
    fn a_first_group_may_be_larger_than_the_population() {
        let config = AgingConfig { population: 4, tournament: 2, ..AgingConfig::default() };
        let mut aging = Aging::new(vocabulary(), config, 1);
        let rewards = aging.propose(0, 9).expect("proposes");
        assert_eq!(rewards.len(), 9);
        aging.learn(0, &rewards, &[0.5; 9], &mut Metrics::default()).expect("learns");
        assert_eq!(aging.state().len(), 4);
    }
}
