//! Layer norm by the mean magnitude.
//!
//! a = ⌊max(1, Σ|uᵢ|) / D⌋      yᵢ = sat(⌊uᵢ wᵢ / a⌋)
//!
//! | symbol | code         | shape, range            | meaning                         |
//! |--------|--------------|-------------------------|---------------------------------|
//! | u      | `u`          | (D,), −127..=127        | activations                     |
//! | w      | `weight`     | (D,), −127..=127        | weights; 16 stands for 1        |
//! | a      | `mean`       | 0..=127                 | mean magnitude                  |
//!
//! Departure: the reference looks quotients up in a table of 16 MiB; here they are products with a reciprocal, exact for
//! every numerator and denominator there is (a test tries them all). Where a = 0, [`ZeroMean`] says what happens.

use super::arithmetic::{LIMIT, saturate};

/// What the quotient is where the mean magnitude is 0: fewer than D units over all D activations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ZeroMean {
    /// Divides by 1: small activations stay what they are, times their weight.
    #[default]
    One,
    /// What an integer division by zero gave the published code: −1 for a numerator of 0, else −2.
    Reference,
}

/// Multiplier m and shift k with ⌊n / a⌋ = ⌊(n + 1) m / 2^(16 + k)⌋ for 0 ≤ n < 2^15.
///
/// m = ⌊2^(16+k) / a⌋, or one less for powers of two, where k = ⌊log₂ a⌋: then 2^(16+k) − m a ≤ a ≤ 2^(k+1), and the
/// error stays below 1/a as long as n + 1 ≤ 2^15.
const fn reciprocal(a: u32) -> (u16, u32) {
    let k = a.ilog2();
    let m = (1 << (16 + k)) / a;
    (if m > 0xFFFF { 0xFFFF } else { m as u16 }, k)
}

const RECIPROCALS: [(u16, u32); 128] = {
    let mut table = [(0, 0); 128];
    let mut a = 1;
    while a < 128 {
        table[a] = reciprocal(a as u32);
        a += 1;
    }
    table
};

/// ⌊numerator / mean⌋, saturated; the numerator is a product of two numbers from −127 to 127.
#[inline(always)]
fn quotient(numerator: i16, mean: i16, (multiplier, shift): (u16, u32)) -> i8 {
    // From −128 mean on all quotients saturate; adding it makes numerators positive and quotients larger by 128.
    let offset = 128 * mean;
    let positive = (numerator.max(-offset) + offset) as u16;
    let high = ((u32::from(positive + 1) * u32::from(multiplier)) >> 16) as u16;
    ((high >> shift) as i16 - 128).clamp(-LIMIT as i16, LIMIT as i16) as i8
}

/// Normalises one row. All slices have the same length, at most 2^24.
#[inline(always)]
pub fn layer_norm(u: &[i8], weight: &[i8], zero: ZeroMean, out: &mut [i8]) {
    let width = u.len();
    let mut sum = 0;
    for &u in u {
        sum += u32::from(u.unsigned_abs());
    }
    let mut mean = sum.max(1) / width as u32;
    if mean == 0 {
        if zero == ZeroMean::Reference {
            for ((out, &u), &w) in out.iter_mut().zip(u).zip(weight) {
                *out = if i16::from(u) * i16::from(w) == 0 { -1 } else { -2 };
            }
            return;
        }
        mean = 1;
    }
    let by = RECIPROCALS[mean as usize & 127];
    for ((out, &u), &w) in out.iter_mut().zip(u).zip(weight) {
        *out = quotient(i16::from(u) * i16::from(w), mean as i16, by);
    }
}

/// The quotient as the definition has it, for tests and for single rows.
pub fn floor_quotient(numerator: i32, mean: i32, zero: ZeroMean) -> i8 {
    match (mean, zero) {
        (0, ZeroMean::Reference) if numerator == 0 => -1,
        (0, ZeroMean::Reference) => -2,
        _ => saturate(numerator.div_euclid(mean.max(1))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reciprocals_give_every_floor_quotient() {
        for mean in 1..=127i32 {
            for numerator in -16129..=16129i32 {
                let fast = quotient(numerator as i16, mean as i16, RECIPROCALS[mean as usize]);
                let exact = floor_quotient(numerator, mean, ZeroMean::One);
                assert_eq!(fast, exact, "{numerator} / {mean}");
            }
        }
    }

    #[test]
    fn quotients_are_those_of_the_specification() {
        let of = |n, a| floor_quotient(n, a, ZeroMean::Reference);
        let pairs = [(100, 7), (-100, 7), (-1, 16), (16129, 1), (-16129, 127), (2032, 80)];
        assert_eq!(pairs.map(|(n, a)| of(n, a)), [14, -15, -1, 127, -127, 25]);
        assert_eq!([of(-2032, 80), of(5, 0), of(0, 0)], [-26, -2, -1]);
    }

    #[test]
    fn rows_are_those_of_the_specification() {
        let x = [17, -2, -21, -40, -59, -78, -97, 85, 66, 47, 28, 9, -10, -29, -48, -67];
        let mut y = [0; 16];
        layer_norm(&x, &[16; 16], ZeroMean::Reference, &mut y);
        assert_eq!(y, [6, -1, -8, -15, -22, -30, -37, 31, 24, 17, 10, 3, -4, -11, -18, -25]);
        let mut small = [0; 16];
        (small[0], small[1]) = (1, -1);
        layer_norm(&small, &[16; 16], ZeroMean::Reference, &mut y);
        assert_eq!((y[0], y[1], y[2], y[15]), (-2, -2, -1, -1));
        layer_norm(&small, &[16; 16], ZeroMean::One, &mut y);
        assert_eq!((y[0], y[1], y[2]), (16, -16, 0));
    }
}
