//! A quadratic response surface, fitted by ridge regression.
//!
//! ```text
//! ŷ(z) = w₀ + Σᵢ wᵢ zᵢ + Σᵢ wᵢᵢ zᵢ² + Σᵢ<ⱼ wᵢⱼ zᵢ zⱼ        w = (ΦᵀΦ + λ D)⁻¹ Φᵀ y
//! eᵢ = (yᵢ - ŷᵢ) / (1 - hᵢᵢ)        H = Φ (ΦᵀΦ + λ D)⁻¹ Φᵀ        R² = 1 - Σ eᵢ² / Σ (yᵢ - ȳ₋ᵢ)²
//! ```
//!
//! | symbol | code         | shape, unit         | meaning                                                  |
//! |--------|--------------|---------------------|----------------------------------------------------------|
//! | z      | `z`          | (columns,)          | the design in z-scores of the table                      |
//! | Φ      | `phi`        | (rows, terms)       | terms of every row: 1, linear, squares, products         |
//! | D      |              | (terms, terms)      | identity but for a 0 at the constant term                |
//! | λ      | `ridge`      | > 0                 | shrinks all weights but the constant                     |
//! | w      | `weights`    | (terms,)            | the fit                                                  |
//! | hᵢᵢ    | `leverage`   | 0..1                | how much row i pulls the fit to itself                   |
//! | eᵢ     |              | units of the score  | error at row i of a fit without row i                    |
//! | ȳ₋ᵢ    |              | units of the score  | mean score of the other rows                             |
//!
//! Source: ridge regression (Hoerl and Kennard 1970); the closed form of eᵢ is that of PRESS residuals (Allen 1974) and
//! exact for any fixed penalty. Departures: the constant is not shrunk; z-scores are taken once, of all rows; R² compares
//! with the mean of the *other* rows, so that a model which only knows the mean gets exactly 0.

use hatchery_engine::Objective;
use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

use crate::{Dataset, Normaliser, SurrogateError};

/// Most columns for which products of two of them are terms: 528 products, a system of 593 equations.
pub const PRODUCTS_MAX: usize = 33;

/// Below this `1 - leverage` is rounding, and an error without the row cannot be known.
const FREEDOM_MIN: f64 = 1e-9;

/// A fitted quadratic; larger is better, so it can be searched as it is.
///
/// Nothing bounds it: where it curves upwards a search leaves the table and believes what no experiment has shown.
/// [`maximum`](Self::maximum) is `None` then.
#[derive(Debug, Clone, PartialEq)]
pub struct Quadratic {
    normaliser: Normaliser,
    weights: Vec<f64>,
    ridge: f64,
    r2_leave_one_out: f64,
}

impl Quadratic {
    /// Fits a table with ridge λ = `ridge`, > 0; columns are z-scored first, so about 1e-6 to 10 is sensible.
    ///
    /// # Errors
    /// [`SurrogateError::Ridge`] and [`SurrogateError::Singular`].
    pub fn fit(dataset: &Dataset, ridge: f64) -> Result<Self, SurrogateError> {
        if !(ridge.is_finite() && ridge > 0.0) {
            return Err(SurrogateError::Ridge { found: ridge });
        }
        let normaliser = Normaliser::fit(dataset);
        let phi = design_matrix(dataset, &normaliser);
        let system = factorise(&phi, ridge).ok_or(SurrogateError::Singular { ridge })?;
        let scores = DVector::from_column_slice(dataset.scores());
        let weights = system.solve(&phi.tr_mul(&scores));
        let r2_leave_one_out = leave_one_out(&phi, &system, &weights, &scores);
        let weights = weights.as_slice().to_vec();
        Ok(Self { normaliser, weights, ridge, r2_leave_one_out })
    }

    /// Fits a table with each of several ridges and keeps the fit that predicts left-out rows best; the first of
    /// equals.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit); [`SurrogateError::Ridge`] (NaN) if no ridge is given.
    pub fn fit_best(dataset: &Dataset, ridges: &[f64]) -> Result<Self, SurrogateError> {
        let mut best: Option<Self> = None;
        for &ridge in ridges {
            let fit = Self::fit(dataset, ridge)?;
            let known = |fit: &Self| {
                let r2 = fit.r2_leave_one_out;
                if r2.is_nan() { f64::NEG_INFINITY } else { r2 }
            };
            if best.as_ref().is_none_or(|best| known(&fit) > known(best)) {
                best = Some(fit);
            }
        }
        best.ok_or(SurrogateError::Ridge { found: f64::NAN })
    }

    /// The ridge of this fit.
    pub fn ridge(&self) -> f64 {
        self.ridge
    }

    /// Share of the variance of left-out rows that is explained: 1 is perfect, 0 is no better than the mean, below 0 is
    /// worse. NaN if a row can be predicted only with its own help.
    pub fn r2_leave_one_out(&self) -> f64 {
        self.r2_leave_one_out
    }

    /// The units of the table that was fitted.
    pub fn normaliser(&self) -> &Normaliser {
        &self.normaliser
    }

    /// Predicted score of the raw design `x`.
    ///
    /// # Panics
    /// If `x` has another number of columns than the table.
    pub fn predict(&self, x: &[f64]) -> f64 {
        let terms = terms(&self.normaliser.apply(x));
        terms.iter().zip(&self.weights).map(|(term, weight)| term * weight).sum()
    }

    /// The raw design with the largest prediction, if the fit curves downwards in every direction.
    pub fn maximum(&self) -> Option<Vec<f64>> {
        let columns = self.normaliser.columns();
        let linear = DVector::from_column_slice(&self.weights[1..=columns]);
        // ŷ = w₀ + bᵀz - ½ zᵀ C z is largest where C z = b; C is minus the matrix of second derivatives.
        let mut curvature = DMatrix::zeros(columns, columns);
        let mut second = self.weights[1 + columns..].iter();
        for (at, weight) in second.by_ref().take(columns).enumerate() {
            curvature[(at, at)] = -2.0 * weight;
        }
        for ((i, j), weight) in pairs(columns).zip(second) {
            curvature[(i, j)] = -weight;
            curvature[(j, i)] = -weight;
        }
        let z = Cholesky::new(curvature)?.solve(&linear);
        Some(self.normaliser.undo(z.as_slice()))
    }
}

impl Objective for Quadratic {
    fn dimension(&self) -> usize {
        self.normaliser.columns()
    }

    fn value(&self, x: &[f32]) -> f32 {
        let x: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
        self.predict(&x) as f32
    }

    fn name(&self) -> &str {
        "quadratic-surrogate"
    }
}

/// 1, all z, all z², and all products of two if there are few enough columns.
fn terms(z: &[f64]) -> Vec<f64> {
    let squares = z.iter().map(|z| z * z);
    let products = pairs(z.len()).map(|(i, j)| z[i] * z[j]);
    [1.0].into_iter().chain(z.iter().copied()).chain(squares).chain(products).collect()
}

/// The pairs i < j whose products are terms.
fn pairs(columns: usize) -> impl Iterator<Item = (usize, usize)> {
    let columns = if columns <= PRODUCTS_MAX { columns } else { 0 };
    (0..columns).flat_map(move |i| (i + 1..columns).map(move |j| (i, j)))
}

fn design_matrix(dataset: &Dataset, normaliser: &Normaliser) -> DMatrix<f64> {
    let columns = dataset.columns();
    let count = 1 + 2 * columns + pairs(columns).count();
    let all = dataset.designs().flat_map(|x| terms(&normaliser.apply(x)));
    DMatrix::from_row_iterator(dataset.rows(), count, all)
}

fn factorise(phi: &DMatrix<f64>, ridge: f64) -> Option<Cholesky<f64, Dyn>> {
    let mut normal = phi.tr_mul(phi);
    for at in 1..normal.nrows() {
        normal[(at, at)] += ridge;
    }
    Cholesky::new(normal)
}

/// R² of the errors without the row, by the closed form at the top of the module.
fn leave_one_out(
    phi: &DMatrix<f64>,
    system: &Cholesky<f64, Dyn>,
    weights: &DVector<f64>,
    scores: &DVector<f64>,
) -> f64 {
    let rows = scores.len() as f64;
    let mean = scores.mean();
    let predicted = phi * weights;
    // Column i is (ΦᵀΦ + λD)⁻¹ φᵢ.
    let pulled = system.solve(&phi.transpose());
    let (mut unexplained, mut variance) = (0.0, 0.0);
    for (row, (score, prediction)) in scores.iter().zip(predicted.iter()).enumerate() {
        let leverage = phi.row(row).transpose().dot(&pulled.column(row));
        if 1.0 - leverage < FREEDOM_MIN {
            return f64::NAN;
        }
        unexplained += ((score - prediction) / (1.0 - leverage)).powi(2);
        variance += ((score - mean) * rows / (rows - 1.0)).powi(2);
    }
    1.0 - unexplained / variance
}

#[cfg(test)]
mod tests;
