//! What it costs a design to lie beyond the data.
//!
//! Whoever searches a model asks it far from all that it has seen, and it answers with confidence. A design that is as near to the rows as three of four rows are to the
//! others is free; beyond that, each median distance between rows costs the same.
//!
//! Price and share were chosen on two seeds of three tasks: on compositions of 86 elements (`planted-86`) the search without a price ends in nonsense in half of its
//! runs, as it does with half the price; a higher price, or a smaller share, costs Hartmann-6 and TF-Bind-8 more. `benches/README.md` has what it is worth on others.

use std::collections::HashSet;

use super::Support;
use crate::Draws;
use crate::searcher::key;
use crate::space::Design;

/// Rows that distances are taken from, half of them the best: a search asks ten thousands of times.
const ROWS: usize = 500;

/// Share of the rows that lie no farther from the others than what is free.
const WITHIN: f64 = 0.75;

/// See the [module](self).
pub(super) struct Reach {
    support: Support,
    /// Distance that is free.
    free: f64,
    /// What is taken off for a unit of distance beyond.
    price: f64,
}

/// The rows that a search stays near to, each design once: one that was measured again says nothing of distances. `order` has all rows, the best first.
pub(super) fn rows_within_reach(designs: &[Design], order: &[usize], seed: u64) -> Vec<Design> {
    let mut seen = HashSet::new();
    let order: Vec<usize> =
        order.iter().copied().filter(|row| seen.insert(key(&designs[*row]))).collect();
    let (best, others) = order.split_at(order.len().min(ROWS / 2));
    let mut draws = Draws::new(seed, "rows that a search stays near to");
    let drawn = draws.choose(others.len(), others.len().min(ROWS - ROWS / 2));
    let rows = best.iter().copied().chain(drawn.into_iter().map(|at| others[at]));
    rows.map(|row| designs[row].clone()).collect()
}

impl Reach {
    /// `price` is what each median distance beyond reach costs, in units of the score.
    pub(super) fn new(support: Support, price: f64) -> Self {
        let (free, median) = (support.quantile(WITHIN), support.quantile(0.5));
        // Of a single design there are no distances, and nothing to stay near to.
        let price = if median > 0.0 { price / median } else { 0.0 };
        Self { support, free, price }
    }

    /// What is taken off the prediction of a design.
    pub(super) fn penalty(&self, design: &[f64]) -> f64 {
        self.price * (self.support.find(design).distance - self.free).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::{Constraints, Field, Kind, Space};

    #[test]
    fn nothing_is_taken_off_among_the_rows_and_each_median_distance_beyond_costs_the_same() {
        let line = Field::new("x", Kind::Real { lower: 0.0, upper: 100.0 });
        let space = Space::try_new(vec![line], Constraints::default()).expect("a line");
        // Inside, the five nearest of rows one apart are 1.8 away on average: hundredths of the range.
        let designs: Vec<Design> = (0..=40).map(|x| vec![f64::from(x)]).collect();
        let reach = Reach::new(Support::new(&space, &designs, 0), 3.0);
        assert_eq!(reach.penalty(&[20.5]), 0.0);
        let of = |x: f64| reach.penalty(&[x]);
        // From 60 the five nearest are 22 away, from 70 they are 32 away.
        assert!((of(60.0) - 3.0 * (22.0 - 1.8) / 1.8).abs() < 1e-9, "{}", of(60.0));
        assert!((of(70.0) - of(60.0) - 3.0 * 10.0 / 1.8).abs() < 1e-9, "{}", of(70.0));
    }

    #[test]
    fn rows_that_were_measured_again_and_a_single_design_leave_prices_finite() {
        let line = Field::new("x", Kind::Real { lower: 0.0, upper: 100.0 });
        let space = Space::try_new(vec![line], Constraints::default()).expect("a line");
        let price = |designs: &[Design], at: f64| {
            let order: Vec<usize> = (0..designs.len()).collect();
            let near = rows_within_reach(designs, &order, 0);
            Reach::new(Support::new(&space, &near, 0), 1e9).penalty(&[at])
        };
        // Eight measurements of each design: the five nearest of a row are itself.
        let again: Vec<Design> = (0..160).map(|row| vec![f64::from(row / 8)]).collect();
        assert_eq!(price(&again, 9.5), 0.0);
        assert!(price(&again, 60.0) > 0.0 && price(&again, 60.0).is_finite());
        let one: Vec<Design> = (0..20).map(|_| vec![3.0]).collect();
        assert_eq!(price(&one, 60.0), 0.0);
    }

    #[test]
    fn half_of_the_rows_that_are_kept_near_are_the_best() {
        let designs: Vec<Design> = (0..2_000).map(|x| vec![f64::from(x)]).collect();
        let order: Vec<usize> = (0..2_000).rev().collect();
        let rows = rows_within_reach(&designs, &order, 7);
        assert_eq!(rows.len(), ROWS);
        let best: Vec<f64> = (0..ROWS / 2).map(|at| 1999.0 - at as f64).collect();
        assert!(rows.iter().zip(&best).all(|(row, best)| row[0] == *best));
        assert!(rows[ROWS / 2..].iter().all(|row| row[0] < 2_000.0 - best.len() as f64));
    }
}
