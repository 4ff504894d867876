//! From values to places along an axis.

use super::{number, ticks};

/// How values are spread along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Equal distances are equal differences.
    Linear,
    /// Equal distances are equal ratios; for values above 0.
    Log,
    /// Equal distances are equal ratios of the distance to 0; for values below 0, as negated losses are.
    LogBelowZero,
}

/// An axis: its shape and its ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    pub(super) shape: Shape,
    pub(super) low: f64,
    pub(super) high: f64,
    /// About so many ticks.
    pub(super) about: usize,
}

/// A round number on an axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    /// Place from 0 to 1.
    pub(super) at: f64,
    /// What is written there.
    pub(super) label: String,
}

/// Ratio of the largest to the smallest value from which on a series is drawn on a logarithmic axis.
const LOG_RATIO: f64 = 1e3;

impl Scale {
    /// The axis of generations, from the first to the last.
    pub(super) fn generations(first: f64, last: f64, about: usize) -> Self {
        let (low, high) = if first < last { (first, last) } else { (first - 0.5, last + 0.5) };
        Self { shape: Shape::Linear, low, high, about }
    }

    /// An axis that holds all finite values; logarithmic if they span decades, else with round ends.
    pub(super) fn holding<'a>(values: impl Iterator<Item = &'a f64> + Clone, about: usize) -> Self {
        let finite = values.copied().filter(|v| v.is_finite());
        let low = finite.clone().fold(f64::INFINITY, f64::min);
        let high = finite.clone().fold(f64::NEG_INFINITY, f64::max);
        if low > high {
            return Self { shape: Shape::Linear, low: 0.0, high: 1.0, about };
        }
        if low > 0.0 && high / low >= LOG_RATIO {
            return Self { shape: Shape::Log, low, high, about };
        }
        // A loss of exactly 0 is drawn at the upper end.
        let nearest = finite.filter(|&v| v < 0.0).fold(f64::NEG_INFINITY, f64::max);
        if high <= 0.0 && low / nearest >= LOG_RATIO {
            return Self { shape: Shape::LogBelowZero, low, high: nearest, about };
        }
        Self::linear(low, high, about)
    }

    /// A linear axis with round ends.
    pub(super) fn linear(low: f64, high: f64, about: usize) -> Self {
        let magnitude = low.abs().max(high.abs());
        let (low, high) = match high - low {
            span if span > magnitude * 1e-9 => (low, high),
            _ if magnitude == 0.0 => (-1.0, 1.0),
            _ => (low - 0.1 * magnitude, high + 0.1 * magnitude),
        };
        let step = ticks::step(high - low, about);
        let low = (low / step + 1e-6).floor() * step;
        let high = (high / step - 1e-6).ceil() * step;
        Self { shape: Shape::Linear, low, high, about }
    }

    /// The same axis from 0 on, if that does not squeeze the values into less than a third of it.
    pub(super) fn starting_at_zero_if_near(self) -> Self {
        if self.shape == Shape::Linear && self.low > 0.0 && self.high > 1.5 * self.low {
            return Self::linear(0.0, self.high, self.about);
        }
        self
    }

    /// The place of a value: 0 at the low end, 1 at the high end; values outside are at the nearer end, NaN is NaN.
    pub(super) fn at(&self, value: f64) -> f64 {
        let (low, high) = (self.bend(self.low), self.bend(self.high));
        let at = (self.bend(value) - low) / (high - low);
        if value.is_nan() { f64::NAN } else { at.clamp(0.0, 1.0) }
    }

    /// Round numbers for an axis of values.
    pub(super) fn ticks(&self) -> Vec<Tick> {
        let values = match self.shape {
            Shape::Linear => {
                return self.linear_ticks(ticks::step(self.high - self.low, self.about));
            }
            Shape::Log => ticks::decades(self.low, self.high, self.about + 1),
            Shape::LogBelowZero => ticks::decades(-self.high, -self.low, self.about + 1)
                .into_iter()
                .map(|value| -value)
                .collect(),
        };
        values.into_iter().map(|v| Tick { at: self.at(v), label: number::real(v, 2) }).collect()
    }

    /// Round whole numbers for the axis of generations.
    pub(super) fn whole_ticks(&self) -> Vec<Tick> {
        self.linear_ticks(ticks::step(self.high - self.low, self.about).max(1.0))
    }

    fn linear_ticks(&self, step: f64) -> Vec<Tick> {
        let values = ticks::multiples(self.low, self.high, step);
        let reach = self.low.abs().max(self.high.abs());
        values
            .into_iter()
            .map(|v| Tick { at: self.at(v), label: ticks::label(v, step, reach) })
            .collect()
    }

    /// Straightens the axis: what is linear in the place.
    fn bend(&self, value: f64) -> f64 {
        match self.shape {
            Shape::Linear => value,
            Shape::Log => value.max(f64::MIN_POSITIVE).log10(),
            Shape::LogBelowZero => -(-value).max(f64::MIN_POSITIVE).log10(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_round_and_hold_the_values() {
        let scale = Scale::holding([9.3, f64::NAN, 497.0].iter(), 6);
        assert_eq!((scale.shape, scale.low, scale.high), (Shape::Linear, 0.0, 500.0));
        assert_eq!(scale.at(250.0), 0.5);
        assert!(scale.at(f64::NAN).is_nan());
    }

    #[test]
    fn decades_call_for_a_logarithmic_axis() {
        let up = Scale::holding([0.001, 1.0, 100.0].iter(), 4);
        assert_eq!(up.shape, Shape::Log);
        let down = Scale::holding([-1000.0, -0.1].iter(), 4);
        assert_eq!(down.shape, Shape::LogBelowZero);
        let places: Vec<f64> = [-1000.0, -10.0, -0.1].map(|v| down.at(v)).to_vec();
        assert!((places[1] - 0.5).abs() < 1e-12, "{places:?}");
        assert_eq!((places[0], places[2], down.at(0.0)), (0.0, 1.0, 1.0));
        assert_eq!(Scale::holding([-1000.0, -0.1, 0.0].iter(), 4), down);
        let labels: Vec<String> = down.ticks().into_iter().map(|t| t.label).collect();
        assert_eq!(labels, ["−0.1", "−1", "−10", "−100", "−1,000"]);
    }

    #[test]
    fn one_value_or_none_still_make_an_axis() {
        for values in [vec![], vec![0.0], vec![5.0, 5.0], vec![-1e9], vec![1e-300]] {
            let scale = Scale::holding(values.iter(), 4);
            assert!(scale.low < scale.high, "{scale:?}");
            let ticks = scale.ticks();
            assert!((2..=8).contains(&ticks.len()), "{values:?} {ticks:?}");
            assert!(values.iter().all(|&v| (0.0..=1.0).contains(&scale.at(v))));
        }
    }

    #[test]
    fn generations_are_whole_numbers() {
        let labels = |first, last| {
            let ticks = Scale::generations(first, last, 5).whole_ticks();
            ticks.into_iter().map(|t| t.label).collect::<Vec<_>>()
        };
        assert_eq!(labels(0.0, 0.0), ["0"]);
        assert_eq!(labels(0.0, 2.0), ["0", "1", "2"]);
        assert_eq!(labels(0.0, 99_999.0), ["0", "20,000", "40,000", "60,000", "80,000"]);
    }

    #[test]
    fn an_axis_starts_at_zero_if_that_is_near() {
        assert_eq!(Scale::linear(20.0, 100.0, 4).starting_at_zero_if_near().low, 0.0);
        assert!(Scale::linear(90.0, 100.0, 4).starting_at_zero_if_near().low > 0.0);
    }
}
