//! A function moved and turned, so that neither the centre of the box nor its axes are special.
//!
//! y = m + R (x − o)
//!
//! | symbol | code       | meaning                                            |
//! |--------|------------|----------------------------------------------------|
//! | m      | `from`     | optimum of the function as published               |
//! | o      | `optimum`  | m + s, s uniform in ±0.3 of the box in each column |
//! | R      | `rotation` | orthogonal, uniform among all                      |

use super::draw::{Draws, Purpose};

/// Where a function was moved to, and how it was turned.
#[derive(Debug, Clone, PartialEq)]
pub struct Moved {
    /// The optimum before.
    pub from: Vec<f64>,
    /// The optimum now.
    pub optimum: Vec<f64>,
    /// Orthogonal, row after row.
    pub rotation: Vec<Vec<f64>>,
}

/// The largest shift of a column, as a share of its range.
const SHIFT: f64 = 0.3;

impl Moved {
    /// A shift and a rotation of a function on boxes of the given width.
    pub fn draw(from: Vec<f64>, width: f64, seed: u64) -> Self {
        let mut draws = Draws::new(seed, Purpose::Shift, 0);
        let optimum = from.iter().map(|m| m + width * draws.between(-SHIFT, SHIFT)).collect();
        let rotation = rotation(from.len(), seed);
        Self { from, optimum, rotation }
    }

    /// The argument of the published function.
    pub fn apply(&self, x: &[f64]) -> Vec<f64> {
        let offset: Vec<f64> = x.iter().zip(&self.optimum).map(|(x, o)| x - o).collect();
        self.from.iter().zip(&self.rotation).map(|(m, row)| m + product(row, &offset)).collect()
    }
}

fn product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Gram–Schmidt on normal rows, whose directions are uniform; twice, since once is not orthogonal to the last digits.
fn rotation(dimension: usize, seed: u64) -> Vec<Vec<f64>> {
    let mut rows: Vec<Vec<f64>> = Vec::with_capacity(dimension);
    for index in 0..dimension {
        let mut draws = Draws::new(seed, Purpose::Rotation, index);
        let mut row: Vec<f64> = (0..dimension).map(|_| draws.normal()).collect();
        for other in rows.iter().chain(&rows) {
            let along = product(&row, other);
            row.iter_mut().zip(other).for_each(|(v, o)| *v -= along * o);
        }
        let length = product(&row, &row).sqrt();
        row.iter_mut().for_each(|v| *v /= length);
        rows.push(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotations_are_orthogonal() {
        for dimension in [1, 2, 20, 60] {
            let rows = rotation(dimension, 3);
            for (i, a) in rows.iter().enumerate() {
                for (j, b) in rows.iter().enumerate() {
                    let expected = f64::from(u8::from(i == j));
                    assert!((product(a, b) - expected).abs() < 1e-14, "{dimension}: {i}, {j}");
                }
            }
        }
    }

    #[test]
    fn the_new_optimum_goes_to_the_old_one_and_seeds_differ() {
        let moved = Moved::draw(vec![1.0; 20], 20.0, 5);
        assert_eq!(moved.apply(&moved.optimum), moved.from);
        assert!(moved.optimum.iter().all(|o| (o - 1.0).abs() <= 6.0));
        assert_ne!(moved, Moved::draw(vec![1.0; 20], 20.0, 6));
    }
}
