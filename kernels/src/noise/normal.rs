//! Two random words to two standard normal deviates, with the same bits on every machine.
//!
//! z₀ = r cos φ      z₁ = r sin φ      r = √(−2 ln u)      φ = (π/2)(q + f)
//!
//! | symbol | code      | range, meaning                                                    |
//! |--------|-----------|-------------------------------------------------------------------|
//! | u      | `u`       | (0, 1): ((a >> 9) + ½) · 2⁻²³ of the first word                   |
//! | q      | `b >> 30` | 0..4: the quadrant, which the top two bits of the second word say |
//! | f      | `turn`    | [−½, ½]: its other 30 bits as a signed fraction of a quarter turn |
//!
//! Source: G. E. P. Box, M. E. Muller, "A note on the generation of random normal deviates",
//! Ann. Math. Stat. 29 (1958). Departures: logarithm, sine and cosine are those of
//! [`math`], which are rounded alike on every target, because library functions
//! differ between machines; u uses 23 bits, because with 24 the half is rounded away and the error
//! grows from 5e-7 to 9e-6. So |z| ≤ √(48 ln 2) = 5.77.

use crate::math;

/// The two standard normal deviates of the words `a` (radius) and `b` (angle).
///
/// Branch-free, so that a loop over lanes inside a [`Kernel`](crate::simd::Kernel) vectorises.
#[inline(always)]
pub fn box_muller(a: u32, b: u32) -> (f32, f32) {
    let u = ((a >> 9) as i32 as f32 + 0.5) * (1.0 / 8_388_608.0);
    let radius = (-2.0 * math::ln_normal(u, 126.0)).sqrt();
    let turn = (b << 2) as i32 as f32 * (1.0 / 4_294_967_296.0);
    let octant = math::sin_cos_octant(turn * std::f32::consts::FRAC_PI_2);
    let (sine, cosine) = math::rotate(octant, b >> 30);
    (radius * cosine, radius * sine)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::philox4x32_10;

    /// Two million deviates, from a fixed key.
    fn deviates() -> Vec<f32> {
        let words = (0..500_000).map(|block| philox4x32_10([1, 2, 3, block], [4, 5]));
        words
            .flat_map(|w| [box_muller(w[0], w[1]), box_muller(w[2], w[3])])
            .flat_map(|(z0, z1)| [z0, z1])
            .collect()
    }

    #[test]
    fn value_stability() {
        let bits = |a, b| {
            let (z0, z1) = box_muller(a, b);
            [z0.to_bits(), z1.to_bits()]
        };
        // A changed bit here changes every result that Hatchery ever gave for a seed.
        assert_eq!(bits(0x6627_e8d5, 0xe169_c58d), [0xbf6c_b6b0, 0xbf7d_bb31]);
        assert_eq!(bits(0xbc57_ac4c, 0x9b00_dbd8), [0xbf1e_1b9d, 0xbef6_d1af]);
        assert_eq!(bits(0, 0), [0x40b8_9456, 0x0000_0000]);
        assert_eq!(bits(u32::MAX, u32::MAX), [0xab0e_2c19, 0xb9b5_04f3]);
        assert_eq!(bits(0x7FFF_FFFF, 0x8000_0000), [0xbf96_b560, 0x8000_0000]);
    }

    #[test]
    fn a_million_pairs_have_the_bits_of_the_c_version() {
        // An FNV-style sum of all bits, made by the same formula in C (gcc, no contraction).
        let mut sum = 0xcbf2_9ce4_8422_2325u64;
        for i in 0..1_000_000u32 {
            let (z0, z1) = box_muller(i.wrapping_mul(0x9E37_79B9), i.wrapping_mul(0x85EB_CA6B));
            for z in [z0, z1] {
                sum = (sum ^ u64::from(z.to_bits())).wrapping_mul(0x0100_0000_01b3);
            }
        }
        assert_eq!(sum, 0x6b60_e05b_3709_27d8);
    }

    #[test]
    fn moments_are_those_of_a_standard_normal() {
        let z = deviates();
        let n = z.len() as f64;
        let moment = |power| z.iter().map(|&z| f64::from(z).powi(power)).sum::<f64>() / n;
        // Five standard errors: each of the four raises a false alarm for 1 key in 1.7 million.
        let within = |got: f64, expected: f64, variance: f64| {
            assert!(
                (got - expected).abs() < 5.0 * (variance / n).sqrt(),
                "{got} is not {expected}"
            );
        };
        within(moment(1), 0.0, 1.0);
        within(moment(2), 1.0, 2.0);
        within(moment(3), 0.0, 15.0);
        within(moment(4), 3.0, 96.0);
    }

    #[test]
    fn neighbouring_deviates_are_uncorrelated() {
        let z = deviates();
        let (cosines, sines): (Vec<f64>, Vec<f64>) =
            z.chunks_exact(2).map(|p| (f64::from(p[0]), f64::from(p[1]))).unzip();
        let n = cosines.len() as f64;
        let products = |power| {
            let of = |(c, s): (&f64, &f64)| c.powi(power) * s.powi(power);
            cosines.iter().zip(&sines).map(of).sum::<f64>() / n
        };
        // Five standard errors; the variance of z0² z1² is 9 − 1.
        assert!(products(1).abs() < 5.0 / n.sqrt());
        assert!((products(2) - 1.0).abs() < 5.0 * (8.0 / n).sqrt());
    }

    #[test]
    fn deviates_follow_the_formula_in_double_precision() {
        let mut worst = 0.0f64;
        for block in 0..200_000 {
            let [a, b, ..] = philox4x32_10([9, 9, 9, block], [1, 1]);
            let u = (f64::from(a >> 9) + 0.5) / f64::from(1u32 << 23);
            let radius = (-2.0 * u.ln()).sqrt();
            let turn = f64::from((b << 2) as i32) / 2f64.powi(32);
            let angle = std::f64::consts::FRAC_PI_2 * (f64::from(b >> 30) + turn);
            let (z0, z1) = box_muller(a, b);
            worst = worst.max((f64::from(z0) - radius * angle.cos()).abs());
            worst = worst.max((f64::from(z1) - radius * angle.sin()).abs());
        }
        assert!(worst < 1e-6, "{worst:e}");
    }

    #[test]
    fn no_deviate_is_beyond_the_bound() {
        let (z0, z1) = box_muller(0, 0);
        assert!(z0.hypot(z1) < 5.8 && z0.hypot(z1) > 5.7);
        let (z0, z1) = box_muller(u32::MAX, 0);
        assert!(z0.hypot(z1) < 1e-3 && z0.is_finite() && z1.is_finite());
        assert!(deviates().iter().all(|z| z.abs() <= 5.8));
    }
}
