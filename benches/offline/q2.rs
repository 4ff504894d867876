//! Q2: are intervals and abstention honest? Drawn tasks, each designed for once as a user would.

use std::time::Instant;

use hatchery::engine::StopFlag;
use hatchery::surrogates::design::{Candidate, Method, Model, Settings, Shortlist, design};
use hatchery::surrogates::model::Prediction;
use hatchery::surrogates::statistics;
use serde::{Deserialize, Serialize};

use super::args::Args;
use super::generated::{Generated, Kind};
use super::store::Store;
use super::workers::work;

/// Levels of intervals.
const LEVELS: [f64; 2] = [0.8, 0.95];

/// A miss by less than this share of the deviation of the visible scores is none: of an exact fit only rounding and the penalty of a ridge are left.
const SLACK: f64 = 1e-3;

/// How many of some measurements fell into their intervals.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Hits {
    pub(crate) count: usize,
    /// At 80 % and at 95 %.
    pub(crate) inside: [usize; 2],
}

impl Hits {
    /// A miss by no more than `slack` is none.
    fn add(&mut self, intervals: [(f64, f64); 2], measured: f64, slack: f64) {
        self.count += 1;
        for (inside, (low, high)) in self.inside.iter_mut().zip(intervals) {
            *inside += usize::from(low - slack <= measured && measured <= high + slack);
        }
    }
}

/// One finished task.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) kind: String,
    pub(crate) function: String,
    pub(crate) discrete: bool,
    pub(crate) rows: usize,
    pub(crate) noise: f64,
    pub(crate) window: String,
    /// The model that was used.
    pub(crate) model: String,
    /// Why it abstains, if it does.
    pub(crate) abstains: Option<String>,
    /// Whether the best true proposal beats the best true score that was visible.
    pub(crate) improves: bool,
    /// By how much, in deviations of the visible scores.
    pub(crate) gain: f64,
    /// Rows like the visible ones; those of them that are truly in the best tenth; those that are predicted so; the proposals.
    pub(crate) similar: Hits,
    pub(crate) top_true: Hits,
    pub(crate) top_predicted: Hits,
    pub(crate) proposals: Hits,
    /// The proposals in intervals from left-out rows alone, and the median width of those of 80 %.
    #[serde(default)]
    pub(crate) by_rows: Hits,
    pub(crate) width_by_rows: Option<f64>,
    /// What the library itself reports for answers of the rehearsal.
    pub(crate) rehearsed: Option<[f64; 2]>,
    /// What the library itself reports for left-out rows.
    pub(crate) reported: [f64; 2],
    /// Median width of the 80 % intervals of proposals, in deviations of the visible scores.
    pub(crate) width: Option<f64>,
    /// The same at 95 %.
    pub(crate) width_95: Option<f64>,
    pub(crate) lift: Option<f64>,
    pub(crate) seconds: f64,
    pub(crate) failure: Option<String>,
}

/// Runs the tasks that are not there yet.
///
/// # Errors
/// What is wrong, as a sentence.
pub(crate) fn run(args: &Args, store: &Store) -> Result<(), String> {
    let usual = if args.quick { "pairwise-ridge" } else { "auto" };
    let named = args.model.as_deref().unwrap_or(usual);
    let model = Model::named(named).ok_or_else(|| format!("there is no model '{named}'"))?;
    let rows = args.rows.unwrap_or(if args.quick { 500 } else { 5_000 });
    store.agree("q2", &serde_json::json!({ "model": named, "rows": rows }))?;
    let count = args.count.unwrap_or(if args.quick { 20 } else { 200 }) as u64;
    let mut jobs = Vec::new();
    for index in args.first..args.first + count {
        for (name, kind) in Kind::ALL {
            // Half as many of those where the answer is known.
            let wanted = kind == Kind::General || index - args.first < count.div_ceil(2);
            let cell = format!("q2/{name}/{index:04}");
            if wanted && !store.has(&cell) {
                jobs.push((kind, name, index, cell));
            }
        }
    }
    work(
        &jobs,
        args.threads(),
        |job| job.3.clone(),
        |(kind, name, index, cell)| {
            let task = Generated::draw(*kind, *index, rows)?;
            store.push(cell, &one(&task, name, model))
        },
    )
}

fn one(task: &Generated, kind: &str, model: Model) -> Record {
    let arena = &task.arena;
    let mut record = Record {
        kind: kind.to_owned(),
        function: task.function.clone(),
        discrete: arena.is_discrete(),
        rows: arena.scores.len(),
        noise: task.noise,
        window: task.window.to_owned(),
        ..Record::default()
    };
    let method = Method { model, ..Method::default() };
    let settings = Settings { method, seed: arena.seed, ..Settings::default() };
    let clock = Instant::now();
    let stop = StopFlag::default();
    let made = design(&arena.space, arena.rows(), &settings, None, &stop);
    record.seconds = clock.elapsed().as_secs_f64();
    match made {
        Ok(list) => fill(&mut record, task, &list),
        Err(error) => record.failure = Some(error.to_string()),
    }
    record
}

fn fill(record: &mut Record, task: &Generated, list: &Shortlist) {
    let calibration = &list.left_out.calibration;
    let arena = &task.arena;
    let pool = &arena.benchmark.pool;
    record.model = list.surrogate.name().to_owned();
    record.abstains = list.abstains.clone();
    record.reported = list.left_out.coverage;
    record.lift = list.rehearsals.first().map(|rehearsal| rehearsal.lift);
    record.rehearsed = list.rehearsals.first().and_then(|rehearsal| rehearsal.coverage);

    let deviation = statistics::population_sd(&arena.scores).max(f64::MIN_POSITIVE);
    let slack = SLACK * deviation;
    let noise = list.surrogate.noise();
    let intervals = |p: Prediction| {
        LEVELS.map(|level| {
            let interval = calibration.interval(p, noise, level);
            (interval.low, interval.high)
        })
    };
    let designs: Vec<_> = task.test.iter().map(|row| pool.designs[*row].clone()).collect();
    let predicted = list.surrogate.predict(&designs);
    let means: Vec<f64> = predicted.iter().map(|p| p.mean).collect();
    let truths: Vec<f64> = task.test.iter().map(|row| pool.truths[*row]).collect();
    let top = |values: &[f64]| statistics::quantile(values, 0.9);
    let (floor_true, floor_predicted) = (top(&truths), top(&means));
    for ((row, p), truth) in task.test.iter().zip(&predicted).zip(&truths) {
        let (of, measured) = (intervals(*p), pool.scores[*row]);
        record.similar.add(of, measured, slack);
        if *truth >= floor_true {
            record.top_true.add(of, measured, slack);
        }
        if p.mean >= floor_predicted {
            record.top_predicted.add(of, measured, slack);
        }
    }

    let by_rows =
        |c: &Candidate| intervals(Prediction { mean: c.predicted, deviation: c.deviation });
    let mut draws = arena.draws("measurements of proposals");
    let mut best = f64::NEG_INFINITY;
    for candidate in &list.candidates {
        let truth = arena.truth(&candidate.design).unwrap_or(arena.benchmark.extremes.minimum);
        best = best.max(truth);
        let measured = truth + task.error * draws.normal();
        let of = [(candidate.low, candidate.high), (candidate.low_95, candidate.high_95)];
        record.proposals.add(of, measured, slack);
        record.by_rows.add(by_rows(candidate), measured, slack);
    }
    let visible = &arena.benchmark.split.visible;
    let known = visible.iter().map(|row| pool.truths[*row]).fold(f64::NEG_INFINITY, f64::max);
    record.improves = best > known;
    record.gain = (best - known) / deviation;
    let width = |of: &dyn Fn(&Candidate) -> (f64, f64)| {
        let ends = list.candidates.iter().map(of);
        let widths: Vec<f64> = ends.map(|(low, high)| (high - low) / deviation).collect();
        Some(statistics::median(&widths)).filter(|width| width.is_finite())
    };
    record.width = width(&|c| (c.low, c.high));
    record.width_95 = width(&|c| (c.low_95, c.high_95));
    record.width_by_rows = width(&|c| by_rows(c)[0]);
}
