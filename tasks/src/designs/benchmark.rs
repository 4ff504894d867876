//! A task with all that a comparison needs: data, what of it is visible, the truth and the scales of scores.

use super::{DesignError, Oracle, Pool, Protocol, Split, distance};

/// The scales of scores.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extremes {
    /// The smallest true score of the full pool.
    pub minimum: f64,
    /// The largest true score of the full pool.
    pub maximum: f64,
    /// The best possible score, if it is known.
    pub optimum: Option<f64>,
}

impl Extremes {
    /// The score with the pool's smallest at 0 and its largest at 1, as the literature has it. May be beyond either.
    pub fn by_pool(&self, score: f64) -> f64 {
        (score - self.minimum) / (self.maximum - self.minimum)
    }

    /// The score with the pool's smallest at 0 and the best possible at 1, if that is known.
    pub fn by_optimum(&self, score: f64) -> Option<f64> {
        Some((score - self.minimum) / (self.optimum? - self.minimum))
    }
}

/// A task, drawn.
#[derive(Debug)]
pub struct Benchmark {
    /// What knows the truth.
    pub oracle: Box<dyn Oracle>,
    /// How the data set was made.
    pub protocol: Protocol,
    /// What it was made from.
    pub seed: u64,
    /// All rows.
    pub pool: Pool,
    /// Which of them are visible.
    pub split: Split,
    /// For normalised scores.
    pub extremes: Extremes,
}

impl Benchmark {
    /// Draws the pool of an oracle and splits it.
    ///
    /// # Errors
    /// As [`Protocol::split`].
    pub fn assemble(
        oracle: Box<dyn Oracle>,
        protocol: Protocol,
        seed: u64,
    ) -> Result<Self, DesignError> {
        let mut pool = oracle.pool(seed);
        let split = protocol.split(&mut pool, &oracle.optima(), seed)?;
        let feasible = || pool.truths.iter().copied().filter(|truth| !truth.is_nan());
        let extremes = Extremes {
            minimum: feasible().fold(f64::INFINITY, f64::min),
            maximum: feasible().fold(f64::NEG_INFINITY, f64::max),
            optimum: oracle.optimum(),
        };
        Ok(Self { oracle, protocol, seed, pool, split, extremes })
    }

    /// Visible rows by falling score, the first of equals first: where searches start.
    pub fn best_visible(&self, count: usize) -> Vec<usize> {
        let mut rows = self.split.visible.clone();
        rows.sort_by(|a, b| self.pool.scores[*b].total_cmp(&self.pool.scores[*a]));
        rows.truncate(count);
        rows
    }

    /// The [`distance`] of a design to the nearest visible one.
    pub fn distance_to_visible(&self, design: &[f64]) -> f64 {
        let to = |row: &usize| distance(&self.pool.columns, &self.pool.designs[*row], design);
        self.split.visible.iter().map(to).fold(f64::INFINITY, f64::min)
    }
}

#[cfg(test)]
mod tests {
    use super::super::named;

    #[test]
    fn searches_start_from_the_best_rows_that_may_be_seen() {
        let benchmark = named("tfbind-like", None, 1).expect("it is listed");
        let best = benchmark.best_visible(128);
        let scores: Vec<f64> = best.iter().map(|&row| benchmark.pool.scores[row]).collect();
        assert!(scores.len() == 128 && scores.is_sorted_by(|a, b| a >= b));
        assert!(best.iter().all(|row| benchmark.split.visible.binary_search(row).is_ok()));
        assert_eq!(benchmark.distance_to_visible(&benchmark.pool.designs[best[3]]), 0.0);
        let far = benchmark.distance_to_visible(&benchmark.oracle.optima()[0]);
        assert!(far > 0.0 && far <= 1.0);
    }
}
