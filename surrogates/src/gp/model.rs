//! The posterior: predictions, their slopes, predictions without a row, one row more.

use nalgebra::{DMatrix, DVector};

use super::factor::Root;
use super::fit::ROWS_MAX;
use super::kernel::{Hyper, Scaling, centre, matern, squared_distances, squared_distances_to};
use crate::{Place, SurrogateError};

/// Least predicted variance, in units of the variance of the function.
const VARIANCE_MIN: f64 = 1e-12;

/// Mean and variance of a normal prediction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// Mean, in units of the score.
    pub mean: f64,
    /// Variance, in squared units of the score, > 0.
    pub variance: f64,
}

impl Prediction {
    /// The standard deviation.
    pub fn deviation(&self) -> f64 {
        self.variance.sqrt()
    }
}

/// How a prediction changes with the features.
#[derive(Debug, Clone, PartialEq)]
pub struct Slopes {
    /// The prediction itself.
    pub prediction: Prediction,
    /// ∂μ/∂x, one for each feature.
    pub mean: Vec<f64>,
    /// ∂σ/∂x, one for each feature; 0 where the variance is at its floor.
    pub deviation: Vec<f64>,
}

/// A Gaussian process with everything that it has observed. See the [module](super) for the formulas.
#[derive(Debug, Clone)]
pub struct Gp {
    groups: Vec<usize>,
    hyper: Hyper,
    scaling: Scaling,
    /// Rows in units of their length scales, (features, rows).
    scaled: DMatrix<f64>,
    scores: Vec<f64>,
    /// Of the noise of each row; nothing if all are 1.
    weights: Vec<f64>,
    root: Root,
    /// K⁻¹ (y - m).
    alpha: DVector<f64>,
}

impl Gp {
    /// The posterior under known hyper-parameters; arguments as for [`fit`](Self::fit).
    ///
    /// # Errors
    /// As for [`fit`](Self::fit).
    pub fn new(
        rows: &[f64],
        groups: &[usize],
        scores: &[f64],
        hyper: Hyper,
    ) -> Result<Self, SurrogateError> {
        Self::weighted(rows, groups, scores, &[], hyper)
    }

    /// As [`new`](Self::new), where the noise of row i has the variance t²/wᵢ; no weights: all are 1.
    pub(super) fn weighted(
        rows: &[f64],
        groups: &[usize],
        scores: &[f64],
        weights: &[f64],
        hyper: Hyper,
    ) -> Result<Self, SurrogateError> {
        let scales = check(rows, groups, scores)?;
        if hyper.length_scales.len() != scales {
            let found = hyper.length_scales.len();
            return Err(SurrogateError::Shape { what: "length scales", expected: scales, found });
        }
        hyper.check()?;
        let scaling = Scaling::new(centre(rows, groups.len()), groups, &hyper.length_scales);
        let scaled = scaling.apply(rows);
        let root = root_of(&scaled, weights, &hyper)?;
        let (groups, scores) = (groups.to_vec(), scores.to_vec());
        let alpha = DVector::zeros(0);
        let weights = weights.to_vec();
        let mut gp = Self { groups, hyper, scaling, scaled, scores, weights, root, alpha };
        gp.solve();
        Ok(gp)
    }

    /// What it was told about the function, or has learned.
    pub fn hyper(&self) -> &Hyper {
        &self.hyper
    }

    /// Number of features.
    pub fn features(&self) -> usize {
        self.groups.len()
    }

    /// The observed scores, in the order of the rows.
    pub fn scores(&self) -> &[f64] {
        &self.scores
    }

    /// The weight of each row; nothing if all are 1. The noise of row i has the variance t²/wᵢ.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// ln p(y), without a prior.
    pub fn log_likelihood(&self) -> f64 {
        let residuals = self.residuals();
        -0.5 * residuals.dot(&self.alpha)
            - self.root.log_determinant()
            - 0.5 * self.scores.len() as f64 * libm::log(2.0 * std::f64::consts::PI)
    }

    /// The function at `x`, without the noise of an observation.
    ///
    /// # Panics
    /// If the number of features is another.
    pub fn predict(&self, x: &[f64]) -> Prediction {
        let kernel = self.kernel_with(&self.scale(x)).0;
        let half = self.root.half_solve(&kernel);
        self.prediction(kernel.dot(&self.alpha), half.norm_squared())
    }

    /// The function at each of several designs, one behind the other; faster than one by one.
    ///
    /// # Panics
    /// If the number of features does not divide the length.
    pub fn predict_all(&self, designs: &[f64]) -> Vec<Prediction> {
        self.predictions(&self.solved(designs))
    }

    /// The prediction at `x` with its slopes.
    ///
    /// # Panics
    /// If the number of features is another.
    pub fn slopes(&self, x: &[f64]) -> Slopes {
        let at = self.scale(x);
        let (kernel, steepness) = self.kernel_with(&at);
        let half = self.root.half_solve(&kernel);
        let prediction = self.prediction(kernel.dot(&self.alpha), half.norm_squared());
        let floored = self.hyper.signal - half.norm_squared() < self.variance_min();
        let pull = self.root.other_half(&half);
        let (mut mean, mut deviation) = (vec![0.0; at.len()], vec![0.0; at.len()]);
        let inverse_deviation = if floored { 0.0 } else { 1.0 / prediction.deviation() };
        for (row, column) in self.scaled.column_iter().enumerate() {
            let for_mean = -steepness[row] * self.alpha[row];
            // ∂σ²/∂x = -2 k(X, x)ᵀ K⁻¹ ∂k/∂x, ∂σ/∂x = ∂σ²/∂x / 2σ.
            let for_deviation = steepness[row] * pull[row] * inverse_deviation;
            for (feature, inverse) in self.scaling.inverse.iter().enumerate() {
                let away = (at[feature] - column[feature]) * inverse;
                mean[feature] += for_mean * away;
                deviation[feature] += for_deviation * away;
            }
        }
        Slopes { prediction, mean, deviation }
    }

    /// What would be predicted of each *observation* if its row were missing and hyper-parameters the same.
    pub fn leave_one_out(&self) -> Vec<Prediction> {
        let columns = self.root.inverse.column_iter().map(|column| column.norm_squared());
        let rows = self.scores.iter().zip(self.alpha.iter()).zip(columns);
        rows.map(|((score, alpha), precision)| Prediction {
            mean: score - alpha / precision,
            variance: (1.0 / precision).max(self.variance_min()),
        })
        .collect()
    }

    /// Observes one row more, of weight 1, under the same hyper-parameters (and the same mean): the work is that of some predictions.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit); nothing has changed then.
    pub fn add(&mut self, x: &[f64], score: f64) -> Result<(), SurrogateError> {
        let rows = self.scores.len();
        check(x, &self.groups, &[score])?;
        if rows == ROWS_MAX {
            return Err(SurrogateError::RowsBeyond { rows: rows + 1, rows_max: ROWS_MAX });
        }
        let at = self.scale(x);
        let kernel = self.kernel_with(&at).0;
        let wider = |scaled: &DMatrix<f64>| {
            let mut wider = scaled.clone().resize_horizontally(rows + 1, 0.0);
            wider.set_column(rows, &DVector::from_column_slice(&at));
            wider
        };
        if self.root.extend(&kernel, self.hyper.signal + self.hyper.noise) {
            self.scaled = wider(&self.scaled);
        } else {
            let scaled = wider(&self.scaled);
            self.root = root_of(&scaled, &self.weights, &self.hyper)?;
            self.scaled = scaled;
        }
        self.scores.push(score);
        if !self.weights.is_empty() {
            self.weights.push(1.0);
        }
        self.solve();
        Ok(())
    }

    /// Kernel with all rows, and C⁻¹ times that, for designs one behind the other.
    pub(super) fn solved(&self, designs: &[f64]) -> Solved {
        assert_eq!(designs.len() % self.features(), 0, "designs have a value for each feature");
        let scaled = self.scaling.apply(designs);
        let kernel = self.covariance(&self.scaled, &scaled);
        let half = &self.root.inverse * &kernel;
        Solved { scaled, kernel, half }
    }

    pub(super) fn predictions(&self, designs: &Solved) -> Vec<Prediction> {
        let means = designs.kernel.tr_mul(&self.alpha);
        let explained = designs.half.column_iter().map(|column| column.norm_squared());
        means.iter().zip(explained).map(|(mean, part)| self.prediction(*mean, part)).collect()
    }

    /// Posterior covariance of each design of one list with each of another.
    pub(super) fn joint(&self, a: &Solved, b: &Solved) -> DMatrix<f64> {
        let mut covariance = self.covariance(&a.scaled, &b.scaled);
        covariance.gemm(-1.0, &a.half.transpose(), &b.half, 1.0);
        covariance
    }

    /// Posterior means.
    pub(super) fn means(&self, designs: &Solved) -> DVector<f64> {
        designs.kernel.tr_mul(&self.alpha).add_scalar(self.hyper.mean)
    }

    /// The observed rows in their own units, one behind the other, up to rounding.
    pub(super) fn rows(&self) -> Vec<f64> {
        self.scaling.undo(&self.scaled)
    }

    fn covariance(&self, a: &DMatrix<f64>, b: &DMatrix<f64>) -> DMatrix<f64> {
        squared_distances(a, b).map(|squared| self.hyper.signal * matern(squared).0)
    }

    /// s² κ and s² h with each row.
    fn kernel_with(&self, at: &[f64]) -> (DVector<f64>, DVector<f64>) {
        let mut kernel = squared_distances_to(&self.scaled, at);
        let mut steepness = DVector::zeros(kernel.len());
        for (entry, steepness) in kernel.iter_mut().zip(steepness.iter_mut()) {
            let (value, slope) = matern(*entry);
            *entry = self.hyper.signal * value;
            *steepness = self.hyper.signal * slope;
        }
        (kernel, steepness)
    }

    fn scale(&self, x: &[f64]) -> Vec<f64> {
        assert_eq!(x.len(), self.features(), "a design has a value for each feature");
        self.scaling.apply(x).as_slice().to_vec()
    }

    fn prediction(&self, above_mean: f64, explained: f64) -> Prediction {
        let variance = (self.hyper.signal - explained).max(self.variance_min());
        Prediction { mean: self.hyper.mean + above_mean, variance }
    }

    pub(super) fn variance_min(&self) -> f64 {
        VARIANCE_MIN * self.hyper.signal
    }

    fn residuals(&self) -> DVector<f64> {
        DVector::from_column_slice(&self.scores).add_scalar(-self.hyper.mean)
    }

    fn solve(&mut self) {
        self.alpha = self.root.other_half(&self.root.half_solve(&self.residuals()));
    }
}

/// Designs with what any posterior of them needs.
#[derive(Debug, Clone)]
pub(super) struct Solved {
    /// (features, designs), in units of length scales.
    scaled: DMatrix<f64>,
    /// k(X, designs), (rows, designs).
    kernel: DMatrix<f64>,
    /// C⁻¹ k(X, designs), (rows, designs).
    half: DMatrix<f64>,
}

fn root_of(scaled: &DMatrix<f64>, weights: &[f64], hyper: &Hyper) -> Result<Root, SurrogateError> {
    let mut covariance = squared_distances(scaled, scaled);
    covariance.apply(|squared| *squared = hyper.signal * matern(*squared).0);
    for row in 0..covariance.nrows() {
        let noise = weights.get(row).map_or(hyper.noise, |weight| hyper.noise / weight);
        covariance[(row, row)] = hyper.signal + noise;
    }
    Root::of(&covariance, hyper.signal).ok_or(SurrogateError::Covariance)
}

/// Whether a table can be learned from; returns the number of length scales.
pub(super) fn check(
    rows: &[f64],
    groups: &[usize],
    scores: &[f64],
) -> Result<usize, SurrogateError> {
    let features = groups.len();
    if features == 0 || scores.is_empty() {
        return Err(SurrogateError::TooSmall {
            rows: scores.len(),
            columns: features,
            rows_min: 1,
        });
    }
    if scores.len() > ROWS_MAX {
        return Err(SurrogateError::RowsBeyond { rows: scores.len(), rows_max: ROWS_MAX });
    }
    let (expected, found) = (features * scores.len(), rows.len());
    if expected != found {
        return Err(SurrogateError::Shape { what: "features of all rows", expected, found });
    }
    let scales = groups.iter().max().map_or(0, |last| last + 1);
    let used = (0..scales).filter(|scale| groups.contains(scale)).count();
    if used != scales {
        return Err(SurrogateError::Shape { what: "groups", expected: scales, found: used });
    }
    let features_of = rows.iter().enumerate();
    let designs = features_of.map(|(at, x)| (at / features, Some(at % features), *x));
    let scored = scores.iter().enumerate().map(|(row, y)| (row, None, *y));
    match designs.chain(scored).find(|(.., value)| !value.is_finite()) {
        None => Ok(scales),
        Some((row, feature, found)) => Err(SurrogateError::NotFinite {
            place: Place::Row(row),
            column: feature.map_or("score".to_owned(), |feature| format!("feature {feature}")),
            found,
        }),
    }
}

#[cfg(test)]
mod tests;
