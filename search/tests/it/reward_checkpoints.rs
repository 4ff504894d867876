//! Searches for rewards that go through the files of a checkpoint, in the numbers game, with trainings that are short but tell rewards apart.

use hatchery_engine::checkpoint::{CheckpointStore, Progress};
use hatchery_engine::world::World;
use hatchery_engine::{
    Budget, CheckpointPlan, Evaluator, RunPlan, StopReason, Strategy, Task, run,
};
use hatchery_kernels::{Backend, Cpu};
use hatchery_search::meta_reward::expression::{Division, Operators, Vocabulary};
use hatchery_search::meta_reward::inner::Config;
use hatchery_search::meta_reward::outer::{
    Cma, CmaConfig, DerlPop, DerlPopConfig, Genotype, Gp, GpConfig, InheritedRuns, InnerRuns,
    Outer, Pbt, PbtConfig,
};
use hatchery_tasks::worlds::{Countdown, countdown};

/// Outer steps of a whole search.
const STEPS: u32 = 5;

fn world() -> Countdown {
    countdown::Config { numbers: 3, illegal: false }.world()
}

fn vocabulary() -> Vocabulary {
    let world = world();
    let set = world.sets().iter().find(|set| set.primitives.len() == 4).expect("has one of four");
    Vocabulary::try_new(world.primitives(), world.signals(), set, Operators::Derl4)
        .expect("the world has names")
}

fn runs() -> InnerRuns<Countdown> {
    let config = Config { updates: 4, tasks: 4, rollouts: 8, episodes: 64, ..Config::default() };
    InnerRuns::new(world(), config, 3, 1, Division::Safe)
}

/// Runs for so many generations, or to the end; evaluations, and what was learnt.
fn go_on<S, T>(
    strategy: &mut S,
    task: &T,
    store: &CheckpointStore,
    from: Progress,
    generations: Option<u32>,
) -> (u64, StopReason, String)
where
    S: Strategy,
    T: Task<Population = S::Population>,
{
    let checkpoints =
        CheckpointPlan { store: store.clone(), every_generations: 1, every_seconds: None };
    let budget = Budget { generations, ..Budget::default() };
    let plan = RunPlan { budget, checkpoints: Some(checkpoints), from, ..RunPlan::default() };
    let evaluator = Evaluator::new(Backend::Cpu(Cpu)).with_batch(1);
    let report = run(strategy, task, &evaluator, &plan, &mut []).expect("it runs");
    let state = strategy.state().expect("it has one");
    let state = serde_json::to_string(&state).expect("it is written");
    (report.evaluations, report.stopped_by, state)
}

fn a_stored_search_goes_on_to_the_bit<S, T>(make: impl Fn() -> S, task: &T, evaluations: u64)
where
    S: Strategy,
    T: Task<Population = S::Population>,
{
    let folders = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
    let [one, two] = folders.each_ref().map(|folder| CheckpointStore::new(folder.path(), 1));
    let (spent, reason, whole) = go_on(&mut make(), task, &one, Progress::default(), None);
    assert_eq!((spent, reason), (evaluations, StopReason::Finished));
    go_on(&mut make(), task, &two, Progress::default(), Some(2));
    let stored = two.latest::<S::State>().expect("it is read").checkpoint;
    assert_eq!(stored.progress.generation, 2);
    let mut resumed = make();
    resumed.restore(stored.state).expect("it fits");
    let (spent, reason, resumed) = go_on(&mut resumed, task, &two, stored.progress, None);
    assert_eq!((spent, reason), (evaluations, StopReason::Finished));
    assert!(resumed == whole, "what was learnt differs");
}

#[test]
fn searches_for_rewards_go_on_from_a_file_to_the_bit() {
    // The last group of a budget of 27 has two rewards.
    let cma = |genotype| {
        let config = CmaConfig { genotype, ..CmaConfig::default() };
        let cma = Cma::try_new(vocabulary(), config, 5, 1).expect("it makes sense");
        Outer::new(cma, vocabulary(), 5, 27)
    };
    a_stored_search_goes_on_to_the_bit(|| cma(Genotype::Linear), &runs(), 27);
    a_stored_search_goes_on_to_the_bit(|| cma(Genotype::Graph12), &runs(), 27);
    let gp = || Gp::new(vocabulary(), GpConfig { parents: 6, ..GpConfig::default() }, 1);
    a_stored_search_goes_on_to_the_bit(|| Outer::new(gp(), vocabulary(), 5, 27), &runs(), 27);
}

#[test]
fn searches_that_inherit_go_on_from_a_file_to_the_bit() {
    let task = InheritedRuns { runs: runs(), steps: STEPS };
    let gp = || Gp::new(vocabulary(), GpConfig { parents: 6, ..GpConfig::default() }, 1);
    let config = DerlPopConfig { group: 4, steps: STEPS };
    let chain = || DerlPop::new(gp(), vocabulary(), config.clone());
    a_stored_search_goes_on_to_the_bit(chain, &task, 4 * u64::from(STEPS));
    let config = PbtConfig { members: 6, steps: STEPS, ..PbtConfig::default() };
    let population = || Pbt::new(vocabulary(), config.clone(), 1);
    a_stored_search_goes_on_to_the_bit(population, &task, 6 * u64::from(STEPS));
}
