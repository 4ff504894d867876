//! Q3: is it useful? Sixteen proposals by the default of the library and by six others, from the same rows.

use std::collections::HashSet;
use std::time::Instant;

use hatchery::surrogates::SurrogateError;
use hatchery::surrogates::gp::acquire::{Normals, Scenarios};
use hatchery::surrogates::model::{Merit, Ridge, Surrogate};
use hatchery::surrogates::network::Head;
use hatchery::surrogates::searcher::Ascent;
use hatchery::surrogates::space::Design;

use super::arena::{self, Arena};
use super::args::Args;
use super::arms::Arm;
use super::measures::Measures;
use super::methods::{every_or_evolution, judge, ours, process, propose};
use super::networks::{Family, Training};
use super::rank::model_free;
use super::record::{Figures, Record};
use super::store::Store;
use super::workers::work;

/// Proposals.
const ANSWERS: usize = 16;
/// Designs that a search finds before known ones are taken out.
const FOUND: usize = 128;
/// Normal draws of qEI.
const NORMALS: usize = 256;

/// The first is the default of the library.
pub(crate) const METHODS: [&str; 7] =
    ["ours", "pairwise-ridge", "gp-lcb", "gp-qei", "ascent", "one-change", "random"];

struct Job {
    task: String,
    method: String,
    seed: u64,
}

/// Runs the cells that are not there yet.
///
/// # Errors
/// What is wrong, as a sentence.
pub(crate) fn run(args: &Args, store: &Store) -> Result<(), String> {
    let tasks = if args.quick { &["hartmann6", "tfbind-like"][..] } else { &super::q1::TASKS[..] };
    let tasks = args.tasks.clone().unwrap_or(tasks.iter().map(|t| (*t).to_owned()).collect());
    let methods = Args::chosen(args.searchers.as_ref(), &METHODS)?;
    let rows = args.rows.unwrap_or(if args.quick { 500 } else { 8_000 });
    let epochs = args.epochs.unwrap_or(20);
    store.agree("q3", &serde_json::json!({ "rows": rows, "epochs": epochs }))?;
    let tasks = arena::available(tasks, args.data.as_deref())?;
    let mut jobs = Vec::new();
    for seed in args.seeds(if args.quick { 2 } else { 20 }) {
        for task in &tasks {
            let some = methods.iter().map(|method| Job {
                task: task.clone(),
                method: method.clone(),
                seed,
            });
            let there =
                |job: &Job| store.has(&Record::cell("q3", &job.task, &job.method, "-", job.seed));
            jobs.extend(some.filter(|job| !there(job)));
        }
    }
    let describe = |job: &Job| format!("{} {} seed {}", job.task, job.method, job.seed);
    work(&jobs, args.threads(), describe, |job| {
        let arena = Arena::named(&job.task, args.data.as_deref(), job.seed, rows)?;
        let record = one(&arena, &job.method, epochs);
        store.push(&record.name("q3"), &record)
    })
}

/// What a method proposes: the model, and designs in its order.
type Proposed = (Option<Box<dyn Surrogate>>, Vec<Design>, Option<String>);

fn one(arena: &Arena, method: &str, epochs: u32) -> Record {
    let mut record = Record::new(arena, method, "-");
    let clock = Instant::now();
    let proposed = proposed(arena, method, epochs);
    record.search_seconds = clock.elapsed().as_secs_f64();
    match proposed {
        Ok((Some(surrogate), designs, note)) => {
            record.figures = Figures::of(arena, &*surrogate);
            record.note = note;
            judge(&mut record, arena, &*surrogate, Ok(designs));
        }
        Ok((None, designs, _)) => record.measures = Measures::of(arena, &designs, None),
        Err(error) => record.failure = Some(error.to_string()),
    }
    record
}

fn proposed(arena: &Arena, method: &str, epochs: u32) -> Result<Proposed, SurrogateError> {
    let bound = |beta| Merit::Bound { beta };
    let search = |surrogate: &dyn Surrogate, merit| {
        propose(arena, surrogate, merit, &*every_or_evolution(arena), FOUND)
    };
    Ok(match method {
        "ours" => {
            let (surrogate, designs, note) = ours(arena, ANSWERS)?;
            (Some(surrogate), designs, note)
        }
        "pairwise-ridge" => {
            let ridge = Ridge::fit(&arena.space, arena.rows(), true)?;
            let found = new(arena, search(&ridge, bound(0.0))?);
            (Some(Box::new(ridge)), found, None)
        }
        "gp-lcb" => {
            let process = process(arena)?;
            let found = new(arena, search(&process, bound(1.0))?);
            (Some(Box::new(process)), found, None)
        }
        "gp-qei" => {
            let process = process(arena)?;
            let found = expected_improvement(arena, &process)?;
            (Some(Box::new(process)), found, None)
        }
        "ascent" => {
            let head = Head::Normal;
            let training = Training { epochs, epochs_conservative: 2, width: 256, head };
            let networks = training.train(arena, Family::Single, Arm::Plain, None)?.ensemble;
            let found = propose(arena, &networks, bound(0.0), &Ascent::plain(), FOUND)?;
            (Some(Box::new(networks)), new(arena, found), None)
        }
        name => (None, model_free(arena, name, ANSWERS), None),
    })
}

/// The first designs that are not visible already: nobody tests those again.
fn new(arena: &Arena, mut designs: Vec<Design>) -> Vec<Design> {
    designs.retain(unknown(arena));
    designs.truncate(ANSWERS);
    designs
}

/// Whether a design is none of the visible ones.
fn unknown(arena: &Arena) -> impl Fn(&Design) -> bool {
    let bits = |design: &Design| design.iter().map(|v| v.to_bits()).collect::<Vec<u64>>();
    let known: HashSet<Vec<u64>> = arena.designs.iter().map(bits).collect();
    move |design| !known.contains(&bits(design))
}

/// Of designs with a large expected improvement those that together improve most, one after the other.
fn expected_improvement(
    arena: &Arena,
    process: &hatchery::surrogates::model::Process,
) -> Result<Vec<Design>, SurrogateError> {
    let best = arena.scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let merit = Merit::ExpectedImprovement { best };
    let mut found = propose(arena, process, merit, &*every_or_evolution(arena), FOUND)?;
    found.retain(unknown(arena));
    let model = process.climbable().expect("a process has slopes");
    let rows: Vec<f64> = found.iter().flat_map(|d| model.encoding().encode(d)).collect();
    let count = ANSWERS.min(found.len());
    let normals = Normals::new(NORMALS, ANSWERS, arena.seed);
    let chosen = Scenarios::choose(process.gp(), best, &rows, count, &normals);
    Ok(chosen.into_iter().map(|at| found[at].clone()).collect())
}
