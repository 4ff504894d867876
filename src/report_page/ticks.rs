//! Round numbers along an axis.

use super::number;

/// The step 1, 2 or 5 times a power of ten that cuts a span into about so many parts.
pub(super) fn step(span: f64, about: usize) -> f64 {
    let raw = span / about.max(1) as f64;
    let power = 10_f64.powf(raw.log10().floor());
    // The powers of ten are inexact: 5.000000001 parts are five.
    let factor = match raw / power {
        x if x < 1.000_001 => 1.0,
        x if x < 2.000_001 => 2.0,
        x if x < 5.000_001 => 5.0,
        _ => 10.0,
    };
    factor * power
}

/// Multiples of `step` from `low` to `high`.
pub(super) fn multiples(low: f64, high: f64, step: f64) -> Vec<f64> {
    let slack = 1e-6;
    let (first, last) = ((low / step - slack).ceil() as i64, (high / step + slack).floor() as i64);
    (first..=last).map(|i| i as f64 * step).collect()
}

/// Labels of multiples of `step` on an axis that reaches as far as `reach` from 0: all of one kind.
pub(super) fn label(value: f64, step: f64, reach: f64) -> String {
    if value == 0.0 || (1e-4..1e6).contains(&reach) {
        return number::fixed(value, decimals(step));
    }
    let digits = value.abs().log10().floor() - step.log10().floor();
    number::scientific(value, digits.clamp(0.0, 14.0) as usize + 1)
}

/// Powers of ten from `low` to `high`, both above 0, thinned to about so many.
pub(super) fn decades(low: f64, high: f64, about: usize) -> Vec<f64> {
    let (first, last) = ((low.log10() - 1e-6).ceil() as i32, (high.log10() + 1e-6).floor() as i32);
    let stride = ((last - first) as usize / about.max(1) + 1) as i32;
    (first..=last).filter(|power| power.rem_euclid(stride) == 0).map(power_of_ten).collect()
}

/// The nearest f64 to a power of ten, which `powi` is not.
fn power_of_ten(power: i32) -> f64 {
    format!("1e{power}").parse().unwrap_or(f64::NAN)
}

fn decimals(step: f64) -> usize {
    (-(step.log10() + 1e-6).floor()).clamp(0.0, 15.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(low: f64, high: f64, about: usize) -> Vec<String> {
        let step = step(high - low, about);
        multiples(low, high, step)
            .into_iter()
            .map(|v| label(v, step, low.abs().max(high.abs())))
            .collect()
    }

    #[test]
    fn steps_are_one_two_or_five() {
        let spans = [1.0, 7.0, 60.0, 500.0, 0.003, 1e7];
        let steps = spans.map(|span| step(span, 5));
        for (step, expected) in steps.iter().zip([0.2, 2.0, 20.0, 100.0, 0.001, 2e6]) {
            assert!((step / expected - 1.0).abs() < 1e-9, "{step} for {expected}");
        }
    }

    #[test]
    fn labels_are_round() {
        assert_eq!(labels(0.0, 500.0, 5), ["0", "100", "200", "300", "400", "500"]);
        assert_eq!(labels(-0.31, 0.3, 5), ["−0.2", "0", "0.2"]);
        assert_eq!(labels(0.0, 2e7, 4), ["0", "5e6", "1e7", "1.5e7", "2e7"]);
        assert_eq!(labels(0.0, 2e-5, 2), ["0", "1e−5", "2e−5"]);
        assert_eq!(labels(1999.0, 2001.0, 2), ["1,999", "2,000", "2,001"]);
    }

    #[test]
    fn neighbours_never_look_the_same() {
        for (low, high) in [(1e6, 1e6 + 3.0), (-1.0, -0.9999), (1e-7, 1.3e-7), (5e8, 5e8 + 40.0)] {
            let mut labels = labels(low, high, 4);
            let before = labels.len();
            labels.dedup();
            assert!(before > 1 && labels.len() == before, "{labels:?}");
        }
    }

    #[test]
    fn decades_are_exact_and_few() {
        assert_eq!(decades(0.01, 10.0, 6), [0.01, 0.1, 1.0, 10.0]);
        assert!(decades(1e-30, 1e30, 5).len() <= 6);
    }
}
