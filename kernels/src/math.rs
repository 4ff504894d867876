//! Elementary functions with the same bits on every machine.
//!
//! Each is made of operations that every target rounds correctly (+, −, ×, ÷, √, fused
//! multiply-add) and of moves of bits; decisions are selects, not branches. So a loop over lanes
//! inside a [`Kernel`](crate::simd::Kernel) vectorises, and no result depends on the system's
//! mathematics library. NaN goes in, NaN comes out, unless stated otherwise.
//!
//! | function                     | error against exact values | for                   |
//! |------------------------------|----------------------------|-----------------------|
//! | [`exp`], [`ln`]              | relative 2e-7              | all; positive numbers |
//! | [`sigmoid`]                  | relative 3e-7              | all                   |
//! | [`tanh`]                     | absolute 3e-7              | all                   |
//! | [`erf`]                      | absolute 4e-7              | all                   |
//! | [`gelu`]                     | absolute 3e-7 + 2e-7 \|x\| | all                   |
//! | [`sin_cos`]                  | absolute 2e-7              | \|x\| ≤ 8192          |
//! | [`sin_cos_f64`], [`exp_f64`] | 1 unit in the last place   | \|x\| ≤ 1e5; all      |
//! | those of [`rounded`]         | 0.51 units in the last place | all                 |
//!
//! Sources of the coefficients: Cephes (`exp`, `ln`, `sin_cos`, single precision), the rational
//! approximations of Eigen (`tanh`, `erf`), fdlibm (`sin_cos_f64`).

#![expect(clippy::excessive_precision, reason = "coefficients as published")]

mod double;
pub mod rounded;

use std::f32::consts as f32c;

pub use double::{exp_f64, sin_cos_f64};

/// Adding this and taking it off again rounds an `f32` below 2²² to a whole number, which until
/// then stands in the low bits of the sum.
const ROUND: f32 = 12_582_912.0;

/// ln 2 = `LN2_HIGH` + `LN2_LOW`; the first has few enough bits for exact products.
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.12194440e-4;

/// c₀ xⁿ + c₁ xⁿ⁻¹ + … + cₙ by Horner's rule.
#[inline(always)]
fn polynomial<const N: usize>(x: f32, c: [f32; N]) -> f32 {
    let mut p = c[0];
    for c in &c[1..] {
        p = p.mul_add(x, *c);
    }
    p
}

/// `x` held between `-bound` and `bound`; NaN stays.
#[inline(always)]
fn clamp_magnitude(x: f32, bound: f32) -> f32 {
    let x = if x > bound { bound } else { x };
    if x < -bound { -bound } else { x }
}

/// eˣ of `x` held to [−87.33, 88.72], so that the result is neither infinite nor zero.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    const COEFFICIENTS: [f32; 6] = [
        1.9875691500e-4,
        1.3981999507e-3,
        8.3334519073e-3,
        4.1665795894e-2,
        1.6666665459e-1,
        5.0000001201e-1,
    ];
    let x = if x > 88.72283 { 88.72283 } else { x };
    let x = if x < -87.33654 { -87.33654 } else { x };
    let shifted = x.mul_add(f32c::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = n.mul_add(-LN2_LOW, n.mul_add(-LN2_HIGH, x));
    let y = polynomial(r, COEFFICIENTS).mul_add(r * r, r) + 1.0;
    // 2ⁿ in two factors, since n may be 128.
    let n = shifted.to_bits().wrapping_sub(ROUND.to_bits()) as i32;
    let half = n >> 1;
    y * power_of_two(half) * power_of_two(n.wrapping_sub(half))
}

/// 2ⁿ for n in −126..=127.
#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) as u32) << 23)
}

/// The natural logarithm; −∞ of zero, NaN of a negative number.
#[inline(always)]
pub fn ln(x: f32) -> f32 {
    let subnormal = x < f32::MIN_POSITIVE;
    let scaled = if subnormal { x * 8_388_608.0 } else { x };
    let bias = if subnormal { 126.0 + 23.0 } else { 126.0 };
    let y = ln_normal(scaled, bias);
    let y = if x == 0.0 { f32::NEG_INFINITY } else { y };
    let y = if x < 0.0 { f32::NAN } else { y };
    // Infinity and NaN are their own logarithms.
    if x < f32::INFINITY { y } else { x }
}

/// The logarithm of x 2^(126 − bias) for a positive normal `x`; the noise generator builds on
/// these very bits.
#[inline(always)]
pub(crate) fn ln_normal(x: f32, bias: f32) -> f32 {
    const COEFFICIENTS: [f32; 9] = [
        7.0376836292e-2,
        -1.1514610310e-1,
        1.1676998740e-1,
        -1.2420140846e-1,
        1.4249322787e-1,
        -1.6668057665e-1,
        2.0000714765e-1,
        -2.4999993993e-1,
        3.3333331174e-1,
    ];
    let bits = x.to_bits();
    // x = m 2ᵉ with m in [½, 1), then in [√½, √2).
    let e = (bits >> 23) as i32 as f32 - bias;
    let m = f32::from_bits((bits & 0x007F_FFFF) | 0x3F00_0000);
    let low = m < f32c::FRAC_1_SQRT_2;
    let e = if low { e - 1.0 } else { e };
    let m = if low { m + m } else { m };
    let x = m - 1.0;
    let z = x * x;
    let y = polynomial(x, COEFFICIENTS) * x * z;
    let y = e.mul_add(LN2_LOW, y);
    let y = z.mul_add(-0.5, y);
    e.mul_add(LN2_HIGH, x + y)
}

/// The hyperbolic tangent.
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    const NUMERATOR: [f32; 7] = [
        -2.76076847742355e-16,
        2.00018790482477e-13,
        -8.60467152213735e-11,
        5.12229709037114e-08,
        1.48572235717979e-05,
        6.37261928875436e-04,
        4.89352455891786e-03,
    ];
    const DENOMINATOR: [f32; 4] =
        [1.19825839466702e-06, 1.18534705686654e-04, 2.26843463243900e-03, 4.89352518554385e-03];
    let bounded = clamp_magnitude(x, 7.90531110763549805);
    let z = bounded * bounded;
    let y = bounded * polynomial(z, NUMERATOR) / polynomial(z, DENOMINATOR);
    if x.abs() < 0.0004 { x } else { y }
}

/// The error function.
#[inline(always)]
pub fn erf(x: f32) -> f32 {
    const NUMERATOR: [f32; 7] = [
        -2.72614225801306e-10,
        2.77068142495902e-08,
        -2.10102402082508e-06,
        -5.69250639462346e-05,
        -7.34990630326855e-04,
        -2.95459980854025e-03,
        -1.60960333262415e-02,
    ];
    const DENOMINATOR: [f32; 5] = [
        -1.45660718464996e-05,
        -2.13374055278905e-04,
        -1.68282697438203e-03,
        -7.37332916720468e-03,
        -1.42647390514189e-02,
    ];
    let x = clamp_magnitude(x, 4.0);
    let z = x * x;
    clamp_magnitude(x * polynomial(z, NUMERATOR) / polynomial(z, DENOMINATOR), 1.0)
}

/// x Φ(x) = x (1 + erf(x / √2)) / 2, the exact form, not the one by `tanh`.
#[inline(always)]
pub fn gelu(x: f32) -> f32 {
    let half = 0.5 * x;
    half.mul_add(erf(x * f32c::FRAC_1_SQRT_2), half)
}

/// 1 / (1 + e⁻ˣ), with `x` held as in [`exp`].
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// Sine and cosine of an angle in radians, for |x| ≤ 8192; beyond that they lose digits.
#[inline(always)]
pub fn sin_cos(x: f32) -> (f32, f32) {
    // π/2 in three parts, the first two with zeros at the end.
    let shifted = x.mul_add(f32c::FRAC_2_PI, ROUND);
    let n = shifted - ROUND;
    let r = n.mul_add(-1.5703125, x);
    let r = n.mul_add(-4.837512969970703125e-4, r);
    let r = n.mul_add(-7.549789948768648e-8, r);
    rotate(sin_cos_octant(r), shifted.to_bits())
}

/// Sine and cosine for |t| ≤ π/4; the noise generator builds on these very bits.
#[inline(always)]
pub(crate) fn sin_cos_octant(t: f32) -> (f32, f32) {
    let z = t * t;
    let s = polynomial(z, [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1]);
    let c = polynomial(z, [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2]);
    ((s * z).mul_add(t, t), (c * z).mul_add(z, z.mul_add(-0.5, 1.0)))
}

/// The pair (sine, cosine) turned on by `quadrant` quarters of a circle; its low two bits count.
#[inline(always)]
pub(crate) fn rotate((sine, cosine): (f32, f32), quadrant: u32) -> (f32, f32) {
    let swap = quadrant & 1 == 1;
    let (s, c) = (if swap { cosine } else { sine }, if swap { sine } else { cosine });
    // The sine is negative in quadrants 2 and 3, the cosine in 1 and 2.
    let sine_sign = (quadrant & 2) << 30;
    let cosine_sign = (quadrant.wrapping_add(1) & 2) << 30;
    (f32::from_bits(s.to_bits() ^ sine_sign), f32::from_bits(c.to_bits() ^ cosine_sign))
}

#[cfg(test)]
mod tests;
