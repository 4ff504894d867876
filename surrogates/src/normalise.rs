//! Column-wise z-scores: `z = (x - mean) / deviation`, and back.

use hatchery_engine::Objective;

use crate::Dataset;

/// Mean and standard deviation (divided by the number of rows) of every design column of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Normaliser {
    /// Mean of each column.
    pub mean: Vec<f64>,
    /// Standard deviation of each column, > 0.
    pub deviation: Vec<f64>,
}

impl Normaliser {
    /// Measures the columns of a table.
    pub fn fit(dataset: &Dataset) -> Self {
        let rows = dataset.rows() as f64;
        let mut mean = vec![0.0; dataset.columns()];
        for design in dataset.designs() {
            mean.iter_mut().zip(design).for_each(|(sum, x)| *sum += x / rows);
        }
        let mut deviation = vec![0.0; dataset.columns()];
        for design in dataset.designs() {
            for ((sum, x), mean) in deviation.iter_mut().zip(design).zip(&mean) {
                *sum += (x - mean).powi(2) / rows;
            }
        }
        // The table has no constant column, but squares of tiny differences may vanish in f64.
        deviation.iter_mut().for_each(|v| *v = v.sqrt().max(f64::MIN_POSITIVE));
        Self { mean, deviation }
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.mean.len()
    }

    /// The design `x` in units of the table.
    ///
    /// # Panics
    /// If `x` has another number of columns.
    pub fn apply(&self, x: &[f64]) -> Vec<f64> {
        self.map(x, |x, mean, deviation| (x - mean) / deviation)
    }

    /// The design whose z-scores are `z`.
    ///
    /// # Panics
    /// If `z` has another number of columns.
    pub fn undo(&self, z: &[f64]) -> Vec<f64> {
        self.map(z, |z, mean, deviation| z.mul_add(deviation, mean))
    }

    fn map(&self, values: &[f64], f: impl Fn(f64, f64, f64) -> f64) -> Vec<f64> {
        let (expected, found) = (self.columns(), values.len());
        assert!(expected == found, "a design of {expected} columns expected, {found} came");
        let scales = self.mean.iter().zip(&self.deviation);
        values.iter().zip(scales).map(|(&v, (&mean, &deviation))| f(v, mean, deviation)).collect()
    }
}

/// An objective over raw designs, asked in z-scores instead: a search with one noise scale then suits every column,
/// and 0 is the mean of the table.
#[derive(Debug, Clone)]
pub struct Normalised<O> {
    /// The objective over raw designs.
    pub objective: O,
    /// The units.
    pub normaliser: Normaliser,
}

impl<O: Objective> Objective for Normalised<O> {
    fn dimension(&self) -> usize {
        self.objective.dimension()
    }

    fn value(&self, z: &[f32]) -> f32 {
        let z: Vec<f64> = z.iter().map(|&z| f64::from(z)).collect();
        let x: Vec<f32> = self.normaliser.undo(&z).into_iter().map(|x| x as f32).collect();
        self.objective.value(&x)
    }

    fn name(&self) -> &str {
        self.objective.name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Dataset {
        let designs: Vec<Vec<f64>> = (0..9)
            .map(|k| vec![f64::from(k), 1e6 + f64::from(k * k % 5), 1e-6 * f64::from(k)])
            .collect();
        let scores: Vec<f64> = (0..9).map(f64::from).collect();
        let names = ["a", "b", "c"].map(String::from).to_vec();
        Dataset::from_arrays(names, &designs, &scores).expect("it is sound")
    }

    #[test]
    fn columns_get_mean_0_and_deviation_1() {
        let dataset = table();
        let normaliser = Normaliser::fit(&dataset);
        let all: Vec<Vec<f64>> = dataset.designs().map(|x| normaliser.apply(x)).collect();
        for column in 0..3 {
            let mean = all.iter().map(|z| z[column]).sum::<f64>() / 9.0;
            let square = all.iter().map(|z| z[column].powi(2)).sum::<f64>() / 9.0;
            assert!(mean.abs() < 1e-8 && (square - 1.0).abs() < 1e-8, "{column}: {mean}, {square}");
        }
    }

    #[test]
    fn undo_gives_the_design_back() {
        let dataset = table();
        let normaliser = Normaliser::fit(&dataset);
        for x in dataset.designs() {
            for (found, expected) in normaliser.undo(&normaliser.apply(x)).iter().zip(x) {
                assert!((found - expected).abs() <= 1e-12 * expected.abs().max(1.0));
            }
        }
    }

    #[test]
    fn a_normalised_objective_is_asked_in_units_of_the_table() {
        struct First;
        impl Objective for First {
            fn dimension(&self) -> usize {
                3
            }
            fn value(&self, x: &[f32]) -> f32 {
                x[0]
            }
        }
        let normaliser = Normaliser::fit(&table());
        let deviation = normaliser.deviation[0] as f32;
        let first = Normalised { objective: First, normaliser };
        assert_eq!(first.value(&[0.0, 5.0, -3.0]), 4.0);
        assert!((first.value(&[1.0, 0.0, 0.0]) - 4.0 - deviation).abs() < 1e-6);
    }
}
