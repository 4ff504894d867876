//! The Matérn 5/2 kernel with one length scale for each group of features.
//!
//! ```text
//! κ(u) = (1 + u + u²/3) e⁻ᵘ        h(u) = 5/3 (1 + u) e⁻ᵘ        u² = 5 Σᵢ (xᵢ - x'ᵢ)² / ℓᵢ²
//! ∂κ/∂xᵢ = -h (xᵢ - x'ᵢ)/ℓᵢ²        ∂κ/∂ln ℓ = h Σᵢ (xᵢ - x'ᵢ)²/ℓ², over the features of the group
//! ```

use nalgebra::{DMatrix, DVector};

use crate::SurrogateError;

/// What a Gaussian process is told about the function, in the units of features and scores.
#[derive(Debug, Clone, PartialEq)]
pub struct Hyper {
    /// m: the value far from all rows.
    pub mean: f64,
    /// ℓ: one length scale for each group, in units of its features, > 0.
    pub length_scales: Vec<f64>,
    /// s²: variance of the function, > 0.
    pub signal: f64,
    /// t²: variance of an observation around the function, ≥ 0.
    pub noise: f64,
}

impl Hyper {
    /// Whether all values are in their ranges.
    pub(super) fn check(&self) -> Result<(), SurrogateError> {
        let scales = self.length_scales.iter().map(|&scale| ("length_scales", scale, "above 0"));
        let others = [("signal", self.signal, "above 0"), ("noise", self.noise, "0 or more")];
        let holds = |value: f64, wanted| value > 0.0 || (value == 0.0 && wanted == "0 or more");
        let mut all = scales.chain(others);
        match all.find(|&(_, value, wanted)| !(value.is_finite() && holds(value, wanted))) {
            Some((name, found, wanted)) => Err(SurrogateError::Setting { name, found, wanted }),
            None if self.mean.is_finite() => Ok(()),
            None => {
                Err(SurrogateError::Setting { name: "mean", found: self.mean, wanted: "finite" })
            }
        }
    }
}

/// κ and h at a squared scaled distance.
pub(super) fn matern(squared: f64) -> (f64, f64) {
    let u = (5.0 * squared).sqrt();
    let decay = libm::exp(-u);
    ((1.0 + u + u * u / 3.0) * decay, 5.0 / 3.0 * (1.0 + u) * decay)
}

/// Turns rows, one behind the other, into columns of features in units of their length scales.
#[derive(Debug, Clone)]
pub(super) struct Scaling {
    centre: Vec<f64>,
    /// 1/ℓ of each feature.
    pub(super) inverse: Vec<f64>,
}

impl Scaling {
    /// Distances are taken from squares, which are smaller around a centre.
    pub(super) fn new(centre: Vec<f64>, groups: &[usize], length_scales: &[f64]) -> Self {
        let inverse = groups.iter().map(|&group| 1.0 / length_scales[group]).collect();
        Self { centre, inverse }
    }

    /// (features, rows) of (rows, features).
    pub(super) fn apply(&self, rows: &[f64]) -> DMatrix<f64> {
        let features = self.centre.len();
        let mut scaled = DMatrix::from_column_slice(features, rows.len() / features, rows);
        for mut column in scaled.column_iter_mut() {
            let parts = self.centre.iter().zip(&self.inverse);
            for (x, (centre, inverse)) in column.iter_mut().zip(parts) {
                *x = (*x - centre) * inverse;
            }
        }
        scaled
    }

    /// (rows, features) of (features, rows).
    pub(super) fn undo(&self, scaled: &DMatrix<f64>) -> Vec<f64> {
        let features = self.centre.len();
        let back =
            |(at, x): (usize, &f64)| x / self.inverse[at % features] + self.centre[at % features];
        scaled.as_slice().iter().enumerate().map(back).collect()
    }
}

/// Mean of each feature.
pub(super) fn centre(rows: &[f64], features: usize) -> Vec<f64> {
    let count = (rows.len() / features) as f64;
    let mut centre = vec![0.0; features];
    for row in rows.chunks_exact(features) {
        centre.iter_mut().zip(row).for_each(|(sum, x)| *sum += x / count);
    }
    centre
}

/// Squared distances of all columns of `a` to all columns of `b`.
pub(super) fn squared_distances(a: &DMatrix<f64>, b: &DMatrix<f64>) -> DMatrix<f64> {
    let norms = |m: &DMatrix<f64>| -> Vec<f64> {
        m.column_iter().map(|column| column.norm_squared()).collect()
    };
    let (norms_a, norms_b) = (norms(a), norms(b));
    let mut squared = a.transpose() * b;
    for (mut column, b) in squared.column_iter_mut().zip(&norms_b) {
        for (entry, a) in column.iter_mut().zip(&norms_a) {
            *entry = (a + b - 2.0 * *entry).max(0.0);
        }
    }
    squared
}

/// Squared distance of a column to each column of `a`, from differences.
pub(super) fn squared_distances_to(a: &DMatrix<f64>, x: &[f64]) -> DVector<f64> {
    let squares = |column: &[f64]| column.iter().zip(x).map(|(a, x)| (a - x) * (a - x)).sum();
    let features = x.len();
    DVector::from_iterator(a.ncols(), a.as_slice().chunks_exact(features).map(squares))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_is_one_at_home_and_falls() {
        let (at_home, slope) = matern(0.0);
        assert_eq!((at_home, slope), (1.0, 5.0 / 3.0));
        // (1 + √5 + 5/3) e^(-√5)
        assert!((matern(1.0).0 - 0.523_994_108_831_820_2).abs() < 1e-12);
        assert!(matern(1e6).0 < 1e-100);
    }

    #[test]
    fn its_slope_is_that_of_differences() {
        for squared in [0.01_f64, 0.5, 2.0, 30.0] {
            let (x, step) = (squared.sqrt(), 1e-6);
            let value = |x: f64| matern(x * x).0;
            let difference = (value(x + step) - value(x - step)) / (2.0 * step);
            assert!((difference + matern(squared).1 * x).abs() < 1e-9, "at {squared}");
        }
    }

    #[test]
    fn both_ways_to_a_distance_agree() {
        let rows = [1e3, 2.0, 1e3 + 0.5, 1.0, 1e3, 2.0, 1e3 - 0.25, 4.0];
        let scaling = Scaling::new(centre(&rows, 2), &[0, 1], &[0.5, 2.0]);
        let scaled = scaling.apply(&rows);
        let all = squared_distances(&scaled, &scaled);
        for at in 0..4 {
            let alone = squared_distances_to(&scaled, scaled.column(at).as_slice());
            assert!((all.column(at) - alone).amax() < 1e-12);
        }
        assert!((all[(0, 1)] - 1.25).abs() < 1e-12 && all[(0, 2)] == 0.0);
    }
}
