//! The two kinds of number a network is computed in.

use std::fmt::Debug;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

use hatchery_kernels::cpu::{self, Matrix};
use hatchery_kernels::math;

/// `f32` for work, `f64` for checking it.
pub trait Real:
    Copy
    + Debug
    + Default
    + PartialOrd
    + Send
    + Sync
    + Sum
    + Add<Output = Self>
    + AddAssign
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + 'static
{
    /// The nearest number of this kind.
    fn of(value: f64) -> Self;
    /// The same number in double precision.
    fn wide(self) -> f64;
    /// Square root.
    fn sqrt(self) -> Self;
    /// Exponential.
    fn exp(self) -> Self;
    /// Natural logarithm.
    fn ln(self) -> Self;
    /// Hyperbolic tangent.
    fn tanh(self) -> Self;
    /// `out ← left · right`, row-major.
    fn product(left: View<'_, Self>, right: View<'_, Self>, out: &mut [Self]);
}

/// A matrix `(rows, cols)`; `transposed` says that `data` holds `(cols, rows)`.
#[derive(Clone, Copy, Debug)]
pub struct View<'a, T> {
    /// The numbers, row after row; of a transpose, column after column.
    pub data: &'a [T],
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub cols: usize,
    /// Whether `data` is the transpose.
    pub transposed: bool,
    /// From one row of `data` to the next: their length, or more of a part of a wider matrix.
    pub stride: usize,
}

impl<'a, T> View<'a, T> {
    /// A row-major matrix.
    pub fn plain(data: &'a [T], rows: usize, cols: usize) -> Self {
        Self { data, rows, cols, transposed: false, stride: cols }
    }

    /// The transpose of the row-major matrix `(rows, cols)` in `data`.
    pub fn transpose(data: &'a [T], rows: usize, cols: usize) -> Self {
        Self { data, rows: cols, cols: rows, transposed: true, stride: cols }
    }

    /// So many of its rows, from `first` on.
    ///
    /// # Panics
    /// If there are not so many.
    pub fn some_rows(self, first: usize, rows: usize) -> Self {
        assert!(first + rows <= self.rows, "rows of a matrix");
        if rows * self.cols == 0 {
            return Self { data: &[], rows, ..self };
        }
        let (from, width, count) = if self.transposed {
            (first, rows, self.cols)
        } else {
            (first * self.stride, self.cols, rows)
        };
        let data = &self.data[from..][..(count - 1) * self.stride + width];
        Self { data, rows, ..self }
    }
}

impl<'a> From<View<'a, f32>> for Matrix<'a> {
    fn from(view: View<'a, f32>) -> Self {
        let View { data, rows, cols, transposed, stride } = view;
        Self { data, rows, cols, transposed, stride }
    }
}

impl Real for f32 {
    #[inline(always)]
    fn of(value: f64) -> Self {
        value as Self
    }
    #[inline(always)]
    fn wide(self) -> f64 {
        f64::from(self)
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        self.sqrt()
    }
    #[inline(always)]
    fn exp(self) -> Self {
        math::exp(self)
    }
    #[inline(always)]
    fn ln(self) -> Self {
        math::ln(self)
    }
    #[inline(always)]
    fn tanh(self) -> Self {
        math::tanh(self)
    }
    fn product(left: View<'_, Self>, right: View<'_, Self>, out: &mut [Self]) {
        cpu::product(left.into(), right.into(), out);
    }
}

impl Real for f64 {
    #[inline(always)]
    fn of(value: f64) -> Self {
        value
    }
    #[inline(always)]
    fn wide(self) -> f64 {
        self
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        self.sqrt()
    }
    #[inline(always)]
    fn exp(self) -> Self {
        self.exp()
    }
    #[inline(always)]
    fn ln(self) -> Self {
        self.ln()
    }
    #[inline(always)]
    fn tanh(self) -> Self {
        self.tanh()
    }
    /// The plain loops: this kind of number is for checks.
    fn product(left: View<'_, Self>, right: View<'_, Self>, out: &mut [Self]) {
        assert_eq!(left.cols, right.rows, "inner dimension");
        let at = |v: &View<'_, Self>, r: usize, c: usize| {
            if v.transposed { v.data[c * v.stride + r] } else { v.data[r * v.stride + c] }
        };
        for (r, row) in out.chunks_exact_mut(right.cols).enumerate() {
            for (c, value) in row.iter_mut().enumerate() {
                *value = (0..left.cols).map(|k| at(&left, r, k) * at(&right, k, c)).sum();
            }
        }
    }
}
