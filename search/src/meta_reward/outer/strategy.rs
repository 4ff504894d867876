//! The strategy that all methods share.

use std::collections::BTreeSet;

use hatchery_engine::{Explicit, Fitness, Generation, Headline, Metrics, Strategy, StrategyError};
use hatchery_kernels::Backend;
use serde::{Deserialize, Serialize};

use super::archive::{Archive, Record};
use super::proposer::Proposer;
use super::race::Entrant;
use super::screen::ValueModel;
use crate::meta_reward::expression::{Invariance, Reward, Vocabulary};

/// Groups without a single valid reward that a step puts up with.
const GROUPS_MAX: usize = 32;

/// A search for rewards by any [`Proposer`].
#[derive(Debug)]
pub struct Outer<P> {
    proposer: P,
    vocabulary: Vocabulary,
    /// Rewards of an outer step.
    group: usize,
    /// Rewards in all.
    budget: usize,
    proposed: usize,
    archive: Archive,
}

/// What a resumed search needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OuterState<S> {
    proposer: S,
    proposed: usize,
    archive: Archive,
}

impl<P: Proposer> Outer<P> {
    /// A search of `budget` rewards, `group` in each outer step.
    ///
    /// # Panics
    /// If the group is empty.
    pub fn new(proposer: P, vocabulary: Vocabulary, group: usize, budget: usize) -> Self {
        assert!(group > 0, "an outer step tries at least one reward");
        Self { proposer, vocabulary, group, budget, proposed: 0, archive: Archive::default() }
    }

    /// All that was tried.
    pub fn archive(&self) -> &Archive {
        &self.archive
    }

    /// Who meets in the race: what all that was learnt speaks for, and by turns the best of the archive by their own values and by a model of
    /// all values, which luck moves less.
    pub fn finalists(&self, count: usize) -> Vec<Entrant> {
        let hash = |reward: &Reward| reward.canonical_hash(&self.vocabulary, Invariance::Affine);
        let mut seen = BTreeSet::new();
        let model = ValueModel::fit(&self.archive, &self.vocabulary);
        let (own, likely) = (self.archive.best(count), self.likely(model.as_ref(), count));
        let turn = |at: usize| own.get(at).into_iter().chain(likely.get(at));
        let turns = (0..own.len()).flat_map(turn).map(|record| record.reward.clone());
        let consensus = self.proposer.consensus();
        let rewards = consensus.into_iter().chain(turns).filter(|r| seen.insert(hash(r)));
        let entrant = |reward| {
            let belief = model.as_ref().map(|model: &ValueModel| model.belief(&reward));
            Entrant { reward, belief }
        };
        rewards.take(count).map(entrant).collect()
    }

    /// The rewards of which a model of all values expects most, best first; none where there is no model.
    fn likely(&self, model: Option<&ValueModel>, count: usize) -> Vec<&Record> {
        let Some(model) = model else { return Vec::new() };
        let records = self.archive.records();
        let mut records: Vec<(f64, &Record)> =
            records.map(|record| (model.predict(&record.reward).0, record)).collect();
        records.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        records.into_iter().take(count).map(|(_, record)| record).collect()
    }

    /// The method.
    pub fn proposer(&self) -> &P {
        &self.proposer
    }
}

/// The rewards of one outer step, at least one and at most `count`.
///
/// # Errors
/// Those of the proposer, or if it proposes nothing again and again.
pub(super) fn group_of<P: Proposer>(
    proposer: &mut P,
    step: Generation,
    count: usize,
) -> Result<Vec<Reward>, StrategyError> {
    for _ in 0..GROUPS_MAX {
        let rewards = proposer.propose(step, count)?;
        if !rewards.is_empty() {
            return Ok(rewards);
        }
    }
    let reason = format!("none of {GROUPS_MAX} groups of {count} had a reward that is valid");
    Err(StrategyError::Proposer { name: proposer.name(), reason })
}

impl<P: Proposer> Strategy for Outer<P> {
    type Population = Explicit<Reward>;
    type State = OuterState<P::State>;

    fn ask(&mut self, generation: Generation) -> Result<Self::Population, StrategyError> {
        let count = self.group.min(self.budget - self.proposed);
        if count == 0 {
            return Ok(Explicit { generation, members: Vec::new() });
        }
        let members = group_of(&mut self.proposer, generation, count)?;
        Ok(Explicit { generation, members })
    }

    fn tell(
        &mut self,
        population: Self::Population,
        fitness: &Fitness,
        _backend: &Backend,
    ) -> Result<Metrics, StrategyError> {
        let Explicit { generation: step, members: rewards } = population;
        let values = &fitness.values;
        let mut metrics = Metrics::default();
        let sum: f64 = values.iter().filter(|v| !v.is_nan()).map(|&v| f64::from(v)).sum();
        metrics.push("value_mean", sum / values.len().max(1) as f64);
        for (reward, &value) in rewards.iter().zip(values) {
            self.archive.add(reward, value, &self.vocabulary);
        }
        self.proposer.learn(step, &rewards, values, &mut metrics)?;
        self.proposed += rewards.len();
        metrics.push("rewards", self.archive.len() as f64);
        metrics.push("best_mean", self.archive.best(1).first().map_or(0.0, |best| best.mean()));
        Ok(metrics)
    }

    fn state(&self) -> Result<Self::State, StrategyError> {
        let (proposer, archive) = (self.proposer.state(), self.archive.clone());
        Ok(OuterState { proposer, proposed: self.proposed, archive })
    }

    fn restore(&mut self, state: Self::State) -> Result<(), StrategyError> {
        self.proposer.restore(state.proposer)?;
        self.proposed = state.proposed;
        self.archive = state.archive;
        Ok(())
    }

    fn headline(&self) -> Option<Headline> {
        let best = self.archive.best(1);
        let best = best.first()?;
        let text = format!(
            "{} of {} rewards, best mean {:.3} of {}: {}",
            self.proposed,
            self.budget,
            best.mean(),
            best.values.len(),
            best.reward.text(&self.vocabulary)
        );
        Some(Headline { text, done: Some(self.proposed as f64 / self.budget.max(1) as f64) })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{groups, vocabulary, worth};
    use super::super::{Random, RandomConfig};
    use super::*;

    #[test]
    fn finalists_are_by_turns_the_best_themselves_and_by_a_model() {
        let random = Random::new(vocabulary(), &RandomConfig::default(), 2);
        let mut outer = Outer::new(random, vocabulary(), 8, 64);
        assert!(outer.finalists(6).is_empty(), "nothing was tried");
        groups(&mut outer, 0..8, worth("g1 + 0.5*g2 - g3"));
        let model = ValueModel::fit(&outer.archive, &outer.vocabulary).expect("there are values");
        let finalists = outer.finalists(6);
        for Entrant { reward, belief } in &finalists {
            assert_eq!(*belief, Some(model.belief(reward)));
        }
        let finalists: Vec<Reward> = finalists.into_iter().map(|one| one.reward).collect();
        let best: Vec<&Reward> = outer.archive.best(3).iter().map(|r| &r.reward).collect();
        let likely = outer.likely(Some(&model), 3);
        let likely: Vec<&Reward> = likely.iter().map(|r| &r.reward).collect();
        assert_ne!(best, likely, "values are no linear function, so that the two differ");
        assert!(best.iter().chain(&likely).all(|reward| finalists.contains(reward)));
        let hash = |reward: &Reward| reward.canonical_hash(&vocabulary(), Invariance::Affine);
        let different: BTreeSet<u64> = finalists.iter().map(hash).collect();
        assert_eq!((finalists.len(), different.len()), (6, 6));
        assert_eq!(outer.finalists(1_000).len(), outer.archive.len());
    }
}
