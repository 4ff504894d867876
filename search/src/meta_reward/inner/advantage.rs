//! How much better than its group.

/// Below this a deviation is rounding, whatever else is asked for.
const DEVIATION_FLOOR: f64 = 1e-6;
const EPSILON: f64 = 1e-6;

/// Replaces the values of one group by (value − mean) / (s + 10⁻⁶), with the sample deviation s. Says whether that is at least
/// `deviation_min` and 10⁻⁶: if not, all are 0. Values that are not finite get 0 and count neither in mean nor deviation.
///
/// ```
/// use hatchery_search::meta_reward::inner::group_advantages;
///
/// let mut equal = [0.5, 0.5, f32::NAN];
/// assert!(!group_advantages(&mut equal, 0.0));
/// assert_eq!(equal, [0.0; 3]);
/// let mut two = [0.0, 1.0];
/// assert!(group_advantages(&mut two, 0.0));
/// assert!((two[1] - 0.5f32.sqrt()).abs() < 1e-5);
/// ```
pub fn group_advantages(values: &mut [f32], deviation_min: f64) -> bool {
    let finite = || values.iter().filter(|value| value.is_finite()).map(|&value| f64::from(value));
    let count = finite().count();
    let mean = finite().sum::<f64>() / count.max(1) as f64;
    let squares: f64 = finite().map(|value| (value - mean).powi(2)).sum();
    let deviation = if count > 1 { (squares / (count - 1) as f64).sqrt() } else { 0.0 };
    let differ = deviation >= deviation_min.max(DEVIATION_FLOOR);
    for value in values {
        let advantage = (f64::from(*value) - mean) / (deviation + EPSILON);
        *value = if differ && value.is_finite() { advantage as f32 } else { 0.0 };
    }
    differ
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advantages_of_the_printed_group() {
        let values = [0.0, 0.0, 0.8496, 0.8789, 0.0234, 0.8848, 0.0, 0.8945];
        let mut advantages = values;
        assert!(group_advantages(&mut advantages, 0.0));
        for (value, advantage) in values.iter().zip(advantages) {
            // The specification prints three digits of mean and deviation.
            assert!((advantage - (value - 0.441) / 0.466).abs() < 3e-3, "{value}: {advantage}");
        }
    }

    #[test]
    fn one_value_or_none_is_no_group() {
        assert!(!group_advantages(&mut [], 0.0));
        let mut one = [3.0];
        assert!(!group_advantages(&mut one, 0.0));
        assert_eq!(one, [0.0]);
    }
}
