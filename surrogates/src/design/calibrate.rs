//! Intervals whose width comes from rows that the model did not see.
//!
//! eᵢ = (yᵢ − μ₋ᵢ(xᵢ)) / sᵢ      sᵢ² = s² + σ₋ᵢ(xᵢ)²      interval at x: μ(x) + s(x) · [q_low, q_high]
//!
//! | symbol | code | meaning |
//! |---|---|---|
//! | μ₋ᵢ, σ₋ᵢ | fits to four fifths of the rows | mean and deviation of a model that did not see row i |
//! | s | [`Surrogate::noise`] | what a measurement adds; to row i s/√wᵢ |
//! | q | quantiles of the eᵢ of rows with a similar prediction | weights fall off with the difference of ranks of predictions |
//!
//! Split conformal prediction (Vovk; Lei et al. 2018), localised by the prediction: designs are chosen because they are predicted high, and rows that are predicted high
//! by a model that did not see them are just the rows that tell how such promises are kept. Coverage is promised for designs like the rows. Outside it is
//! measured, not promised.

use hatchery_engine::StopFlag;

use super::{Effects, Method, student};
use crate::model::{Prediction, Surrogate};
use crate::space::Space;
use crate::{Draws, Rows, SomeRows, SurrogateError, statistics};

/// Parts of the rows that are left out in turn.
const FOLDS: usize = 5;

/// Most rows that calibration is made with: of more, a sample.
const CALIBRATED_MAX: usize = 5_000;

/// Width of the window of predictions, as a share of all rows.
const WINDOW: f64 = 0.1;

/// Rows that a window holds at least, if there are as many.
const WINDOW_ROWS: f64 = 40.0;

/// An interval of scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Errors of rows that were left out.
#[derive(Clone, Debug, Default)]
pub struct Calibration {
    /// Predictions of left-out rows, sorted, each with its scaled error.
    rows: Vec<(f64, f64)>,
}

/// Deviation of a measurement of a weight.
pub(super) fn noise_of(noise: f64, weight: f64) -> f64 {
    noise / weight.sqrt()
}

/// The scale of the error of a prediction.
pub(super) fn scale(prediction: Prediction, noise: f64) -> f64 {
    (noise * noise + prediction.deviation * prediction.deviation).sqrt().max(f64::MIN_POSITIVE)
}

impl Calibration {
    /// Adds rows that `surrogate` was not fitted to. An error of a model that is sure of all and has no noise has no unit: it is left out.
    pub fn add(&mut self, surrogate: &dyn Surrogate, predictions: &[Prediction], rows: Rows<'_>) {
        let noise = surrogate.noise();
        let error = |(row, p): (usize, &Prediction)| {
            let scale = scale(*p, noise_of(noise, rows.weight(row)));
            (p.mean, (rows.scores[row] - p.mean) / scale)
        };
        let errors = predictions.iter().enumerate().map(error);
        self.rows.extend(errors.filter(|(_, error)| error.is_finite()));
        // Rows of equal predictions stay in the order they came in: by their errors, a window among them would have like errors.
        self.rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    }

    /// Of pairs of a prediction and its scaled error.
    #[cfg(test)]
    pub(super) fn of_errors(mut rows: Vec<(f64, f64)>) -> Self {
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        Self { rows }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The interval that the score of a measurement falls into with probability `level`, from 0 to 1. With too few rows for a quantile of their errors it is Student's t of
    /// all of them; without any it reaches to infinity.
    pub fn interval(&self, prediction: Prediction, noise: f64, level: f64) -> Interval {
        let weighted = self.weighted(prediction.mean);
        let tail = 0.5 * (1.0 - level);
        let scale = scale(prediction, noise);
        let half = || {
            let squares: Vec<f64> = self.rows.iter().map(|(_, error)| error * error).collect();
            student::two_sided(level, squares.len().max(1)) * statistics::mean(&squares).sqrt()
        };
        let or = |end: f64, sign: f64| {
            if end.is_finite() || self.rows.is_empty() { end } else { sign * half() }
        };
        let low = or(quantile(&weighted, tail, false), -1.0);
        let high = or(quantile(&weighted, tail, true), 1.0);
        Interval { low: prediction.mean + scale * low, high: prediction.mean + scale * high }
    }

    /// The probability that a measurement exceeds `score`.
    pub fn chance_above(&self, prediction: Prediction, noise: f64, score: f64) -> f64 {
        let needed = (score - prediction.mean) / scale(prediction, noise);
        let weighted = self.weighted(prediction.mean);
        let total: f64 = weighted.iter().map(|(_, weight)| weight).sum();
        let above: f64 = weighted.iter().filter(|(e, _)| *e > needed).map(|(_, w)| w).sum();
        above / total.max(f64::MIN_POSITIVE)
    }

    /// Errors in increasing order, with weights that fall with the distance of predictions in ranks.
    fn weighted(&self, mean: f64) -> Vec<(f64, f64)> {
        let count = self.rows.len() as f64;
        let before = self.rows.partition_point(|row| row.0 < mean);
        let through = self.rows.partition_point(|row| row.0 <= mean);
        let at = 0.5 * (before + through) as f64;
        let window = (WINDOW * count).max(WINDOW_ROWS);
        // A design above all rows has neighbours on one side only: the window is about the highest rows.
        let centre = at.clamp(0.5 * window.min(count), count - 0.5 * window.min(count));
        let weight = |row: usize| {
            let off = (row as f64 + 0.5 - centre) / window;
            (1.0 - off * off).max(0.0)
        };
        let rows = self.rows.iter().enumerate().map(|(row, of)| (of.1, weight(row)));
        let mut rows: Vec<(f64, f64)> = rows.filter(|(_, weight)| *weight > 0.0).collect();
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        rows
    }
}

/// Rows that were left out of a fit together.
pub(super) struct Part {
    pub(super) rows: SomeRows,
    /// Fitted to all others.
    pub(super) surrogate: Box<dyn Surrogate>,
    /// Of the rows.
    pub(super) predictions: Vec<Prediction>,
}

/// Rows that were left out of a fit in turn.
#[derive(Clone, Debug, Default)]
pub struct LeftOut {
    /// Their errors, for intervals.
    pub calibration: Calibration,
    /// Share of them inside their 80 % and 95 % intervals, each by the rows of the other parts.
    pub coverage: [f64; 2],
    /// Prediction and score of each.
    pub points: Vec<(f64, f64)>,
    /// Which columns the predictions go by.
    pub effects: Effects,
}

impl LeftOut {
    /// Errors on each fifth of the rows of a fit to the others; coverage of the intervals on the same rows, each by those of the other parts.
    pub(super) fn of(
        method: &Method,
        space: &Space,
        rows: Rows<'_>,
        seed: u64,
        stop: &StopFlag,
    ) -> Result<Self, SurrogateError> {
        let mut order = Draws::new(seed, "parts for calibration").order(rows.count());
        order.truncate(CALIBRATED_MAX);
        let folds = FOLDS.min(order.len());
        let mut parts = Vec::new();
        for fold in 0..folds {
            // Two parts are the fewest that say something of each other.
            if fold >= 2 && stop.is_raised() {
                break;
            }
            let of_part = |is_own: bool| -> Vec<usize> {
                let some =
                    order.iter().enumerate().filter(|(at, _)| (at % folds == fold) == is_own);
                some.map(|(_, row)| *row).collect()
            };
            let (others, own) = (rows.take(&of_part(false)), rows.take(&of_part(true)));
            let surrogate = method.fit(space, others.rows(), Rows::default(), seed, stop)?;
            let predictions = surrogate.predict(&own.designs);
            parts.push(Part { rows: own, surrogate, predictions });
        }
        let judged: usize = parts.iter().map(|part| part.predictions.len()).sum();
        let mut all = Calibration::default();
        let (mut coverage, mut points) = ([0.0; 2], Vec::new());
        for (at, Part { rows: own, surrogate, predictions }) in parts.iter().enumerate() {
            let mut others = Calibration::default();
            for (other, part) in parts.iter().enumerate().filter(|(other, _)| *other != at) {
                debug_assert_ne!(other, at, "each part is judged by the others");
                others.add(&*part.surrogate, &part.predictions, part.rows.rows());
            }
            for (row, (prediction, score)) in predictions.iter().zip(&own.scores).enumerate() {
                let noise = noise_of(surrogate.noise(), own.rows().weight(row));
                points.push((prediction.mean, *score));
                for (inside, level) in coverage.iter_mut().zip([0.8, 0.95]) {
                    let interval = others.interval(*prediction, noise, level);
                    let is_inside = interval.low <= *score && *score <= interval.high;
                    *inside += if is_inside { 1.0 / judged as f64 } else { 0.0 };
                }
            }
            all.add(&**surrogate, predictions, own.rows());
        }
        let effects = Effects::of(space, &parts, seed);
        Ok(Self { calibration: all, coverage, points, effects })
    }
}

/// The weighted quantile that leaves `tail` outside, interpolated, with one more point at infinity for the row to come.
fn quantile(rows: &[(f64, f64)], tail: f64, upper: bool) -> f64 {
    let total: f64 = rows.iter().map(|(_, weight)| weight).sum();
    let largest = rows.iter().map(|(_, weight)| *weight).fold(0.0, f64::max);
    let allowed = tail * (total + largest);
    let (mut outside, mut before) = (0.0, if upper { f64::INFINITY } else { f64::NEG_INFINITY });
    let mut walk = |&(error, weight): &(f64, f64)| {
        let here = outside + weight;
        let found = (here > allowed).then(|| {
            let share = (allowed - outside) / weight;
            // Beyond the outermost row there is nothing to interpolate with.
            if before.is_finite() { before + share * (error - before) } else { before }
        });
        (outside, before) = (here, error);
        found
    };
    let found =
        if upper { rows.iter().rev().find_map(&mut walk) } else { rows.iter().find_map(&mut walk) };
    found.unwrap_or(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_few_rows_an_interval_is_wide_and_finite() {
        let rows = [1.0, -2.0, 2.0, -1.0].map(|error| (5.0, error)).to_vec();
        let prediction = Prediction { mean: 5.0, deviation: 0.0 };
        let Interval { low, high } = Calibration::of_errors(rows).interval(prediction, 1.0, 0.8);
        // √2.5 · 1.533, from the table of t with four degrees of freedom.
        assert!((high - 7.424).abs() < 1e-3 && (low - 2.576).abs() < 1e-3, "{low} {high}");
        let none = Calibration::default().interval(prediction, 1.0, 0.8);
        assert_eq!((none.low, none.high), (f64::NEG_INFINITY, f64::INFINITY));
    }

    /// A model that predicts one value everywhere: its window is a sample of all errors, here of −1 to 1 in no order.
    #[test]
    fn equal_predictions_have_the_errors_of_all_rows() {
        let rows = (0..401_u32).map(|at| (5.0, f64::from(at * 77 % 401) / 200.0 - 1.0)).collect();
        let prediction = Prediction { mean: 5.0, deviation: 0.0 };
        let Interval { low, high } = Calibration::of_errors(rows).interval(prediction, 1.0, 0.8);
        // Of about forty rows the tenth part at either end: within a standard error of four rows in forty.
        assert!((low - 4.2).abs() < 0.15 && (high - 5.8).abs() < 0.15, "{low} {high}");
    }
}
