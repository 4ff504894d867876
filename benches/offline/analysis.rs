//! Paired differences: intervals, tests, corrections.
//!
//! BCa bootstrap: the interval is between quantiles Φ(z₀ + (z₀ + z)/(1 − a (z₀ + z))) of resampled means, z = Φ⁻¹(2.5 %) and Φ⁻¹(97.5 %).
//!
//! | symbol | meaning |
//! |---|---|
//! | z₀ | Φ⁻¹ of the share of resampled means below the mean: the bias |
//! | a | Σ d³ / 6 (Σ d²)^1.5 over d = mean of leave-one-out means less each: the acceleration |
//!
//! Source: Efron, "Better bootstrap confidence intervals" (1987).

use hatchery::surrogates::{Draws, statistics};

/// Resamples of a bootstrap.
const RESAMPLES: usize = 10_000;
/// Pairs up to which all signs are tried; of more, a sample.
const EXACT_MAX: usize = 16;

/// A mean with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Estimate {
    pub(crate) mean: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Estimate {
    /// Whether 0 is inside.
    pub(crate) fn has_zero(&self) -> bool {
        self.low <= 0.0 && self.high >= 0.0
    }
}

/// The mean of differences with a BCa interval; a point if all are equal.
pub(crate) fn bca(differences: &[f64]) -> Estimate {
    let count = differences.len();
    let mean = statistics::mean(differences);
    if count < 2 || differences.iter().all(|d| *d == differences[0]) {
        return Estimate { mean, low: mean, high: mean };
    }
    let mut draws = Draws::new(count as u64, "bootstrap of differences");
    let one = |_| (0..count).map(|_| differences[draws.below(count)]).sum::<f64>() / count as f64;
    let mut means: Vec<f64> = (0..RESAMPLES).map(one).collect();
    means.sort_by(f64::total_cmp);
    let below = means.partition_point(|m| *m < mean) as f64;
    let equal = means.partition_point(|m| *m <= mean) as f64 - below;
    let bias = quantile((below + 0.5 * equal) / RESAMPLES as f64);
    // Of a mean, leave-one-out means differ from their mean by (mean - x) / (n - 1): the factor cancels.
    let (squares, cubes) = differences.iter().fold((0.0, 0.0), |(squares, cubes), x| {
        let d = x - mean;
        (squares + d * d, cubes + d * d * d)
    });
    let acceleration = cubes / (6.0 * f64::powf(squares, 1.5));
    let end = |z: f64| {
        let moved = bias + z;
        let share = cumulative(bias + moved / (1.0 - acceleration * moved));
        statistics::quantile_of_sorted(&means, share)
    };
    let z = quantile(0.975);
    Estimate { mean, low: end(-z), high: end(z) }
}

/// The mean over groups, such as tasks, of the means of their differences; the interval is that of drawing groups.
pub(crate) fn over_groups(groups: &[Vec<f64>]) -> Estimate {
    let means: Vec<f64> = groups.iter().map(|group| statistics::mean(group)).collect();
    let count = means.len();
    let mut draws = Draws::new(count as u64, "bootstrap of groups");
    let one = |_| (0..count).map(|_| means[draws.below(count)]).sum::<f64>() / count as f64;
    let drawn: Vec<f64> = (0..RESAMPLES).map(one).collect();
    let [low, high] = [0.025, 0.975].map(|share| statistics::quantile(&drawn, share));
    Estimate { mean: statistics::mean(&means), low, high }
}

/// The chance that the mean is as far from 0 if each difference had either sign with the same chance.
pub(crate) fn sign_flips(differences: &[f64]) -> f64 {
    let count = differences.len();
    let sum = differences.iter().sum::<f64>().abs() * (1.0 - 1e-12);
    let flipped = |signs: u32| {
        let signed = differences.iter().enumerate();
        signed.map(|(at, d)| if signs >> at & 1 == 1 { -d } else { *d }).sum::<f64>().abs()
    };
    if count <= EXACT_MAX {
        let all = 1_u32 << count;
        return (0..all).filter(|signs| flipped(*signs) >= sum).count() as f64 / f64::from(all);
    }
    let mut draws = Draws::new(count as u64, "signs of differences");
    let mut as_far = 1;
    for _ in 0..1 << EXACT_MAX {
        let drawn: f64 = differences.iter().map(|d| if draws.chance(0.5) { -d } else { *d }).sum();
        as_far += usize::from(drawn.abs() >= sum);
    }
    as_far as f64 / ((1 << EXACT_MAX) + 1) as f64
}

/// Holm's correction of the p of a family.
pub(crate) fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let (mut corrected, mut greatest) = (vec![0.0; p.len()], 0.0_f64);
    for (before, &at) in order.iter().enumerate() {
        greatest = greatest.max(p[at] * (p.len() - before) as f64).min(1.0);
        corrected[at] = greatest;
    }
    corrected
}

/// Φ, to 2e-7 (Abramowitz and Stegun 7.1.26).
pub(crate) fn cumulative(x: f64) -> f64 {
    let z = x.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let terms = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    let tail = 0.5 * terms.iter().fold(0.0, |sum, term| (sum + term) * t) * (-z * z).exp();
    if x < 0.0 { tail } else { 1.0 - tail }
}

/// Φ⁻¹ by halving.
fn quantile(share: f64) -> f64 {
    let (mut low, mut high) = (-8.0, 8.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if cumulative(middle) < share { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// Stops if one of the functions of this file is wrong on an example that can be worked out by hand.
pub(crate) fn self_test() {
    assert!((quantile(0.975) - 1.959_964).abs() < 1e-5 && quantile(0.5).abs() < 1e-6);
    // Of three equal differences the signs +++ and --- are as far: 2 of 8.
    assert_eq!(sign_flips(&[1.0, 1.0, 1.0]), 0.25);
    assert_eq!(holm(&[0.04, 0.01, 0.5]), [0.08, 0.03, 0.5]);
    // Without skew the interval is about that of the normal distribution: 1.96 · 0.5 / √n with n = 100.
    let even: Vec<f64> = (0..100).map(|at| f64::from(at % 2)).collect();
    let found = bca(&even);
    assert!((found.mean - 0.5).abs() < 1e-12);
    assert!((found.low - 0.402).abs() < 0.015 && (found.high - 0.598).abs() < 0.015, "{found:?}");
}
