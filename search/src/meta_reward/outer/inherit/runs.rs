//! Heirs are scored by what their policies reach after one more slice of training.

use std::ops::Range;

use hatchery_engine::world::{self, Split, Trace, World};
use hatchery_engine::{Explicit, Task, TaskError};
use hatchery_kernels::Backend;

use super::Heir;
use crate::meta_reward::expression::Evaluator;
use crate::meta_reward::inner::Trainer;
use crate::meta_reward::outer::{InnerRuns, Seeds};

/// The task of a search with inherited weights: fitness is mean validation success of the policies of an [`Heir`] after a slice, and
/// the trained weights are handed back with it.
///
/// Seeds are those of [`InnerRuns`]: all members of an outer step share theirs, and steps share none.
#[derive(Debug)]
pub struct InheritedRuns<W> {
    /// How a slice is trained: `config.updates` are those of one slice, `seeds` the policies of each member.
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
        let score = |&split: &Split| {
            let each = policies.iter().flat_map(|theta| seeds.iter().map(move |s| (theta, *s)));
            each.map(|(theta, seed)| trainer.evaluate(theta, split, seed).success).collect()
        };
        splits.iter().map(score).collect()
    }

    /// The weights of an heir's policies after a slice, and their mean validation success.
    fn slice(&self, heir: &Heir, step: u32) -> Result<(Vec<Vec<f32>>, f64), TaskError> {
        let InnerRuns { world, config, seed, seeds, division, .. } = &self.runs;
        let evaluator = Evaluator::new(&heir.reward, *division);
        let steps = self.steps as f32;
        let mut worth = |primitives: &[f32], trace: Trace<'_>, progress: f32| {
            let progress = ((step as f32 + progress) / steps).min(1.0);
            evaluator.of_episode(primitives, trace, progress).unwrap_or(0.0)
        };
        let mut trainer = Trainer::new(world, config);
        let expected = (*seeds as usize, trainer.policy().weights());
        if !heir.start.is_empty() {
            let wrong = heir.start.iter().find(|theta| theta.len() != expected.1);
            let found = (heir.start.len(), wrong.map_or(expected.1, Vec::len));
            if found != expected {
                return Err(TaskError::msg(format!(
                    "expected {} policies of {} weights to inherit, found {} of {}",
                    expected.0, expected.1, found.0, found.1
                )));
            }
        }
        let (mut policies, mut sum) = (Vec::new(), 0.0);
        for number in 0..*seeds {
            let seed = Seeds::Search(step).seed(*seed, number);
            let from = heir.start.get(number as usize).map(Vec::as_slice);
            let theta = trainer.train(&mut worth, seed, from).theta;
            sum += trainer.evaluate(&theta, Split::Validation, seed).success;
            policies.push(theta);
        }
        Ok((policies, sum / f64::from(*seeds)))
    }
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
        for (slot, heir) in fitness.iter_mut().zip(&population.members[members]) {
            let (policies, value) = self.slice(heir, population.generation)?;
            heir.hand_back(policies);
            *slot = value as f32;
        }
        Ok(())
    }

    /// A member is whole trainings.
    fn batch_hint(&self, _: &Self::Population, _: &Backend) -> usize {
        1
    }
}
