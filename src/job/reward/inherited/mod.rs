//! A search in which policies are inherited: its result is a policy, and the sequence of rewards that trained it.

mod conclude;

use anyhow::{Context, Result};
use hatchery_engine::checkpoint::CheckpointStore;
use hatchery_engine::observe::Observer;
use hatchery_engine::world::World;
use hatchery_engine::{Evaluator, RunError, RunPlan, RunReport, run};
use hatchery_search::meta_reward::expression::Vocabulary;
use hatchery_search::meta_reward::outer::{Config, InheritedRuns, Inheriting, InnerRuns};

use super::{FOUND, RewardPolicy};
use crate::job::{Conclude, Conclusion, Job, RestoreError, Restored, restore};
use crate::run_dir::RunDir;

/// A search for a policy in one world.
pub(super) struct InheritedJob<W> {
    task: InheritedRuns<W>,
    strategy: Inheriting,
    config: Config,
    /// Updates of all slices together.
    updates: u32,
    /// What searched rewards are made of.
    vocabulary: Vocabulary,
    /// All that a person may write.
    all: Vocabulary,
}

impl<W: World> InheritedJob<W> {
    /// The job of a checked configuration; `runs` has the updates of a whole training.
    ///
    /// # Errors
    /// If the method inherits no policies.
    pub(super) fn try_new(
        mut runs: InnerRuns<W>,
        search: &Config,
        [vocabulary, all]: [Vocabulary; 2],
    ) -> Result<Self> {
        let strategy = Inheriting::of(search, &vocabulary, runs.seed);
        let strategy = strategy.context("the method inherits no policies")?;
        let steps = search.inherit.slices;
        runs.config.updates /= steps;
        let updates = runs.config.updates * steps;
        let task = InheritedRuns { runs, steps };
        Ok(Self { task, strategy, config: search.clone(), updates, vocabulary, all })
    }
}

impl<W: World> Job for InheritedJob<W> {
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
        dir.write_json(FOUND, &self.found())
    }

    fn reward_policy(&self) -> Option<&dyn RewardPolicy> {
        Some(&self.task.runs)
    }

    fn conclude(&mut self, _: &RunReport, with: &Conclude<'_>) -> Result<Conclusion> {
        self.task.runs.stop = with.stop.clone();
        let conclusion = self.conclude_or_stop(with)?;
        Ok(conclusion.unwrap_or_else(|| Conclusion { interrupted: true, ..Conclusion::default() }))
    }
}
