//! Whatever proposes.

use hatchery_kernels::Backend;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Digest, Fitness, Generation, Params, Population, StrategyError};

/// Something that proposes populations and learns from their fitness.
///
/// [`run`](crate::run()) calls `ask`, lets the task score the population, and hands it back through `tell`.
pub trait Strategy {
    /// What it proposes.
    type Population: Population;
    /// Everything a resumed run needs to go on to the bit.
    type State: Serialize + DeserializeOwned;

    /// Proposes the members of `generation`. Called once per generation, in order. An empty population says that the search is
    /// over.
    ///
    /// # Errors
    /// Whatever keeps the strategy from proposing.
    fn ask(&mut self, generation: Generation) -> Result<Self::Population, StrategyError>;

    /// Learns from the fitness of a population; the population is consumed, so its centre is ours again without a
    /// copy. Returns the metrics to log.
    ///
    /// # Errors
    /// Whatever keeps the strategy from learning, such as a shape that does not fit. Its state is then what it was
    /// before the call, so that a checkpoint can be written.
    fn tell(
        &mut self,
        population: Self::Population,
        fitness: &Fitness,
        backend: &Backend,
    ) -> Result<Metrics, StrategyError>;

    /// A copy of the state, for a checkpoint. Called between generations.
    ///
    /// # Errors
    /// If part of it is on a device that fails.
    fn state(&self) -> Result<Self::State, StrategyError>;

    /// Puts back a state that [`state`](Self::state) returned.
    ///
    /// # Errors
    /// A state of another shape.
    fn restore(&mut self, state: Self::State) -> Result<(), StrategyError>;

    /// The current centre, if there is one: it is what is exported.
    fn centre(&self) -> Option<&Params> {
        None
    }

    /// Hash of the current centre, asked after each generation; strategies whose centre is no [`Params`] say it themselves.
    fn digest(&self) -> Option<Digest> {
        self.centre().map(Params::digest)
    }

    /// How it is doing, for strategies to which generation, best and mean fitness mean little. Asked after each generation.
    fn headline(&self) -> Option<Headline> {
        None
    }
}

/// How a strategy is doing, for people.
#[derive(Debug, Clone, PartialEq)]
pub struct Headline {
    /// A few words and numbers, for a line of progress.
    pub text: String,
    /// Which part of its work is done, from 0 to 1, if it knows.
    pub done: Option<f64>,
}

/// Named numbers that a strategy logs each generation, in a fixed order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Metrics(pub Vec<(&'static str, f64)>);

impl Metrics {
    /// The value logged under that name.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|(key, _)| *key == name).map(|&(_, value)| value)
    }
}

impl Metrics {
    /// Adds a number under a name.
    pub fn push(&mut self, name: &'static str, value: f64) {
        self.0.push((name, value));
    }
}
