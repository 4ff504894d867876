//! Fair tuning: each arm gets the same twelve configurations of its network and takes the one that does best in its own rehearsal; the oracle is asked at the
//! end only. So an arm that needs other settings than plain training is not judged at the settings of plain training.

use std::time::Instant;

use hatchery::engine::StopFlag;
use hatchery::surrogates::design::{Method, Model, Rehearsal};
use hatchery::surrogates::model::{EnsembleConfig, Merit, Surrogate};
use hatchery::surrogates::network::Plan;
use hatchery::surrogates::{Rows, SurrogateError};

use super::arena::{self, Arena};
use super::args::Args;
use super::arms::Arm;
use super::methods::{judge, propose, searcher};
use super::record::{Figures, Record};
use super::store::Store;
use super::workers::work;

/// Its cells' names begin with it.
pub(crate) const NAME: &str = "tuned";

/// Proposals.
const ANSWERS: usize = 128;

const SEARCHERS: [&str; 2] = ["ascent", "unit-ascent"];
/// Those that are no control of another arm.
const ARMS: [&str; 5] = ["plain", "ignite", "ignite2", "fixed-1", "placebo"];

const EPOCHS: [u32; 3] = [10, 20, 40];
const STEP_SIZES: [f64; 2] = [3e-4, 1e-3];
const WIDTHS: [usize; 2] = [64, 256];

struct Job {
    task: String,
    arm: Arm,
    seed: u64,
}

/// Runs the cells that are not there yet.
///
/// # Errors
/// What is wrong, as a sentence.
pub(crate) fn run(args: &Args, store: &Store) -> Result<(), String> {
    let tasks = if args.quick { &["hartmann6", "tfbind-like"][..] } else { &super::q1::TASKS[..] };
    let tasks = args.tasks.clone().unwrap_or(tasks.iter().map(|t| (*t).to_owned()).collect());
    let usual = || ARMS.iter().map(|arm| (*arm).to_owned()).collect();
    let arms = Args::chosen(Some(&args.arms.clone().unwrap_or_else(usual)), &ARMS)?;
    let rows = args.rows.unwrap_or(if args.quick { 500 } else { 2_000 });
    store.agree(NAME, &serde_json::json!({ "rows": rows }))?;
    let tasks = arena::available(tasks, args.data.as_deref())?;
    let mut jobs = Vec::new();
    for seed in args.seeds(if args.quick { 2 } else { 8 }) {
        for task in &tasks {
            for (name, arm) in Arm::ALL.iter().filter(|(name, _)| arms.iter().any(|a| a == name)) {
                let there = |s: &&str| store.has(&Record::cell(NAME, task, s, name, seed));
                if !SEARCHERS.iter().all(there) {
                    jobs.push(Job { task: task.clone(), arm: *arm, seed });
                }
            }
        }
    }
    let describe = |job: &Job| format!("{} {} seed {}", job.task, job.arm.name(), job.seed);
    work(&jobs, args.threads(), describe, |job| {
        let arena = Arena::named(&job.task, args.data.as_deref(), job.seed, rows)?;
        let clock = Instant::now();
        let tuned = tune(&arena, job.arm);
        let seconds = clock.elapsed().as_secs_f64();
        for name in SEARCHERS {
            let mut record = Record::new(&arena, name, job.arm.name());
            record.train_seconds = seconds;
            match &tuned {
                Ok((surrogate, note)) => {
                    record.note = Some(note.clone());
                    record.figures = Figures::of(&arena, &**surrogate);
                    let (merit, searcher) = (Merit::default(), searcher(name, &arena));
                    let clock = Instant::now();
                    let found = propose(&arena, &**surrogate, merit, &*searcher, ANSWERS);
                    record.search_seconds = clock.elapsed().as_secs_f64();
                    judge(&mut record, &arena, &**surrogate, found);
                }
                Err(error) => record.failure = Some(error.to_string()),
            }
            store.push(&record.name(NAME), &record)?;
        }
        Ok(())
    })
}

/// The network of the configuration with the greatest lift in the rehearsal, and what that was.
fn tune(arena: &Arena, arm: Arm) -> Result<(Box<dyn Surrogate>, String), SurrogateError> {
    let (stop, merit) = (&StopFlag::default(), Merit::default());
    let mut best: Option<(f64, Method, String)> = None;
    for width in WIDTHS {
        for step_size in STEP_SIZES {
            for epochs in EPOCHS {
                let regulariser = arm.regulariser();
                let plan = Plan { epochs, step_size, regulariser, ..Plan::default() };
                let networks =
                    EnsembleConfig { hidden: vec![width; 2], plan, ..EnsembleConfig::default() };
                let method = Method {
                    model: Model::Mlp,
                    networks,
                    steps_max: u32::MAX,
                    ..Method::default()
                };
                let (space, rows, seed) = (&arena.space, arena.rows(), arena.seed);
                let rehearsal = Rehearsal::of(&method, space, rows, ANSWERS, merit, seed, stop);
                // A configuration that diverges is not chosen.
                let Ok(Rehearsal { lift, .. }) = rehearsal else { continue };
                if best.as_ref().is_none_or(|(most, ..)| lift > *most) {
                    let note = format!("2x{width}, step {step_size}, {epochs} epochs");
                    best = Some((lift, method, note));
                }
            }
        }
    }
    let (_, method, note) = best.ok_or(SurrogateError::Diverged { epoch: 0 })?;
    let fitted = method.fit(&arena.space, arena.rows(), Rows::default(), arena.seed, stop)?;
    Ok((fitted, note))
}
