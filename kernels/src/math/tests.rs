//! Dense grids against the standard library in double precision, and the same bits at each level.

use std::f64::consts as f64c;

use super::*;
use crate::simd::{Kernel, Level, dispatch_at};

/// `points` numbers evenly spaced over a closed range.
fn grid(from: f64, to: f64, points: usize) -> impl Iterator<Item = f64> {
    (0..points).map(move |i| from + (to - from) * i as f64 / (points - 1) as f64)
}

/// The largest of `error(x, f(x))` over a grid of single-precision arguments, with its argument.
fn worst(from: f64, to: f64, error: impl Fn(f32) -> f64) -> (f64, f32) {
    let errors = grid(from, to, 400_001).map(|x| (error(x as f32), x as f32));
    errors.fold((0.0, 0.0), |worst, next| if next.0 <= worst.0 { worst } else { next })
}

/// erf by its Taylor series, and by its asymptotic value where that is closer.
fn erf_reference(x: f64) -> f64 {
    if x.abs() > 6.0 {
        return x.signum();
    }
    // erf x = 2/√π e^(−x²) Σ 2ⁿ x^(2n+1) / (2n+1)!!, all terms of one sign.
    let (mut term, mut sum) = (x, x);
    for n in 1..300 {
        term *= 2.0 * x * x / (2 * n + 1) as f64;
        sum += term;
    }
    f64c::FRAC_2_SQRT_PI * (-x * x).exp() * sum
}

#[test]
fn exp_is_within_two_ulps() {
    let relative = |x: f32| (f64::from(exp(x)) / f64::from(x).exp() - 1.0).abs();
    for range in [(-87.3, 88.72), (-1.0, 1.0), (-1e-3, 1e-3)] {
        let worst = worst(range.0, range.1, relative);
        assert!(worst.0 < 2e-7, "{worst:?}");
    }
    assert_eq!(exp(0.0), 1.0);
}

#[test]
fn exp_is_held_to_finite_positive_numbers() {
    assert!(exp(1e9).is_finite() && exp(1e9) > 3.4e38);
    assert!(exp(-1e9) > 0.0 && exp(-1e9) < 1.2e-38);
    assert!(exp(f32::INFINITY).is_finite());
    assert!(exp(f32::NAN).is_nan());
}

#[test]
fn ln_is_within_two_ulps() {
    let relative = |x: f32| {
        let exact = f64::from(x).ln();
        if exact == 0.0 { f64::from(ln(x)) } else { (f64::from(ln(x)) / exact - 1.0).abs() }
    };
    for range in [(1e-3, 10.0), (0.99, 1.01), (1.0, 1e30), (1e-38, 1e-30), (1e-44, 1e-38)] {
        let worst = worst(range.0, range.1, relative);
        assert!(worst.0 < 2e-7, "{worst:?}");
    }
}

#[test]
fn ln_of_the_edges_is_that_of_the_standard_library() {
    assert_eq!(ln(0.0), f32::NEG_INFINITY);
    assert_eq!(ln(-0.0), f32::NEG_INFINITY);
    assert_eq!(ln(f32::INFINITY), f32::INFINITY);
    assert!(ln(-1.0).is_nan() && ln(f32::NEG_INFINITY).is_nan() && ln(f32::NAN).is_nan());
    assert_eq!(ln(1.0), 0.0);
}

#[test]
fn tanh_is_close_bounded_and_odd() {
    let absolute = |x: f32| (f64::from(tanh(x)) - f64::from(x).tanh()).abs();
    for range in [(-10.0, 10.0), (-1.0, 1.0), (-1e-3, 1e-3), (-1e6, 1e6)] {
        let worst = worst(range.0, range.1, absolute);
        assert!(worst.0 < 3e-7, "{worst:?}");
    }
    assert!(grid(-12.0, 12.0, 100_000).all(|x| tanh(x as f32).abs() <= 1.0));
    assert!(grid(-12.0, 12.0, 100_000).all(|x| tanh(-x as f32) == -tanh(x as f32)));
    assert!(tanh(f32::NAN).is_nan());
    assert_eq!(tanh(f32::INFINITY), tanh(1e9));
}

#[test]
fn erf_is_close_and_bounded() {
    assert!((erf_reference(0.5) - 0.520_499_877_813_046_5).abs() < 1e-15);
    assert!((erf_reference(2.0) - 0.995_322_265_018_952_7).abs() < 1e-15);
    let absolute = |x: f32| (f64::from(erf(x)) - erf_reference(f64::from(x))).abs();
    for range in [(-6.0, 6.0), (-0.5, 0.5)] {
        let worst = worst(range.0, range.1, absolute);
        assert!(worst.0 < 4e-7, "{worst:?}");
    }
    assert!(grid(-12.0, 12.0, 100_000).all(|x| erf(x as f32).abs() <= 1.0));
    assert!(erf(f32::NAN).is_nan());
}

#[test]
fn gelu_is_the_exact_form() {
    let error = |x: f32| {
        let x64 = f64::from(x);
        let exact = 0.5 * x64 * (1.0 + erf_reference(x64 * f64c::FRAC_1_SQRT_2));
        (f64::from(gelu(x)) - exact).abs() / (3e-7 + 2e-7 * x64.abs())
    };
    let worst = worst(-8.0, 8.0, error);
    assert!(worst.0 < 1.0, "{worst:?}");
    assert_eq!((gelu(0.0), gelu(100.0), gelu(-100.0)), (0.0, 100.0, 0.0));
}

#[test]
fn sigmoid_is_within_two_ulps() {
    let relative = |x: f32| (f64::from(sigmoid(x)) * (1.0 + (-f64::from(x)).exp()) - 1.0).abs();
    let worst = worst(-80.0, 80.0, relative);
    assert!(worst.0 < 3e-7, "{worst:?}");
    assert_eq!(sigmoid(0.0), 0.5);
}

#[test]
fn sin_cos_is_close_in_its_range() {
    let absolute = |x: f32| {
        let (s, c) = sin_cos(x);
        let (s64, c64) = f64::from(x).sin_cos();
        (f64::from(s) - s64).abs().max((f64::from(c) - c64).abs())
    };
    for range in [(-10.0, 10.0), (-8192.0, 8192.0), (-1e-2, 1e-2)] {
        let worst = worst(range.0, range.1, absolute);
        assert!(worst.0 < 2e-7, "{worst:?}");
    }
}

/// Distance in units of the last place of `exact`.
fn ulps(got: f64, exact: f64) -> f64 {
    let ulp = f64::from_bits(exact.abs().to_bits() + 1) - exact.abs();
    (got - exact).abs() / ulp
}

#[test]
fn sin_cos_f64_is_within_one_ulp_of_the_standard_library() {
    let mut worst = (0.0, 0.0);
    let mut check = |x: f64| {
        let ((s, c), (s_exact, c_exact)) = (sin_cos_f64(x), x.sin_cos());
        let error = ulps(s, s_exact).max(ulps(c, c_exact));
        worst = if error > worst.0 { (error, x) } else { worst };
    };
    grid(-10.0, 10.0, 300_001).for_each(&mut check);
    grid(-1e5, 1e5, 300_001).for_each(&mut check);
    // The doubles nearest to multiples of π/2 are the hardest arguments.
    (-60_000..60_000).for_each(|n| check(f64::from(n) * f64c::FRAC_PI_2));
    assert!(worst.0 <= 1.0, "{worst:?}");
    assert_eq!(sin_cos_f64(0.0), (0.0, 1.0));
    assert!(sin_cos_f64(f64::INFINITY).0.is_nan() && sin_cos_f64(f64::NAN).1.is_nan());
}

#[test]
fn exp_f64_is_within_one_ulp_of_the_standard_library() {
    let mut worst = (0.0, 0.0);
    for x in grid(-708.0, 709.7, 400_001).chain(grid(-1.0, 1.0, 400_001)) {
        let error = ulps(exp_f64(x), x.exp());
        worst = if error > worst.0 { (error, x) } else { worst };
    }
    assert!(worst.0 <= 1.0, "{worst:?}");
    assert!(exp_f64(1e9).is_finite() && exp_f64(-1e9) > 0.0 && exp_f64(f64::NAN).is_nan());
}

/// All functions over one grid, as bits. Loops over slices, so that they do vectorise.
struct Everything(Vec<f32>);

impl Kernel for Everything {
    type Output = Vec<u64>;

    #[inline(always)]
    fn run(self) -> Vec<u64> {
        let (mut y, mut bits) = (vec![0.0; self.0.len()], Vec::new());
        let mut y64 = vec![0.0; self.0.len()];
        macro_rules! single {
            ($x:ident => $value:expr) => {
                for (y, &$x) in y.iter_mut().zip(&self.0) {
                    *y = $value;
                }
                bits.extend(y.iter().map(|y: &f32| u64::from(y.to_bits())));
            };
        }
        macro_rules! double {
            ($x:ident => $value:expr) => {
                for (y, &x) in y64.iter_mut().zip(&self.0) {
                    let $x = 1.37 * f64::from(x);
                    *y = $value;
                }
                bits.extend(y64.iter().map(|y: &f64| y.to_bits()));
            };
        }
        single!(x => exp(x));
        single!(x => ln(x.abs()));
        single!(x => tanh(x));
        single!(x => erf(x));
        single!(x => gelu(x));
        single!(x => sigmoid(x));
        single!(x => sin_cos(x).0);
        single!(x => sin_cos(x).1);
        double!(x => exp_f64(x));
        double!(x => sin_cos_f64(x).0);
        double!(x => sin_cos_f64(x).1);
        bits
    }
}

#[test]
fn every_level_returns_the_same_bits() {
    // No NaN here: which of its many bit patterns comes out is not promised.
    let near = grid(0.0, 20.0, 20_001);
    let signed = grid(-100.0, 100.0, 20_001);
    let x: Vec<f32> = near.chain(signed).map(|x| x as f32).collect();
    let expected = dispatch_at(Level::Portable, Everything(x.clone()));
    assert_eq!(expected.len(), 11 * x.len());
    for level in Level::ALL.into_iter().filter(|level| level.is_supported()) {
        let same = dispatch_at(level, Everything(x.clone())) == expected;
        assert!(same, "{level} differs from portable");
    }
}
