//! An evolution strategy on a learner.

use anyhow::Result;
use hatchery_engine::checkpoint::CheckpointStore;
use hatchery_engine::observe::Observer;
use hatchery_engine::{
    Evaluator, Fitness, Generation, Params, RunError, RunPlan, RunReport, Strategy, StrategyError,
    TaskError, run,
};
use hatchery_kernels::Backend;
use hatchery_tasks::external::Counters;

use super::{Evaluation, Job, Learned, Learner, RestoreError, Restored, restore};
use crate::run_dir::RunDir;

/// An evolution strategy on a learner.
pub(crate) struct EsJob<L, S> {
    /// The task.
    pub(crate) task: L,
    /// The strategy.
    pub(crate) strategy: S,
}

impl<L: Learner, S: Strategy<Population = L::Population>> Job for EsJob<L, S> {
    fn run(
        &mut self,
        plan: &RunPlan,
        evaluator: &Evaluator,
        observers: &mut [&mut dyn Observer],
    ) -> Result<RunReport, RunError> {
        run(&mut self.strategy, &self.task, evaluator, plan, observers)
    }

    fn restore(&mut self, store: &CheckpointStore) -> Result<Restored, RestoreError> {
        restore(&mut self.strategy, store)
    }

    fn write_results(&self, dir: &RunDir) -> Result<()> {
        dir.write_parameters(self.centre())
    }

    fn learned(&mut self) -> Option<&mut dyn Learned> {
        Some(self)
    }

    fn external(&self) -> Option<Counters> {
        self.task.external()
    }
}

impl<L: Learner, S: Strategy<Population = L::Population>> Learned for EsJob<L, S> {
    fn centre(&self) -> &Params {
        self.strategy.centre().expect("strategies over parameters have a centre")
    }

    fn judge(
        &self,
        centre: &Params,
        episodes: u32,
        backend: &Backend,
    ) -> Result<Evaluation, TaskError> {
        self.task.judge(centre, episodes, backend)
    }

    fn replay(
        &mut self,
        generation: Generation,
        fitness: Vec<f32>,
        members: &[usize],
        backend: &Backend,
    ) -> Result<Vec<f32>, StrategyError> {
        let population = self.strategy.ask(generation)?;
        let alone = |&member: &usize| {
            let mut value = [f32::NAN];
            // A member that cannot be evaluated has failed, then as now.
            let range = member..member + 1;
            match self.task.evaluate(&population, range, backend, &mut value) {
                Ok(()) if value[0].is_finite() => value[0],
                _ => f32::NAN,
            }
        };
        let recomputed = members.iter().map(alone).collect();
        self.strategy.tell(population, &Fitness::new(fitness, None), backend)?;
        Ok(recomputed)
    }
}
