//! Student's t with a whole number ν of degrees of freedom.
//!
//! P(|T| ≤ t) with sin θ = t/√(ν + t²), cos θ = √(ν/(ν + t²)), as finite sums:
//!
//! - ν odd: 2/π (θ + sin θ (cos θ + 2/3 cos³ θ + … + (2·4 … (ν−3))/(3·5 … (ν−2)) cos^(ν−2) θ)), for ν = 1 only 2θ/π
//! - ν even: sin θ (1 + 1/2 cos² θ + … + (1·3 … (ν−3))/(2·4 … (ν−2)) cos^(ν−2) θ)
//!
//! Source: Abramowitz and Stegun, "Handbook of mathematical functions", 26.7.3 and 26.7.4.

use std::f64::consts::FRAC_2_PI;

/// P(T ≤ t).
///
/// # Panics
/// Without a degree of freedom.
pub(super) fn cumulative(t: f64, freedom: usize) -> f64 {
    assert!(freedom > 0, "t needs a degree of freedom");
    if t.is_infinite() {
        return if t > 0.0 { 1.0 } else { 0.0 };
    }
    let nu = freedom as f64;
    let length = nu.sqrt().hypot(t);
    let (sine, cosine) = (t / length, nu.sqrt() / length);
    let odd = freedom % 2 == 1;
    // Terms of the sum: each is the last times (k − 1)/k cos² θ, k = 3, 5 … or 2, 4 … up to ν − 2.
    let mut term = if odd { cosine } else { 1.0 };
    let mut sum = if freedom == 1 { 0.0 } else { term };
    for k in (if odd { 3 } else { 2 }..freedom.saturating_sub(1)).step_by(2) {
        term *= (k as f64 - 1.0) / k as f64 * cosine * cosine;
        sum += term;
    }
    let inside =
        if odd { FRAC_2_PI * (libm::atan(t / nu.sqrt()) + sine * sum) } else { sine * sum };
    0.5 + 0.5 * inside
}

/// The t that |T| stays below with probability `level`, by halving.
///
/// # Panics
/// Without a degree of freedom.
pub(super) fn two_sided(level: f64, freedom: usize) -> f64 {
    let share = 0.5 + 0.5 * level;
    let (mut low, mut high) = (0.0, 1.0);
    while cumulative(high, freedom) < share && high < 1e12 {
        high *= 2.0;
    }
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if cumulative(middle, freedom) < share { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        // Three decimals are printed, so half a unit of the last.
        let printed = [
            (1, 3.078, 12.706),
            (2, 1.886, 4.303),
            (3, 1.638, 3.182),
            (4, 1.533, 2.776),
            (5, 1.476, 2.571),
            (30, 1.310, 2.042),
        ];
        for (freedom, of_80, of_95) in printed {
            assert!((two_sided(0.8, freedom) - of_80).abs() < 6e-4, "{freedom}");
            assert!((two_sided(0.95, freedom) - of_95).abs() < 6e-4, "{freedom}");
        }
    }

    #[test]
    fn it_is_symmetric_and_ends_at_0_and_1() {
        for freedom in 1..6 {
            for t in [0.0, 0.3, 2.0, 50.0] {
                let both = cumulative(t, freedom) + cumulative(-t, freedom);
                assert!((both - 1.0).abs() < 1e-12, "{freedom} {t}");
            }
            assert_eq!(cumulative(f64::INFINITY, freedom), 1.0);
            assert_eq!(cumulative(f64::NEG_INFINITY, freedom), 0.0);
        }
    }
}
