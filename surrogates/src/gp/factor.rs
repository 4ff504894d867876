//! Roots of covariance matrices, by halves, so that the work is in products of matrices.
//!
//! ```text
//! A = C Cᵀ        [A₁ ·; B A₂]:  C₁ = root(A₁),  D = B C₁⁻ᵀ,  C₂ = root(A₂ - D Dᵀ)
//! C⁻¹ = [C₁⁻¹ 0; -C₂⁻¹ D C₁⁻¹  C₂⁻¹]
//! ```
//!
//! The inverse of the root is all that a posterior needs: solutions are products, the determinant is on its diagonal, and a new
//! row of A is a new row of it.

use nalgebra::{Cholesky, DMatrix, DVector};

/// Below this many rows it is done column by column.
const BLOCK: usize = 48;

/// Jitter is tried from the first to the last, ten times more each time.
const JITTERS: [f64; 7] = [1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4];

/// C⁻¹ of a matrix to whose diagonal `jitter` was added.
#[derive(Debug, Clone)]
pub(super) struct Root {
    /// C⁻¹, lower triangular with zeros above.
    pub(super) inverse: DMatrix<f64>,
    /// What was added to the diagonal.
    pub(super) jitter: f64,
}

impl Root {
    /// The root of a matrix of which the lower triangle is read, with the least jitter (times `scale`) that gives it one.
    pub(super) fn of(matrix: &DMatrix<f64>, scale: f64) -> Option<Self> {
        JITTERS.iter().find_map(|jitter| {
            let jitter = jitter * scale;
            let mut matrix = matrix.clone();
            (0..matrix.nrows()).for_each(|at| matrix[(at, at)] += jitter);
            Some(Self { inverse: inverse_root(matrix)?, jitter })
        })
    }

    /// C⁻¹ b.
    pub(super) fn half_solve(&self, b: &DVector<f64>) -> DVector<f64> {
        &self.inverse * b
    }

    /// C⁻ᵀ b, the second half of a solution.
    pub(super) fn other_half(&self, b: &DVector<f64>) -> DVector<f64> {
        self.inverse.tr_mul(b)
    }

    /// ln det C.
    pub(super) fn log_determinant(&self) -> f64 {
        -self.inverse.diagonal().iter().map(|entry| libm::log(*entry)).sum::<f64>()
    }

    /// A⁻¹, of which only the lower triangle is right.
    pub(super) fn inverse_lower(&self) -> DMatrix<f64> {
        gram(&self.inverse)
    }

    /// Makes the matrix one larger: `beside` is its last row but for the diagonal. Whether the larger one has a root.
    pub(super) fn extend(&mut self, beside: &DVector<f64>, diagonal: f64) -> bool {
        let last = beside.len();
        let row = self.half_solve(beside);
        let pivot = diagonal + self.jitter - row.norm_squared();
        // Less is only rounding, and would be far off.
        if pivot.is_nan() || pivot <= 1e-12 * diagonal {
            return false;
        }
        let pivot = pivot.sqrt();
        let row = self.other_half(&row) / -pivot;
        self.inverse.resize_mut(last + 1, last + 1, 0.0);
        self.inverse.view_mut((last, 0), (1, last)).tr_copy_from(&row);
        self.inverse[(last, last)] = 1.0 / pivot;
        true
    }
}

/// C⁻¹, if there is a root; reads the lower triangle.
fn inverse_root(a: DMatrix<f64>) -> Option<DMatrix<f64>> {
    let rows = a.nrows();
    if rows <= BLOCK {
        let root = Cholesky::new(a)?.unpack();
        let inverse = root.solve_lower_triangular(&DMatrix::identity(rows, rows))?;
        return inverse.iter().all(|entry| entry.is_finite()).then_some(inverse);
    }
    let (first, second) = halves(rows);
    let upper = inverse_root(a.view((0, 0), (first, first)).into_owned())?;
    let beside = a.view((first, 0), (second, first)) * upper.transpose();
    let mut rest = a.view((first, first), (second, second)).into_owned();
    rest.gemm(-1.0, &beside, &beside.transpose(), 1.0);
    let lower = inverse_root(rest)?;
    let below = -(&lower * beside) * &upper;
    let mut inverse = DMatrix::zeros(rows, rows);
    inverse.view_mut((0, 0), (first, first)).copy_from(&upper);
    inverse.view_mut((first, 0), (second, first)).copy_from(&below);
    inverse.view_mut((first, first), (second, second)).copy_from(&lower);
    Some(inverse)
}

/// The lower triangle of RᵀR, for R lower triangular.
fn gram(r: &DMatrix<f64>) -> DMatrix<f64> {
    let rows = r.nrows();
    if rows <= BLOCK {
        return r.transpose() * r;
    }
    let (first, second) = halves(rows);
    let below = r.view((first, 0), (second, first)).into_owned();
    let lower = r.view((first, first), (second, second)).into_owned();
    let mut upper = gram(&r.view((0, 0), (first, first)).into_owned());
    upper.gemm(1.0, &below.transpose(), &below, 1.0);
    let mut product = DMatrix::zeros(rows, rows);
    product.view_mut((first, 0), (second, first)).copy_from(&(lower.transpose() * below));
    product.view_mut((0, 0), (first, first)).copy_from(&upper);
    product.view_mut((first, first), (second, second)).copy_from(&gram(&lower));
    product
}

/// Two halves, the first of them a multiple of eight.
fn halves(rows: usize) -> (usize, usize) {
    let first = (rows / 2).next_multiple_of(8);
    (first, rows - first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Draws;

    /// A Wishart matrix plus ½ I.
    fn covariance(rows: usize) -> DMatrix<f64> {
        let mut draws = Draws::new(1, "covariance");
        let half = DMatrix::from_fn(rows, rows + 3, |_, _| draws.normal());
        &half * half.transpose() / rows as f64 + DMatrix::identity(rows, rows) * 0.5
    }

    #[test]
    fn halves_give_what_one_piece_gives() {
        for rows in [1, 5, 48, 49, 131] {
            let a = covariance(rows);
            let root = Root::of(&a, 1e-6).expect("positive definite");
            let back = &root.inverse * &a * root.inverse.transpose();
            assert!((back - DMatrix::identity(rows, rows)).amax() < 1e-11, "{rows} rows");
            let exact = a.clone().cholesky().expect("positive definite");
            let mut inverse = exact.inverse() - root.inverse_lower();
            inverse.fill_upper_triangle(0.0, 1);
            assert!(inverse.amax() < 1e-10, "{rows} rows");
            assert!((root.log_determinant() - exact.determinant().ln() / 2.0).abs() < 1e-9);
        }
    }

    #[test]
    fn a_new_row_gives_what_the_whole_gives() {
        let a = covariance(60);
        let mut root = Root::of(&a.view((0, 0), (59, 59)).into_owned(), 1.0).expect("definite");
        let beside = a.view((59, 0), (1, 59)).transpose();
        assert!(root.extend(&DVector::from_column_slice(beside.as_slice()), a[(59, 59)]));
        let whole = Root::of(&a, 1.0).expect("positive definite");
        assert!((root.inverse - whole.inverse).amax() < 1e-11);
    }

    #[test]
    fn jitter_is_as_small_as_it_can_be() {
        assert_eq!(Root::of(&DMatrix::identity(3, 3), 2.0).map(|root| root.jitter), Some(2e-10));
        let ones = DMatrix::from_element(60, 60, 1.0);
        assert!(Root::of(&ones, 1.0).expect("with jitter").jitter < 1e-8);
        assert!(Root::of(&DMatrix::from_element(3, 3, f64::NAN), 1.0).is_none());
        assert!(Root::of(&-DMatrix::<f64>::identity(3, 3), 1.0).is_none());
    }
}
