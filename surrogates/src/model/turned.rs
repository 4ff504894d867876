//! Many sparse rows times one matrix.
//!
//! Loops are plain on purpose: not everything of the standard library is inlined into code for wider vectors.

#![allow(clippy::manual_memcpy, clippy::needless_range_loop, reason = "see above")]

use hatchery_kernels::simd::{Kernel, dispatch};
use nalgebra::DMatrix;
use rayon::prelude::*;

use super::terms::Sparse;

/// Rows that are worked on as one part.
const PART: usize = 256;
/// Sums that are kept in registers. That many rows of the matrix, for all of its columns, stay in the second cache while all rows pass by.
const SUMS: usize = 16;

/// The matrix, whose columns belong to terms, times each row: `(rows, rows of the matrix)`.
pub(super) fn turned(by_term: &DMatrix<f64>, rows: &[Sparse]) -> Vec<f64> {
    let count = by_term.nrows();
    let mut out = vec![0.0; rows.len() * count];
    let by_term = by_term.as_slice();
    if count > 0 {
        let parts = out.par_chunks_mut(PART * count).zip(rows.par_chunks(PART));
        parts.for_each(|(out, rows)| dispatch(Turn { by_term, count, rows, out }));
    }
    out
}

struct Turn<'a> {
    /// Column after column, each of `count` numbers.
    by_term: &'a [f64],
    count: usize,
    rows: &'a [Sparse],
    out: &'a mut [f64],
}

impl Kernel for Turn<'_> {
    type Output = ();

    #[inline(always)]
    fn run(mut self) {
        let mut first = 0;
        while self.count - first >= SUMS {
            self.some::<SUMS>(first);
            first += SUMS;
        }
        while self.count - first >= 4 {
            self.some::<4>(first);
            first += 4;
        }
        while first < self.count {
            self.some::<1>(first);
            first += 1;
        }
    }
}

impl Turn<'_> {
    /// `N` rows of the matrix from `first` on.
    #[inline(always)]
    fn some<const N: usize>(&mut self, first: usize) {
        for at in 0..self.rows.len() {
            let row: &[(u32, f64)] = &self.rows[at];
            let mut sums = [0.0_f64; N];
            for k in 0..row.len() {
                let (term, value) = row[k];
                let from = term as usize * self.count + first;
                let column = &self.by_term[from..from + N];
                for lane in 0..N {
                    sums[lane] += value * column[lane];
                }
            }
            let from = at * self.count + first;
            let out = &mut self.out[from..from + N];
            for lane in 0..N {
                out[lane] = sums[lane];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Draws;

    #[test]
    fn all_rows_are_turned_as_one_by_one_to_the_bit() {
        let mut draws = Draws::new(3, "turned rows of a test");
        // Whole registers, rests, one row, none.
        for count in [0, 1, 3, 4, 16, 23, 37] {
            let matrix = DMatrix::from_fn(count, 9, |_, _| draws.normal());
            let rows: Vec<Sparse> = (0..PART + 7)
                .map(|row| (0..row as u32 % 9).map(|term| (8 - term, draws.normal())).collect())
                .collect();
            let out = turned(&matrix, &rows);
            assert_eq!(out.len(), rows.len() * count);
            for (at, row) in rows.iter().enumerate() {
                for k in 0..count {
                    let plain =
                        |sum, &(term, value): &(u32, f64)| sum + value * matrix[(k, term as usize)];
                    assert_eq!(out[at * count + k], row.iter().fold(0.0, plain));
                }
            }
        }
    }
}
