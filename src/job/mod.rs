//! One search that can be run, resumed and judged, whatever its task is.

pub(crate) mod design;
mod es;
mod formulas;
mod language;
mod learner;
mod programs;
pub(crate) mod reward;

use anyhow::Result;
use hatchery_engine::checkpoint::{CheckpointStore, Progress};
use hatchery_engine::observe::Observer;
use hatchery_engine::{
    CheckpointError, Evaluator, Generation, Params, RunError, RunPlan, RunReport, StopFlag,
    Strategy, StrategyError, TaskError,
};
use hatchery_kernels::Backend;
use hatchery_tasks::external::Counters;
use serde_json::Value;

pub(crate) use es::EsJob;
pub(crate) use formulas::{FormulaJob, digest};
pub(crate) use language::LanguageJob;
pub(crate) use learner::{Evaluation, HeldOut, Learner};
pub(crate) use programs::ProgramsJob;

use crate::run_dir::RunDir;

/// A task and a strategy that fit, ready to go.
pub(crate) trait Job {
    /// Goes on until a limit of the plan's budget is met.
    ///
    /// # Errors
    /// Whatever ends the run early.
    fn run(
        &mut self,
        plan: &RunPlan,
        evaluator: &Evaluator,
        observers: &mut [&mut dyn Observer],
    ) -> Result<RunReport, RunError>;

    /// Puts back the newest good checkpoint; returns how far it had come and the faults of newer files.
    ///
    /// # Errors
    /// If no file is good, or its state does not fit.
    fn restore(&mut self, store: &CheckpointStore) -> Result<Restored, RestoreError>;

    /// Writes what was found so far. Called at the end, and when a run stops early.
    ///
    /// # Errors
    /// If the file system refuses.
    fn write_results(&self, dir: &RunDir) -> Result<()>;

    /// What is done with the results of a finished search, and written. Called after [`write_results`](Self::write_results), unless the
    /// run was interrupted.
    ///
    /// # Errors
    /// If the file system refuses, or what was found cannot be worked with.
    fn conclude(&mut self, _: &RunReport, _: &Conclude<'_>) -> Result<Conclusion> {
        Ok(Conclusion::default())
    }

    /// The parameters, for searches that learn some.
    fn learned(&mut self) -> Option<&mut dyn Learned> {
        None
    }

    /// The language model, if it is one.
    fn language(&self) -> Option<&LanguageJob> {
        None
    }

    /// The policy in its world, if it is a search for a reward.
    fn reward_policy(&self) -> Option<&dyn reward::RewardPolicy> {
        None
    }

    /// What happened to programs outside, if the task has any.
    fn external(&self) -> Option<Counters> {
        None
    }
}

/// What [`Job::conclude`] works with.
pub(crate) struct Conclude<'a> {
    /// Where results are written.
    pub(crate) dir: &'a RunDir,
    /// Raised when it shall end.
    pub(crate) stop: &'a StopFlag,
    /// Tells people what it is doing; says nothing in a quiet run.
    pub(crate) say: &'a dyn Fn(&str),
}

/// What came of [`Job::conclude`].
#[derive(Debug, Default)]
pub(crate) struct Conclusion {
    /// Lines for people.
    pub(crate) lines: Vec<String>,
    /// Keys that are added to the summary.
    pub(crate) summary: serde_json::Map<String, Value>,
    /// Whether it was interrupted; what it had so far is written.
    pub(crate) interrupted: bool,
}

/// A search whose result is a vector of parameters.
pub(crate) trait Learned {
    /// The current centre.
    fn centre(&self) -> &Params;

    /// Judges a centre on fresh episodes or the held-out part.
    ///
    /// # Errors
    /// If the parameters do not fit the task.
    fn judge(
        &self,
        centre: &Params,
        episodes: u32,
        backend: &Backend,
    ) -> Result<Evaluation, TaskError>;

    /// Goes through a generation with the fitness that it had; returns what its `members` are evaluated to now.
    ///
    /// # Errors
    /// If the strategy refuses the fitness.
    fn replay(
        &mut self,
        generation: Generation,
        fitness: Vec<f32>,
        members: &[usize],
        backend: &Backend,
    ) -> Result<Vec<f32>, StrategyError>;
}

/// What [`Job::restore`] found.
#[derive(Debug)]
pub(crate) struct Restored {
    /// How far the run had come.
    pub(crate) progress: Progress,
    /// Faults of files that are newer than the one that was used.
    pub(crate) faults: Vec<CheckpointError>,
}

/// Puts the newest good checkpoint back into a strategy.
///
/// # Errors
/// If no file is good, or its state does not fit.
fn restore<S: Strategy>(
    strategy: &mut S,
    store: &CheckpointStore,
) -> Result<Restored, RestoreError> {
    let loaded = store.latest::<S::State>()?;
    strategy.restore(loaded.checkpoint.state)?;
    Ok(Restored { progress: loaded.checkpoint.progress, faults: loaded.faults })
}

/// A run could not be restored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RestoreError {
    /// No good checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The state does not fit the configuration.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
}
