//! The methods of reward search by name.

use std::collections::VecDeque;

use hatchery_engine::{Metrics, StrategyError};
use serde::{Deserialize, Serialize};

use super::aging::Aging;
use super::config::Config;
use super::derl::{Derl, DerlState};
use super::proposer::Proposer;
use super::random::Random;
use crate::meta_reward::expression::{Reward, Vocabulary};

/// Names of methods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MethodName {
    /// A learned distribution.
    #[default]
    Derl,
    /// Regularised evolution.
    Aging,
    /// The prior.
    Random,
}

/// A method of reward search.
#[derive(Debug)]
pub enum Method {
    /// A learned distribution.
    Derl(Derl),
    /// Regularised evolution.
    Aging(Aging),
    /// The prior.
    Random(Random),
}

/// What a resumed method needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum MethodState {
    /// Of [`Derl`].
    Derl(DerlState),
    /// Of [`Aging`].
    Aging(VecDeque<(Reward, f32)>),
    /// Of [`Random`].
    Random,
}

impl Method {
    /// The method that a checked configuration names.
    pub fn new(config: &Config, vocabulary: &Vocabulary, seed: u64) -> Self {
        let vocabulary = vocabulary.clone();
        match config.method {
            MethodName::Derl => {
                Self::Derl(Derl::new(vocabulary, config.derl.clone(), seed, config.steps()))
            }
            MethodName::Aging => Self::Aging(Aging::new(vocabulary, config.aging.clone(), seed)),
            MethodName::Random => Self::Random(Random::new(vocabulary, seed)),
        }
    }
}

impl Proposer for Method {
    type State = MethodState;

    fn name(&self) -> &'static str {
        match self {
            Self::Derl(derl) => derl.name(),
            Self::Aging(aging) => aging.name(),
            Self::Random(random) => random.name(),
        }
    }

    fn propose(&mut self, step: u32, count: usize) -> Result<Vec<Reward>, StrategyError> {
        match self {
            Self::Derl(derl) => derl.propose(step, count),
            Self::Aging(aging) => aging.propose(step, count),
            Self::Random(random) => random.propose(step, count),
        }
    }

    fn learn(
        &mut self,
        step: u32,
        rewards: &[Reward],
        values: &[f32],
        metrics: &mut Metrics,
    ) -> Result<(), StrategyError> {
        match self {
            Self::Derl(derl) => derl.learn(step, rewards, values, metrics),
            Self::Aging(aging) => aging.learn(step, rewards, values, metrics),
            Self::Random(random) => random.learn(step, rewards, values, metrics),
        }
    }

    fn consensus(&self) -> Option<Reward> {
        match self {
            Self::Derl(derl) => derl.consensus(),
            Self::Aging(aging) => aging.consensus(),
            Self::Random(random) => random.consensus(),
        }
    }

    fn state(&self) -> MethodState {
        match self {
            Self::Derl(derl) => MethodState::Derl(derl.state()),
            Self::Aging(aging) => MethodState::Aging(aging.state()),
            Self::Random(_) => MethodState::Random,
        }
    }

    fn restore(&mut self, state: MethodState) -> Result<(), StrategyError> {
        match (self, state) {
            (Self::Derl(derl), MethodState::Derl(state)) => derl.restore(state),
            (Self::Aging(aging), MethodState::Aging(state)) => aging.restore(state),
            (Self::Random(random), MethodState::Random) => random.restore(()),
            (own, _) => {
                let reason = "the stored state is that of another method".to_owned();
                Err(StrategyError::Proposer { name: own.name(), reason })
            }
        }
    }
}
