//! The next experiments of a series: a Gaussian process over the rows so far, and what it expects to improve most.
//!
//! There is no rehearsal and nothing is abstained from: with a handful of rows each experiment is there to learn from, and the next one is chosen after it.

use std::collections::HashSet;

use hatchery_engine::StopFlag;
use hatchery_surrogates::design::{
    Calibration, Candidate, Effects, Interval, LeftOut, Shortlist, Support, Verdict, rounded,
};
use hatchery_surrogates::gp::acquire::{Normals, Scenarios};
use hatchery_surrogates::gp::{self, ROWS_MAX};
use hatchery_surrogates::model::{Merit, Prediction, Process, Surrogate};
use hatchery_surrogates::searcher::{Evolution, Problem, Searcher};
use hatchery_surrogates::space::{Design, Encoding, Space};
use hatchery_surrogates::table::Table;
use hatchery_surrogates::{Draws, Rows, SurrogateError, statistics};

/// Of designs among which several are chosen: the best that were found, children of these, and any.
const CHOSEN_FROM: [usize; 3] = [32, 480, 256];
/// Scenarios of the designs that are chosen together.
const SCENARIOS: usize = 256;

/// Proposes `count` experiments: one by expected improvement, several by what each adds to those before it.
///
/// # Errors
/// If the process cannot be fitted, or every design is in the table already.
pub(crate) fn next(
    table: &Table,
    count: usize,
    repeats: bool,
    seed: u64,
    stop: &StopFlag,
) -> Result<Shortlist, SurrogateError> {
    let (space, designs, scores) = (&table.space, &table.designs, &table.scores);
    let encoding = Encoding::one_hot(space);
    let weights = table.weights()?;
    let rows = table.weighted(&weights);
    let process = Process::fit(&encoding, space, rows, ROWS_MAX, seed)?;
    // Of noisy rows the best is a lucky one: what is to be improved on is what the process makes of them.
    let best = process.means(designs).into_iter().fold(f64::NEG_INFINITY, f64::max);
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
    let start: Vec<Design> = order.iter().filter_map(|row| space.repair(&designs[*row])).collect();
    let problem = Problem {
        surrogate: &process,
        merit: Merit::ExpectedImprovement { best },
        start: &start,
        answers: count,
        seed,
        stop,
    };
    let searcher = Evolution::default();
    let mut found = searcher.search(&problem)?;
    if count > 1 && !found.is_empty() {
        scatter(space, &mut found, count, seed);
    }
    found.iter_mut().for_each(|design| *design = rounded(space, design));
    let key = |design: &[f64]| design.iter().map(|v| (v + 0.0).to_bits()).collect::<Vec<_>>();
    let known = designs.iter().filter(|_| !repeats).map(|design| key(design));
    let mut seen: HashSet<Vec<u64>> = known.collect();
    found.retain(|design| seen.insert(key(design)));
    if found.is_empty() {
        return Err(SurrogateError::Unsuited {
            what: "the next experiment",
            needs: "designs that are not in the table yet: widen a bound, add a level, or allow repeats",
        });
    }
    let support = Support::new(space, designs, seed);
    if count > 1 {
        thin(space, &mut found, 0.5 * support.median(), count);
    }
    let rows: Vec<f64> = found.iter().flat_map(|design| encoding.encode(design)).collect();
    let count = count.min(found.len());
    let normals = Normals::new(SCENARIOS, count, seed);
    let chosen = match count {
        1 => vec![0],
        _ => Scenarios::choose(process.gp(), best, &rows, count, &normals),
    };
    let chosen: Vec<Design> = chosen.into_iter().map(|at| found[at].clone()).collect();

    let left_out: Vec<Prediction> = process.gp().leave_one_out().iter().map(of_process).collect();
    let (gp, none) = (process.gp(), [].as_slice());
    let measured = gp.scores().to_vec();
    let rows = Rows { designs: none, scores: &measured, weights: gp.weights() };
    let mut calibration = Calibration::default();
    calibration.add(&process, &left_out, rows);
    let noise = process.noise();
    let best_known = scores[order[0]];
    let predictions = process.predict(&chosen);
    let candidate = |(design, prediction): (Design, Prediction)| {
        let interval = |level| calibration.interval(prediction, noise, level);
        let (of_80, of_95) = (interval(0.8), interval(0.95));
        let place = support.find(&design);
        Candidate {
            predicted: prediction.mean,
            low: of_80.low,
            high: of_80.high,
            low_95: of_95.low,
            high_95: of_95.high,
            deviation: prediction.deviation,
            chance_of_improvement: calibration.chance_above(prediction, noise, best_known),
            distance: place.distance,
            distance_percentile: place.percentile,
            nearest: place.nearest,
            second_opinion: None,
            verdict: Verdict::Explore,
            reasons: Vec::new(),
            design,
        }
    };
    let candidates = chosen.into_iter().zip(predictions).map(candidate).collect();
    let inside = |level: f64| {
        let is_inside = |(row, (p, y)): (usize, (&Prediction, &f64))| {
            let noise = noise / rows.weight(row).sqrt();
            let Interval { low, high } = calibration.interval(*p, noise, level);
            f64::from(u8::from(low <= *y && *y <= high))
        };
        statistics::mean(
            &left_out.iter().zip(&measured).enumerate().map(is_inside).collect::<Vec<f64>>(),
        )
    };
    let coverage = [inside(0.8), inside(0.95)];
    let points = left_out.iter().zip(&measured).map(|(p, y)| (p.mean, *y)).collect();
    Ok(Shortlist {
        candidates,
        rehearsals: Vec::new(),
        abstains: None,
        searcher: searcher.name().to_owned(),
        left_out: LeftOut { calibration, coverage, points, effects: Effects::default() },
        best_known,
        surrogate: Box::new(process),
    })
}

/// What a search has found lies close together; designs that are chosen together need others beside it.
fn scatter(space: &Space, found: &mut Vec<Design>, count: usize, seed: u64) {
    let [best, children, any] = CHOSEN_FROM;
    found.truncate(best.max(count));
    let parents = found.len();
    let mut draws = Draws::new(seed, "designs that may be chosen together");
    for child in 0..children {
        // Steps from a hundredth of the range to half of it.
        let share = 0.5 * 0.02_f64.powf(draws.uniform());
        found.push(space.mutate(&found[child % parents], share, &mut draws));
    }
    found.extend((0..any).map(|_| space.sample(&mut draws)));
}

/// Leaves designs that are so far apart, the first of those near each other; more if `count` would not be left.
fn thin(space: &Space, found: &mut Vec<Design>, apart: f64, count: usize) {
    let (mut kept, mut others): (Vec<Design>, Vec<Design>) = (Vec::new(), Vec::new());
    for design in found.drain(..) {
        let near = kept.iter().any(|other| space.distance(other, &design) < apart);
        if near { others.push(design) } else { kept.push(design) }
    }
    let lacking = count.saturating_sub(kept.len());
    kept.extend(others.into_iter().take(lacking));
    *found = kept;
}

fn of_process(prediction: &gp::Prediction) -> Prediction {
    Prediction { mean: prediction.mean, deviation: prediction.deviation() }
}
