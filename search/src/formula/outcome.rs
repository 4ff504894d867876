//! How a formula was scored.

use serde::{Deserialize, Serialize};

use super::Target;
use super::sums::Moments;

/// Why a formula has no loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Failure {
    /// Infinite or no number in some row.
    NotFinite,
    /// Its evaluation panicked, or was never done.
    Crashed,
}

/// How a formula was scored.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// Losses.
    Scored(Score),
    /// There are none.
    Failed(Failure),
}

/// Losses of a formula `f` and of what becomes of it by scaling; all relative to the variance of the target, so that 0 is a
/// perfect fit and 1 is what the mean gives.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Of `f` itself.
    pub plain: f64,
    /// Of `offset + f`, with the best offset.
    pub moved: f64,
    /// Of `slope · f`, with the best slope.
    pub sloped: f64,
    /// Of `offset + slope · f`, with the best of both.
    pub scaled: f64,
    /// Mean of `f`.
    pub mean_f: f64,
    /// Slope of `slope · f`.
    pub slope_alone: f64,
    /// Slope of `offset + slope · f`.
    pub slope: f64,
    /// 1000 if units do not fit, else 0; what tournaments see is loss + penalty.
    pub penalty: f64,
}

impl Score {
    /// Losses from sums over all rows; `w` is the sum of the weights.
    pub(super) fn of(moments: &Moments, w: f64, target: &Target) -> Result<Self, Failure> {
        let Moments { f, ff, fy } = *moments;
        let (mean, mean_y, variance) = (target.mean, target.rest, target.variance);
        let finite = f.is_finite() && ff.is_finite() && fy.is_finite();
        if !finite {
            return Err(Failure::NotFinite);
        }
        let mean_f = f / w;
        let (ff, fy) = (ff / w, fy / w);
        let variance_f = (ff - mean_f * mean_f).max(0.0);
        let covariance = fy - mean_f * mean_y;
        // What rounding leaves of a constant is no variance: nothing can be told from numbers that agree in their first five digits.
        let varies = variance_f > 1e-9 * ff;
        let slope = if varies { covariance / variance_f } else { 0.0 };
        let full =
            |difference: f64, spread: f64| (difference * difference + spread.max(0.0)) / variance;
        let spread = |slope: f64| variance - slope * (2.0 * covariance - slope * variance_f);
        // Σ f (y + mean) / Σ f².
        let slope_alone = if ff > 0.0 { (fy + mean * mean_f) / ff } else { 0.0 };
        let total_mean = mean_y + mean;
        let score = Self {
            plain: full(total_mean - mean_f, spread(1.0)),
            moved: full(0.0, spread(1.0)),
            sloped: full(total_mean - slope_alone * mean_f, spread(slope_alone)),
            scaled: full(0.0, spread(slope)),
            mean_f,
            slope_alone,
            slope,
            penalty: 0.0,
        };
        if score.plain.is_nan() || score.scaled.is_nan() {
            return Err(Failure::NotFinite);
        }
        Ok(score)
    }
}

impl Outcome {
    /// The loss that tournaments go by; infinite if there is none.
    pub fn loss(&self, scaling: bool) -> f64 {
        match self {
            Self::Scored(score) => score.penalty + if scaling { score.scaled } else { score.plain },
            Self::Failed(_) => f64::INFINITY,
        }
    }
}
