//! Against the standard library in double precision.

use super::*;

type Pair = (&'static str, fn(f32) -> f32, fn(f64) -> f64);

const FUNCTIONS: [Pair; 20] = [
    ("sin", sin, f64::sin),
    ("cos", cos, f64::cos),
    ("tan", tan, f64::tan),
    ("arcsin", arcsin, f64::asin),
    ("arccos", arccos, f64::acos),
    ("arctan", arctan, f64::atan),
    ("sinh", sinh, f64::sinh),
    ("cosh", cosh, f64::cosh),
    ("tanh", tanh, f64::tanh),
    ("arcsinh", arcsinh, f64::asinh),
    ("arccosh", arccosh, f64::acosh),
    ("arctanh", arctanh, f64::atanh),
    ("exp", exp, f64::exp),
    ("exp2", exp2, f64::exp2),
    ("exp10", exp10, |x| (x * f64c::LN_10).exp()),
    ("expm1", expm1, f64::exp_m1),
    ("ln", ln, f64::ln),
    ("log10", log10, f64::log10),
    ("log2", log2, f64::log2),
    ("cbrt", cbrt, f64::cbrt),
];

/// The error of `found` in units in the last place of `expected`.
fn ulps(found: f32, expected: f64) -> f64 {
    let rounded = expected as f32;
    if rounded.is_nan() || rounded.is_infinite() || found.is_nan() || found.is_infinite() {
        let same = found == rounded || found.is_nan() && rounded.is_nan();
        return if same { 0.0 } else { f64::INFINITY };
    }
    let exponent = rounded.abs().max(f32::MIN_POSITIVE).to_bits() >> 23;
    let unit = 2f64.powi(exponent as i32 - 127 - 23);
    (f64::from(found) - expected).abs() / unit
}

/// Bit patterns all over the range of `f32`, and dense ones near 0 and 1.
fn arguments() -> impl Iterator<Item = f32> {
    let everywhere = (0..400_000_u32).map(|i| f32::from_bits(i.wrapping_mul(10_737)));
    let near = (0..200_000).map(|i| (i as f32 - 100_000.0) * 2.3e-5);
    everywhere.chain(near).flat_map(|x| [x, -x])
}

#[test]
fn each_function_is_rounded_once() {
    for (name, function, reference) in FUNCTIONS {
        let angle = ["sin", "cos", "tan"].contains(&name);
        let mut worst = (0.0, 0.0_f32);
        for x in arguments().filter(|x| !angle || x.abs() <= ANGLE_MAX) {
            let error = ulps(function(x), reference(f64::from(x)));
            if error > worst.0 {
                worst = (error, x);
            }
        }
        assert!(worst.0 < 0.51, "{name}({}) is {} ulp off", worst.1, worst.0);
    }
    for x in arguments() {
        let below = || (1.0 + f64::from(x)).abs().ln();
        let expected = if x < -1.0 { below() } else { f64::from(x).ln_1p() };
        assert!(ulps(log1p(x), expected) < 0.51, "log1p({x})");
    }
}

#[test]
fn powers_are_those_of_the_standard_library() {
    let numbers = [0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0, 1e20, -1e20, 0.1, 7.0, 1e-3];
    for x in numbers {
        for y in numbers {
            let (found, expected) = (power(x, y), f64::from(x).powf(f64::from(y)));
            assert!(
                ulps(found, expected.abs().copysign(expected)) < 0.51 || found == expected as f32,
                "{x}^{y}: {found} {expected}"
            );
        }
    }
}
