//! Onto the sums and limits: alternating projections, then whole numbers, then projections of what is left.

use super::project::project;
use super::whole::WholeNumbers;
use super::{Site, Space};

/// Rounds of projections onto all rows.
const ROUNDS_MAX: usize = 2_000;
/// Every so many rounds the misses must have fallen to this share, or the rounds would not end in time.
const PATIENCE: (usize, f64) = (32, 0.7);

impl Space {
    /// Moves a design, which lies in its box, onto all sums and limits. Sites in `frozen` stay. False if it did not
    /// come to an end.
    pub(super) fn settle(&self, x: &mut [f64], frozen: &[usize]) -> bool {
        let mut bounds = self.bounds.clone();
        frozen.iter().for_each(|&site| bounds[site] = (x[site], x[site]));
        let whole: Vec<usize> =
            (0..x.len()).filter(|&site| self.is_coupled_integer(site)).collect();
        self.alternate(x, &bounds);
        if whole.is_empty() {
            return self.meets_rows(x);
        }
        let wanted = x.to_vec();
        whole.iter().for_each(|&site| x[site] = x[site].round());
        // The reals make up for what the whole numbers leave: as these are, or else after some steps of theirs.
        let mut reals = bounds.clone();
        whole.iter().for_each(|&site| reals[site] = (x[site], x[site]));
        self.alternate(x, &reals);
        if self.meets_rows(x) {
            return true;
        }
        WholeNumbers::new(self, &whole, &wanted, &bounds).step(x);
        whole.iter().for_each(|&site| reals[site] = (x[site], x[site]));
        self.alternate(x, &reals);
        self.meets_rows(x)
    }

    /// Whether a design meets all sums and limits.
    pub(super) fn meets_rows(&self, x: &[f64]) -> bool {
        self.rows.iter().all(|row| row.excess(x) == 0.0)
    }

    /// Whether a site is an integer in a sum or limit.
    fn is_coupled_integer(&self, site: usize) -> bool {
        matches!(self.sites[site], Site::Integer { .. }) && !self.rows_of[site].is_empty()
    }

    /// Projections onto one row after the other until all are met.
    fn alternate(&self, x: &mut [f64], bounds: &[(f64, f64)]) {
        let mut missed = f64::INFINITY;
        for round in 0..ROUNDS_MAX {
            if round % PATIENCE.0 == 0 {
                let now: f64 = self.rows.iter().map(|row| row.excess(x)).sum();
                if now > PATIENCE.1 * missed {
                    return;
                }
                missed = now;
            }
            let mut moved = false;
            for row in &self.rows {
                if row.excess(x) == 0.0 {
                    continue;
                }
                // A little inside of a limit, so that the rounds come to an end.
                let inside = if row.is_sum { 0.0 } else { row.tolerance / 4.0 };
                let before: Vec<f64> = row.terms.iter().map(|term| x[term.0]).collect();
                project(&row.terms, row.bound - inside, x, bounds);
                moved |= row.terms.iter().zip(before).any(|(term, before)| x[term.0] != before);
            }
            if !moved {
                return;
            }
        }
    }
}
