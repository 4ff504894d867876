//! Whatever can be scored.

use std::ops::Range;

use hatchery_kernels::Backend;

use crate::{Population, TaskError};

/// Something that can score the members of a population.
///
/// The [`Evaluator`](crate::Evaluator) calls [`evaluate`](Task::evaluate) once per batch, from several threads at once.
/// The result for a member must not depend on which other members are in the batch: then a run gives the same bits
/// for any batch size and any number of threads.
///
/// Larger is better, always. A task that minimises negates its loss here and nowhere else.
pub trait Task: Sync {
    /// The populations it can score.
    type Population: Population;

    /// Short name for reports.
    fn name(&self) -> &str;

    /// Scores `members` of the population: slot `k` of `fitness` is for member `members.start + k`.
    ///
    /// A slot left at or set to NaN, or to an infinity, counts as a failed evaluation and ranks below every number.
    ///
    /// # Errors
    /// An error fails the whole batch; the evaluator then tries its members one by one, so that only the guilty
    /// ones are lost. A panic is treated the same way.
    fn evaluate(
        &self,
        population: &Self::Population,
        members: Range<usize>,
        backend: &Backend,
        fitness: &mut [f32],
    ) -> Result<(), TaskError>;

    /// Members per batch that suit this task's caches, or the memory of the devices. Asked once per generation; never changes
    /// a result.
    fn batch_hint(&self, population: &Self::Population, backend: &Backend) -> usize {
        let _ = (population, backend);
        64
    }

    /// Whether a generation in which every evaluation fails is nothing unusual. It ends a run otherwise. Asked when that happens.
    fn may_all_fail(&self) -> bool {
        false
    }
}
