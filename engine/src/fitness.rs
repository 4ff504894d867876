//! The scores of one generation and the rule for failed evaluations.

use serde::{Deserialize, Serialize};

/// Fitness of every member of a generation; larger is better, NaN means that the evaluation failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitness {
    /// One value per member; every value is finite or NaN.
    pub values: Vec<f32>,
    /// How many are NaN.
    pub failures: usize,
    /// What the first failed member (by number) reported, if it said anything.
    pub first_error: Option<String>,
}

impl Fitness {
    /// Takes raw values: infinities become NaN, failures are counted.
    pub fn new(mut values: Vec<f32>, first_error: Option<String>) -> Self {
        let mut failures = 0;
        for value in &mut values {
            if !value.is_finite() {
                *value = f32::NAN;
                failures += 1;
            }
        }
        Self { values, failures, first_error }
    }

    /// Summary over the finite values.
    pub fn stats(&self) -> FitnessStats {
        let mut finite: Vec<f32> = self.values.iter().copied().filter(|v| v.is_finite()).collect();
        let best_member = self
            .values
            .iter()
            .enumerate()
            .filter(|(_, v)| v.is_finite())
            .max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)))
            .map(|(member, _)| member);
        finite.sort_by(f32::total_cmp);
        let count = finite.len().max(1) as f64;
        let mean = finite.iter().map(|&v| f64::from(v)).sum::<f64>() / count;
        let variance = finite.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / count;
        let at = |q: f64| {
            let index = (q * (finite.len().max(1) - 1) as f64).round() as usize;
            finite.get(index).map_or(f64::NAN, |&v| f64::from(v))
        };
        let mean = if finite.is_empty() { f64::NAN } else { mean };
        FitnessStats {
            best: at(1.0),
            mean,
            std: if finite.is_empty() { f64::NAN } else { variance.sqrt() },
            min: at(0.0),
            q25: at(0.25),
            median: at(0.5),
            q75: at(0.75),
            best_member,
        }
    }
}

/// Summary of the finite fitness values of one generation; all NaN if there are none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FitnessStats {
    /// Largest value.
    pub best: f64,
    /// Mean.
    pub mean: f64,
    /// Population standard deviation.
    pub std: f64,
    /// Smallest value.
    pub min: f64,
    /// Lower quartile (nearest rank).
    pub q25: f64,
    /// Median (nearest rank).
    pub median: f64,
    /// Upper quartile (nearest rank).
    pub q75: f64,
    /// The first member that has the largest value.
    pub best_member: Option<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Invariant 2 of the house.
    #[test]
    fn a_failed_evaluation_is_nan_and_counted() {
        let fitness =
            Fitness::new(vec![1.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 3.0], None);
        assert_eq!(fitness.failures, 3);
        assert!(fitness.values[1..4].iter().all(|v| v.is_nan()));
        let stats = fitness.stats();
        assert_eq!((stats.best, stats.mean, stats.min), (3.0, 2.0, 1.0));
        assert_eq!(stats.best_member, Some(4));
    }

    /// Invariant 1 of the house.
    #[test]
    fn larger_fitness_is_better() {
        let stats = Fitness::new(vec![-3.0, -1.0, -1.0, -2.0], None).stats();
        assert_eq!((stats.best, stats.best_member), (-1.0, Some(1)));
    }
}
