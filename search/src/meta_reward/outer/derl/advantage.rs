//! How much better than what was to be expected.

use super::config::{Baseline, DerlConfig, Estimator};

/// Below this a deviation is rounding, whatever else is asked for.
const DEVIATION_FLOOR: f64 = 1e-6;
const EPSILON: f64 = 1e-6;
/// Share of a group that `risk` learns from.
const RISK: f64 = 0.25;

/// The advantages of a group; nothing if it teaches nothing. Values that are not finite count as 0, and neither in means nor in the
/// deviation. `average` is the running mean before the step, and after it.
pub(super) fn advantages(
    values: &[f32],
    config: &DerlConfig,
    average: &mut Option<f64>,
) -> Option<Vec<f64>> {
    let group = Group::of(values);
    let mean = average.unwrap_or(group.mean);
    if group.values.is_empty() {
        return None;
    }
    let decay = config.baseline_decay;
    *average = Some(decay * mean + (1.0 - decay) * group.mean);
    let by_deviation = matches!(config.estimator, Estimator::Grpo | Estimator::Pqt);
    let is_risk = config.estimator == Estimator::Risk;
    let needs_spread = by_deviation || is_risk || config.baseline != Baseline::Ema;
    if needs_spread && group.deviation < config.deviation_min.max(DEVIATION_FLOOR) {
        return None;
    }
    let quartile = group.quantile(1.0 - RISK);
    let advantage = |&value: &f32| {
        let (value, is_counted) =
            if value.is_finite() { (f64::from(value), true) } else { (0.0, false) };
        if is_risk {
            return (value - quartile).max(0.0) / RISK;
        }
        let baseline = match config.baseline {
            Baseline::Ema => mean,
            Baseline::LeaveOneOut if is_counted => group.mean_without(value),
            Baseline::Group | Baseline::LeaveOneOut => group.mean,
        };
        let unit = if by_deviation { group.deviation + EPSILON } else { 1.0 };
        (value - baseline) / unit
    };
    Some(values.iter().map(advantage).collect())
}

struct Group {
    /// Those that are finite, the smallest first.
    values: Vec<f64>,
    mean: f64,
    deviation: f64,
}

impl Group {
    fn of(values: &[f32]) -> Self {
        let finite = values.iter().filter(|value| value.is_finite());
        let mut values: Vec<f64> = finite.map(|&value| f64::from(value)).collect();
        values.sort_by(f64::total_cmp);
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count.max(1.0);
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Self { values, mean, deviation: (squares / (count - 1.0).max(1.0)).sqrt() }
    }

    /// The mean of the others.
    fn mean_without(&self, value: f64) -> f64 {
        let count = self.values.len() as f64;
        (self.mean * count - value) / (count - 1.0).max(1.0)
    }

    /// Between the two values that are nearest, in proportion.
    fn quantile(&self, share: f64) -> f64 {
        let at = share * (self.values.len() - 1) as f64;
        let (low, high) = (at.floor() as usize, at.ceil() as usize);
        self.values[low] + (at - at.floor()) * (self.values[high] - self.values[low])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The group that the specification prints, with a training that failed.
    const VALUES: [f32; 9] = [0.0, 0.0, 0.8496, 0.8789, 0.0234, 0.8848, 0.0, 0.8945, f32::NAN];

    fn of(estimator: Estimator, baseline: Baseline, average: &mut Option<f64>) -> Vec<f64> {
        let config = DerlConfig { estimator, baseline, ..DerlConfig::default() };
        advantages(&VALUES, &config, average).expect("they differ")
    }

    #[test]
    fn each_estimator_on_the_printed_group() {
        let near = |a: f64, b: f64| assert!((a - b).abs() < 2e-3, "{a} {b}");
        let grpo = of(Estimator::Grpo, Baseline::Group, &mut None);
        near(grpo[7], (0.8945 - 0.4414) / 0.4664);
        near(grpo[8], -0.4414 / 0.4664);
        let plain = of(Estimator::DrGrpo, Baseline::Group, &mut None);
        near(plain[7], 0.8945 - 0.4414);
        let others = of(Estimator::Reinforce, Baseline::LeaveOneOut, &mut None);
        near(others[7], (0.8945 - 0.4414) * 8.0 / 7.0);
        let risk = of(Estimator::Risk, Baseline::Group, &mut None);
        // Between the third and the second best, a quarter from the third.
        near(risk[7], 4.0 * (0.8945 - 0.8789 - 0.25 * (0.8848 - 0.8789)));
        assert_eq!(risk.iter().filter(|advantage| **advantage > 0.0).count(), 2);
    }

    #[test]
    fn the_running_mean_is_that_of_the_steps_before() {
        let mut average = Some(0.1);
        let ema = of(Estimator::Reinforce, Baseline::Ema, &mut average);
        assert!((ema[7] - 0.7945).abs() < 1e-6 && (ema[8] + 0.1).abs() < 1e-12, "{ema:?}");
        assert!((average.expect("it has one") - (0.8 * 0.1 + 0.2 * 0.4414)).abs() < 1e-4);
    }

    #[test]
    fn equal_values_teach_only_by_comparison_with_the_past() {
        let values = [0.5, 0.5, f32::NAN];
        let with = |estimator, baseline| {
            let config = DerlConfig { estimator, baseline, ..DerlConfig::default() };
            advantages(&values, &config, &mut Some(0.2))
        };
        for estimator in [Estimator::Grpo, Estimator::Reinforce, Estimator::DrGrpo] {
            assert_eq!(with(estimator, Baseline::Group), None);
            assert_eq!(with(estimator, Baseline::LeaveOneOut), None);
        }
        assert_eq!(with(Estimator::Risk, Baseline::Ema), None);
        assert_eq!(with(Estimator::Grpo, Baseline::Ema), None);
        let pulled = with(Estimator::DrGrpo, Baseline::Ema).expect("better than before");
        assert!(pulled[0] > 0.29 && pulled[2] < 0.0);
        let config = DerlConfig::default();
        assert_eq!(advantages(&[f32::NAN; 3], &config, &mut None), None);
        assert_eq!(advantages(&[], &config, &mut None), None);
    }
}
