//! Designs that were measured several times, as one row each.
//!
//! A design must not be learned from in one part of a table and asked for in another: a copy of a row foretells it without any model.
//!
//! ȳ = Σ w y / Σ w      w̄ = Σ w      over the rows of one design
//!
//! Where repeats have the same score in the whole table they are copies, and say no more than one row does: w̄ is the weight of the first.

use std::collections::HashMap;

use crate::searcher::key;
use crate::{Rows, SomeRows};

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Merged {
    /// One for each design, in the order in which they come first.
    pub(super) rows: SomeRows,
    /// The first row of each.
    pub(super) first: Vec<usize>,
}

impl Merged {
    /// Rows that pass [`Rows::check`].
    pub(super) fn of(rows: Rows<'_>) -> Self {
        let (mut first, mut groups) = (Vec::new(), HashMap::new());
        let mut group = |(row, design)| {
            *groups.entry(key(design)).or_insert_with(|| {
                first.push(row);
                first.len() - 1
            })
        };
        let designs = rows.designs.iter().map(Vec::as_slice);
        let groups: Vec<usize> = designs.enumerate().map(&mut group).collect();
        let mut merged = rows.take(&first);
        let differs = |(row, &group): (usize, &usize)| rows.scores[row] != merged.scores[group];
        if groups.iter().enumerate().any(differs) {
            merged.scores.fill(0.0);
            merged.weights = vec![0.0; first.len()];
            for (row, &group) in groups.iter().enumerate() {
                merged.scores[group] += rows.weight(row) * rows.scores[row];
                merged.weights[group] += rows.weight(row);
            }
            let sums = merged.scores.iter_mut().zip(&merged.weights);
            sums.for_each(|(score, weight)| *score /= weight);
        }
        Self { rows: merged, first }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_become_their_weighted_mean() {
        let designs = [vec![1.0], vec![2.0], vec![1.0], vec![-0.0], vec![1.0], vec![0.0]];
        let scores = [3.0, 5.0, 6.0, 1.0, 9.0, 1.0];
        let merged = Merged::of(Rows::new(&designs, &scores));
        assert_eq!(merged.first, [0, 1, 3]);
        assert_eq!(merged.rows.scores, [6.0, 5.0, 1.0]);
        assert_eq!(merged.rows.weights, [3.0, 1.0, 2.0]);
        let weights = [1.0, 1.0, 3.0, 1.0, 4.0, 1.0];
        let merged = Merged::of(Rows { weights: &weights, ..Rows::new(&designs, &scores) });
        assert_eq!((merged.rows.scores[0], merged.rows.weights[0]), (57.0 / 8.0, 8.0));
    }

    #[test]
    fn copies_count_once_and_a_table_without_repeats_is_left_alone() {
        let designs = [vec![1.0], vec![2.0], vec![1.0]];
        let merged = Merged::of(Rows::new(&designs, &[3.0, 5.0, 3.0]));
        assert_eq!(merged.rows.scores, [3.0, 5.0]);
        assert!(merged.rows.weights.is_empty());
        let scores = [0.1, 0.2];
        let merged = Merged::of(Rows::new(&designs[..2], &scores));
        assert_eq!((&merged.rows.scores[..], &merged.first[..]), (&scores[..], &[0, 1][..]));
        assert!(merged.rows.weights.is_empty());
    }
}
