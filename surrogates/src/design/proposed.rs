//! Intervals of proposals.
//!
//! Left-out rows say how wrong predictions are among the rows. A proposal is chosen because its prediction is high and mostly lies where there are no rows: its error
//! is larger, and so is what two models differ by. Three statements are joined, each of which can only widen:
//!
//! h = t_J √(1/J Σⱼ rⱼ²) s(x)      l = max(μ − low₀, h)      low = μ − √(l² + (μ − μ₂)₊²)      high likewise, with (μ₂ − μ)₊
//!
//! | symbol | code | meaning |
//! |---|---|---|
//! | low₀, high₀ | [`Calibration::interval`] | from errors of left-out rows that were predicted about as high |
//! | rⱼ² | [`Rehearsal::squares`] | mean square of the scaled errors of the best answers of draw j of the rehearsal, which were chosen from predictions as proposals are |
//! | J, t_J | `student.rs` | draws; the quantile of Student's t with J degrees of freedom |
//! | s(x) | `calibrate.rs` | noise and deviation of the model at x |
//! | μ, μ₂ | `opinion` | what the model predicts, and what a second one of another kind does |
//!
//! The errors of the answers of one draw are much alike, so a draw counts as one observation, of an error around 0: the sign of the error of a rehearsal does not tell that of a
//! proposal. The draws share their best rows, so they are less than J independent ones: that t is right all the same was
//! measured (`benches/runs/2026-11-27-2-cores-intervals`), not derived. What models differ by is a second source of error: squares add. Without a rehearsal only left-out rows and the second model speak.
//!
//! The chance of an improvement is the mean of four: by left-out rows and by t, around μ and around μ₂.
//!
//! Source: ours; t for the mean of few groups is standard (random effects).

use super::calibrate::scale;
use super::{Calibration, Interval, Rehearsal, student};
use crate::model::Prediction;

/// What intervals of proposals are made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Proposed<'a> {
    pub(super) left_out: &'a Calibration,
    /// That of the model, if there was one.
    pub(super) rehearsal: Option<&'a Rehearsal>,
    /// Noise of the model.
    pub(super) noise: f64,
}

impl Proposed<'_> {
    /// The interval of a measurement at `level`, from 0 to 1; `opinion` is what a second model predicts.
    pub(super) fn interval(
        &self,
        prediction: Prediction,
        opinion: Option<f64>,
        level: f64,
    ) -> Interval {
        let mean = prediction.mean;
        let Interval { mut low, mut high } = self.left_out.interval(prediction, self.noise, level);
        if let Some((error, draws)) = self.rehearsed() {
            let half = student::two_sided(level, draws) * error * scale(prediction, self.noise);
            (low, high) = (low.min(mean - half), high.max(mean + half));
        }
        let off = opinion.map_or(0.0, |opinion| opinion - mean);
        // An end on the other side of the mean is moved only if the second model asks for it.
        if off < 0.0 {
            low = mean - (mean - low).max(0.0).hypot(off);
        } else if off > 0.0 {
            high = mean + (high - mean).max(0.0).hypot(off);
        }
        Interval { low, high }
    }

    /// The probability that a measurement exceeds `score`.
    pub(super) fn chance_above(
        &self,
        prediction: Prediction,
        opinion: Option<f64>,
        score: f64,
    ) -> f64 {
        let about = |mean: f64| {
            // The rows that count are those of the prediction: only the centre moves.
            let moved = score - (mean - prediction.mean);
            let by_rows = self.left_out.chance_above(prediction, self.noise, moved);
            let Some((error, draws)) = self.rehearsed() else { return by_rows };
            let unit = (error * scale(prediction, self.noise)).max(f64::MIN_POSITIVE);
            0.5 * by_rows + 0.5 * (1.0 - student::cumulative((score - mean) / unit, draws))
        };
        let by_model = about(prediction.mean);
        opinion.map_or(by_model, |opinion| 0.5 * by_model + 0.5 * about(opinion))
    }

    /// Root mean square of the scaled errors of answers, and how many draws it is from.
    fn rehearsed(&self) -> Option<(f64, usize)> {
        let squares = &self.rehearsal?.squares;
        (!squares.is_empty()).then(|| (crate::statistics::mean(squares).sqrt(), squares.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A rehearsal of which only the squares of errors matter.
    fn rehearsal(squares: Vec<f64>) -> Rehearsal {
        Rehearsal {
            model: String::new(),
            lift: 0.0,
            p: 0.0,
            rank_correlation: 0.0,
            rank_correlation_low: 0.0,
            over_prediction: 0.0,
            overreach: 0.0,
            hidden: 0,
            answers: 0,
            found: 0,
            found_by_chance: 0.0,
            squares,
            coverage: None,
            points: Vec::new(),
        }
    }

    /// Errors −1 to 1 in even steps, in no order of the predictions around 5.
    fn left_out() -> Calibration {
        let row = |at: u32| (f64::from(at) / 100.0 + 4.0, f64::from(at * 77 % 201) / 100.0 - 1.0);
        Calibration::of_errors((0..201).map(row).collect())
    }

    const AT: Prediction = Prediction { mean: 5.0, deviation: 0.3 };
    const NOISE: f64 = 0.4; // with the deviation a scale of 0.5

    #[test]
    fn the_three_statements_are_joined_as_written() {
        let left_out = left_out();
        let rehearsal = rehearsal(vec![4.0, 1.0, 1.0]);
        let alone = Proposed { left_out: &left_out, rehearsal: None, noise: NOISE };
        let rows = left_out.interval(AT, NOISE, 0.8);
        assert_eq!(alone.interval(AT, None, 0.8), rows);
        let joined = Proposed { rehearsal: Some(&rehearsal), ..alone };
        // √2 · 1.638 · 0.5, by hand from the table of t with three degrees of freedom.
        let found = joined.interval(AT, None, 0.8);
        assert!((found.high - 5.0 - 1.158).abs() < 1e-3 && (found.low - 5.0 + 1.158).abs() < 1e-3);
        // √(1.158² + 2²) below, √(1.158² + 1) above; the other end stays.
        let doubted = joined.interval(AT, Some(3.0), 0.8);
        assert!((5.0 - doubted.low - 2.311).abs() < 1e-3 && doubted.high == found.high);
        let praised = joined.interval(AT, Some(6.0), 0.8);
        assert!((praised.high - 5.0 - 1.530).abs() < 1e-3 && praised.low == found.low);
    }

    #[test]
    fn an_exact_rehearsal_takes_nothing_away() {
        let left_out = left_out();
        let exact = rehearsal(vec![0.0; 3]);
        let joined = Proposed { left_out: &left_out, rehearsal: Some(&exact), noise: NOISE };
        for level in [0.8, 0.95] {
            assert_eq!(joined.interval(AT, Some(5.0), level), left_out.interval(AT, NOISE, level));
        }
    }

    #[test]
    fn chances_fall_with_the_score_and_move_with_the_second_opinion() {
        let left_out = left_out();
        let rehearsal = rehearsal(vec![2.0; 3]);
        let of = Proposed { left_out: &left_out, rehearsal: Some(&rehearsal), noise: NOISE };
        let chances = [1.0, 4.0, 5.0, 6.0, 9.0].map(|score| of.chance_above(AT, None, score));
        assert!(chances.windows(2).all(|pair| pair[0] > pair[1]), "{chances:?}");
        // Errors of both kinds lie about evenly around 0, those of the twenty to forty rows that count within a few of them.
        assert!((chances[2] - 0.5).abs() < 0.05, "{chances:?}");
        let doubted = of.chance_above(AT, Some(3.0), 5.0);
        assert!(doubted < chances[2] && doubted > 0.2, "{doubted}");
    }
}
