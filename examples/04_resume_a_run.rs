//! A run that is cut in two ends where the unbroken one does, to the bit.
//!
//! `cargo run --release --example 04_resume_a_run`

use hatchery::engine::checkpoint::Progress;
use hatchery::prelude::*;
use hatchery::tasks::toys::{Function, FunctionName};

/// Generations of the unbroken run; the other one stops half-way.
const GENERATIONS: u32 = 200;
/// Checkpoints that are kept, so that a damaged one has a predecessor.
const KEEP: usize = 3;
/// A checkpoint is written every so many generations, and at the end.
const EVERY: u32 = 25;
/// Names all random numbers.
const SEED: u64 = 4;

type Failure = Box<dyn std::error::Error>;

fn task() -> PerturbedPoints<Function> {
    PerturbedPoints(Function { name: FunctionName::Rastrigin, dimension: 20 })
}

fn strategy() -> Result<Eggroll, Failure> {
    let start = Params::zeros(task().layout());
    let config = eggroll::Config { sigma: 0.3, ..eggroll::Config::default() };
    Ok(Eggroll::try_new(eggroll::Variant::Eggroll, config, start, SEED)?)
}

/// Runs until so many generations are done, counted from the very first.
fn run_until(
    generations: u32,
    search: &mut Eggroll,
    from: Progress,
    store: Option<&CheckpointStore>,
) -> Result<RunReport, Failure> {
    let checkpoints = store.map(|store| CheckpointPlan {
        store: store.clone(),
        every_generations: EVERY,
        every_seconds: None,
    });
    let budget = Budget { generations: Some(generations), ..Budget::default() };
    let plan = RunPlan { budget, checkpoints, from, ..RunPlan::default() };
    Ok(run(search, &task(), &Evaluator::new(Backend::cpu()), &plan, &mut [])?)
}

fn main() -> Result<(), Failure> {
    let folder = std::env::temp_dir().join(format!("hatchery-example-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let store = CheckpointStore::new(&folder, KEEP);

    let unbroken = run_until(GENERATIONS, &mut strategy()?, Progress::default(), None)?;

    // The first half; then everything in memory is gone.
    run_until(GENERATIONS / 2, &mut strategy()?, Progress::default(), Some(&store))?;

    // The second half: a fresh strategy gets the state of the newest checkpoint that is sound.
    let loaded = store.latest()?;
    let mut search = strategy()?;
    search.restore(loaded.checkpoint.state)?;
    let resumed = run_until(GENERATIONS, &mut search, loaded.checkpoint.progress, Some(&store))?;
    std::fs::remove_dir_all(&folder)?;

    let digest = |report: &RunReport| report.digest.map(|d| d.to_string()).unwrap_or_default();
    println!("unbroken  {}  {} evaluations", digest(&unbroken), unbroken.evaluations);
    println!("resumed   {}  {} evaluations", digest(&resumed), resumed.evaluations);
    assert_eq!(unbroken.digest, resumed.digest);
    Ok(())
}
