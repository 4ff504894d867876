//! Two rules on the same seeds.

use serde::{Deserialize, Serialize};

/// Mean difference over pairs, with its 95 % interval by Student's t.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Paired {
    /// Pairs.
    pub pairs: u32,
    /// Mean of a − b.
    pub mean: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

impl Paired {
    /// Whether the whole interval is below 0: `a` has the smaller loss.
    pub fn is_below(&self) -> bool {
        self.high < 0.0
    }
}

/// Compares losses `a` and `b` of the same seeds, in the same order. With fewer than two pairs the interval is infinite.
///
/// # Panics
/// If their lengths differ.
pub fn paired(a: &[f64], b: &[f64]) -> Paired {
    assert_eq!(a.len(), b.len(), "pairs have two sides");
    let pairs = a.len() as u32;
    let count = f64::from(pairs.max(1));
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let mean = differences.iter().sum::<f64>() / count;
    if pairs < 2 {
        let (low, high) = (f64::NEG_INFINITY, f64::INFINITY);
        return Paired { pairs, mean, standard_error: f64::INFINITY, low, high };
    }
    let variance = differences.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let standard_error = (variance / count).sqrt();
    let reach = quantile(pairs - 1) * standard_error;
    Paired { pairs, mean, standard_error, low: mean - reach, high: mean + reach }
}

/// The 97.5 % quantile of Student's t.
fn quantile(degrees: u32) -> f64 {
    const TABLE: [f64; 30] = [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
        2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
        2.052, 2.048, 2.045, 2.042,
    ];
    match degrees {
        0 => f64::INFINITY,
        1..=30 => TABLE[degrees as usize - 1],
        // Its expansion around the normal distribution; 0.001 off at most.
        _ => 1.959_964 + 2.372_3 / f64::from(degrees),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_that_of_a_table() {
        // Differences 1, 2, 3: mean 2, deviation 1, so 2 ± 4.303/√3.
        let found = paired(&[2.0, 4.0, 6.0], &[1.0, 2.0, 3.0]);
        assert_eq!((found.pairs, found.mean), (3, 2.0));
        assert!((found.high - (2.0 + 4.303 / 3f64.sqrt())).abs() < 1e-12);
        assert!(!found.is_below());
        assert!(paired(&[1.0, 1.1, 0.9], &[2.0, 2.0, 2.0]).is_below());
    }

    #[test]
    fn one_pair_proves_nothing() {
        assert!(!paired(&[0.0], &[9.0]).is_below());
    }

    #[test]
    fn many_degrees_come_close_to_the_normal_distribution() {
        assert!((quantile(60) - 2.000).abs() < 2e-3);
        assert!((quantile(31) - 2.040).abs() < 5e-3);
        assert!((quantile(1_000_000) - 1.96).abs() < 1e-3);
    }
}
