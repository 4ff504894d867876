//! Heirs are scored by what their policies reach after one more slice of training.

use std::ops::Range;
use std::time::Instant;

use hatchery_engine::world::{self, Split, Trace, World};
use hatchery_engine::{Digest, Explicit, Task, TaskError};
use hatchery_kernels::Backend;
use rayon::prelude::*;

use super::Heir;
use super::lineage::digest;
use crate::meta_reward::expression::Evaluator;
use crate::meta_reward::inner::{Trained, Trainer};
use crate::meta_reward::outer::journal::Done;
use crate::meta_reward::outer::{InnerRuns, Seeds};

/// The task of a search with inherited weights: fitness is mean validation success of the policies of an [`Heir`] after a slice, and
/// the trained weights are handed back with it.
///
/// Seeds are those of [`InnerRuns`]: all members of an outer step share theirs, and steps share none.
#[derive(Debug)]
pub struct InheritedRuns<W> {
    /// How a slice is trained: `config.updates` and `config.steps_max` are those of one slice, `seeds` the policies of each member. Each
    /// slice is a line of the journal, if there is one; nothing is taken from it, since it has no weights. The flag that stops further
    /// trainings is not asked: a step is whole, or was not made.
    pub runs: InnerRuns<W>,
    /// Slices of a whole training. What a reward sees as the share of the training that is over runs through all of them.
    pub steps: u32,
}

impl<W: World> InheritedRuns<W> {
    /// Updates of a whole search with so many members.
    pub fn updates(&self, members: usize) -> u64 {
        let slices = members as u64 * u64::from(self.runs.seeds) * u64::from(self.steps);
        slices * u64::from(self.runs.config.updates)
    }

    /// Success of policies on some splits, (splits, policies × seeds): policies in their order, each with all seeds.
    ///
    /// # Panics
    /// If a policy has not as many weights as those of this task.
    pub fn score(&self, policies: &[Vec<f32>], splits: &[Split], seeds: &[u64]) -> Vec<Vec<f64>> {
        let trainer = Trainer::new(&self.runs.world, &self.runs.config);
        let pairs: Vec<(&Vec<f32>, u64)> =
            policies.iter().flat_map(|theta| seeds.iter().map(move |s| (theta, *s))).collect();
        let score = |&split: &Split| {
            let of = |&(theta, seed): &(&Vec<f32>, u64)| trainer.evaluate(theta, split, seed);
            pairs.par_iter().map(|pair| of(pair).success).collect()
        };
        splits.iter().map(score).collect()
    }

    /// The weights of an heir's policies after a slice, and their mean validation success.
    fn slice(
        &self,
        heir: &Heir,
        step: u32,
        member: u32,
    ) -> Result<(Vec<Vec<f32>>, f64), TaskError> {
        let seeds = self.runs.seeds;
        if !heir.start.is_empty() {
            let trainer = Trainer::new(&self.runs.world, &self.runs.config);
            let expected = (seeds as usize, trainer.policy().weights());
            let wrong = heir.start.iter().find(|theta| theta.len() != expected.1);
            let found = (heir.start.len(), wrong.map_or(expected.1, Vec::len));
            if found != expected {
                return Err(TaskError::msg(format!(
                    "expected {} policies of {} weights to inherit, found {} of {}",
                    expected.0, expected.1, found.0, found.1
                )));
            }
        }
        let train = |number| self.train(heir, step, member, number);
        // In the order of their numbers, whichever thread came first.
        let each: Vec<(Vec<f32>, f64)> = (0..seeds).into_par_iter().map(train).collect();
        let sum: f64 = each.iter().map(|(_, success)| success).sum();
        Ok((each.into_iter().map(|(theta, _)| theta).collect(), sum / f64::from(seeds)))
    }

    /// One policy of an heir after a slice, and its validation success.
    fn train(&self, heir: &Heir, step: u32, member: u32, number: u32) -> (Vec<f32>, f64) {
        let began = Instant::now();
        let InnerRuns { world, config, seed, division, journal, .. } = &self.runs;
        let evaluator = Evaluator::new(&heir.reward, *division);
        let steps = self.steps as f32;
        let mut worth = |primitives: &[f32], trace: Trace<'_>, progress: f32| {
            let progress = ((step as f32 + progress) / steps).min(1.0);
            evaluator.of_episode(primitives, trace, progress).unwrap_or(0.0)
        };
        let seeds = Seeds::Search(step);
        let seed = seeds.seed(*seed, number);
        let mut trainer = Trainer::new(world, config);
        let from = heir.start.get(number as usize).map(Vec::as_slice);
        let Trained { theta, steps, capped, .. } = trainer.train(&mut worth, seed, from);
        let success = trainer.evaluate(&theta, Split::Validation, seed).success;
        if let Some(journal) = journal {
            let (seconds, success) = (began.elapsed().as_secs_f64(), vec![success]);
            let done = Done { seeds, member, number, seed, success, steps, seconds, capped };
            journal.add_once(name(heir, member), &heir.reward, done);
        }
        (theta, success)
    }
}

/// What tells the trainings of a step apart that share their seed.
fn name(heir: &Heir, member: u32) -> String {
    let start = digest(&heir.start);
    let text = format!("{:?} {start} {member}", heir.reward.nodes());
    Digest::of_bytes(text.into_bytes().into_iter()).to_string()
}

impl<W: World> Task for InheritedRuns<W> {
    type Population = Explicit<Heir>;

    fn name(&self) -> &str {
        "inherited runs"
    }

    fn evaluate(
        &self,
        population: &Self::Population,
        members: Range<usize>,
        _backend: &Backend,
        fitness: &mut [f32],
    ) -> Result<(), TaskError> {
        world::check(&self.runs.world).map_err(|error| TaskError::msg(error.to_string()))?;
        for (slot, member) in fitness.iter_mut().zip(members) {
            let heir = &population.members[member];
            let (policies, value) = self.slice(heir, population.generation, member as u32)?;
            heir.hand_back(policies);
            *slot = value as f32;
        }
        self.runs.check_journal()
    }

    /// A member is whole trainings.
    fn batch_hint(&self, _: &Self::Population, _: &Backend) -> usize {
        1
    }
}
