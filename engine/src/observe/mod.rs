//! Who watches a run: progress on a terminal, JSON lines, TensorBoard, a log of all fitness values.

use std::path::PathBuf;

use crate::{Fitness, Generation, GenerationReport, RunReport};

pub mod fitness_log;
mod jsonl;
mod progress;
mod still_there;
mod tensorboard;

pub use fitness_log::{FitnessLog, FitnessLogError, FitnessRecords};
pub use jsonl::JsonLines;
pub use progress::Progress;
pub use tensorboard::TensorBoard;

/// Someone who is told about each generation. A failing observer ends the run.
pub trait Observer {
    /// Called once before the first generation of this process.
    ///
    /// # Errors
    /// Whatever keeps it from observing.
    fn on_start(&mut self, start: &RunStart) -> Result<(), ObserverError> {
        let _ = start;
        Ok(())
    }

    /// Called by [`run`](crate::run()) after each evaluation and before the strategy is told of it. A generation
    /// whose evaluations all failed ends the run and is not shown.
    ///
    /// # Errors
    /// Whatever keeps it from observing.
    fn on_fitness(
        &mut self,
        generation: Generation,
        fitness: &Fitness,
    ) -> Result<(), ObserverError> {
        let _ = (generation, fitness);
        Ok(())
    }

    /// Called after each generation, before its checkpoint.
    ///
    /// # Errors
    /// Whatever keeps it from observing.
    fn on_generation(&mut self, report: &GenerationReport) -> Result<(), ObserverError>;

    /// Called once after the final checkpoint, unless the run failed.
    ///
    /// # Errors
    /// Whatever keeps it from observing.
    fn on_stop(&mut self, report: &RunReport) -> Result<(), ObserverError> {
        let _ = report;
        Ok(())
    }
}

/// A run that begins or goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct RunStart {
    /// The first generation to come.
    pub generation: Generation,
    /// Limit on generations, if there is one.
    pub budget_generations: Option<u32>,
    /// Limit on seconds, if there is one.
    pub budget_seconds: Option<f64>,
    /// Name of the run.
    pub name: String,
}

/// An observer could not do its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ObserverError {
    /// The file system refused.
    #[error("cannot write {}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file was removed or replaced while the run was writing to it.
    #[error("{} was removed while the run was writing to it", path.display())]
    Removed {
        /// Which file.
        path: PathBuf,
    },
    /// The log of fitness values cannot be gone on with.
    #[error(transparent)]
    FitnessLog(#[from] FitnessLogError),
}
