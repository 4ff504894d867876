//! Acquisitions with slopes, and a search for the best design of a box.

use super::analytic::{log_expected_improvement, upper_confidence_bound};
use crate::gp::Gp;
use crate::lbfgs::{Options, minimise};

/// What makes a design worth looking at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Acquisition {
    /// Logarithm of the expected improvement on `best`.
    LogExpectedImprovement {
        /// The score to improve on.
        best: f64,
    },
    /// `μ + β σ`; pessimism if β is below 0.
    ConfidenceBound {
        /// β.
        beta: f64,
    },
}

impl Acquisition {
    /// The value at a design.
    ///
    /// # Panics
    /// If the number of features is another.
    pub fn value(self, gp: &Gp, x: &[f64]) -> f64 {
        match self {
            Self::LogExpectedImprovement { best } => {
                log_expected_improvement(gp.predict(x), best).0
            }
            Self::ConfidenceBound { beta } => upper_confidence_bound(gp.predict(x), beta),
        }
    }

    /// The value with its slope in each feature.
    ///
    /// # Panics
    /// If the number of features is another.
    pub fn slopes(self, gp: &Gp, x: &[f64]) -> (f64, Vec<f64>) {
        let slopes = gp.slopes(x);
        let (value, [by_mean, by_deviation]) = match self {
            Self::LogExpectedImprovement { best } => {
                log_expected_improvement(slopes.prediction, best)
            }
            Self::ConfidenceBound { beta } => {
                (upper_confidence_bound(slopes.prediction, beta), [1.0, beta])
            }
        };
        let both = slopes.mean.iter().zip(&slopes.deviation);
        (value, both.map(|(mean, deviation)| by_mean * mean + by_deviation * deviation).collect())
    }
}

/// Climbs from each start inside a box; returns the best design and its value, the first of equals.
///
/// # Panics
/// If there is no start, or its length is not that of the bounds and of the features.
pub fn climb(
    gp: &Gp,
    acquisition: Acquisition,
    bounds: &[(f64, f64)],
    starts: &[Vec<f64>],
    options: &Options,
) -> (Vec<f64>, f64) {
    let climbed = starts.iter().map(|start| {
        minimise(start, bounds, options, |x| {
            let (value, slopes) = acquisition.slopes(gp, x);
            (-value, slopes.into_iter().map(|slope| -slope).collect())
        })
    });
    let best = climbed.min_by(|a, b| a.value.total_cmp(&b.value)).expect("at least one start");
    (best.x, -best.value)
}

#[cfg(test)]
mod tests;
