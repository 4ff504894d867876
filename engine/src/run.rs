//! The generation loop, written once for every search.

use std::time::Instant;

use crate::checkpoint::{Checkpoint, CheckpointStore, Progress};
use crate::observe::{Observer, RunStart};
use crate::{
    Budget, Digest, Evaluator, Fitness, GenerationReport, Metrics, Population, RunError, RunReport,
    Standing, StopFlag, StopReason, Strategy, TargetStatistic, Task,
};

/// When to write checkpoints, and where.
#[derive(Debug, Clone)]
pub struct CheckpointPlan {
    /// The folder.
    pub store: CheckpointStore,
    /// Write one every so many generations; 0 = not by generations.
    pub every_generations: u32,
    /// Write one every so many seconds.
    pub every_seconds: Option<f64>,
}

/// Everything about a run but its task, its strategy and its observers.
#[derive(Debug, Clone, Default)]
pub struct RunPlan {
    /// Name of the run, for observers.
    pub name: String,
    /// The complete configuration as text; stored in each checkpoint.
    pub config: String,
    /// What ends the run.
    pub budget: Budget,
    /// Raised to end the run after the generation at hand.
    pub stop: StopFlag,
    /// Checkpoints, if any are to be written.
    pub checkpoints: Option<CheckpointPlan>,
    /// Where to go on from; the strategy has been restored by the caller.
    pub from: Progress,
}

/// Runs a strategy on a task until a limit of the budget is met, the stop flag is raised, or the strategy has nothing more to ask.
///
/// The final checkpoint, if checkpoints are wanted, is written whatever ended the run.
///
/// # Errors
/// [`RunError`] if all evaluations of a generation fail, or if the strategy, a checkpoint or an observer fails. A
/// checkpoint of the last good state is written first, where that is possible.
pub fn run<S, T>(
    strategy: &mut S,
    task: &T,
    evaluator: &Evaluator,
    plan: &RunPlan,
    observers: &mut [&mut dyn Observer],
) -> Result<RunReport, RunError>
where
    S: Strategy,
    T: Task<Population = S::Population>,
{
    let mut run = Run::begin(plan);
    let start = RunStart {
        generation: run.progress.generation,
        budget_generations: plan.budget.generations,
        budget_seconds: plan.budget.seconds,
        name: plan.name.clone(),
    };
    observers.iter_mut().try_for_each(|o| o.on_start(&start))?;
    let stopped_by = loop {
        if let Some(reason) = run.stop_reason() {
            break reason;
        }
        let population = strategy.ask(run.progress.generation)?;
        if population.is_empty() {
            break StopReason::Finished;
        }
        let fitness = match evaluator.evaluate(task, &population) {
            Ok(fitness) => fitness,
            Err(error) => {
                drop(population);
                run.checkpoint(strategy)?;
                return Err(error.into());
            }
        };
        let generation = run.progress.generation;
        let shown = observers.iter_mut().try_for_each(|o| o.on_fitness(generation, &fitness));
        if let Err(error) = shown {
            drop(population);
            // As below: the observer's error is the one to tell.
            let _ = run.checkpoint(strategy);
            return Err(error.into());
        }
        let members = population.len();
        let metrics = match strategy.tell(population, &fitness, &evaluator.backend) {
            Ok(metrics) => metrics,
            Err(error) => {
                run.checkpoint(strategy)?;
                return Err(error.into());
            }
        };
        let mut report = run.account(members, &fitness, metrics, strategy.digest());
        report.headline = strategy.headline();
        if let Err(error) = observers.iter_mut().try_for_each(|o| o.on_generation(&report)) {
            // The observer's trouble may well be the disk's: its error is the one to tell.
            let _ = run.checkpoint(strategy);
            return Err(error.into());
        }
        run.checkpoint_if_due(strategy)?;
    };
    run.checkpoint(strategy)?;
    let report = run.report(stopped_by, strategy.digest());
    observers.iter_mut().try_for_each(|o| o.on_stop(&report))?;
    Ok(report)
}

/// The books of a run.
struct Run<'a> {
    plan: &'a RunPlan,
    progress: Progress,
    began: Instant,
    generation_began: Instant,
    last_checkpoint: Instant,
    /// Generation of the newest checkpoint, so that none is written twice.
    saved: Option<u32>,
}

impl<'a> Run<'a> {
    fn begin(plan: &'a RunPlan) -> Self {
        let now = Instant::now();
        Self {
            plan,
            progress: plan.from.clone(),
            began: now,
            generation_began: now,
            last_checkpoint: now,
            saved: None,
        }
    }

    fn elapsed_s(&self) -> f64 {
        self.plan.from.elapsed_s + self.began.elapsed().as_secs_f64()
    }

    fn stop_reason(&self) -> Option<StopReason> {
        let standing = Standing {
            generations: self.progress.generation,
            evaluations: self.progress.evaluations,
            seconds: self.elapsed_s(),
            statistic: self.progress.statistic,
            generations_since_best: self.progress.generations_since_best,
        };
        let spent = self.plan.budget.spent(&standing);
        spent.or_else(|| self.plan.stop.is_raised().then_some(StopReason::Interrupted))
    }

    fn account(
        &mut self,
        members: usize,
        fitness: &Fitness,
        metrics: Metrics,
        digest: Option<Digest>,
    ) -> GenerationReport {
        let stats = fitness.stats();
        let statistic = match self.plan.budget.target_statistic {
            TargetStatistic::Best => stats.best,
            TargetStatistic::Mean => stats.mean,
        };
        let took_s = self.generation_began.elapsed().as_secs_f64();
        self.generation_began = Instant::now();
        let elapsed_s = self.elapsed_s();
        let progress = &mut self.progress;
        let generation = progress.generation;
        progress.generation += 1;
        progress.evaluations += members as u64;
        progress.failures += fitness.failures as u64;
        progress.elapsed_s = elapsed_s;
        progress.best = Some(progress.best.map_or(stats.best, |best| best.max(stats.best)));
        progress.mean = Some(stats.mean);
        progress.statistic = Some(statistic);
        if fitness.first_error.is_some() {
            progress.first_error.clone_from(&fitness.first_error);
        }
        if progress.best_statistic.is_none_or(|best| statistic > best || best.is_nan()) {
            progress.best_statistic = Some(statistic);
            progress.generations_since_best = 0;
        } else {
            progress.generations_since_best += 1;
        }
        GenerationReport {
            generation,
            evaluations: progress.evaluations,
            failures: fitness.failures as u64,
            failures_total: progress.failures,
            stats,
            best_so_far: progress.best.unwrap_or(f64::NAN),
            elapsed_s,
            evaluations_per_s: members as f64 / took_s.max(1e-9),
            digest,
            metrics,
            headline: None,
        }
    }

    fn checkpoint_if_due<S: Strategy>(&mut self, strategy: &S) -> Result<(), RunError> {
        let Some(plan) = &self.plan.checkpoints else { return Ok(()) };
        let every = plan.every_generations;
        let by_count = every > 0 && self.progress.generation.is_multiple_of(every);
        let since_s = self.last_checkpoint.elapsed().as_secs_f64();
        let by_time = plan.every_seconds.is_some_and(|seconds| since_s >= seconds);
        if by_count || by_time { self.checkpoint(strategy) } else { Ok(()) }
    }

    fn checkpoint<S: Strategy>(&mut self, strategy: &S) -> Result<(), RunError> {
        let Some(plan) = &self.plan.checkpoints else { return Ok(()) };
        if self.saved == Some(self.progress.generation) {
            return Ok(());
        }
        self.progress.elapsed_s = self.elapsed_s();
        plan.store.save(&Checkpoint {
            config: self.plan.config.clone(),
            progress: self.progress.clone(),
            state: strategy.state()?,
        })?;
        self.saved = Some(self.progress.generation);
        self.last_checkpoint = Instant::now();
        Ok(())
    }

    fn report(&self, stopped_by: StopReason, digest: Option<Digest>) -> RunReport {
        RunReport {
            stopped_by,
            generations: self.progress.generation,
            evaluations: self.progress.evaluations,
            seconds: self.elapsed_s(),
            best_fitness: self.progress.best.unwrap_or(f64::NAN),
            mean_fitness: self.progress.mean.unwrap_or(f64::NAN),
            failures: self.progress.failures,
            digest,
            first_error: self.progress.first_error.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
