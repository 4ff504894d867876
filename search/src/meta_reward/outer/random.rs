//! Rewards from the prior, and nothing learnt.

use hatchery_engine::{Metrics, StrategyError};
use hatchery_kernels::Dice;
use serde::{Deserialize, Serialize};

use super::proposer::Proposer;
use super::space::{Rewards, Space};
use crate::meta_reward::expression::{Reward, Vocabulary};

/// Purpose of its dice.
const RANDOM: u32 = 0x5241_4e44;

/// Settings of random search.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RandomConfig {
    /// Which rewards it draws from.
    pub space: Space,
}

/// Random search.
#[derive(Clone, Debug)]
pub struct Random {
    rewards: Rewards,
    seed: u64,
}

impl Random {
    /// Random search over a vocabulary.
    pub fn new(vocabulary: Vocabulary, config: &RandomConfig, seed: u64) -> Self {
        Self { rewards: config.space.over(vocabulary), seed }
    }
}

impl Proposer for Random {
    type State = ();

    fn name(&self) -> &'static str {
        "random"
    }

    fn propose(&mut self, step: u32, count: usize) -> Result<Vec<Reward>, StrategyError> {
        let draw = |member: u64| {
            let ticket = u64::from(step) << 32 | member;
            self.rewards.draw(&mut Dice::new(self.seed, ticket, RANDOM))
        };
        Ok((0..count as u64).map(draw).collect())
    }

    fn learn(
        &mut self,
        _: u32,
        _: &[Reward],
        _: &[f32],
        _: &mut Metrics,
    ) -> Result<(), StrategyError> {
        Ok(())
    }

    fn consensus(&self) -> Option<Reward> {
        None
    }

    fn state(&self) {}

    fn restore(&mut self, (): ()) -> Result<(), StrategyError> {
        Ok(())
    }
}
