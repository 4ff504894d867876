//! CMA-ES over the weights of a reward whose form is given.
//!
//! The members of a generation of [`CmaEs`] are the rewards of an outer step, and their values its fitness. Source: Faust, Francis &
//! Mehta, *Evolving Rewards to Automate Reinforcement Learning* (2019), arXiv:1905.07628, for a search of reward weights around the
//! training; with the search of [`cma`](crate::es::cma) in the place of theirs. Details:
//!
//! 1. A policy does not see the scale of a reward, so that all weights on a ray are worth the same. The box keeps them from growing
//!    for ever.
//! 2. A group that is smaller than the population, as the last of a budget may be, is evaluated and not learnt from: ranks of a part
//!    would be wrong ranks. So is a group whose values hardly differ, whose ranks would be the order of the members.

use hatchery_engine::{Explicit, Fitness, Metrics, Strategy, StrategyError};
use hatchery_kernels::{Backend, Cpu};
use serde::{Deserialize, Serialize};

use super::genotype::Genotype;
use super::proposer::Proposer;
use crate::ConfigError;
use crate::es::CmaEs;
use crate::es::cma;
use crate::meta_reward::expression::{ParseError, Reward, Vocabulary};
use crate::meta_reward::inner::group_advantages;

/// Settings of the search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CmaConfig {
    /// What the weights mean.
    pub genotype: Genotype,
    /// Deviation of the first weights.
    pub sigma: f64,
    /// Weights are between this and its negative.
    pub bound: f32,
    /// Whether bad members shape the covariance too.
    pub active: bool,
    /// Groups whose values deviate less teach nothing.
    pub deviation_min: f64,
}

impl Default for CmaConfig {
    fn default() -> Self {
        let genotype = Genotype::default();
        Self { genotype, sigma: 1.0, bound: 3.0, active: true, deviation_min: 0.01 }
    }
}

impl CmaConfig {
    /// Whether the settings make sense.
    ///
    /// # Errors
    /// For the first key that does not.
    pub fn check(&self) -> Result<(), ConfigError> {
        if !(self.bound.is_finite() && self.bound >= 1.0) {
            let found = format!("must be at least 1, found {}", self.bound);
            return Err(ConfigError::new("bound", found));
        }
        if !(self.sigma > 0.0 && self.sigma <= f64::from(self.bound)) {
            let found = format!("must be above 0 and at most the bound, found {}", self.sigma);
            return Err(ConfigError::new("sigma", found));
        }
        if !(0.0..=1.0).contains(&self.deviation_min) {
            let found = format!("must be from 0 to 1, found {}", self.deviation_min);
            return Err(ConfigError::new("deviation_min", found));
        }
        Ok(())
    }
}

/// CMA-ES over weights.
#[derive(Clone, Debug)]
pub struct Cma {
    vocabulary: Vocabulary,
    genotype: Genotype,
    deviation_min: f64,
    /// Rewards of a full outer step.
    group: usize,
    search: CmaEs,
}

impl Cma {
    /// A search with a population of `group` rewards.
    ///
    /// # Errors
    /// [`ConfigError`] for a value that makes no sense, a group of less than 4, or a form that the vocabulary cannot write.
    pub fn try_new(
        vocabulary: Vocabulary,
        config: CmaConfig,
        group: usize,
        seed: u64,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        let CmaConfig { genotype, sigma, bound, active, deviation_min } = config;
        genotype.check(&vocabulary)?;
        let population = u32::try_from(group).ok().filter(|group| *group >= 4);
        let Some(population) = population else {
            let reason = format!("must be at least 4 for CMA-ES, found {group}");
            return Err(ConfigError::new("group", reason));
        };
        let (lower, upper) = (vec![-bound], vec![bound]);
        let config = cma::Config { population, sigma, lower, upper, active };
        let search = CmaEs::from_vector(config, &genotype.start(&vocabulary), seed)?;
        Ok(Self { vocabulary, genotype, deviation_min, group, search })
    }

    fn express(&self, weights: &[f32]) -> Result<Reward, ParseError> {
        self.genotype.express(weights, &self.vocabulary)
    }
}

impl Proposer for Cma {
    type State = cma::State;

    fn name(&self) -> &'static str {
        match self.genotype {
            Genotype::Linear => "cma",
            Genotype::Graph12 => "graph12",
        }
    }

    fn propose(&mut self, step: u32, count: usize) -> Result<Vec<Reward>, StrategyError> {
        let points = self.search.ask(step)?.members;
        let failed = |error: ParseError| StrategyError::Proposer {
            name: self.name(),
            reason: error.to_string(),
        };
        points.iter().take(count).map(|point| self.express(point).map_err(failed)).collect()
    }

    fn learn(
        &mut self,
        step: u32,
        _: &[Reward],
        values: &[f32],
        metrics: &mut Metrics,
    ) -> Result<(), StrategyError> {
        if values.len() == self.group && group_advantages(&mut values.to_vec(), self.deviation_min)
        {
            // The search draws its members again from the step's number and needs to know how many there are, not which.
            let members = vec![Vec::new(); self.group];
            let fitness = Fitness::new(values.to_vec(), None);
            let population = Explicit { generation: step, members };
            self.search.tell(population, &fitness, &Backend::Cpu(Cpu))?;
        }
        metrics.push("sigma", self.search.current().sigma);
        metrics.push("condition", self.search.current().condition());
        Ok(())
    }

    /// The reward of the mean.
    fn consensus(&self) -> Option<Reward> {
        self.search.centre().and_then(|centre| self.express(&centre.values).ok())
    }

    fn state(&self) -> Self::State {
        self.search.current().clone()
    }

    fn restore(&mut self, state: Self::State) -> Result<(), StrategyError> {
        self.search.restore(state)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Outer;
    use super::super::testing::{groups, mean, parse, resumes_to_the_bit, vocabulary, worth};
    use super::*;

    fn cma(genotype: Genotype, group: usize, seed: u64) -> Cma {
        let config = CmaConfig { genotype, ..CmaConfig::default() };
        Cma::try_new(vocabulary(), config, group, seed).expect("it makes sense")
    }

    #[test]
    fn it_gets_better_than_its_first_group() {
        let targets = [
            (Genotype::Linear, "0.5*g1 + g2 - g3 - 2*g4", 0.6),
            (Genotype::Graph12, "g1*g2 - g3 - 0.5*g4", 0.4),
        ];
        for (genotype, target, gain) in targets {
            for seed in 0..6 {
                let mut outer = Outer::new(cma(genotype, 8, seed), vocabulary(), 8, 400);
                let values = groups(&mut outer, 0..50, worth(target));
                let (first, last) = (mean(&values[0]), mean(&values[49]));
                assert!(last > first + gain, "{genotype:?} {seed}: {first} to {last}");
                let consensus = outer.proposer().consensus().expect("it has a mean");
                let agreed = worth(target)(&consensus);
                assert!(agreed > last, "{genotype:?} {seed}: {agreed}");
            }
        }
    }

    #[test]
    fn a_resumed_search_goes_on_to_the_bit() {
        resumes_to_the_bit(|| cma(Genotype::Linear, 6, 4));
        resumes_to_the_bit(|| cma(Genotype::Graph12, 6, 4));
        let other = cma(Genotype::Linear, 6, 4).state();
        assert!(cma(Genotype::Graph12, 6, 4).restore(other).is_err());
    }

    #[test]
    fn a_part_of_a_group_and_equal_values_teach_nothing() {
        let mut search = cma(Genotype::Linear, 6, 1);
        let before = search.state();
        let mut learn = |count: usize, values: &[f32]| {
            let rewards = search.propose(0, count).expect("proposes");
            assert_eq!(rewards.len(), count);
            search.learn(0, &rewards, values, &mut Metrics::default()).expect("learns");
            search.state() != before
        };
        assert!(!learn(3, &[0.0, 0.5, 1.0]));
        assert!(!learn(6, &[0.5, 0.5, 0.501, 0.5, f32::NAN, 0.5]));
        assert!(learn(6, &[0.5, 0.1, 0.0, f32::NAN, 0.0, 0.0]));
    }

    #[test]
    fn the_first_mean_looks_at_the_outcome_most() {
        let consensus = |genotype| cma(genotype, 8, 0).consensus();
        let linear = parse("g1 + 0.5*g2 + 0.5*g3 + 0.5*g4");
        assert_eq!(consensus(Genotype::Linear), Some(linear));
        assert_eq!(consensus(Genotype::Graph12), Some(parse("g1 + g2 + g3 + g4")));
    }

    #[test]
    fn settings_that_make_no_sense_are_refused_one_by_one() {
        let good = CmaConfig::default;
        let bad = [
            (CmaConfig { bound: 0.5, ..good() }, 8, "bound: must be at least 1, found 0.5"),
            (CmaConfig { bound: f32::INFINITY, ..good() }, 8, "bound"),
            (CmaConfig { sigma: 0.0, ..good() }, 8, "sigma: must be above 0"),
            (CmaConfig { sigma: 3.5, ..good() }, 8, "sigma: must be above 0 and at most the bound"),
            (CmaConfig { sigma: f64::NAN, ..good() }, 8, "sigma"),
            (CmaConfig { deviation_min: -0.1, ..good() }, 8, "deviation_min: must be from 0"),
            (good(), 3, "group: must be at least 4 for CMA-ES, found 3"),
        ];
        for (config, group, expected) in bad {
            let error = Cma::try_new(vocabulary(), config, group, 0).expect_err("is refused");
            assert!(error.to_string().starts_with(expected), "{error}");
        }
        let read: CmaConfig = serde_json::from_str(r#"{"genotype": "graph12"}"#).expect("reads");
        assert_eq!(read, CmaConfig { genotype: Genotype::Graph12, ..good() });
        assert!(serde_json::from_str::<CmaConfig>(r#"{"width": 3}"#).is_err());
    }
}
