//! Rows drawn from a formula.

use hatchery_kernels::{Domain, NoiseAddress, NoiseStream};

use super::Formula;

/// What rows are for; different purposes have different rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To learn from.
    Training,
    /// To test what was learned.
    Test,
}

/// Rows of a formula.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// A list of numbers for each column, `(columns, rows)`.
    pub columns: Vec<Vec<f64>>,
    /// The formula's value in each row, with noise added.
    pub target: Vec<f64>,
}

/// A number from 0 to 1, neither of them.
fn unit(word: u32) -> f64 {
    (f64::from(word) + 0.5) * 2f64.powi(-32)
}

impl Sample {
    /// Draws `rows` rows. Normal noise is added to the target, of a standard deviation of `noise` times the target's root mean
    /// square, as SRBench has it.
    pub fn draw(formula: &Formula, rows: usize, noise: f64, seed: u64, purpose: Purpose) -> Self {
        let stream = NoiseStream::new(seed).domain(Domain::Data);
        let words = |row: usize, block: u32| {
            let at = NoiseAddress { generation: row as u32, pair: purpose as u32, layer: 0, block };
            stream.words(at)
        };
        let mut columns = vec![Vec::with_capacity(rows); formula.columns.len()];
        for row in 0..rows {
            for (index, (column, (low, high))) in columns.iter_mut().zip(formula.ranges).enumerate()
            {
                let word = words(row, (index / 4) as u32)[index % 4];
                column.push(low + (high - low) * unit(word));
            }
        }
        let value = |row: usize| {
            let arguments: Vec<f64> = columns.iter().map(|column| column[row]).collect();
            (formula.value)(&arguments)
        };
        let mut target: Vec<f64> = (0..rows).map(value).collect();
        if noise > 0.0 {
            let square = target.iter().map(|y| y * y).sum::<f64>() / rows.max(1) as f64;
            for (row, y) in target.iter_mut().enumerate() {
                let [u, v, ..] = words(row, 1000);
                let angle = std::f64::consts::TAU * unit(v);
                *y += noise * square.sqrt() * (-2.0 * unit(u).ln()).sqrt() * angle.cos();
            }
        }
        Self { columns, target }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FORMULAS, SPEED};
    use super::*;

    #[test]
    fn every_formula_has_finite_rows_in_its_ranges() {
        for formula in FORMULAS.iter().chain(&SPEED) {
            let sample = Sample::draw(formula, 300, 0.0, 1, Purpose::Test);
            for (column, (low, high)) in sample.columns.iter().zip(formula.ranges) {
                assert!(column.iter().all(|x| (low..=high).contains(&x)), "{formula:?}");
            }
            assert!(sample.target.iter().all(|y| y.is_finite()), "{formula:?}");
        }
    }

    #[test]
    fn training_and_test_rows_differ_and_noise_has_its_size() {
        let formula = Formula::named("speed-wave").expect("it is listed");
        let draw = |noise, purpose| Sample::draw(formula, 4000, noise, 3, purpose);
        let (clean, noisy) = (draw(0.0, Purpose::Training), draw(0.1, Purpose::Training));
        assert_ne!(clean, draw(0.0, Purpose::Test));
        assert_eq!(clean.columns, noisy.columns);
        let square = |values: &[f64]| values.iter().map(|v| v * v).sum::<f64>() / 4000.0;
        let errors: Vec<f64> = clean.target.iter().zip(&noisy.target).map(|(a, b)| a - b).collect();
        let ratio = (square(&errors) / square(&clean.target)).sqrt();
        // The standard error of a standard deviation from 4,000 rows is 1.1 %.
        assert!((ratio / 0.1 - 1.0).abs() < 0.05, "{ratio}");
    }
}
