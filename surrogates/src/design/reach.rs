//! What it costs a design to lie beyond the data.
//!
//! Whoever searches a model asks it far from all that it has seen, and it answers with confidence. A design that is as near to the rows as three of four rows are to the
//! others is free; beyond that, each median distance of rows from their neighbours costs the same. Where rows fill the space, as hundreds do in two columns, a neighbour
//! is no measure of how far a model can be trusted: there a quarter of the median distance between two rows costs as much.
//!
//! Price and share were chosen on two seeds of three tasks: on compositions of 86 elements (`planted-86`) the search without a price ends in nonsense in half of its
//! runs, as it does with half the price; a higher price, or a smaller share, costs Hartmann-6 and TF-Bind-8 more. The quarter was chosen on two seeds of Branin, where
//! neighbours alone cost 0.07; in all spaces it would bring the nonsense back to three of twenty runs. `benches/README.md` has what it is worth on others.

use std::collections::HashSet;

use super::Support;
use crate::Draws;
use crate::searcher::key;
use crate::space::{Design, Space};
use crate::statistics;

/// Rows that distances are taken from, half of them the best: a search asks ten thousands of times.
const ROWS: usize = 500;

/// Share of the rows that lie no farther from the others than what is free.
const WITHIN: f64 = 0.75;

/// Rows fill a space if they could lie on a grid with so many of them along each site.
const ALONG_SITE: f64 = 5.0;

/// Least unit of distance where rows fill the space, as a share of the median distance between two rows.
const OF_TWO: f64 = 0.25;

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
    /// `price` is what each unit of distance beyond reach costs, in units of the score.
    pub(super) fn new(space: &Space, rows: &[Design], price: f64, seed: u64) -> Self {
        let support = Support::new(space, rows, seed);
        let mut unit = support.median();
        if (rows.len() as f64).powf(1.0 / space.sites().len().max(1) as f64) >= ALONG_SITE {
            // The best with those that were drawn.
            let (some, others) = rows.split_at(rows.len() / 2);
            let apart = some.iter().zip(others).map(|(a, b)| space.distance(a, b));
            unit = unit.max(OF_TWO * statistics::quantile(&apart.collect::<Vec<f64>>(), 0.5));
        }
        // Of a single design there are no distances, and nothing to stay near to.
        let price = if unit > 0.0 { price / unit } else { 0.0 };
        Self { free: support.quantile(WITHIN), support, price }
    }

    /// What is taken off the prediction of a design.
    pub(super) fn penalty(&self, design: &[f64]) -> f64 {
        self.price * (self.support.find(design).distance - self.free).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::{Constraints, Field, Kind};

    #[test]
    fn nothing_is_taken_off_among_the_rows_and_each_unit_beyond_costs_the_same() {
        let line = Field::new("x", Kind::Real { lower: 0.0, upper: 100.0 });
        let space = Space::try_new(vec![line], Constraints::default()).expect("a line");
        // Inside, the five nearest of rows one apart are 1.8 away on average: hundredths of the range.
        let designs: Vec<Design> = (0..=40).map(|x| vec![f64::from(x)]).collect();
        let reach = Reach::new(&space, &designs, 3.0, 0);
        assert_eq!(reach.penalty(&[20.5]), 0.0);
        let of = |x: f64| reach.penalty(&[x]);
        // From 60 the five nearest are 22 away, from 70 they are 32 away. Row i and row i + 20 are 20 apart, of which a quarter is more than 1.8.
        assert!((of(60.0) - 3.0 * (22.0 - 1.8) / 5.0).abs() < 1e-9, "{}", of(60.0));
        assert!((of(70.0) - of(60.0) - 3.0 * 10.0 / 5.0).abs() < 1e-9, "{}", of(70.0));
    }

    #[test]
    fn where_rows_do_not_fill_the_space_the_unit_is_a_neighbour() {
        let column =
            |name: usize| Field::new(format!("x{name}"), Kind::Real { lower: 0.0, upper: 100.0 });
        let space = Space::try_new((0..8).map(column).collect(), Constraints::default());
        let space = space.expect("eight columns");
        // On the diagonal, one apart in each column.
        let designs: Vec<Design> = (0..=40).map(|x| vec![f64::from(x); 8]).collect();
        let reach = Reach::new(&space, &designs, 3.0, 0);
        let of = |x: f64| reach.penalty(&[x; 8]);
        assert!((of(70.0) - of(60.0) - 3.0 * 10.0 / 1.8).abs() < 1e-9, "{}", of(70.0));
    }

    #[test]
    fn rows_that_were_measured_again_and_a_single_design_leave_prices_finite() {
        let line = Field::new("x", Kind::Real { lower: 0.0, upper: 100.0 });
        let space = Space::try_new(vec![line], Constraints::default()).expect("a line");
        let price = |designs: &[Design], at: f64| {
            let order: Vec<usize> = (0..designs.len()).collect();
            let near = rows_within_reach(designs, &order, 0);
            Reach::new(&space, &near, 1e9, 0).penalty(&[at])
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
