//! Q3: is it useful? Sixteen proposals by the default of the library and by six others, from the same rows.

use std::collections::{BTreeMap, HashSet};
use std::time::Instant;

use hatchery::engine::StopFlag;
use hatchery::surrogates::SurrogateError;
use hatchery::surrogates::design::{Settings, design};
use hatchery::surrogates::gp::acquire::{Normals, Scenarios};
use hatchery::surrogates::model::{Merit, Ridge, Surrogate};
use hatchery::surrogates::network::Head;
use hatchery::surrogates::searcher::Ascent;
use hatchery::surrogates::space::Design;
use hatchery::surrogates::statistics;

use super::analysis::{bca, holm, sign_flips};
use super::arena::Arena;
use super::args::Args;
use super::arms::Arm;
use super::measures::Measures;
use super::methods::{every_or_evolution, judge, process, propose};
use super::networks::{Family, Training};
use super::q1_report::mean_of;
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

const METHODS: [&str; 7] =
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
    let tasks = super::q1::available(tasks, args.data.as_deref())?;
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
            let settings =
                Settings { candidates: ANSWERS, seed: arena.seed, ..Settings::default() };
            let (designs, scores) = arena.rows();
            let list =
                design(&arena.space, designs, scores, &settings, None, &StopFlag::default())?;
            let word = if list.abstains.is_some() { "abstains" } else { "proceeds" };
            let note = format!("{}, {word}", list.surrogate.name());
            let designs = list.candidates.into_iter().map(|candidate| candidate.design).collect();
            (Some(list.surrogate), designs, Some(note))
        }
        "pairwise-ridge" => {
            let ridge = Ridge::fit(&arena.space, &arena.designs, &arena.scores, true)?;
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
    let bits = |design: &Design| design.iter().map(|v| v.to_bits()).collect::<Vec<u64>>();
    let known: HashSet<Vec<u64>> = arena.designs.iter().map(bits).collect();
    designs.retain(|design| !known.contains(&bits(design)));
    designs.truncate(ANSWERS);
    designs
}

/// Of designs with a large expected improvement those that together improve most, one after the other.
fn expected_improvement(
    arena: &Arena,
    process: &hatchery::surrogates::model::Process,
) -> Result<Vec<Design>, SurrogateError> {
    let best = arena.scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let merit = Merit::ExpectedImprovement { best };
    let mut found = propose(arena, process, merit, &*every_or_evolution(arena), FOUND)?;
    let bits = |design: &Design| design.iter().map(|v| v.to_bits()).collect::<Vec<u64>>();
    let known: HashSet<Vec<u64>> = arena.designs.iter().map(bits).collect();
    found.retain(|design| !known.contains(&bits(design)));
    let model = process.climbable().expect("a process has slopes");
    let rows: Vec<f64> = found.iter().flat_map(|d| model.encoding().encode(d)).collect();
    let count = ANSWERS.min(found.len());
    let normals = Normals::new(NORMALS, ANSWERS, arena.seed);
    let chosen = Scenarios::choose(process.gp(), best, &rows, count, &normals);
    Ok(chosen.into_iter().map(|at| found[at].clone()).collect())
}

/// Prints all of it.
pub(crate) fn print(store: &Store) {
    let records = store.all::<Record>("q3/");
    let mut groups: BTreeMap<(&str, usize), Vec<Record>> = BTreeMap::new();
    for record in &records {
        let rank = METHODS.iter().position(|name| *name == record.searcher).unwrap_or_default();
        groups.entry((&record.task, rank)).or_default().push(record.clone());
    }
    if groups.is_empty() {
        return;
    }
    println!(
        "\nQ3: sixteen proposals; scores from the pool's smallest (0) to the best possible (1), means over seeds.\n"
    );
    println!(
        "{:12} {:15} {:>3} {:>6} {:>6} {:>6} {:>6} {:>5} {:>5} {:>5} {:>7} {:>6} {:>8}  models",
        "task",
        "method",
        "n",
        "best",
        "median",
        "mean",
        "first",
        "dist",
        "infe",
        "fail",
        "over",
        "corr",
        "seconds"
    );
    for ((task, rank), records) in &groups {
        let m = |f: fn(&Record) -> Option<f64>| mean_of(records, f, 3);
        let mut notes: BTreeMap<&str, usize> = BTreeMap::new();
        for note in records.iter().filter_map(|record| record.note.as_deref()) {
            *notes.entry(note).or_default() += 1;
        }
        let notes: Vec<String> = notes.iter().map(|(note, n)| format!("{n}× {note}")).collect();
        println!(
            "{task:12} {:15} {:>3} {:>6} {:>6} {:>6} {:>6} {:>5} {:>5} {:>5} {:>7} {:>6} {:>8}  {}",
            METHODS[*rank],
            records.len(),
            m(|r| r.measures.map(|m| m.optimum.best)),
            m(|r| r.measures.map(|m| m.optimum.median)),
            m(|r| r.measures.map(|m| m.optimum.mean)),
            m(|r| r.measures.map(|m| m.optimum.first)),
            mean_of(records, |r| r.measures.map(|m| m.distinct as f64), 0),
            mean_of(records, |r| r.measures.map(|m| m.infeasible as f64), 0),
            records.iter().filter(|r| r.failure.is_some()).count(),
            m(|r| r.measures.and_then(|m| m.over)),
            m(|r| r.figures.correlation),
            mean_of(records, |r| Some(r.search_seconds), 2),
            notes.join("; "),
        );
    }
    for (what, f) in [
        ("best", (|m: &Measures| m.optimum.best) as fn(&Measures) -> f64),
        ("mean", |m: &Measures| m.optimum.mean),
    ] {
        against(&groups, what, f);
    }
}

/// Ours less each other method, paired by seed.
fn against(groups: &BTreeMap<(&str, usize), Vec<Record>>, what: &str, f: fn(&Measures) -> f64) {
    let mut rows = Vec::new();
    for ((task, rank), others) in groups.iter().filter(|((_, rank), _)| *rank > 0) {
        let Some(ours) = groups.get(&(task, 0)) else { continue };
        let value = |records: &[Record], seed: u64| {
            records.iter().find(|r| r.seed == seed)?.measures.as_ref().map(f)
        };
        let pairs =
            ours.iter().filter_map(|r| Some(r.measures.as_ref().map(f)? - value(others, r.seed)?));
        let differences: Vec<f64> = pairs.collect();
        if !differences.is_empty() {
            rows.push((task, METHODS[*rank], differences));
        }
    }
    if rows.is_empty() {
        return;
    }
    println!(
        "\nOurs less the other: {what} of 16; BCa interval over seeds, 95 %; p by sign flips, Holm over {} cells.\n",
        rows.len()
    );
    let p: Vec<f64> = rows.iter().map(|(_, _, differences)| sign_flips(differences)).collect();
    for ((task, method, differences), corrected) in rows.iter().zip(holm(&p)) {
        let found = bca(differences);
        let shown = !found.has_zero() && corrected <= 0.05;
        let verdict = if shown { "shown" } else { "not shown" };
        println!(
            "{task:12} {method:15} {:>3} {:>+7.3} [{:>+7.3}, {:>+7.3}] sd {:.3} p {corrected:.4} {verdict}",
            differences.len(),
            found.mean,
            found.low,
            found.high,
            statistics::sample_sd(differences),
        );
    }
}
