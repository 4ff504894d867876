//! Rewards are scored by what policies reach that were trained with them.

use std::ops::Range;

use hatchery_engine::world::{Split, Trace, World};
use hatchery_engine::{Explicit, Task, TaskError};
use hatchery_kernels::Backend;

use crate::meta_reward::expression::{Division, Evaluator, Reward};
use crate::meta_reward::inner::{Config, Trainer};

/// Seeds of inner trainings: no two purposes share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
}

impl<W: World> InnerRuns<W> {
    /// Success on some splits after one training with a reward, and the steps that it took in the world.
    pub fn train(&self, reward: &Reward, seed: u64, splits: &[Split]) -> (Vec<f64>, u64) {
        let evaluator = Evaluator::new(reward, self.division);
        let mut worth = |primitives: &[f32], trace: Trace<'_>, progress: f32| {
            evaluator.of_episode(primitives, trace, progress).unwrap_or(0.0)
        };
        let mut trainer = Trainer::new(&self.world, &self.config);
        let trained = trainer.train(&mut worth, seed, None);
        let success = splits.iter().map(|&split| trainer.evaluate(&trained.theta, split, seed));
        (success.map(|evaluation| evaluation.success).collect(), trained.steps)
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
        let seeds = Seeds::Search(population.generation);
        for (slot, reward) in fitness.iter_mut().zip(&population.members[members]) {
            let each = (0..self.seeds).map(|number| {
                let seed = seeds.seed(self.seed, number);
                self.train(reward, seed, &[Split::Validation]).0[0]
            });
            *slot = (each.sum::<f64>() / f64::from(self.seeds)) as f32;
        }
        Ok(())
    }
}
