//! The standard normal distribution, to full precision in the tails.

use std::f64::consts::{PI, SQRT_2};

/// Below this z the sum `φ + z Φ` has lost too many digits.
const TAIL: f64 = -4.0;

/// Φ(z).
pub(super) fn cumulative(z: f64) -> f64 {
    0.5 * libm::erfc(-z / SQRT_2)
}

/// φ(z).
pub(super) fn density(z: f64) -> f64 {
    libm::exp(log_density(z))
}

fn log_density(z: f64) -> f64 {
    -0.5 * z * z - 0.5 * libm::log(2.0 * PI)
}

/// h(z) = φ(z) + z Φ(z): expected improvement in units of the deviation. Below 0 it is `φ c/(t + c)` with `t = -z`, where
/// `1/(t + c)` is Φ/φ, so that nothing cancels.
pub(super) fn improvement(z: f64) -> f64 {
    if z > TAIL {
        return density(z) + z * cumulative(z);
    }
    let c = continued(-z);
    density(z) * c / (c - z)
}

/// ln h(z).
pub(super) fn log_improvement(z: f64) -> f64 {
    if z > TAIL {
        return libm::log(improvement(z));
    }
    let c = continued(-z);
    log_density(z) + libm::log(c / (c - z))
}

/// Φ/h and φ/h: the slopes of ln h in the mean and in the deviation, in units of the deviation.
pub(super) fn improvement_slopes(z: f64) -> (f64, f64) {
    if z > TAIL {
        let whole = improvement(z);
        return (cumulative(z) / whole, density(z) / whole);
    }
    let c = continued(-z);
    (1.0 / c, (c - z) / c)
}

/// c = 1/(t + 2/(t + 3/(t + …))), from Laplace's continued fraction Φ(-t)/φ(t) = 1/(t + c). 64 terms are exact for t ≥ 4.
fn continued(t: f64) -> f64 {
    (1..=64).rev().fold(0.0, |c, term| f64::from(term) / (t + c))
}

/// The z with Φ(z) = p, for p between 0 and 1: the rational start of Abramowitz and Stegun 26.2.22, then Halley's steps.
pub(super) fn quantile(p: f64) -> f64 {
    if p > 0.5 {
        return -quantile(1.0 - p);
    }
    let t = (-2.0 * libm::log(p)).sqrt();
    let mut z = (2.30753 + 0.27061 * t) / (1.0 + (0.99229 + 0.04481 * t) * t) - t;
    for _ in 0..3 {
        let step = (cumulative(z) - p) / density(z);
        z -= step / (1.0 + 0.5 * z * step);
    }
    z
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quantile_undoes_the_distribution() {
        for p in [1e-12, 1e-5, 0.02425, 0.3, 0.5, 0.77, 1.0 - 1e-9] {
            assert!((cumulative(quantile(p)) / p - 1.0).abs() < 1e-13, "{p}");
        }
        assert!((quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-14);
    }

    #[test]
    fn both_forms_of_the_improvement_agree_where_they_meet() {
        for z in [-4.0, -4.5, -5.0] {
            let direct = density(z) + z * cumulative(z);
            let (c, tail) = (continued(-z), improvement(z));
            assert!((tail / direct - 1.0).abs() < 1e-11, "{z}: {tail} {direct}");
            assert!((1.0 / (c - z) - cumulative(z) / density(z)).abs() < 1e-13);
        }
        assert!((log_improvement(-3.9) - improvement(-3.9).ln()).abs() < 1e-14);
    }

    /// ln h(z) → ln φ(z) - 2 ln |z| far out.
    #[test]
    fn the_logarithm_never_ends() {
        for z in [-50.0, -1e4, -1e10] {
            let expected = log_density(z) - 2.0 * libm::log(-z);
            assert!((log_improvement(z) - expected).abs() < 2e-3, "{z}");
        }
        assert_eq!(improvement(-50.0), 0.0);
        assert!((improvement(30.0) - 30.0).abs() < 1e-12);
    }
}
