//! DERL-pop.: all members of an outer step start from the policies of the best member of the step before.
//!
//! ```text
//! θᵢⱼ = train(φᵢⱼ, from θ*ⱼ₋₁)        θ*ⱼ = θᵢⱼ with the largest vᵢⱼ        j = 0: from first weights
//! ```
//!
//! Any [`Proposer`] writes the rewards φ and learns from the values v, as without inheritance; with the learned one it is the method of the
//! paper. Source: *Differentiable Evolutionary RL*, arXiv:2512.13399v2, section 4. Values of different steps differ in what
//! was inherited, so that a proposer which compares them (ageing evolution, genetic programming) favours the young.

use hatchery_engine::{Digest, Explicit, Fitness, Generation, Headline, Metrics};
use hatchery_engine::{Strategy, StrategyError};
use hatchery_kernels::Backend;
use serde::{Deserialize, Serialize};

use super::lineage::ranking;
use super::{Heir, Lineage};
use crate::ConfigError;
use crate::meta_reward::expression::{Reward, Vocabulary};
use crate::meta_reward::outer::Proposer;
use crate::meta_reward::outer::strategy::group_of;

/// Settings of the population.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DerlPopConfig {
    /// Rewards of an outer step.
    pub group: usize,
    /// Outer steps: the slices of a training.
    pub steps: u32,
}

impl Default for DerlPopConfig {
    fn default() -> Self {
        Self { group: 8, steps: 10 }
    }
}

impl DerlPopConfig {
    /// Whether the settings make sense.
    ///
    /// # Errors
    /// For the first key that does not.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.group < 2 {
            let found = format!("must be at least 2, found {}", self.group);
            return Err(ConfigError::new("group", found));
        }
        if self.steps == 0 {
            return Err(ConfigError::new("steps", "must be at least 1, found 0"));
        }
        Ok(())
    }
}

/// The search.
#[derive(Debug)]
pub struct DerlPop<P> {
    proposer: P,
    vocabulary: Vocabulary,
    config: DerlPopConfig,
    lineage: Lineage,
}

/// What a resumed search needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DerlPopState<S> {
    proposer: S,
    lineage: Lineage,
}

impl<P: Proposer> DerlPop<P> {
    /// A search that has trained nothing yet. The configuration must have been checked.
    pub fn new(proposer: P, vocabulary: Vocabulary, config: DerlPopConfig) -> Self {
        Self { proposer, vocabulary, config, lineage: Lineage::default() }
    }

    /// The chain: the policies of the best member of the last step, and the rewards that trained them.
    pub fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    /// The method that writes the rewards.
    pub fn proposer(&self) -> &P {
        &self.proposer
    }
}

impl<P: Proposer> Strategy for DerlPop<P> {
    type Population = Explicit<Heir>;
    type State = DerlPopState<P::State>;

    fn ask(&mut self, generation: Generation) -> Result<Self::Population, StrategyError> {
        if generation >= self.config.steps {
            return Ok(Explicit { generation, members: Vec::new() });
        }
        let rewards = group_of(&mut self.proposer, generation, self.config.group)?;
        let heir = |reward| Heir::new(reward, self.lineage.policies.clone());
        Ok(Explicit { generation, members: rewards.into_iter().map(heir).collect() })
    }

    fn tell(
        &mut self,
        population: Self::Population,
        fitness: &Fitness,
        _backend: &Backend,
    ) -> Result<Metrics, StrategyError> {
        let (step, values) = (population.generation, &fitness.values);
        let best = ranking("derl-pop", &population, values)?[0];
        let mut metrics = Metrics::default();
        metrics.push("value_mean", fitness.stats().mean);
        metrics.push("value_best", f64::from(values[best]));
        let rewards: Vec<Reward> =
            population.members.iter().map(|heir| heir.reward.clone()).collect();
        self.proposer.learn(step, &rewards, values, &mut metrics)?;
        let policies = population.members[best].trained().unwrap_or_default();
        self.lineage.extend(step, rewards[best].clone(), values[best], policies);
        Ok(metrics)
    }

    fn state(&self) -> Result<Self::State, StrategyError> {
        Ok(DerlPopState { proposer: self.proposer.state(), lineage: self.lineage.clone() })
    }

    fn restore(&mut self, state: Self::State) -> Result<(), StrategyError> {
        let (expected, found) = (self.config.steps as usize, state.lineage.links.len());
        if found > expected {
            return Err(StrategyError::StateMismatch { what: "outer steps", expected, found });
        }
        self.proposer.restore(state.proposer)?;
        self.lineage = state.lineage;
        Ok(())
    }

    fn digest(&self) -> Option<Digest> {
        self.lineage.digest()
    }

    fn headline(&self) -> Option<Headline> {
        self.lineage.headline(self.config.steps, &self.vocabulary)
    }
}
