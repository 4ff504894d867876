//! Elementary functions of `f32` that are computed in `f64` and rounded once: below 0.51 units in the last place,
//! wherever the result is a normal number.
//!
//! They cost about twice as much as the single-precision forms of the module above and are what evolved programs are
//! made of, where a function of a function of a function should still be right. Identities and series are textbook ones.

use std::f64::consts as f64c;

use super::double::{exp_f64, sin_cos_f64};

/// c₀ xⁿ + c₁ xⁿ⁻¹ + … + cₙ by Horner's rule.
#[inline(always)]
fn polynomial<const N: usize>(x: f64, c: [f64; N]) -> f64 {
    let mut p = c[0];
    for c in &c[1..] {
        p = p.mul_add(x, *c);
    }
    p
}

/// eˣ that overflows and underflows as an `f32` does.
#[inline(always)]
fn exp_of(x: f64) -> f64 {
    // Far outside the range of f32, so that holding changes nothing there.
    let y = exp_f64(x);
    if x < -700.0 { 0.0 } else { y }
}

/// eˣ − 1.
#[inline(always)]
fn expm1_of(x: f64) -> f64 {
    /// 1/9!, …, 1/2!, 1: the next term is below 2e-13 for |x| ≤ 0.1.
    const SERIES: [f64; 9] = [
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
    ];
    let near = polynomial(x, SERIES) * x;
    let far = exp_of(x) - 1.0;
    if x.abs() < 0.1 { near } else { far }
}

/// The natural logarithm of a positive normal number, or of what is none: −∞ of 0, ∞ of ∞, NaN below.
#[inline(always)]
fn ln_of(x: f64) -> f64 {
    /// 1/17, 1/15, …, 1/3, 1.
    const SERIES: [f64; 9] = [
        1.0 / 17.0,
        1.0 / 15.0,
        1.0 / 13.0,
        1.0 / 11.0,
        1.0 / 9.0,
        1.0 / 7.0,
        1.0 / 5.0,
        1.0 / 3.0,
        1.0,
    ];
    /// Bits of √½.
    const ROOT: u64 = 0x3FE6_A09E_667F_3BCD;
    // x = m 2ᵉ with m in [√½, √2).
    let shifted = x.to_bits().wrapping_sub(ROOT);
    let m = f64::from_bits((shifted & 0x000F_FFFF_FFFF_FFFF).wrapping_add(ROOT));
    // The exponent as a number: put into the mantissa of 2⁵² and taken off again.
    let biased = (shifted >> 52) & 0x7FF;
    let e = f64::from_bits(0x4330_0000_0000_0000 | biased) - 4_503_599_627_370_496.0;
    let e = if e > 1024.0 { e - 2048.0 } else { e };
    let s = (m - 1.0) / (m + 1.0);
    let y = e.mul_add(f64c::LN_2, 2.0 * s * polynomial(s * s, SERIES));
    let y = if x == 0.0 { f64::NEG_INFINITY } else { y };
    let y = if x < 0.0 { f64::NAN } else { y };
    if x < f64::INFINITY { y } else { x }
}

/// ln(1 + x) for x > −1.
#[inline(always)]
fn ln_1p_of(x: f64) -> f64 {
    let near = (x * -0.5).mul_add(x, x);
    let far = ln_of(1.0 + x);
    if x.abs() < 1e-6 { near } else { far }
}

#[inline(always)]
fn arctan_of(x: f64) -> f64 {
    /// ∓1/27, …, −1/3, 1: the next term is below 1e-12 for |x| ≤ √2 − 1.
    const SERIES: [f64; 14] = [
        -1.0 / 27.0,
        1.0 / 25.0,
        -1.0 / 23.0,
        1.0 / 21.0,
        -1.0 / 19.0,
        1.0 / 17.0,
        -1.0 / 15.0,
        1.0 / 13.0,
        -1.0 / 11.0,
        1.0 / 9.0,
        -1.0 / 7.0,
        1.0 / 5.0,
        -1.0 / 3.0,
        1.0,
    ];
    let a = x.abs();
    let steep = a > 1.0;
    let t = if steep { 1.0 / a } else { a };
    let turned = t > 0.414_213_562_373_095_03;
    let u = if turned { (t - 1.0) / (t + 1.0) } else { t };
    let y = u * polynomial(u * u, SERIES);
    let y = if turned { y + f64c::FRAC_PI_4 } else { y };
    let y = if steep { f64c::FRAC_PI_2 - y } else { y };
    y.copysign(x)
}

/// Numbers beyond this are left to [`sin`] and its kin in libm: their reduction needs hundreds of digits of π.
pub const ANGLE_MAX: f32 = 1e8;

macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident($x:ident) = $body:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name($x: f32) -> f32 {
            let $x = f64::from($x);
            let y: f64 = $body;
            y as f32
        }
    )*};
}

functions! {
    /// Sine, for |x| ≤ [`ANGLE_MAX`].
    sin(x) = sin_cos_f64(x).0;
    /// Cosine, for |x| ≤ [`ANGLE_MAX`].
    cos(x) = sin_cos_f64(x).1;
    /// Tangent, for |x| ≤ [`ANGLE_MAX`].
    tan(x) = { let (s, c) = sin_cos_f64(x); s / c };
    /// Inverse sine; NaN outside [−1, 1].
    arcsin(x) = arctan_of(x / ((1.0 - x) * (1.0 + x)).sqrt());
    /// Inverse cosine; NaN outside [−1, 1].
    arccos(x) = 2.0 * arctan_of(((1.0 - x) / (1.0 + x)).sqrt());
    /// Inverse tangent.
    arctan(x) = arctan_of(x);
    /// Hyperbolic sine.
    sinh(x) = { let t = expm1_of(x.abs()); (0.5 * (t + t / (t + 1.0))).copysign(x) };
    /// Hyperbolic cosine.
    cosh(x) = { let t = exp_of(x.abs()); 0.5 * (t + 1.0 / t) };
    /// Hyperbolic tangent.
    tanh(x) = { let t = expm1_of(2.0 * if x.abs() < 20.0 { x.abs() } else { 20.0 + x * 0.0 }); (t / (t + 2.0)).copysign(x) };
    /// Inverse hyperbolic sine.
    arcsinh(x) = { let a = x.abs(); ln_1p_of(a + a * a / (1.0 + a.mul_add(a, 1.0).sqrt())).copysign(x) };
    /// Inverse hyperbolic cosine; NaN below 1.
    arccosh(x) = { let t = x - 1.0; let y = ln_1p_of(t + t.mul_add(t, t + t).sqrt()); if x < 1.0 { f64::NAN } else { y } };
    /// Inverse hyperbolic tangent; NaN outside [−1, 1].
    arctanh(x) = { let a = x.abs(); let y = 0.5 * ln_1p_of((a + a) / (1.0 - a)); (if a > 1.0 { f64::NAN } else { y }).copysign(x) };
    /// eˣ.
    exp(x) = exp_of(x);
    /// 2ˣ.
    exp2(x) = exp_of(x * f64c::LN_2);
    /// 10ˣ.
    exp10(x) = exp_of(x * f64c::LN_10);
    /// eˣ − 1.
    expm1(x) = expm1_of(x);
    /// Natural logarithm; −∞ of 0, NaN below.
    ln(x) = ln_of(x);
    /// Logarithm to base 10; −∞ of 0, NaN below.
    log10(x) = ln_of(x) * f64c::LOG10_E;
    /// Logarithm to base 2; −∞ of 0, NaN below.
    log2(x) = ln_of(x) * f64c::LOG2_E;
    /// Real cube root.
    cbrt(x) = { let y = exp_of(ln_of(x.abs()) * (1.0 / 3.0)); (if x == 0.0 { 0.0 } else if x.abs() < f64::INFINITY { y } else { x.abs() }).copysign(x) };
}

/// ln |1 + x|; −∞ at −1.
#[inline(always)]
pub fn log1p(x: f32) -> f32 {
    let x = f64::from(x);
    let near = ln_1p_of(x);
    let below = ln_of((1.0 + x).abs());
    (if x < -0.5 { below } else { near }) as f32
}

/// xʸ; NaN of a negative x where y is no whole number. x⁰ = 1 and 1ʸ = 1, as IEEE 754 has it.
#[inline(always)]
pub fn power(x: f32, y: f32) -> f32 {
    let (base, exponent) = (f64::from(x), f64::from(y));
    let magnitude = exp_of(exponent * ln_of(base.abs()));
    // Beyond 2⁵³ all are even; below, adding and taking off 2⁵² rounds to whole numbers.
    let size = exponent.abs();
    let rounded = (size + 4_503_599_627_370_496.0) - 4_503_599_627_370_496.0;
    let whole = size >= 4_503_599_627_370_496.0 || rounded == size;
    let half = 0.5 * size;
    let odd = whole
        && size < 4_503_599_627_370_496.0
        && (half + 4_503_599_627_370_496.0) - 4_503_599_627_370_496.0 != half;
    let signed = if base < 0.0 && odd { -magnitude } else { magnitude };
    let signed = if base < 0.0 && !whole { f64::NAN } else { signed };
    let one = exponent == 0.0 || base == 1.0;
    (if one { 1.0 } else { signed }) as f32
}

#[cfg(test)]
mod tests;
