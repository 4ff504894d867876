//! Population based training: all members train on, the worst take over the policies and the reward of the best, and change the reward.
//!
//! After each slice, with k = ⌊share · n⌋, at least 1: each of the k members of the lowest value is replaced by a copy of one of the k
//! best, drawn with equal chances, and the copy's reward is mutated ("exploit" and "explore"). The first rewards come from the prior.
//!
//! Source: Jaderberg et al., *Population Based Training of Neural Networks* (2017), arXiv:1711.09846, section 3, with truncation selection.
//! Departures: slices are synchronous and their seeds are shared by all members, first weights with them; a reward is what is
//! explored, with the same mutation as in ageing evolution; who is as good as the best that it was to copy is left alone, since
//! values are all 0 until the first success; after the last slice nothing is replaced.

use hatchery_engine::{Digest, Explicit, Fitness, Generation, Headline, Metrics};
use hatchery_engine::{Strategy, StrategyError};
use hatchery_kernels::{Backend, Dice};
use serde::{Deserialize, Serialize};

use super::lineage::ranking;
use super::{Heir, Lineage};
use crate::ConfigError;
use crate::meta_reward::expression::{Reward, Vocabulary};

/// Purpose of its dice.
const PBT: u32 = 0x5042_5431;

/// Settings of the population.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PbtConfig {
    /// Members that train side by side.
    pub members: usize,
    /// Outer steps: the slices of a training.
    pub steps: u32,
    /// Share of the members that is replaced after a slice, and of those that are copied.
    pub share: f64,
}

impl Default for PbtConfig {
    fn default() -> Self {
        Self { members: 8, steps: 10, share: 0.25 }
    }
}

impl PbtConfig {
    /// Whether the settings make sense.
    ///
    /// # Errors
    /// For the first key that does not.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.members < 2 {
            let found = format!("must be at least 2, found {}", self.members);
            return Err(ConfigError::new("members", found));
        }
        if self.steps == 0 {
            return Err(ConfigError::new("steps", "must be at least 1, found 0"));
        }
        if !(self.share > 0.0 && self.share <= 0.5) {
            let found = format!("must be above 0 and at most 0.5, found {}", self.share);
            return Err(ConfigError::new("share", found));
        }
        Ok(())
    }
}

/// A member of the population.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PbtMember {
    /// What it will be trained with next; after the last slice, what it was trained with.
    pub reward: Reward,
    /// Its policies, and the rewards that trained them.
    pub lineage: Lineage,
}

/// The search.
#[derive(Clone, Debug)]
pub struct Pbt {
    vocabulary: Vocabulary,
    config: PbtConfig,
    seed: u64,
    members: Vec<PbtMember>,
}

impl Pbt {
    /// A population of rewards from the prior that has trained nothing yet. The configuration must have been checked.
    pub fn new(vocabulary: Vocabulary, config: PbtConfig, seed: u64) -> Self {
        let member = |m: usize| {
            let reward = Reward::random(&vocabulary, &mut Dice::new(seed, m as u64, PBT));
            PbtMember { reward, lineage: Lineage::default() }
        };
        let members = (0..config.members).map(member).collect();
        Self { vocabulary, config, seed, members }
    }

    /// The population.
    pub fn members(&self) -> &[PbtMember] {
        &self.members
    }

    /// The line of policies of the highest value after the last slice; of equals the first.
    pub fn best(&self) -> &Lineage {
        let rank = |line: &Lineage| line.links.last().map(|link| (link.step, link.value));
        self.members.iter().map(|member| &member.lineage).fold(
            &self.members[0].lineage,
            |best, line| if rank(line) > rank(best) { line } else { best },
        )
    }

    /// Replaces the worst by copies of the best with other rewards; how many that were. `order` has the members with a value, best first.
    fn replace(&mut self, order: &[usize], step: Generation, values: &[f32]) -> usize {
        let count = self.members.len();
        let share = ((count as f64 * self.config.share) as usize).max(1);
        let failed = (0..count).filter(|member| !order.contains(member));
        let worst: Vec<usize> = failed.chain(order.iter().rev().copied()).take(share).collect();
        let best = &order[..share.min(order.len())];
        let before = self.members.clone();
        let mut replaced = 0;
        for member in worst {
            let ticket = u64::from(step + 1) << 32 | member as u64;
            let mut dice = Dice::new(self.seed, ticket, PBT);
            let donor = best[dice.below(best.len())];
            if values[member] >= values[donor] {
                continue;
            }
            let reward = before[donor].reward.mutated(&self.vocabulary, &mut dice);
            let lineage = before[donor].lineage.clone();
            self.members[member] = PbtMember { reward, lineage };
            replaced += 1;
        }
        replaced
    }
}

impl Strategy for Pbt {
    type Population = Explicit<Heir>;
    type State = Vec<PbtMember>;

    fn ask(&mut self, generation: Generation) -> Result<Self::Population, StrategyError> {
        let heir =
            |member: &PbtMember| Heir::new(member.reward.clone(), member.lineage.policies.clone());
        let members = if generation < self.config.steps {
            self.members.iter().map(heir).collect()
        } else {
            Vec::new()
        };
        Ok(Explicit { generation, members })
    }

    fn tell(
        &mut self,
        population: Self::Population,
        fitness: &Fitness,
        _backend: &Backend,
    ) -> Result<Metrics, StrategyError> {
        let (step, values) = (population.generation, &fitness.values);
        let (expected, found) = (self.members.len(), values.len());
        if expected != found || population.members.len() != found {
            return Err(StrategyError::FitnessLength { expected, found });
        }
        let order = ranking("pbt", &population, values)?;
        for &m in &order {
            let policies = population.members[m].trained().unwrap_or_default();
            let PbtMember { reward, lineage } = &mut self.members[m];
            lineage.extend(step, reward.clone(), values[m], policies);
        }
        let goes_on = step + 1 < self.config.steps;
        let replaced = if goes_on { self.replace(&order, step, values) } else { 0 };
        let mut metrics = Metrics::default();
        metrics.push("value_mean", fitness.stats().mean);
        metrics.push("value_best", f64::from(values[order[0]]));
        metrics.push("replaced", replaced as f64);
        Ok(metrics)
    }

    fn state(&self) -> Result<Self::State, StrategyError> {
        Ok(self.members.clone())
    }

    fn restore(&mut self, state: Self::State) -> Result<(), StrategyError> {
        let (expected, found) = (self.members.len(), state.len());
        if expected != found {
            return Err(StrategyError::StateMismatch { what: "members", expected, found });
        }
        self.members = state;
        Ok(())
    }

    fn digest(&self) -> Option<Digest> {
        self.best().digest()
    }

    fn headline(&self) -> Option<Headline> {
        self.best().headline(self.config.steps, &self.vocabulary)
    }
}
