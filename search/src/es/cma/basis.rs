//! Axes and scales of a covariance matrix that is stored as its lower triangle, row by row.

use nalgebra::{DMatrix, SymmetricEigen};

/// Eigenvalues are lifted to this share of the largest.
const SHARE_MIN: f64 = 1e-14;

/// More sweeps than this would mean that something is not a number.
const SWEEPS_MAX: usize = 100_000;

/// Where entry (row, column ≤ row) lies.
pub(super) fn packed(row: usize, column: usize) -> usize {
    row * (row + 1) / 2 + column
}

/// `C ← C + factor · v vᵀ`.
pub(super) fn add_square(covariance: &mut [f64], factor: f64, v: &[f64]) {
    let mut rest = covariance;
    for (row, value) in v.iter().enumerate() {
        let (entries, others) = rest.split_at_mut(row + 1);
        let scaled = factor * value;
        entries.iter_mut().zip(v).for_each(|(entry, v)| *entry += scaled * v);
        rest = others;
    }
}

/// Columns of B and the scales D of C = B D² Bᵀ. Scales that are too small, or none at all, are lifted, and C with them. Nothing if C
/// cannot be decomposed.
pub(super) fn decompose(covariance: &mut [f64], n: usize) -> Option<(Vec<f64>, Vec<f64>)> {
    let entry = |row: usize, column: usize| covariance[packed(row.max(column), row.min(column))];
    let whole = DMatrix::from_fn(n, n, entry);
    if whole.iter().any(|entry| !entry.is_finite()) {
        return None;
    }
    let eigen = SymmetricEigen::try_new(whole, f64::EPSILON, SWEEPS_MAX)?;
    let largest = eigen.eigenvalues.max();
    if !(largest.is_finite() && largest > 0.0) {
        return None;
    }
    let least = SHARE_MIN * largest;
    let lifted = eigen.eigenvalues.map(|value| value.max(least));
    for (at, axis) in eigen.eigenvectors.column_iter().enumerate() {
        let lift = lifted[at] - eigen.eigenvalues[at];
        if lift > 0.0 {
            add_square(covariance, lift, axis.as_slice());
        }
    }
    let scales = lifted.iter().map(|value| value.sqrt()).collect();
    Some((eigen.eigenvectors.as_slice().to_vec(), scales))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(basis: &[f64], scales: &[f64]) -> Vec<f64> {
        let n = scales.len();
        let mut covariance = vec![0.0; n * (n + 1) / 2];
        for (axis, scale) in basis.chunks(n).zip(scales) {
            add_square(&mut covariance, scale * scale, axis);
        }
        covariance
    }

    #[test]
    fn axes_and_scales_give_the_matrix_back() {
        let mut covariance = vec![0.0; 10];
        for v in [
            [1.0, 2.0, 0.0, -1.0],
            [0.5, 0.0, 3.0, 1.0],
            [0.0, 1.0, 1.0, 1.0],
            [9.0, 0.0, 0.0, 1.0],
        ] {
            add_square(&mut covariance, 1.0, &v);
        }
        let (basis, scales) = decompose(&mut covariance, 4).expect("is symmetric");
        let back = square(&basis, &scales);
        assert!(back.iter().zip(&covariance).all(|(a, b)| (a - b).abs() < 1e-12));
        for (a, one) in basis.chunks(4).enumerate() {
            for (b, other) in basis.chunks(4).enumerate() {
                let product: f64 = one.iter().zip(other).map(|(x, y)| x * y).sum();
                assert!((product - f64::from(u8::from(a == b))).abs() < 1e-13);
            }
        }
    }

    #[test]
    fn scales_that_are_lost_are_lifted() {
        let mut covariance = vec![4.0, 0.0, -1e-3];
        let (basis, scales) = decompose(&mut covariance, 2).expect("has a largest scale");
        assert!(scales.iter().all(|scale| *scale >= 1.9e-7), "{scales:?}");
        let back = square(&basis, &scales);
        assert!(back.iter().zip(&covariance).all(|(a, b)| (a - b).abs() < 1e-14), "{covariance:?}");
        assert!(decompose(&mut [f64::NAN], 1).is_none() && decompose(&mut [0.0], 1).is_none());
    }
}
