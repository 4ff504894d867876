//! Genetic programming: the best of parents and children stay, and trees exchange subtrees.
//!
//! (μ + λ): each of the λ rewards of an outer step is a crossing of two parents or a mutation of one, parents being winners of
//! tournaments; of parents and children together the best μ are the next parents. The first μ come from the prior.
//!
//! Source: Koza, *Genetic Programming* (1992), for subtree crossover; Beyer & Schwefel, *Evolution strategies* (2002), for (μ + λ).
//! Departures: who is proposed again, in whatever form, is not a second member but a second value of the first, and the mean
//! counts, because else a parent that was lucky once would stay for good; of equal members the younger stay, so that a population in
//! which nothing has succeeded yet still moves.

use hatchery_engine::{Metrics, StrategyError};
use hatchery_kernels::Dice;
use serde::{Deserialize, Serialize};

use super::archive::Record;
use super::medoid::medoid;
use super::proposer::Proposer;
use crate::ConfigError;
use crate::meta_reward::expression::{Invariance, Reward, Vocabulary};

/// Purpose of its dice.
const GP: u32 = 0x4750_4d4c;

/// Settings of genetic programming.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GpConfig {
    /// Members μ that live from one step to the next. λ is the group of an outer step.
    pub parents: usize,
    /// Members that a parent must win against.
    pub tournament: usize,
    /// Share of children that have two parents; the others are mutations.
    pub crossover: f64,
}

impl Default for GpConfig {
    fn default() -> Self {
        Self { parents: 16, tournament: 3, crossover: 0.7 }
    }
}

impl GpConfig {
    /// Whether the settings make sense.
    ///
    /// # Errors
    /// For the first key that does not.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.parents < 2 {
            let found = format!("must be at least 2, found {}", self.parents);
            return Err(ConfigError::new("parents", found));
        }
        if !(1..=self.parents).contains(&self.tournament) {
            let found = format!("must be from 1 to the parents, found {}", self.tournament);
            return Err(ConfigError::new("tournament", found));
        }
        if !(0.0..=1.0).contains(&self.crossover) {
            let found = format!("must be from 0 to 1, found {}", self.crossover);
            return Err(ConfigError::new("crossover", found));
        }
        Ok(())
    }
}

/// Genetic programming.
#[derive(Clone, Debug)]
pub struct Gp {
    vocabulary: Vocabulary,
    config: GpConfig,
    seed: u64,
    /// The parents, best first.
    living: Vec<Record>,
}

impl Gp {
    /// A search without members. The configuration must have been checked.
    pub fn new(vocabulary: Vocabulary, config: GpConfig, seed: u64) -> Self {
        Self { vocabulary, config, seed, living: Vec::new() }
    }

    /// The winner of a tournament; of equals the one that was drawn first.
    fn parent(&self, dice: &mut Dice) -> &Reward {
        let mut best = &self.living[dice.below(self.living.len())];
        for _ in 1..self.config.tournament {
            let other = &self.living[dice.below(self.living.len())];
            if other.mean() > best.mean() {
                best = other;
            }
        }
        &best.reward
    }

    fn hash(&self, reward: &Reward) -> u64 {
        reward.canonical_hash(&self.vocabulary, Invariance::Affine)
    }
}

impl Proposer for Gp {
    type State = Vec<Record>;

    fn name(&self) -> &'static str {
        "gp"
    }

    fn propose(&mut self, step: u32, count: usize) -> Result<Vec<Reward>, StrategyError> {
        let birth = |member: usize| {
            let mut dice = Dice::new(self.seed, u64::from(step) << 32 | member as u64, GP);
            if self.living.is_empty() || self.living.len() + member < self.config.parents {
                return Reward::random(&self.vocabulary, &mut dice);
            }
            let parent = self.parent(&mut dice);
            if dice.chance(self.config.crossover) {
                parent.crossed(self.parent(&mut dice), &self.vocabulary, &mut dice)
            } else {
                parent.mutated(&self.vocabulary, &mut dice)
            }
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
        let living = std::mem::take(&mut self.living).into_iter();
        let mut known: Vec<(u64, Record)> =
            living.map(|record| (self.hash(&record.reward), record)).collect();
        let mut children: Vec<(u64, Record)> = Vec::new();
        for (reward, &value) in rewards.iter().zip(values) {
            let (hash, value) = (self.hash(reward), if value.is_nan() { 0.0 } else { value });
            let mut all = children.iter_mut().chain(&mut known);
            match all.find(|(other, _)| *other == hash) {
                Some((_, record)) => record.values.push(value),
                None => {
                    children.push((hash, Record { reward: reward.clone(), values: vec![value] }));
                }
            }
        }
        // Children come first and the sort is stable: of equals the younger stay.
        self.living = children.into_iter().chain(known).map(|(_, record)| record).collect();
        self.living.sort_by(|a, b| b.mean().total_cmp(&a.mean()));
        self.living.truncate(self.config.parents);
        let sum: f64 = self.living.iter().map(Record::mean).sum();
        metrics.push("living_mean", sum / self.living.len().max(1) as f64);
        Ok(())
    }

    /// The living member that is closest to all the others in what it tells apart: of members that are all different no form is the most
    /// frequent, and the one of the highest value is the luckiest.
    fn consensus(&self) -> Option<Reward> {
        let living: Vec<&Reward> = self.living.iter().map(|record| &record.reward).collect();
        medoid(&living, &self.vocabulary).cloned()
    }

    fn state(&self) -> Self::State {
        self.living.clone()
    }

    fn restore(&mut self, state: Self::State) -> Result<(), StrategyError> {
        if state.len() > self.config.parents {
            let (found, expected) = (state.len(), self.config.parents);
            return Err(StrategyError::StateMismatch { what: "members", expected, found });
        }
        self.living = state;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Outer;
    use super::super::testing::{groups, mean, parse, resumes_to_the_bit, vocabulary, worth};
    use super::*;

    fn gp(seed: u64) -> Gp {
        Gp::new(vocabulary(), GpConfig::default(), seed)
    }

    #[test]
    fn it_gets_better_than_its_first_group() {
        for seed in 0..6 {
            let mut outer = Outer::new(gp(seed), vocabulary(), 8, 240);
            let values = groups(&mut outer, 0..30, worth("g1*g2 + 0.5*g3 - g4"));
            let (first, last) = (mean(&values[..2].concat()), mean(&values[26..].concat()));
            assert!(last > first + 0.2, "seed {seed}: {first} to {last}");
            let consensus = outer.proposer().consensus().expect("it has members");
            let agreed = worth("g1*g2 + 0.5*g3 - g4")(&consensus);
            assert!(agreed > last.max(0.85), "seed {seed}: {agreed}");
        }
    }

    #[test]
    fn a_resumed_search_goes_on_to_the_bit() {
        resumes_to_the_bit(|| gp(4));
        let too_many = vec![Record { reward: Reward::outcome(), values: vec![0.5] }; 17];
        assert!(gp(4).restore(too_many).is_err());
    }

    #[test]
    fn a_reward_in_another_form_is_a_second_value_and_the_best_stay() {
        let config = GpConfig { parents: 2, tournament: 1, ..GpConfig::default() };
        let mut gp = Gp::new(vocabulary(), config, 0);
        let mut learn = |texts: &[&str], values: &[f32]| {
            let rewards: Vec<Reward> = texts.iter().map(|text| parse(text)).collect();
            gp.learn(0, &rewards, values, &mut Metrics::default()).expect("learns");
            let living = gp.state().into_iter();
            living.map(|r| (r.reward.text(&vocabulary()), r.values)).collect::<Vec<_>>()
        };
        learn(&["g1", "g1 + g2", "g3"], &[0.5, 0.9, f32::NAN]);
        let living = learn(&["2*g2 + 2*g1 + 1", "g4"], &[0.3, 0.5]);
        assert_eq!(living, [("g1 + g2".into(), vec![0.9, 0.3]), ("g4".into(), vec![0.5])]);
    }

    #[test]
    fn a_first_group_may_be_larger_than_the_population() {
        assert_eq!(gp(1).propose(0, 40).expect("proposes").len(), 40);
    }

    #[test]
    fn settings_that_make_no_sense_are_refused_one_by_one() {
        let good = GpConfig::default;
        let bad = [
            (GpConfig { parents: 1, ..good() }, "parents: must be at least 2, found 1"),
            (GpConfig { tournament: 0, ..good() }, "tournament: must be from 1"),
            (GpConfig { tournament: 17, ..good() }, "tournament: must be from 1"),
            (GpConfig { crossover: 1.5, ..good() }, "crossover: must be from 0 to 1, found 1.5"),
            (GpConfig { crossover: f64::NAN, ..good() }, "crossover"),
        ];
        for (config, expected) in bad {
            let error = config.check().expect_err("is refused").to_string();
            assert!(error.starts_with(expected), "{error}");
        }
        assert_eq!(good().check(), Ok(()));
        assert!(serde_json::from_str::<GpConfig>(r#"{"parent": 3}"#).is_err());
    }
}
