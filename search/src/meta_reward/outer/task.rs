//! Rewards are scored by what policies reach that were trained with them.

use std::ops::Range;
use std::time::Instant;

use hatchery_engine::world::{self, Split, Trace, World};
use hatchery_engine::{Explicit, StopFlag, Task, TaskError};
use hatchery_kernels::Backend;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::journal::{Done, Journal};
use crate::meta_reward::expression::{Division, Evaluator, Reward};
use crate::meta_reward::inner::{Config, Trained, Trainer};

/// Seeds of inner trainings: no two purposes share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "purpose", content = "step", rename_all = "lowercase")]
pub enum Seeds {
    /// Of the members of one outer step.
    Search(u32),
    /// Of one round of the race.
    Race(u32),
    /// Of retrainings for a report.
    Report,
}

impl Seeds {
    /// Seed number `number` of a run.
    pub fn seed(self, run: u64, number: u32) -> u64 {
        let (purpose, step) = match self {
            Self::Search(step) => (0, step),
            Self::Race(round) => (1, round),
            Self::Report => (2, 0),
        };
        let words = hatchery_kernels::NoiseStream::new(run).words(hatchery_kernels::NoiseAddress {
            generation: step,
            pair: number,
            layer: purpose,
            block: 0x4445_524c,
        });
        u64::from(words[0]) << 32 | u64::from(words[1])
    }
}

/// The task of an outer search: fitness is mean validation success over some trainings.
#[derive(Debug)]
pub struct InnerRuns<W> {
    /// Where policies are trained.
    pub world: W,
    /// How.
    pub config: Config,
    /// Seed of the outer run.
    pub seed: u64,
    /// Trainings of each reward in an outer step.
    pub seeds: u32,
    /// How rewards divide.
    pub division: Division,
    /// What was trained before, and where it is written.
    pub journal: Option<Journal>,
    /// Raised when no further training shall begin.
    pub stop: StopFlag,
}

impl<W: World> InnerRuns<W> {
    /// The task without a journal.
    pub fn new(world: W, config: Config, seed: u64, seeds: u32, division: Division) -> Self {
        Self { world, config, seed, seeds, division, journal: None, stop: StopFlag::default() }
    }

    /// Success on some splits after training number `number` of a reward, the `member` of its step; from the journal if that has it. Nothing
    /// if it was asked to stop.
    pub fn success(
        &self,
        reward: &Reward,
        seeds: Seeds,
        member: u32,
        number: u32,
        splits: &[Split],
    ) -> Option<Vec<f64>> {
        let seed = seeds.seed(self.seed, number);
        let known = self.journal.as_ref().and_then(|journal| journal.success(reward, seed));
        if known.is_some() || self.stop.is_raised() {
            return known;
        }
        let began = Instant::now();
        let (success, trained) = self.judged(reward, seed, splits);
        if let Some(journal) = &self.journal {
            let (seconds, success) = (began.elapsed().as_secs_f64(), success.clone());
            let Trained { steps, capped, .. } = trained;
            let done = Done { seeds, member, number, seed, success, steps, seconds, capped };
            journal.add(reward, done);
        }
        Some(success)
    }

    /// The weights of the policy that a training ends with.
    pub fn policy(&self, reward: &Reward, seed: u64) -> Vec<f32> {
        self.trained(reward, seed).1.theta
    }

    /// Success on some splits after one training with a reward, and the steps that it took in the world.
    pub fn train(&self, reward: &Reward, seed: u64, splits: &[Split]) -> (Vec<f64>, u64) {
        let (success, trained) = self.judged(reward, seed, splits);
        (success, trained.steps)
    }

    fn judged(&self, reward: &Reward, seed: u64, splits: &[Split]) -> (Vec<f64>, Trained) {
        let (trainer, trained) = self.trained(reward, seed);
        let of = |&split: &Split| trainer.evaluate(&trained.theta, split, seed).success;
        (splits.iter().map(of).collect(), trained)
    }

    /// Whether all trainings so far could be logged.
    pub(super) fn check_journal(&self) -> Result<(), TaskError> {
        let checked = self.journal.as_ref().map_or(Ok(()), Journal::check);
        checked.map_err(|error| TaskError::msg(format!("the log of trainings: {error}")))
    }

    fn trained(&self, reward: &Reward, seed: u64) -> (Trainer<'_, W>, Trained) {
        let evaluator = Evaluator::new(reward, self.division);
        let mut worth = |primitives: &[f32], trace: Trace<'_>, progress: f32| {
            evaluator.of_episode(primitives, trace, progress).unwrap_or(0.0)
        };
        let mut trainer = Trainer::new(&self.world, &self.config);
        let trained = trainer.train(&mut worth, seed, None);
        (trainer, trained)
    }
}

impl<W: World> Task for InnerRuns<W> {
    type Population = Explicit<Reward>;

    fn name(&self) -> &str {
        "inner runs"
    }

    fn evaluate(
        &self,
        population: &Self::Population,
        members: Range<usize>,
        _backend: &Backend,
        fitness: &mut [f32],
    ) -> Result<(), TaskError> {
        world::check(&self.world).map_err(|error| TaskError::msg(error.to_string()))?;
        let seeds = Seeds::Search(population.generation);
        for (slot, member) in fitness.iter_mut().zip(members) {
            let reward = &population.members[member];
            let run =
                |number| self.success(reward, seeds, member as u32, number, &[Split::Validation]);
            let each: Option<Vec<Vec<f64>>> = (0..self.seeds).into_par_iter().map(run).collect();
            let each = each.ok_or_else(|| TaskError::msg("it was asked to stop"))?;
            // In the order of their numbers, whichever thread came first.
            let sum: f64 = each.iter().map(|success| success[0]).sum();
            *slot = (sum / f64::from(self.seeds)) as f32;
        }
        self.check_journal()
    }

    /// A member is whole trainings: each is a batch of its own, so that all threads have some.
    fn batch_hint(&self, _: &Self::Population, _: &Backend) -> usize {
        1
    }
}
