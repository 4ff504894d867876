//! The functions in double precision, by the rules of the module above.

use std::f64::consts as f64c;

/// Adding this and taking it off again rounds an `f64` below 2⁵¹ to a whole number.
const ROUND_F64: f64 = 6_755_399_441_055_744.0;

/// c₀ xⁿ + c₁ xⁿ⁻¹ + … + cₙ by Horner's rule.
#[inline(always)]
fn polynomial_f64<const N: usize>(x: f64, c: [f64; N]) -> f64 {
    let mut p = c[0];
    for c in &c[1..] {
        p = p.mul_add(x, *c);
    }
    p
}

/// Sine and cosine of an angle in radians, in double precision, for |x| ≤ 1e5; beyond that they
/// slowly lose digits.
#[inline(always)]
pub fn sin_cos_f64(x: f64) -> (f64, f64) {
    // π/2 in three parts of 53 bits. The first step is exact; `high + low` is the second step,
    // also exact, with the third.
    let shifted = x.mul_add(f64c::FRAC_2_PI, ROUND_F64);
    let n = shifted - ROUND_F64;
    let r = n.mul_add(-f64c::FRAC_PI_2, x);
    let product = n * 6.123233995736766e-17;
    let product_low = n.mul_add(6.123233995736766e-17, -product);
    let high = r - product;
    let taken = r - high;
    let lost = (r - (high + taken)) + (taken - product);
    let low = n.mul_add(1.4973849048591833e-33, lost - product_low);
    let (sine, cosine) = sin_cos_octant_f64(high, low);
    let quadrant = shifted.to_bits();
    let swap = quadrant & 1 == 1;
    let (s, c) = (if swap { cosine } else { sine }, if swap { sine } else { cosine });
    let sine_sign = (quadrant & 2) << 62;
    let cosine_sign = (quadrant.wrapping_add(1) & 2) << 62;
    (f64::from_bits(s.to_bits() ^ sine_sign), f64::from_bits(c.to_bits() ^ cosine_sign))
}

/// Sine and cosine of x + y for |x| ≤ π/4 and a y far below the last digit of x.
#[inline(always)]
fn sin_cos_octant_f64(x: f64, y: f64) -> (f64, f64) {
    const SINE: [f64; 5] = [
        1.58969099521155010221e-10,
        -2.50507602534068634195e-08,
        2.75573137070700676789e-06,
        -1.98412698298579493134e-04,
        8.33333333332248946124e-03,
    ];
    const COSINE: [f64; 6] = [
        -1.13596475577881948265e-11,
        2.08757232129817482790e-09,
        -2.75573143513906633035e-07,
        2.48015872894767294178e-05,
        -1.38888888888741095749e-03,
        4.16666666666666019037e-02,
    ];
    let z = x * x;
    let v = z * x;
    let r = polynomial_f64(z, SINE);
    let sine = x - (z.mul_add(0.5 * y - v * r, -y) - v * -1.66666666666666324348e-01);
    let half = 0.5 * z;
    let w = 1.0 - half;
    let r = z * polynomial_f64(z, COSINE);
    let cosine = w + (((1.0 - w) - half) + z.mul_add(r, -(x * y)));
    (sine, cosine)
}

/// eˣ in double precision, of `x` held to [−708.39, 709.78], so that the result is neither
/// infinite nor zero.
#[inline(always)]
pub fn exp_f64(x: f64) -> f64 {
    /// 1/13!, 1/12!, …, 1/3!, 1/2!: the next term is below 5e-18 for |r| ≤ ln 2 / 2.
    const COEFFICIENTS: [f64; 12] = [
        1.0 / 6_227_020_800.0,
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
    ];
    let x = if x > 709.782712893384 { 709.782712893384 } else { x };
    let x = if x < -708.396418532264 { -708.396418532264 } else { x };
    let shifted = x.mul_add(f64c::LOG2_E, ROUND_F64);
    let n = shifted - ROUND_F64;
    let high = n.mul_add(-6.93147180369123816490e-01, x);
    let r = n.mul_add(-1.90821492927058770002e-10, high);
    // What the subtraction rounds away, given back at the end.
    let low = n.mul_add(-1.90821492927058770002e-10, high - r);
    let y = polynomial_f64(r, COEFFICIENTS).mul_add(r * r, low) + r + 1.0;
    let n = shifted.to_bits().wrapping_sub(ROUND_F64.to_bits()) as i64;
    let half = n >> 1;
    y * power_of_two_f64(half) * power_of_two_f64(n.wrapping_sub(half))
}

/// 2ⁿ for n in −1022..=1023.
#[inline(always)]
fn power_of_two_f64(n: i64) -> f64 {
    f64::from_bits((n.wrapping_add(1023) as u64) << 52)
}
