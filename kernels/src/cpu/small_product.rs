//! Products of small dense matrices, for training runs with a few thousand weights.
//!
//! `out[i][j] (+)= Σ_p a[i][p] b[p][j]`, where `b` and `out` are row-major and `a` has any strides, so that it may be a
//! transpose. Each sum is one chain of fused multiply-adds in the order of `p`: the same bits on every processor. What a
//! library's packing costs is more than these products take.

use super::tile::{each, load};
use crate::simd::{LANES, Vector, VectorKernel, dispatch_vector};

/// The left matrix of a [`small_product`].
#[derive(Clone, Copy, Debug)]
pub struct Left<'a> {
    /// The numbers.
    pub data: &'a [f32],
    /// From one row to the next.
    pub row_stride: usize,
    /// From one column to the next.
    pub column_stride: usize,
}

impl<'a> Left<'a> {
    /// A row-major matrix with so many columns.
    pub fn rows(data: &'a [f32], columns: usize) -> Self {
        Self { data, row_stride: columns, column_stride: 1 }
    }

    /// The transpose of a row-major matrix with so many columns.
    pub fn transposed(data: &'a [f32], columns: usize) -> Self {
        Self { data, row_stride: 1, column_stride: columns }
    }
}

/// `out (+)= a b` for shapes `(rows, inner, columns)`; adds to what is there if `add`.
///
/// # Panics
/// If a slice is too short.
pub fn small_product(
    a: Left<'_>,
    b: &[f32],
    out: &mut [f32],
    (rows, inner, columns): (usize, usize, usize),
    add: bool,
) {
    let last = |count: usize, stride: usize| count.saturating_sub(1) * stride;
    let needed = last(rows, a.row_stride) + last(inner, a.column_stride) + 1;
    assert!(rows == 0 || inner == 0 || a.data.len() >= needed, "left matrix");
    assert!(b.len() >= inner * columns && out.len() >= rows * columns, "right matrix or product");
    dispatch_vector(Product { a, b, out, rows, inner, columns, add });
}

struct Product<'a> {
    a: Left<'a>,
    b: &'a [f32],
    out: &'a mut [f32],
    rows: usize,
    inner: usize,
    columns: usize,
    add: bool,
}

/// Rows of a tile of two vectors, for machines with 32 registers of 16 lanes.
const TALL: usize = 4;
/// Rows of a tile of one vector that takes two of 16 registers: sums, right side and left side just fit.
const TALLER: usize = 6;

impl VectorKernel for Product<'_> {
    #[inline(always)]
    fn run<V: Vector>(mut self) {
        let wide = if V::REGISTERS == 1 { 2 } else { 1 };
        let mut column = 0;
        while column < self.columns {
            let count = self.columns - column;
            if wide == 2 && count >= 2 * LANES {
                self.strip::<V, TALL, 2, true>(column, LANES);
                column += 2 * LANES;
            } else if count >= LANES {
                self.strip::<V, TALLER, 1, true>(column, LANES);
                column += LANES;
            } else {
                self.strip::<V, TALLER, 1, false>(column, count);
                column = self.columns;
            }
        }
    }
}

impl Product<'_> {
    #[inline(always)]
    fn strip<V: Vector, const ROWS: usize, const WIDE: usize, const FULL: bool>(
        &mut self,
        column: usize,
        count: usize,
    ) {
        let mut row = 0;
        while row + ROWS <= self.rows {
            self.tile::<V, ROWS, WIDE, FULL>(row, column, count);
            row += ROWS;
        }
        if row + 4 <= self.rows {
            self.tile::<V, 4, WIDE, FULL>(row, column, count);
            row += 4;
        }
        if row + 2 <= self.rows {
            self.tile::<V, 2, WIDE, FULL>(row, column, count);
            row += 2;
        }
        if row < self.rows {
            self.tile::<V, 1, WIDE, FULL>(row, column, count);
        }
    }

    #[inline(always)]
    fn tile<V: Vector, const ROWS: usize, const WIDE: usize, const FULL: bool>(
        &mut self,
        row: usize,
        column: usize,
        count: usize,
    ) {
        let mut sums = [[V::zero(); WIDE]; ROWS];
        let (stride, step) = (self.a.row_stride, self.a.column_stride);
        let a = &self.a.data[row * stride..];
        // One test for all rows of a column: the last place that any of them reads.
        let reach = (ROWS - 1) * stride;
        for p in 0..self.inner {
            let a = &a[p * step..];
            let a = &a[..reach + 1];
            let b = &self.b[p * self.columns + column..];
            let mut right = [V::zero(); WIDE];
            each!(W < WIDE in [0, 1] {
                // What lies behind a strip that is not full only gets into lanes that are not stored.
                right[W] = if FULL || b.len() >= LANES { V::load(&b[W * LANES..]) } else { V::load_first(b, count) };
            });
            each!(R < ROWS in [0, 1, 2, 3, 4, 5] {
                let left = V::splat(a[R * stride]);
                each!(W < WIDE in [0, 1] {
                    sums[R][W] = left.mul_add(right[W], sums[R][W]);
                });
            });
        }
        each!(R < ROWS in [0, 1, 2, 3, 4, 5] {
            let out = &mut self.out[(row + R) * self.columns + column..];
            each!(W < WIDE in [0, 1] {
                let sum = sums[R][W];
                let sum = if self.add { sum.add(load::<V, FULL>(out, W * LANES, count)) } else { sum };
                if FULL { sum.store(&mut out[W * LANES..]) } else { sum.store_first(&mut out[W * LANES..], count) }
            });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_sums_of_products() {
        let value = |i: usize| ((i * 37 % 101) as f32 - 50.0) * 0.02;
        for (rows, inner, columns) in
            [(1, 1, 1), (5, 7, 3), (4, 9, 16), (9, 64, 33), (6, 3, 70), (13, 5, 10), (17, 2, 48)]
        {
            let a: Vec<f32> = (0..rows * inner).map(value).collect();
            let b: Vec<f32> = (0..inner * columns).map(|i| value(i + 11)).collect();
            let transposed: Vec<f32> =
                (0..rows * inner).map(|i| a[i % rows * inner + i / rows]).collect();
            let mut expected = vec![0.0_f32; rows * columns];
            for i in 0..rows {
                for j in 0..columns {
                    for p in 0..inner {
                        let out = &mut expected[i * columns + j];
                        *out = a[i * inner + p].mul_add(b[p * columns + j], *out);
                    }
                }
            }
            for left in [Left::rows(&a, inner), Left::transposed(&transposed, rows)] {
                let mut out = vec![0.0; rows * columns];
                small_product(left, &b, &mut out, (rows, inner, columns), false);
                assert_eq!(out, expected);
                small_product(left, &b, &mut out, (rows, inner, columns), true);
                let twice: Vec<f32> = expected.iter().map(|x| x + x).collect();
                assert_eq!(out, twice);
            }
        }
    }
}
