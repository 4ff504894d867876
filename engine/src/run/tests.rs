use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use hatchery_kernels::Backend;

use super::*;
use crate::checkpoint::Loaded;
use crate::observe::ObserverError;
use crate::{Explicit, Generation, Layout, ParamSpec, Params, StrategyError, TaskError};

/// A small climber with a centre and a state of one number, so that the loop can be watched.
struct Climber {
    centre: Params,
    /// The generation for which it has nothing to propose.
    ends_at: Generation,
}

impl Climber {
    fn new() -> Self {
        let layout = Arc::new(Layout::new(vec![ParamSpec::vector("x", 1)]));
        Self { centre: Params::zeros(layout), ends_at: Generation::MAX }
    }
}

impl Strategy for Climber {
    type Population = Explicit<f32>;
    type State = Vec<f32>;

    fn ask(&mut self, generation: Generation) -> Result<Explicit<f32>, StrategyError> {
        if generation >= self.ends_at {
            return Ok(Explicit { generation, members: Vec::new() });
        }
        let x = self.centre.values[0];
        let members = (0..7).map(|m| x + ((generation * 7 + m) % 5) as f32 * 0.01 - 0.02).collect();
        Ok(Explicit { generation, members })
    }

    fn tell(
        &mut self,
        population: Explicit<f32>,
        fitness: &Fitness,
        _: &Backend,
    ) -> Result<Metrics, StrategyError> {
        if let Some(best) = fitness.stats().best_member {
            self.centre.values[0] = population.members[best];
        }
        Ok(Metrics::default())
    }

    fn state(&self) -> Result<Vec<f32>, StrategyError> {
        Ok(self.centre.values.clone())
    }

    fn restore(&mut self, state: Vec<f32>) -> Result<(), StrategyError> {
        self.centre.values = state;
        Ok(())
    }

    fn centre(&self) -> Option<&Params> {
        Some(&self.centre)
    }
}

/// Fitness x, until a generation from which on everything fails, which may be nothing unusual.
struct Rise {
    fails_from: u32,
    expected: bool,
}

impl Task for Rise {
    type Population = Explicit<f32>;

    fn name(&self) -> &str {
        "rise"
    }

    fn evaluate(
        &self,
        population: &Explicit<f32>,
        members: Range<usize>,
        _: &Backend,
        fitness: &mut [f32],
    ) -> Result<(), TaskError> {
        if population.generation >= self.fails_from {
            return Err(TaskError::msg("the simulator is gone"));
        }
        fitness.copy_from_slice(&population.members[members]);
        Ok(())
    }

    fn may_all_fail(&self) -> bool {
        self.expected
    }
}

const FINE: Rise = Rise { fails_from: u32::MAX, expected: false };

fn generations(count: u32) -> RunPlan {
    let budget = Budget { generations: Some(count), ..Budget::default() };
    RunPlan { budget, ..RunPlan::default() }
}

fn with_store(mut plan: RunPlan, folder: &Path, every_generations: u32) -> RunPlan {
    let store = CheckpointStore::new(folder, 3);
    plan.checkpoints = Some(CheckpointPlan { store, every_generations, every_seconds: None });
    plan
}

fn climb(climber: &mut Climber, task: &Rise, plan: &RunPlan) -> Result<RunReport, RunError> {
    run(climber, task, &Evaluator::new(Backend::cpu()), plan, &mut [])
}

/// Invariant 5 of the house.
#[test]
fn resumed_run_equals_unbroken_run() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let mut unbroken = Climber::new();
    let whole = climb(&mut unbroken, &FINE, &generations(20)).expect("runs");

    climb(&mut Climber::new(), &FINE, &with_store(generations(10), folder.path(), 4))
        .expect("runs");
    let store = CheckpointStore::new(folder.path(), 3);
    let Loaded { checkpoint, .. } = store.latest::<Vec<f32>>().expect("saved at the end");
    let mut resumed = Climber::new();
    resumed.restore(checkpoint.state).expect("fits");
    let plan = RunPlan { from: checkpoint.progress, ..generations(20) };
    let second_half = climb(&mut resumed, &FINE, &plan).expect("runs");

    assert_eq!(second_half.digest, whole.digest);
    assert_eq!(second_half.evaluations, whole.evaluations);
    assert_eq!(second_half.best_fitness.to_bits(), whole.best_fitness.to_bits());
}

#[test]
fn a_generation_in_which_all_fail_stops_the_run_and_leaves_a_checkpoint() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let plan = with_store(generations(20), folder.path(), 0);
    let error = climb(&mut Climber::new(), &Rise { fails_from: 5, expected: false }, &plan)
        .expect_err("fails");
    assert!(error.to_string().contains("all 7 evaluations of generation 5 failed"), "{error}");
    assert!(error.to_string().contains("the simulator is gone"), "{error}");
    let store = CheckpointStore::new(folder.path(), 3);
    let loaded = store.latest::<Vec<f32>>().expect("written before the error");
    assert_eq!(loaded.checkpoint.progress.generation, 5);
}

#[test]
fn a_task_may_expect_that_all_fail() {
    let task = Rise { fails_from: 5, expected: true };
    let report = climb(&mut Climber::new(), &task, &generations(20)).expect("runs");
    assert_eq!((report.generations, report.failures), (20, 15 * 7));
    let fine = climb(&mut Climber::new(), &FINE, &generations(5)).expect("runs");
    assert_eq!(report.best_fitness, fine.best_fitness);
    // Nothing is better than what failed, and what is scored later counts.
    let budget = Budget { stagnation: Some(3), ..Budget::default() };
    let plan = RunPlan { budget, ..RunPlan::default() };
    let report = climb(&mut Climber::new(), &task, &plan).expect("runs");
    assert_eq!(report.stopped_by, StopReason::Stagnated);
}

#[test]
fn a_strategy_with_nothing_to_propose_has_finished() {
    let mut climber = Climber { ends_at: 4, ..Climber::new() };
    let report = climb(&mut climber, &FINE, &generations(20)).expect("runs");
    assert_eq!((report.stopped_by, report.generations), (StopReason::Finished, 4));
}

#[test]
fn each_budget_ends_the_run_and_is_named() {
    let budget = Budget::default();
    let cases = [
        (Budget { generations: Some(3), ..budget }, StopReason::GenerationLimit, 3),
        (Budget { evaluations: Some(15), ..budget }, StopReason::EvaluationLimit, 3),
        (Budget { seconds: Some(0.0), ..budget }, StopReason::TimeLimit, 0),
        (Budget { target: Some(0.05), ..budget }, StopReason::TargetReached, 3),
    ];
    for (budget, reason, finished) in cases {
        let plan = RunPlan { budget, ..RunPlan::default() };
        let report = climb(&mut Climber::new(), &FINE, &plan).expect("runs");
        assert_eq!((report.stopped_by, report.generations), (reason, finished));
    }
}

/// Counts what it is told, and can raise the stop flag or fail.
#[derive(Default)]
struct Watcher {
    seen: Vec<u32>,
    stop_at: Option<(u32, StopFlag)>,
    fail_at: Option<u32>,
    stopped: bool,
}

impl Observer for Watcher {
    fn on_generation(&mut self, report: &GenerationReport) -> Result<(), ObserverError> {
        self.seen.push(report.generation);
        if let Some((_, flag)) = self.stop_at.as_ref().filter(|(at, _)| *at == report.generation) {
            flag.raise();
        }
        if self.fail_at == Some(report.generation) {
            return Err(ObserverError::Io {
                path: "metrics.jsonl".into(),
                source: std::io::ErrorKind::StorageFull.into(),
            });
        }
        Ok(())
    }

    fn on_stop(&mut self, _: &RunReport) -> Result<(), ObserverError> {
        self.stopped = true;
        Ok(())
    }
}

#[test]
fn a_raised_flag_finishes_the_generation_and_writes_a_checkpoint() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let plan = with_store(generations(100), folder.path(), 0);
    let mut watcher = Watcher { stop_at: Some((4, plan.stop.clone())), ..Watcher::default() };
    let evaluator = Evaluator::new(Backend::cpu());
    let report =
        run(&mut Climber::new(), &FINE, &evaluator, &plan, &mut [&mut watcher]).expect("runs");
    assert_eq!((report.stopped_by, report.generations), (StopReason::Interrupted, 5));
    assert_eq!(watcher.seen, [0, 1, 2, 3, 4]);
    assert!(watcher.stopped);
    assert!(folder.path().join("gen-000000005.ckpt").exists());
}

#[test]
fn a_failing_observer_is_an_error_with_its_path() {
    let mut watcher = Watcher { fail_at: Some(2), ..Watcher::default() };
    let evaluator = Evaluator::new(Backend::cpu());
    let plan = generations(9);
    let error =
        run(&mut Climber::new(), &FINE, &evaluator, &plan, &mut [&mut watcher]).expect_err("fails");
    assert!(error.to_string().contains("metrics.jsonl"), "{error}");
}

#[test]
fn stagnation_counts_generations_without_improvement() {
    struct Flat;
    impl Task for Flat {
        type Population = Explicit<f32>;
        fn name(&self) -> &str {
            "flat"
        }
        fn evaluate(
            &self,
            _: &Explicit<f32>,
            _: Range<usize>,
            _: &Backend,
            fitness: &mut [f32],
        ) -> Result<(), TaskError> {
            fitness.fill(1.0);
            Ok(())
        }
    }
    let budget = Budget { stagnation: Some(4), ..Budget::default() };
    let plan = RunPlan { budget, ..RunPlan::default() };
    let evaluator = Evaluator::new(Backend::cpu());
    let report = run(&mut Climber::new(), &Flat, &evaluator, &plan, &mut []).expect("runs");
    assert_eq!((report.stopped_by, report.generations), (StopReason::Stagnated, 5));
}

#[test]
fn fitness_is_shown_before_the_strategy_is_told() {
    /// Fails on the fitness of generation 2.
    #[derive(Default)]
    struct Shown {
        calls: Vec<(&'static str, u32)>,
    }
    impl Observer for Shown {
        fn on_fitness(&mut self, generation: u32, fitness: &Fitness) -> Result<(), ObserverError> {
            assert_eq!(fitness.values.len(), 7);
            self.calls.push(("fitness", generation));
            if generation < 2 {
                return Ok(());
            }
            Err(ObserverError::Removed { path: "fitness.bin".into() })
        }
        fn on_generation(&mut self, report: &GenerationReport) -> Result<(), ObserverError> {
            self.calls.push(("generation", report.generation));
            Ok(())
        }
    }
    let folder = tempfile::tempdir().expect("a scratch folder");
    let plan = with_store(generations(9), folder.path(), 0);
    let (mut climber, mut shown) = (Climber::new(), Shown::default());
    let evaluator = Evaluator::new(Backend::cpu());
    let error = run(&mut climber, &FINE, &evaluator, &plan, &mut [&mut shown]).expect_err("fails");
    assert!(error.to_string().contains("fitness.bin"), "{error}");
    let calls = [("fitness", 0), ("generation", 0), ("fitness", 1), ("generation", 1)];
    assert_eq!(shown.calls, [&calls[..], &[("fitness", 2)]].concat());
    let loaded = CheckpointStore::new(folder.path(), 3).latest::<Vec<f32>>().expect("written");
    assert_eq!(loaded.checkpoint.progress.generation, 2);
    assert_eq!(loaded.checkpoint.state, climber.centre.values);
}
