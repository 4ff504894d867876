//! A mean over few retrainings, most of which end near 0 or near 1.

use hatchery_kernels::Dice;
use serde::Serialize;

/// Resamples of an interval.
const RESAMPLES: usize = 2000;
const INTERVAL: u32 = 0x494e_5456;

/// A mean with a 95 % bootstrap interval (percentiles of resampled means).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The mean.
    pub mean: f64,
    /// 2.5 % of resampled means are below.
    pub low: f64,
    /// 2.5 % are above.
    pub high: f64,
}

impl Interval {
    /// Of some values, a function of these alone; nothing of none. One value is its own interval, which says nothing of its spread.
    ///
    /// ```
    /// use hatchery_search::meta_reward::Interval;
    ///
    /// let interval = Interval::of(&[0.0, 1.0, 1.0, 1.0]).expect("there are values");
    /// assert!(interval.mean == 0.75 && interval.low < 0.3 && interval.high == 1.0);
    /// assert_eq!(Interval::of(&[]), None);
    /// ```
    pub fn of(values: &[f64]) -> Option<Self> {
        if values.is_empty() {
            return None;
        }
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let mut dice = Dice::new(0, values.len() as u64, INTERVAL);
        let mut means: Vec<f64> = (0..RESAMPLES)
            .map(|_| {
                let sum: f64 = values.iter().map(|_| values[dice.below(values.len())]).sum();
                sum / count
            })
            .collect();
        means.sort_by(f64::total_cmp);
        let at = |share: f64| means[(share * (RESAMPLES - 1) as f64).round() as usize];
        Some(Self { mean, low: at(0.025), high: at(0.975) })
    }
}
