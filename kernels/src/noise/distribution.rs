//! Which distribution the noise of tensors has.

use serde::{Deserialize, Serialize};

use super::normal::box_muller;
use crate::simd::{LANES, Vector};

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

/// The transform from random words to deviates, over sixteen blocks at once.
pub(crate) trait Deviates {
    /// Deviates of a block of four words.
    const PER_BLOCK: usize;

    /// All deviates of sixteen blocks, `(PER_BLOCK, lanes)`.
    type Block: AsRef<[[f32; LANES]]>;

    /// Deviate `e` of each lane is `[e][lane]`.
    fn lanes(words: &[[u32; LANES]; 4]) -> Self::Block;

    /// Which block each lane must have drawn for [`in_order`](Deviates::in_order).
    fn block_of(lane: usize) -> usize;

    /// The deviates of sixteen blocks, block after block.
    fn in_order<V: Vector>(words: &[[u32; LANES]; 4], out: &mut [f32]);
}

/// Standard normals.
pub(crate) struct Normals;

impl Deviates for Normals {
    const PER_BLOCK: usize = 4;

    type Block = [[f32; LANES]; 4];

    #[inline(always)]
    fn lanes(words: &[[u32; LANES]; 4]) -> Self::Block {
        let mut z = [[0.0_f32; LANES]; 4];
        for l in 0..LANES {
            (z[0][l], z[1][l]) = box_muller(words[0][l], words[1][l]);
        }
        for l in 0..LANES {
            (z[2][l], z[3][l]) = box_muller(words[2][l], words[3][l]);
        }
        z
    }

    /// Lane `4q + k` has block `4k + q`: transposing groups of four lanes then puts all deviates in order.
    #[inline(always)]
    fn block_of(lane: usize) -> usize {
        4 * (lane % 4) + lane / 4
    }

    #[inline(always)]
    fn in_order<V: Vector>(words: &[[u32; LANES]; 4], out: &mut [f32]) {
        let z = Self::lanes(words);
        let z = V::transpose4([V::load(&z[0]), V::load(&z[1]), V::load(&z[2]), V::load(&z[3])]);
        let out = &mut out[..4 * LANES];
        z[0].store(out);
        z[1].store(&mut out[LANES..]);
        z[2].store(&mut out[2 * LANES..]);
        z[3].store(&mut out[3 * LANES..]);
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

    type Block = [[f32; LANES]; 16];

    #[inline(always)]
    fn lanes(words: &[[u32; LANES]; 4]) -> Self::Block {
        let mut out = [[0.0; LANES]; 16];
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
        out
    }

    #[inline(always)]
    fn block_of(lane: usize) -> usize {
        lane
    }

    #[inline(always)]
    fn in_order<V: Vector>(words: &[[u32; LANES]; 4], out: &mut [f32]) {
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
    use std::marker::PhantomData;

    use super::*;
    use crate::simd::{VectorKernel, dispatch_vector};

    struct InOrder<'a, D>(&'a [[u32; LANES]; 4], &'a mut [f32], PhantomData<D>);

    impl<D: Deviates> VectorKernel for InOrder<'_, D> {
        #[inline(always)]
        fn run<V: Vector>(self) {
            D::in_order::<V>(self.0, self.1);
        }
    }

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
        let mut ordered = [0.0; 256];
        let lanes = Uniforms::lanes(&words);
        dispatch_vector(InOrder::<Uniforms>(&words, &mut ordered, PhantomData));
        for l in 0..LANES {
            for e in 0..16 {
                assert_eq!(lanes[e][l], ordered[16 * Uniforms::block_of(l) + e]);
                let byte = words[e / 4][l].to_le_bytes()[e % 4];
                assert_eq!(lanes[e][l], level(u32::from(byte)));
            }
        }
        let lanes = Normals::lanes(&words);
        dispatch_vector(InOrder::<Normals>(&words, &mut ordered, PhantomData));
        for l in 0..LANES {
            for e in 0..4 {
                assert_eq!(lanes[e][l], ordered[4 * Normals::block_of(l) + e]);
            }
        }
    }
}
