//! The rehearsal: the best rows are hidden, and the method tries to find them again among others.
//!
//! Hidden are the best fifth of the rows and as many others, drawn at random. The method is fitted to the rest and ranks the hidden ones; k of them are its answer: as
//! many as candidates are wanted, but at least 8, and at most a quarter of the hidden ones (of few, half).
//!
//! lift = (mean score of the answer − mean of all hidden) / (mean of the k best hidden − mean of all hidden)      0: no better than chance, 1: perfect
//!
//! p is the share of random answers of the same size that do as well: an exact test, since the fit has not seen a hidden row. Three draws of the others are rehearsed; their
//! median lift counts, and twice the median p, at most 1, which is a valid p for any dependence between them.
//!
//! The errors of the best answers are kept: intervals of proposals are made of them, see `proposed.rs`.

use hatchery_engine::StopFlag;
use serde::{Deserialize, Serialize};

use super::calibrate::{noise_of, scale};
use super::{Method, Model, student};
use crate::model::{Merit, Prediction};
use crate::space::Space;
use crate::{Draws, Rows, SurrogateError, statistics};

/// Fewest rows that can be rehearsed with: five picks of ten are the fewest that can be told from chance.
pub const REHEARSED_MIN: usize = 25;

/// Picks of a rehearsal even if fewer candidates are wanted: of one or two, even the best say nothing.
const ANSWERS_MIN: usize = 8;

/// Draws of the rows that are hidden beside the best.
const DRAWS: u64 = 3;

/// Random answers that the lift is compared with.
const RANDOM_ANSWERS: usize = 10_000;

/// Answers of a draw whose errors are kept. Few: proposals are the best of very many, and the next answers are promised less.
const BEST_ANSWERS: usize = 4;

/// Most rows that a rehearsal is fitted to: of more, a sample.
const FITTED_MAX: usize = 20_000;

/// How a rehearsal went: medians over its draws.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rehearsal {
    /// Name of the model.
    pub model: String,
    /// See the module.
    pub lift: f64,
    /// Chance that random answers do as well.
    pub p: f64,
    /// Rank correlation of predictions and scores on hidden rows.
    pub rank_correlation: f64,
    /// Lower end of its 95 % interval (Fisher's z).
    pub rank_correlation_low: f64,
    /// Mean of prediction less score over the answer, in units of the score.
    pub over_prediction: f64,
    /// The same in units of the lift.
    pub overreach: f64,
    /// Hidden rows.
    pub hidden: usize,
    /// Rows of an answer.
    pub answers: usize,
    /// How many of the answer are among the best fifth of all rows.
    pub found: usize,
    /// How many would be by chance, on average.
    pub found_by_chance: f64,
    /// Mean square error of the four answers of highest merit of each draw, each error over √(noise² + deviation²) of its prediction. Draws that leave rows of one score
    /// alone to be fitted have none.
    pub squares: Vec<f64>,
    /// Share of those answers inside the 80 % and 95 % intervals that the other draws give them. All draws hide the same best rows: it is too high, by about
    /// ten points at 80 %. None with a single draw that has errors.
    pub coverage: Option<[f64; 2]>,
    /// Prediction and score of each hidden row of the first draw, for a picture.
    pub points: Vec<(f64, f64)>,
}

impl Rehearsal {
    /// Rehearses a method on a table.
    ///
    /// # Errors
    /// Whatever keeps the method from being fitted; fewer rows than [`REHEARSED_MIN`].
    pub fn of(
        method: &Method,
        space: &Space,
        rows: Rows<'_>,
        answers: usize,
        merit: Merit,
        seed: u64,
        stop: &StopFlag,
    ) -> Result<Self, SurrogateError> {
        let scores = rows.scores;
        if scores.len() < REHEARSED_MIN {
            let (expected, found) = (REHEARSED_MIN, scores.len());
            return Err(SurrogateError::Shape { what: "rows for a rehearsal", expected, found });
        }
        let mut order: Vec<usize> = (0..scores.len()).collect();
        // Ties in random order: half of a column may be one value.
        Draws::new(seed, "ties of a rehearsal").shuffle(&mut order);
        order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
        let best = (scores.len() / 5).max(2);
        let mut rounds = Vec::new();
        for draw in 0..DRAWS {
            if draw > 0 && stop.is_raised() {
                break;
            }
            let mut draws = Draws::numbered(seed, "rows hidden in a rehearsal", draw);
            let rest = &order[best..];
            let others = draws.order(rest.len());
            let hidden: Vec<usize> = order[..best]
                .iter()
                .copied()
                .chain(others[..best].iter().map(|at| rest[*at]))
                .collect();
            let fitted = others[best..].iter().take(FITTED_MAX).map(|at| rest[*at]);
            let mut fitted: Vec<usize> = fitted.collect();
            fitted.sort_unstable();
            let (fitted, hidden) = (rows.take(&fitted), rows.take(&hidden));
            let none = Rows::default();
            let surrogate = method.fit(space, fitted.rows(), none, seed ^ draw, stop)?;
            let predictions = surrogate.predict(&hidden.designs);
            let merits: Vec<f64> = predictions.iter().map(|p| merit.of(*p)).collect();
            let predicted = (&predictions[..], surrogate.noise());
            let mut round = round(predicted, &merits, hidden.rows(), best, answers, &mut draws);
            if fitted.scores.iter().all(|score| *score == fitted.scores[0]) {
                // All that is not hidden has one score: an error has no unit.
                round.errors.clear();
            }
            rounds.push(round);
        }
        Ok(summary(method.model, rounds))
    }

    /// Whether the method found more than chance does, on hidden rows that it ranks at least a little.
    pub fn succeeded(&self) -> bool {
        self.lift > 0.0
            && self.p <= 0.05
            && self.rank_correlation >= 0.3
            && self.rank_correlation_low > 0.0
    }

    /// What methods are compared by: the lift, less half of what was promised too much. A model that overreaches among the rows does so far more beyond them, where a search
    /// goes.
    pub fn worth(&self) -> f64 {
        self.lift - 0.5 * self.overreach.max(0.0)
    }

    /// Why it did not succeed, in words.
    pub fn reason(&self) -> Option<String> {
        if self.succeeded() {
            return None;
        }
        Some(if self.p > 0.05 || self.lift <= 0.0 {
            format!(
                "in the rehearsal its {} picks of {} hidden rows scored no better than random ones may (lift {:.2}; p {:.2}, at most 0.05 is asked for)",
                self.answers, self.hidden, self.lift, self.p
            )
        } else {
            format!(
                "predictions of hidden rows hardly follow their scores (rank correlation {:.2}, at least 0.30 is asked for)",
                self.rank_correlation
            )
        })
    }
}

struct Round {
    lift: f64,
    p: f64,
    correlation: f64,
    over: f64,
    overreach: f64,
    found: usize,
    hidden: usize,
    answers: usize,
    /// Scaled errors of the best answers.
    errors: Vec<f64>,
    points: Vec<(f64, f64)>,
}

fn round(
    (predictions, noise): (&[Prediction], f64),
    merits: &[f64],
    rows: Rows<'_>,
    best: usize,
    answers: usize,
    draws: &mut Draws,
) -> Round {
    let scores = rows.scores;
    let hidden = scores.len();
    let means: Vec<f64> = predictions.iter().map(|p| p.mean).collect();
    let answers = answers.max(ANSWERS_MIN).min((hidden / 4).max(ANSWERS_MIN.min(hidden / 2)));
    let mut order: Vec<usize> = (0..hidden).collect();
    draws.shuffle(&mut order);
    order.sort_by(|a, b| merits[*b].total_cmp(&merits[*a]));
    let chosen = &order[..answers];
    let mean_of =
        |rows: &[usize]| rows.iter().map(|row| scores[*row]).sum::<f64>() / rows.len() as f64;
    let all = statistics::mean(scores);
    let mut sorted = scores.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let perfect = statistics::mean(&sorted[..answers]);
    let ours = mean_of(chosen);
    // Only the first places are shuffled again each time: any order is as good a start as another.
    let mut shuffled = order.clone();
    let mut random = || {
        (0..answers).for_each(|at| shuffled.swap(at, at + draws.below(hidden - at)));
        mean_of(&shuffled[..answers])
    };
    let as_good = (0..RANDOM_ANSWERS).filter(|_| random() >= ours - 1e-12 * ours.abs()).count();
    let over = chosen.iter().map(|row| means[*row] - scores[*row]).sum::<f64>() / answers as f64;
    let error = |row: &usize| {
        (scores[*row] - means[*row]) / scale(predictions[*row], noise_of(noise, rows.weight(*row)))
    };
    let errors = order.iter().take(BEST_ANSWERS).map(error).collect();
    Round {
        lift: if perfect > all { (ours - all) / (perfect - all) } else { 0.0 },
        p: (as_good + 1) as f64 / (RANDOM_ANSWERS + 1) as f64,
        correlation: statistics::spearman(&means, scores),
        over,
        overreach: if perfect > all { over / (perfect - all) } else { 0.0 },
        found: chosen.iter().filter(|row| **row < best).count(),
        hidden,
        answers,
        errors,
        points: means.iter().copied().zip(scores.iter().copied()).collect(),
    }
}

fn summary(model: Model, rounds: Vec<Round>) -> Rehearsal {
    let median =
        |f: &dyn Fn(&Round) -> f64| statistics::median(&rounds.iter().map(f).collect::<Vec<f64>>());
    let correlation = median(&|r| r.correlation);
    let (hidden, answers) = (rounds[0].hidden, rounds[0].answers);
    let square = |r: &Round| r.errors.iter().map(|e| e * e).sum::<f64>() / r.errors.len() as f64;
    let with_errors: Vec<&Round> = rounds.iter().filter(|r| !r.errors.is_empty()).collect();
    let squares: Vec<f64> = with_errors.iter().map(|r| square(r)).collect();
    let levels = (with_errors.len() > 1).then_some([0.8, 0.95]);
    let coverage = levels.map(|levels| levels.map(|level| coverage(&with_errors, &squares, level)));
    let z = 0.5 * ((1.0 + correlation) / (1.0 - correlation)).ln();
    let low = (z - 1.96 / (hidden as f64 - 3.0).max(1.0).sqrt()).tanh();
    Rehearsal {
        model: model.name().to_owned(),
        lift: median(&|r| r.lift),
        p: (2.0 * median(&|r| r.p)).min(1.0),
        rank_correlation: correlation,
        rank_correlation_low: low,
        over_prediction: median(&|r| r.over),
        overreach: median(&|r| r.overreach),
        hidden,
        answers,
        found: median(&|r| r.found as f64) as usize,
        found_by_chance: 0.5 * answers as f64,
        squares,
        coverage,
        points: rounds.into_iter().next().map(|round| round.points).unwrap_or_default(),
    }
}

/// The share of the best answers inside intervals from the other draws, of which there is one at least.
fn coverage(rounds: &[&Round], squares: &[f64], level: f64) -> f64 {
    let others = rounds.len() - 1;
    let quantile = student::two_sided(level, others);
    let total: f64 = squares.iter().sum();
    let inside = |(round, own): (&&Round, &f64)| {
        let half = quantile * ((total - own).max(0.0) / others as f64).sqrt();
        let count = round.errors.iter().filter(|e| e.abs() <= half).count();
        count as f64 / round.errors.len() as f64
    };
    statistics::mean(&rounds.iter().zip(squares).map(inside).collect::<Vec<f64>>())
}
