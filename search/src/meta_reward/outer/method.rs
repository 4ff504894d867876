//! The methods of reward search by name.

use std::collections::VecDeque;
use std::path::PathBuf;

use hatchery_engine::{Metrics, StrategyError};
use serde::{Deserialize, Serialize};

use super::aging::Aging;
use super::config::Config;
use super::derl::{Derl, DerlState};
use super::external::{External, ExternalState};
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
    /// A program of the user's.
    External,
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
    /// A program of the user's, after whose failure ageing evolution goes on.
    External(Box<External<Aging>>),
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
    /// Of [`External`].
    External(ExternalState<VecDeque<(Reward, f32)>>),
}

impl Method {
    /// The method that a checked configuration names, for the world of that name. What a program outside says is kept in `folder`.
    ///
    /// # Errors
    /// [`StrategyError::Proposer`] if what is kept there cannot be read.
    pub fn try_new(
        config: &Config,
        vocabulary: &Vocabulary,
        world: &str,
        seed: u64,
        folder: Option<PathBuf>,
    ) -> Result<Self, StrategyError> {
        let vocabulary = vocabulary.clone();
        Ok(match config.method {
            MethodName::Derl => {
                Self::Derl(Derl::new(vocabulary, config.derl.clone(), seed, config.steps()))
            }
            MethodName::Aging => Self::Aging(Aging::new(vocabulary, config.aging.clone(), seed)),
            MethodName::Random => Self::Random(Random::new(vocabulary, seed)),
            MethodName::External => {
                let fallback = Aging::new(vocabulary.clone(), config.aging.clone(), seed);
                let external = config.external.clone();
                let external =
                    External::try_new(external, vocabulary, world, seed, fallback, folder)?;
                Self::External(Box::new(external))
            }
        })
    }
}

impl Proposer for Method {
    type State = MethodState;

    fn name(&self) -> &'static str {
        match self {
            Self::Derl(derl) => derl.name(),
            Self::Aging(aging) => aging.name(),
            Self::Random(random) => random.name(),
            Self::External(external) => external.name(),
        }
    }

    fn propose(&mut self, step: u32, count: usize) -> Result<Vec<Reward>, StrategyError> {
        match self {
            Self::Derl(derl) => derl.propose(step, count),
            Self::Aging(aging) => aging.propose(step, count),
            Self::Random(random) => random.propose(step, count),
            Self::External(external) => external.propose(step, count),
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
            Self::External(external) => external.learn(step, rewards, values, metrics),
        }
    }

    fn consensus(&self) -> Option<Reward> {
        match self {
            Self::Derl(derl) => derl.consensus(),
            Self::Aging(aging) => aging.consensus(),
            Self::Random(random) => random.consensus(),
            Self::External(external) => external.consensus(),
        }
    }

    fn state(&self) -> MethodState {
        match self {
            Self::Derl(derl) => MethodState::Derl(derl.state()),
            Self::Aging(aging) => MethodState::Aging(aging.state()),
            Self::Random(_) => MethodState::Random,
            Self::External(external) => MethodState::External(external.state()),
        }
    }

    fn restore(&mut self, state: MethodState) -> Result<(), StrategyError> {
        match (self, state) {
            (Self::Derl(derl), MethodState::Derl(state)) => derl.restore(state),
            (Self::Aging(aging), MethodState::Aging(state)) => aging.restore(state),
            (Self::Random(random), MethodState::Random) => random.restore(()),
            (Self::External(external), MethodState::External(state)) => external.restore(state),
            (own, _) => {
                let reason = "the stored state is that of another method".to_owned();
                Err(StrategyError::Proposer { name: own.name(), reason })
            }
        }
    }
}
