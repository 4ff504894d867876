//! Slices a population into batches, spreads them over threads, counts, applies the NaN rule.

use std::cell::Cell;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use hatchery_kernels::Backend;
use rayon::prelude::*;

use crate::{EvaluationError, Fitness, Population, Task, TaskError};

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Evaluates whole generations on a backend, in the current rayon thread pool.
///
/// The result does not depend on the batch size or on the number of threads, as long as the task keeps its side of
/// the contract ([`Task`]).
#[derive(Debug)]
pub struct Evaluator {
    /// Where the arithmetic happens.
    pub backend: Backend,
    batch: Option<usize>,
}

impl Evaluator {
    /// An evaluator whose batches have the size that the task finds best.
    pub fn new(backend: Backend) -> Self {
        Self { backend, batch: None }
    }

    /// Fixes the members per batch (at least 1).
    #[must_use]
    pub fn with_batch(mut self, members: usize) -> Self {
        self.batch = Some(members.max(1));
        self
    }

    /// Scores every member of the population.
    ///
    /// A batch that errs or panics is evaluated again member by member, so that only those that fail alone are
    /// lost. They become NaN.
    ///
    /// # Errors
    /// [`EvaluationError::AllFailed`] if no member got a finite fitness and the task does not expect that;
    /// [`EvaluationError::Device`] if a device failed.
    pub fn evaluate<T: Task>(
        &self,
        task: &T,
        population: &T::Population,
    ) -> Result<Fitness, EvaluationError> {
        let generation = population.generation();
        let members = population.len();
        if members == 0 {
            return Err(EvaluationError::Empty { generation });
        }
        let batch = self.batch.unwrap_or_else(|| task.batch_hint(population, &self.backend)).max(1);
        let (first_error, of_device) = (FirstError::default(), FirstError::default());
        let mut values = vec![f32::NAN; members];
        values.par_chunks_mut(batch).enumerate().for_each(|(index, slots)| {
            let range = index * batch..index * batch + slots.len();
            let errors = (&first_error, &of_device);
            self.evaluate_batch(task, population, range, slots, errors);
        });
        if let Some(reason) = of_device.into_message() {
            return Err(EvaluationError::Device { generation, reason });
        }
        let fitness = Fitness::new(values, first_error.into_message());
        if fitness.failures == members && !task.may_all_fail() {
            let reason =
                fitness.first_error.unwrap_or_else(|| "every fitness was NaN or infinite".into());
            return Err(EvaluationError::AllFailed { generation, members, reason });
        }
        Ok(fitness)
    }

    fn evaluate_batch<T: Task>(
        &self,
        task: &T,
        population: &T::Population,
        range: Range<usize>,
        slots: &mut [f32],
        (first_error, of_device): (&FirstError, &FirstError),
    ) {
        let Err(error) = self.guarded(task, population, range.clone(), slots) else { return };
        if error.is_of_device() {
            return of_device.note(range.start, error.to_string());
        }
        if range.len() == 1 {
            slots[0] = f32::NAN;
            first_error.note_member(range.start, &error);
            return;
        }
        for (slot, member) in slots.iter_mut().zip(range) {
            let alone = std::slice::from_mut(slot);
            if let Err(error) = self.guarded(task, population, member..member + 1, alone) {
                *slot = f32::NAN;
                first_error.note_member(member, &error);
            }
        }
    }

    fn guarded<T: Task>(
        &self,
        task: &T,
        population: &T::Population,
        range: Range<usize>,
        slots: &mut [f32],
    ) -> Result<(), TaskError> {
        slots.fill(f32::NAN);
        let before = GUARDED.replace(true);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            task.evaluate(population, range, &self.backend, slots)
        }));
        GUARDED.set(before);
        outcome.unwrap_or_else(|payload| Err(TaskError::Panicked(panic_message(payload.as_ref()))))
    }
}

/// Whether this thread is inside an evaluation whose panics are caught and counted. A panic hook may ask, to keep
/// quiet about them.
pub fn panics_are_caught() -> bool {
    GUARDED.get()
}

fn panic_message(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".into())
}

/// The error of the member with the lowest number, whichever thread met it.
#[derive(Default)]
struct FirstError(Mutex<Option<(usize, String)>>);

impl FirstError {
    fn note_member(&self, member: usize, error: &TaskError) {
        self.note(member, format!("member {member}: {error}"));
    }

    fn note(&self, member: usize, text: String) {
        let mut first = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if first.as_ref().is_none_or(|(lowest, _)| member < *lowest) {
            *first = Some((member, text));
        }
    }

    fn into_message(self) -> Option<String> {
        self.0.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).map(|(_, text)| text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Explicit;

    /// Fails in every way there is, by member value.
    struct Evil;

    impl Task for Evil {
        type Population = Explicit<i32>;

        fn name(&self) -> &str {
            "evil"
        }

        fn evaluate(
            &self,
            population: &Self::Population,
            members: Range<usize>,
            _: &Backend,
            fitness: &mut [f32],
        ) -> Result<(), TaskError> {
            for (slot, &value) in fitness.iter_mut().zip(&population.members[members]) {
                *slot = match value {
                    0 => f32::NAN,
                    1 => f32::INFINITY,
                    2 => return Err(TaskError::msg("no mesh")),
                    3 => panic!("boom"),
                    other => other as f32,
                };
            }
            Ok(())
        }
    }

    fn evaluate(members: Vec<i32>, batch: usize) -> Result<Fitness, EvaluationError> {
        let population = Explicit { generation: 0, members };
        Evaluator::new(Backend::cpu()).with_batch(batch).evaluate(&Evil, &population)
    }

    #[test]
    fn erring_and_panicking_members_are_lost_alone() {
        for batch in [1, 2, 3, 16] {
            let fitness = evaluate(vec![10, 2, 11, 3, 12, 0, 1, 13], batch).expect("some are fine");
            let finite: Vec<f32> = fitness.values.iter().copied().filter(|v| !v.is_nan()).collect();
            assert_eq!(finite, [10.0, 11.0, 12.0, 13.0]);
            assert_eq!(fitness.failures, 4);
            assert_eq!(fitness.first_error.as_deref(), Some("member 1: no mesh"));
        }
    }

    #[test]
    fn a_generation_in_which_all_fail_is_an_error() {
        let error = evaluate(vec![3, 2, 0, 1], 2).expect_err("all fail");
        let text = error.to_string();
        assert!(text.contains("all 4 evaluations of generation 0 failed"), "{text}");
        assert!(text.contains("the task panicked: boom"), "{text}");
        assert!(evaluate(vec![], 2).is_err());
    }
}
