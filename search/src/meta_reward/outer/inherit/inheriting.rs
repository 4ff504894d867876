//! The searches with inheritance by name.

use hatchery_engine::{
    Digest, Explicit, Fitness, Generation, Headline, Metrics, Strategy, StrategyError,
};
use hatchery_kernels::Backend;
use serde::{Deserialize, Serialize};

use super::{DerlPop, DerlPopConfig, DerlPopState, Heir, Lineage, Pbt, PbtConfig, PbtMember};
use crate::meta_reward::expression::Vocabulary;
use crate::meta_reward::outer::{Config, Derl, DerlState, MethodName, Screened, ScreenedState};

/// A search in which policies are inherited.
#[derive(Debug)]
pub enum Inheriting {
    /// All inherit from the best; what proposes is the learned distribution, screened if that is asked for.
    DerlPop(Box<DerlPop<Screened<Derl>>>),
    /// The worst inherit from the best.
    Pbt(Pbt),
}

/// What a resumed search needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum InheritingState {
    /// Of [`DerlPop`].
    DerlPop(Box<DerlPopState<ScreenedState<DerlState>>>),
    /// Of [`Pbt`].
    Pbt(Vec<PbtMember>),
}

impl Inheriting {
    /// The search that a checked configuration names; nothing if its method inherits no policies.
    pub fn of(config: &Config, vocabulary: &Vocabulary, seed: u64) -> Option<Self> {
        let (members, steps) = (config.group as usize, config.inherit.slices);
        let vocabulary = vocabulary.clone();
        match config.method {
            MethodName::DerlPop => {
                let derl = Derl::new(vocabulary.clone(), config.derl.clone(), seed, steps);
                let screening = config.screening.clone();
                let proposer = Screened::new(derl, vocabulary.clone(), screening, seed);
                let own = DerlPopConfig { group: members, steps };
                Some(Self::DerlPop(Box::new(DerlPop::new(proposer, vocabulary, own))))
            }
            MethodName::Pbt => {
                let own = PbtConfig { members, steps, share: config.inherit.share };
                Some(Self::Pbt(Pbt::new(vocabulary, own, seed)))
            }
            _ => None,
        }
    }

    /// The policies that would be the result now, and the rewards that trained them.
    pub fn best(&self) -> &Lineage {
        match self {
            Self::DerlPop(chain) => chain.lineage(),
            Self::Pbt(population) => population.best(),
        }
    }
}

impl Strategy for Inheriting {
    type Population = Explicit<Heir>;
    type State = InheritingState;

    fn ask(&mut self, generation: Generation) -> Result<Self::Population, StrategyError> {
        match self {
            Self::DerlPop(chain) => chain.ask(generation),
            Self::Pbt(population) => population.ask(generation),
        }
    }

    fn tell(
        &mut self,
        heirs: Self::Population,
        fitness: &Fitness,
        backend: &Backend,
    ) -> Result<Metrics, StrategyError> {
        match self {
            Self::DerlPop(chain) => chain.tell(heirs, fitness, backend),
            Self::Pbt(population) => population.tell(heirs, fitness, backend),
        }
    }

    fn state(&self) -> Result<Self::State, StrategyError> {
        Ok(match self {
            Self::DerlPop(chain) => InheritingState::DerlPop(Box::new(chain.state()?)),
            Self::Pbt(population) => InheritingState::Pbt(population.state()?),
        })
    }

    fn restore(&mut self, state: Self::State) -> Result<(), StrategyError> {
        match (self, state) {
            (Self::DerlPop(chain), InheritingState::DerlPop(state)) => chain.restore(*state),
            (Self::Pbt(population), InheritingState::Pbt(state)) => population.restore(state),
            (own, _) => {
                let name = if matches!(own, Self::Pbt(_)) { "pbt" } else { "derl-pop" };
                let reason = "the stored state is that of another method".to_owned();
                Err(StrategyError::Proposer { name, reason })
            }
        }
    }

    fn digest(&self) -> Option<Digest> {
        self.best().digest()
    }

    fn headline(&self) -> Option<Headline> {
        match self {
            Self::DerlPop(chain) => chain.headline(),
            Self::Pbt(population) => population.headline(),
        }
    }
}
