//! Which distribution the noise of tensors has.

use serde::{Deserialize, Serialize};

use super::normal::box_muller;

/// The distribution of each number of a tensor's noise: mean 0, variance 1, symmetric.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Distribution {
    /// Standard normal, by Box–Muller: one random word per number. Kurtosis 3.
    #[default]
    Normal,
    /// 256 equally likely levels `(2b − 255)/√21845` of one random byte b, from −1.725 to 1.725: a quarter of the words
    /// and next to no arithmetic. Kurtosis 1.8. The estimate of a gradient stays unbiased for quadratic functions.
    Uniform,
}

impl Distribution {
    /// Numbers that one block of four words gives: 4 or 16.
    pub const fn per_block(self) -> usize {
        match self {
            Self::Normal => Normals::PER_BLOCK,
            Self::Uniform => Uniforms::PER_BLOCK,
        }
    }
}

/// Blocks that are drawn side by side: one AVX-512 register per counter word.
pub(crate) const LANES: usize = 16;

/// The transform from random words to deviates, over sixteen blocks at once.
pub(crate) trait Deviates {
    /// Deviates of a block of four words.
    const PER_BLOCK: usize;

    /// Deviate `e` of each lane goes to `out[e][lane]`.
    fn lanes(words: &[[u32; LANES]; 4], out: &mut [[f32; LANES]]);

    /// The deviates of lane 0, then those of lane 1, and so on.
    fn in_order(words: &[[u32; LANES]; 4], out: &mut [f32]);
}

/// Standard normals.
pub(crate) struct Normals;

impl Deviates for Normals {
    const PER_BLOCK: usize = 4;

    #[inline(always)]
    fn lanes(words: &[[u32; LANES]; 4], out: &mut [[f32; LANES]]) {
        let mut z = [[0.0_f32; LANES]; 4];
        for l in 0..LANES {
            (z[0][l], z[1][l]) = box_muller(words[0][l], words[1][l]);
        }
        for l in 0..LANES {
            (z[2][l], z[3][l]) = box_muller(words[2][l], words[3][l]);
        }
        out[..4].copy_from_slice(&z);
    }

    #[inline(always)]
    fn in_order(words: &[[u32; LANES]; 4], out: &mut [f32]) {
        let mut z = [[0.0_f32; LANES]; 4];
        Self::lanes(words, &mut z);
        let out = &mut out[..4 * LANES];
        for l in 0..LANES {
            for e in 0..4 {
                out[4 * l + e] = z[e][l];
            }
        }
    }
}

/// Sixteen numbers of 256 levels: byte `e % 4` of word `e / 4`, lowest byte first.
pub(crate) struct Uniforms;

/// 1/√21845, where 21845 = (256² − 1)/3 is the variance of 2b − 255.
const STEP: f32 = 0.006_765_875;

/// The deviate of a byte; `2b − 255` is exact, so that there is one rounding.
#[inline(always)]
fn level(byte: u32) -> f32 {
    (byte as i32 as f32).mul_add(2.0, -255.0) * STEP
}

impl Deviates for Uniforms {
    const PER_BLOCK: usize = 16;

    #[inline(always)]
    fn lanes(words: &[[u32; LANES]; 4], out: &mut [[f32; LANES]]) {
        for (words, rows) in words.iter().zip(out.chunks_exact_mut(4)) {
            let mut left = *words;
            for row in rows {
                let mut levels = [0.0; LANES];
                for l in 0..LANES {
                    levels[l] = level(left[l] & 0xFF);
                    left[l] >>= 8;
                }
                *row = levels;
            }
        }
    }

    #[inline(always)]
    fn in_order(words: &[[u32; LANES]; 4], out: &mut [f32]) {
        let mut bytes = [0_u8; 16 * LANES];
        for l in 0..LANES {
            for word in 0..4 {
                bytes[16 * l + 4 * word..][..4].copy_from_slice(&words[word][l].to_le_bytes());
            }
        }
        for (out, byte) in out[..16 * LANES].iter_mut().zip(bytes) {
            *out = level(u32::from(byte));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_have_mean_zero_variance_one_and_kurtosis_nine_fifths() {
        let levels: Vec<f64> = (0..256).map(|b| f64::from(level(b))).collect();
        let moment = |p| levels.iter().map(|z| z.powi(p)).sum::<f64>() / 256.0;
        assert!(moment(1).abs() < 1e-12 && moment(3).abs() < 1e-12);
        assert!((moment(2) - 1.0).abs() < 2e-7);
        assert!((moment(4) - 1.8).abs() < 1e-4);
        assert!((levels[255] - 1.7253).abs() < 1e-4);
    }

    #[test]
    fn lanes_and_order_hold_the_same_deviates() {
        let word = |k: u32, l| 0x9E37_79B9_u32.wrapping_mul(k * l as u32 + 1);
        let words = [3, 5, 7, 11].map(|k| std::array::from_fn(|l| word(k, l)));
        let mut lanes = [[0.0; LANES]; 16];
        let mut ordered = [0.0; 256];
        Uniforms::lanes(&words, &mut lanes);
        Uniforms::in_order(&words, &mut ordered);
        for l in 0..LANES {
            for e in 0..16 {
                assert_eq!(lanes[e][l], ordered[16 * l + e]);
                let byte = words[e / 4][l].to_le_bytes()[e % 4];
                assert_eq!(lanes[e][l], level(u32::from(byte)));
            }
        }
        Normals::lanes(&words, &mut lanes);
        Normals::in_order(&words, &mut ordered);
        for l in 0..LANES {
            for e in 0..4 {
                assert_eq!(lanes[e][l], ordered[4 * l + e]);
            }
        }
    }
}
