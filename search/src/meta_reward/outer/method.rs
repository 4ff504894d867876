//! The methods of reward search by name.

use std::path::PathBuf;

use hatchery_engine::{Metrics, StrategyError};
use serde::{Deserialize, Serialize};

use super::aging::Aging;
use super::cma::Cma;
use super::config::Config;
use super::derl::Derl;
use super::external::External;
use super::gp::Gp;
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
    /// Genetic programming.
    Gp,
    /// CMA-ES over weights.
    Cma,
    /// The prior.
    Random,
    /// A program of the user's.
    External,
    /// A learned distribution; policies inherit from the best of the step before.
    DerlPop,
    /// Population based training; policies inherit from better ones.
    Pbt,
}

impl MethodName {
    /// Whether policies are inherited, so that its search is an [`Inheriting`](super::Inheriting) and no [`Method`].
    pub fn inherits(self) -> bool {
        matches!(self, Self::DerlPop | Self::Pbt)
    }
}

/// A method of reward search.
#[derive(Debug)]
pub enum Method {
    /// A learned distribution.
    Derl(Box<Derl>),
    /// Regularised evolution.
    Aging(Aging),
    /// Genetic programming.
    Gp(Gp),
    /// CMA-ES over weights.
    Cma(Box<Cma>),
    /// The prior.
    Random(Random),
    /// A program of the user's, after whose failure ageing evolution goes on.
    External(Box<External<Aging>>),
}

/// What a resumed method needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum MethodState {
    /// Of [`Derl`].
    Derl(<Derl as Proposer>::State),
    /// Of [`Aging`].
    Aging(<Aging as Proposer>::State),
    /// Of [`Gp`].
    Gp(<Gp as Proposer>::State),
    /// Of [`Cma`].
    Cma(<Cma as Proposer>::State),
    /// Of [`Random`].
    Random,
    /// Of [`External`].
    External(<External<Aging> as Proposer>::State),
}

/// The same words for whichever method it is.
macro_rules! whichever {
    ($self:expr, $method:ident => $words:expr) => {
        match $self {
            Method::Derl($method) => $words,
            Method::Aging($method) => $words,
            Method::Gp($method) => $words,
            Method::Cma($method) => $words,
            Method::Random($method) => $words,
            Method::External($method) => $words,
        }
    };
}

impl Method {
    /// The method that a checked configuration names, for the world of that name. What a program outside says is kept in `folder`.
    ///
    /// # Errors
    /// [`StrategyError::Proposer`] if what is kept there cannot be read, the vocabulary does not suit the method, or policies are inherited.
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
                let derl = Derl::new(vocabulary, config.derl.clone(), seed, config.steps());
                Self::Derl(Box::new(derl))
            }
            MethodName::Aging => Self::Aging(Aging::new(vocabulary, config.aging.clone(), seed)),
            MethodName::Gp => Self::Gp(Gp::new(vocabulary, config.gp.clone(), seed)),
            MethodName::Cma => {
                let group = config.group as usize;
                let cma = Cma::try_new(vocabulary, config.cma.clone(), group, seed);
                let refused = |error: crate::ConfigError| StrategyError::Proposer {
                    name: "cma",
                    reason: format!("{} {}", error.key, error.reason),
                };
                Self::Cma(Box::new(cma.map_err(refused)?))
            }
            MethodName::Random => Self::Random(Random::new(vocabulary, &config.random, seed)),
            MethodName::External => {
                let fallback = Aging::new(vocabulary.clone(), config.aging.clone(), seed);
                let external = config.external.clone();
                let external =
                    External::try_new(external, vocabulary, world, seed, fallback, folder)?;
                Self::External(Box::new(external))
            }
            MethodName::DerlPop | MethodName::Pbt => {
                let reason = "it hands policies on, and proposes nothing without them".to_owned();
                return Err(StrategyError::Proposer { name: "inherit", reason });
            }
        })
    }
}

impl Proposer for Method {
    type State = MethodState;

    fn name(&self) -> &'static str {
        whichever!(self, method => method.name())
    }

    fn propose(&mut self, step: u32, count: usize) -> Result<Vec<Reward>, StrategyError> {
        whichever!(self, method => method.propose(step, count))
    }

    fn learn(
        &mut self,
        step: u32,
        rewards: &[Reward],
        values: &[f32],
        metrics: &mut Metrics,
    ) -> Result<(), StrategyError> {
        whichever!(self, method => method.learn(step, rewards, values, metrics))
    }

    fn consensus(&self) -> Option<Reward> {
        whichever!(self, method => method.consensus())
    }

    fn state(&self) -> MethodState {
        match self {
            Self::Derl(derl) => MethodState::Derl(derl.state()),
            Self::Aging(aging) => MethodState::Aging(aging.state()),
            Self::Gp(gp) => MethodState::Gp(gp.state()),
            Self::Cma(cma) => MethodState::Cma(cma.state()),
            Self::Random(_) => MethodState::Random,
            Self::External(external) => MethodState::External(external.state()),
        }
    }

    fn restore(&mut self, state: MethodState) -> Result<(), StrategyError> {
        match (self, state) {
            (Self::Derl(derl), MethodState::Derl(state)) => derl.restore(state),
            (Self::Aging(aging), MethodState::Aging(state)) => aging.restore(state),
            (Self::Gp(gp), MethodState::Gp(state)) => gp.restore(state),
            (Self::Cma(cma), MethodState::Cma(state)) => cma.restore(state),
            (Self::Random(random), MethodState::Random) => random.restore(()),
            (Self::External(external), MethodState::External(state)) => external.restore(state),
            (own, _) => {
                let reason = "the stored state is that of another method".to_owned();
                Err(StrategyError::Proposer { name: own.name(), reason })
            }
        }
    }
}
