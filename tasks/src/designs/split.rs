//! Which rows of a pool a method may see, and how exact their scores are.

use super::draw::{Draws, Purpose};
use super::{DesignError, Kind, Pool, distance};

/// A condition on visible rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Window {
    /// The score is at most the quantile of this share of all scores, interpolated linearly: `lowest share`.
    Lowest {
        /// Above 0, at most 1.
        share: f64,
    },
    /// The score is at most this.
    AtMost {
        /// In the units of the pool.
        score: f64,
    },
    /// The score is smaller than this.
    Under {
        /// In the units of the pool.
        score: f64,
    },
    /// The design is farther than this from every known optimum, by [`distance`]: the `x-gap`.
    Gap {
        /// From 0 to 1.
        radius: f64,
    },
    /// The design lies in the half of the pool, cut by a random plane, that has not the (first known) optimum.
    Slab,
}

/// How a data set is made of a pool.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Protocol {
    /// Visible rows satisfy all of them. Scores are compared before noise is added, so that all sizes of noise have the same rows.
    pub windows: Vec<Window>,
    /// If more rows satisfy them, so many are drawn.
    pub rows: Option<usize>,
    /// Standard deviation of normal noise that is added to all scores, as a share of that of the scores: 0, 0.01 and 0.1 are usual.
    pub noise: f64,
}

/// Rows of a pool by what a method may know of them. Each list ascends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Split {
    /// Design and score may be seen.
    pub visible: Vec<usize>,
    /// Nothing may be seen.
    pub hidden: Vec<usize>,
    /// The design may be seen, and that it is infeasible.
    pub infeasible: Vec<usize>,
}

impl Protocol {
    /// The rows with scores in the lowest share.
    pub fn lowest(share: f64) -> Self {
        Self { windows: vec![Window::Lowest { share }], ..Self::default() }
    }

    /// Splits a pool, and adds the noise to its scores. The same seed gives the same rows and noise.
    ///
    /// # Errors
    /// If a setting is out of its range, a gap is asked for without an optimum, or no row is left.
    pub fn split(
        &self,
        pool: &mut Pool,
        optima: &[Vec<f64>],
        seed: u64,
    ) -> Result<Split, DesignError> {
        let (mut split, mut feasible) = (Split::default(), Vec::new());
        for (row, score) in pool.scores.iter().enumerate() {
            if score.is_nan() { &mut split.infeasible } else { &mut feasible }.push(row);
        }
        let mut seen = vec![true; pool.len()];
        for window in &self.windows {
            window.close(pool, &feasible, optima, seed, &mut seen)?;
        }
        let mut visible: Vec<usize> = feasible.iter().copied().filter(|&row| seen[row]).collect();
        if let Some(rows) = self.rows.filter(|rows| *rows < visible.len()) {
            Draws::new(seed, Purpose::Keep, 0).shuffle(&mut visible);
            visible.truncate(rows);
            visible.sort_unstable();
        }
        if visible.is_empty() {
            return Err(DesignError::refused("windows", "no row of the pool is left visible"));
        }
        split.hidden =
            feasible.iter().copied().filter(|row| visible.binary_search(row).is_err()).collect();
        split.visible = visible;
        self.add_noise(pool, &feasible, seed)?;
        Ok(split)
    }

    fn add_noise(&self, pool: &mut Pool, rows: &[usize], seed: u64) -> Result<(), DesignError> {
        if !(self.noise.is_finite() && self.noise >= 0.0) {
            let reason = format!("expected a share of 0 or more, got {}", self.noise);
            return Err(DesignError::refused("noise", reason));
        }
        if self.noise == 0.0 {
            return Ok(());
        }
        let count = rows.len() as f64;
        let mean = rows.iter().map(|&row| pool.scores[row]).sum::<f64>() / count;
        let square = rows.iter().map(|&row| (pool.scores[row] - mean).powi(2)).sum::<f64>();
        let deviation = self.noise * (square / count).sqrt();
        for &row in rows {
            pool.scores[row] += deviation * Draws::new(seed, Purpose::Noise, row).normal();
        }
        Ok(())
    }
}

impl Window {
    /// Takes rows that are outside from those that are seen.
    fn close(
        self,
        pool: &Pool,
        feasible: &[usize],
        optima: &[Vec<f64>],
        seed: u64,
        seen: &mut [bool],
    ) -> Result<(), DesignError> {
        let scores = || feasible.iter().map(|&row| pool.scores[row]).collect();
        let known = || {
            let reason = "no optimum of this task is known";
            optima.first().ok_or_else(|| DesignError::refused("x-gap", reason))
        };
        match self {
            Self::Lowest { share } if share > 0.0 && share <= 1.0 => {
                let limit = quantile(scores(), share);
                keep(feasible, seen, |row| pool.scores[row] <= limit);
            }
            Self::Lowest { share } => {
                let reason = format!("expected a share above 0 and up to 1, got {share}");
                return Err(DesignError::refused("lowest share", reason));
            }
            Self::AtMost { score } => keep(feasible, seen, |row| pool.scores[row] <= score),
            Self::Under { score } => keep(feasible, seen, |row| pool.scores[row] < score),
            Self::Gap { radius } => {
                known()?;
                let far = |row: usize, optimum: &Vec<f64>| {
                    distance(&pool.columns, &pool.designs[row], optimum) > radius
                };
                keep(feasible, seen, |row| optima.iter().all(|optimum| far(row, optimum)));
            }
            Self::Slab => {
                let axis = axis(pool, seed);
                let sides: Vec<f64> = pool.designs.iter().map(|d| along(pool, &axis, d)).collect();
                let middle = quantile(feasible.iter().map(|&row| sides[row]).collect(), 0.5);
                let above = optima.first().is_none_or(|best| along(pool, &axis, best) > middle);
                keep(feasible, seen, |row| (sides[row] > middle) != above);
            }
        }
        Ok(())
    }
}

fn keep(rows: &[usize], seen: &mut [bool], inside: impl Fn(usize) -> bool) {
    for &row in rows {
        seen[row] &= inside(row);
    }
}

/// The quantile of a share, interpolated linearly between the two nearest values.
fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let Some(last) = values.len().checked_sub(1) else { return f64::NAN };
    let place = share * last as f64;
    let low = (place as usize).min(last);
    let high = (low + 1).min(last);
    values[low] + (place - low as f64) * (values[high] - values[low])
}

/// A random direction: a number for each column, or for each of its levels.
fn axis(pool: &Pool, seed: u64) -> Vec<Vec<f64>> {
    let mut draws = Draws::new(seed, Purpose::Slab, 0);
    let normals = |count: usize| (0..count).map(|_| draws.normal()).collect();
    pool.columns.iter().map(|site| site.levels().unwrap_or(1)).map(normals).collect()
}

/// How far a design lies along a direction, in ranges of the columns.
fn along(pool: &Pool, axis: &[Vec<f64>], design: &[f64]) -> f64 {
    let columns = pool.columns.iter().zip(axis).zip(design);
    let part = |((site, axis), &value): ((&super::Site, &Vec<f64>), &f64)| match &site.kind {
        Kind::Real { lower, upper } if upper > lower => axis[0] * (value - lower) / (upper - lower),
        Kind::Real { .. } => 0.0,
        Kind::Categorical { .. } => axis[value as usize],
    };
    columns.map(part).sum()
}

#[cfg(test)]
mod tests {
    use super::super::{ClosedForm, Function, Oracle, named};
    use super::*;

    fn task() -> (ClosedForm, Pool) {
        let task = ClosedForm::try_new(Function::Branin, 2).expect("it is");
        let pool = task.pool(5);
        (task, pool)
    }

    fn split(protocol: &Protocol) -> (Pool, Split) {
        let (task, mut pool) = task();
        let split = protocol.split(&mut pool, &task.optima(), 5).expect("a good protocol");
        (pool, split)
    }

    #[test]
    fn quantiles_are_interpolated_linearly() {
        assert_eq!(quantile(vec![4.0, 1.0, 2.0, 3.0], 0.5), 2.5);
        assert_eq!(quantile(vec![4.0, 1.0, 2.0, 3.0], 1.0), 4.0);
        assert!((quantile(vec![1.0, 2.0, 10.0], 0.8) - 6.8).abs() < 1e-12);
    }

    #[test]
    fn the_lowest_share_is_visible_and_rows_are_in_one_list_only() {
        let (pool, split) = split(&Protocol::lowest(0.3));
        assert_eq!((split.visible.len(), split.hidden.len()), (6000, 14_000));
        let best = split.visible.iter().map(|&r| pool.scores[r]).fold(f64::MIN, f64::max);
        assert!(split.hidden.iter().all(|&row| pool.scores[row] > best));
    }

    #[test]
    fn the_gap_is_empty_around_every_optimum() {
        let (task, _) = task();
        assert_eq!(task.optima().len(), 3);
        let windows = vec![Window::Gap { radius: 0.15 }];
        let (pool, split) = split(&Protocol { windows, ..Protocol::default() });
        let gap = |row: &usize| {
            let to = |best: &Vec<f64>| distance(&pool.columns, &pool.designs[*row], best);
            task.optima().iter().map(to).fold(f64::MAX, f64::min)
        };
        assert!(split.visible.iter().all(|row| gap(row) > 0.15));
        assert!(split.hidden.iter().all(|row| gap(row) <= 0.15));
        assert!(split.hidden.len() > 500);
    }

    #[test]
    fn the_slab_hides_the_half_with_the_optimum() {
        for seed in 0..5 {
            let mut benchmark = named("levy5", None, seed).expect("it is listed");
            let optima = benchmark.oracle.optima();
            let protocol = Protocol { windows: vec![Window::Slab], ..Protocol::default() };
            let split = protocol.split(&mut benchmark.pool, &optima, seed).expect("half is left");
            assert_eq!((split.visible.len(), split.hidden.len()), (10_000, 10_000));
            let axis = axis(&benchmark.pool, seed);
            let side = |design: &[f64]| along(&benchmark.pool, &axis, design);
            let best = side(&optima[0]);
            let visible: Vec<f64> =
                split.visible.iter().map(|&row| side(&benchmark.pool.designs[row])).collect();
            assert!(visible.iter().all(|s| *s < best) || visible.iter().all(|s| *s > best));
        }
    }

    #[test]
    fn noise_has_its_size_and_leaves_rows_as_they_were() {
        let protocol = |noise| Protocol { rows: Some(700), noise, ..Protocol::lowest(0.5) };
        let (clean, rows) = split(&protocol(0.0));
        let (noisy, same) = split(&protocol(0.1));
        assert_eq!((&rows, rows.visible.len()), (&same, 700));
        assert_eq!(clean.truths, noisy.truths);
        let n = clean.len() as f64;
        let mean = clean.scores.iter().sum::<f64>() / n;
        let variance = clean.scores.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / n;
        let errors = clean.scores.iter().zip(&noisy.scores).map(|(a, b)| (a - b).powi(2));
        let ratio = (errors.sum::<f64>() / n / variance).sqrt();
        // The standard error of a standard deviation from 20,000 rows is 0.5 %.
        assert!((ratio / 0.1 - 1.0).abs() < 0.025, "{ratio}");
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        let (_, mut pool) = task();
        let mut message = |windows: Vec<Window>, noise: f64| {
            let protocol = Protocol { windows, rows: None, noise };
            protocol.split(&mut pool, &[], 1).expect_err("it is wrong").to_string()
        };
        let share = message(vec![Window::Lowest { share: 0.0 }], 0.0);
        assert_eq!(share, "lowest share: expected a share above 0 and up to 1, got 0");
        let gap = message(vec![Window::Gap { radius: 0.1 }], 0.0);
        assert_eq!(gap, "x-gap: no optimum of this task is known");
        let none = message(vec![Window::Under { score: f64::MIN }], 0.0);
        assert_eq!(none, "windows: no row of the pool is left visible");
        assert_eq!(message(vec![], -1.0), "noise: expected a share of 0 or more, got -1");
    }
}
