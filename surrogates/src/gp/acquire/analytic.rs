//! Acquisitions of one design with a closed form.
//!
//! ```text
//! EI = E[max(0, Y - b)] = σ h(z)        h(z) = φ(z) + z Φ(z)        z = (μ - b)/σ
//! ∂ ln EI/∂μ = Φ/(σ h)                  ∂ ln EI/∂σ = φ/(σ h)
//! ```
//!
//! | symbol | code        | meaning                                    |
//! |--------|-------------|--------------------------------------------|
//! | μ, σ   | `prediction`| mean and deviation of the prediction Y     |
//! | b      | `best`      | the score to improve on                    |
//!
//! Source: Jones, Schonlau and Welch (1998). The logarithm is that of Ament et al., arXiv 2310.20708, in purpose; the way to it is in
//! `normal.rs`.

use super::normal;
use crate::gp::Prediction;

/// Expected improvement on `best`, in units of the score; 0 far below it, where only the logarithm can tell designs apart.
pub fn expected_improvement(prediction: Prediction, best: f64) -> f64 {
    let deviation = prediction.deviation();
    deviation * normal::improvement((prediction.mean - best) / deviation)
}

/// Logarithm of the expected improvement, finite everywhere, with its slopes in mean and deviation.
pub fn log_expected_improvement(prediction: Prediction, best: f64) -> (f64, [f64; 2]) {
    let deviation = prediction.deviation();
    let z = (prediction.mean - best) / deviation;
    let (by_mean, by_deviation) = normal::improvement_slopes(z);
    let value = libm::log(deviation) + normal::log_improvement(z);
    (value, [by_mean / deviation, by_deviation / deviation])
}

/// `μ + β σ`: optimism, for experiments that can be made.
pub fn upper_confidence_bound(prediction: Prediction, beta: f64) -> f64 {
    prediction.mean + beta * prediction.deviation()
}

/// `μ - β σ`: pessimism, for a table that cannot be asked.
pub fn lower_confidence_bound(prediction: Prediction, beta: f64) -> f64 {
    upper_confidence_bound(prediction, -beta)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Draws;

    /// 10⁶ draws: the standard error is below 3e-4 σ.
    #[test]
    fn expected_improvement_is_the_mean_of_a_million_draws() {
        let mut draws = Draws::new(1, "improvement");
        let z: Vec<f64> = (0..1_000_000).map(|_| draws.normal()).collect();
        for (mean, best) in [(0.3, 0.0), (0.0, 0.5), (-1.0, 1.0)] {
            let prediction = Prediction { mean, variance: 0.25 };
            let drawn = z.iter().map(|z| (mean + 0.5 * z - best).max(0.0)).sum::<f64>() / 1e6;
            assert!((drawn - expected_improvement(prediction, best)).abs() < 1e-3);
        }
    }

    #[test]
    fn the_logarithm_is_that_of_the_value_and_its_slopes_are_those_of_differences() {
        for (mean, deviation) in [(2.0, 0.5), (0.9, 0.1), (-3.0, 1.0), (-30.0, 0.7)] {
            let value = |mean: f64, deviation: f64| {
                let prediction = Prediction { mean, variance: deviation * deviation };
                log_expected_improvement(prediction, 1.0).0
            };
            let prediction = Prediction { mean, variance: deviation * deviation };
            let (logarithm, slopes) = log_expected_improvement(prediction, 1.0);
            let plain = expected_improvement(prediction, 1.0).ln();
            assert!(plain.is_infinite() || (logarithm - plain).abs() < 1e-10);
            let step = 1e-6;
            let by_mean = (value(mean + step, deviation) - value(mean - step, deviation)) / 2e-6;
            let by_deviation =
                (value(mean, deviation + step) - value(mean, deviation - step)) / 2e-6;
            assert!((slopes[0] / by_mean - 1.0).abs() < 1e-6, "{mean}: {slopes:?}");
            assert!((slopes[1] / by_deviation - 1.0).abs() < 1e-5, "{mean}: {slopes:?}");
        }
    }

    #[test]
    fn bounds_are_on_both_sides() {
        let prediction = Prediction { mean: 1.0, variance: 4.0 };
        assert_eq!(upper_confidence_bound(prediction, 1.5), 4.0);
        assert_eq!(lower_confidence_bound(prediction, 1.5), -2.0);
    }
}
