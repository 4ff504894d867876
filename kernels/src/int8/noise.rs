//! Noise of the integer model: int8 numbers of standard deviation about 16, by address.
//!
//! A *slice* is all the noise of one tensor for one direction, which a pair of members shares or a member has alone. For a matrix of n inputs and m outputs it has n + m
//! numbers, B then A; for a table of m rows of width n likewise; for a vector of length l it has 2 l, and the noise of
//! element i is the product of numbers 2i and 2i + 1, so that it has the scale of `A_i B_j`.
//!
//! Two sources:
//!
//! - [`Table`]: the scheme of the published code. ⌊16 z⌋ towards zero of standard normals z, drawn once; a slice begins at
//!   `(w ^ h(pair)) mod size`, where w is a random word of (tensor, generation) and
//!   `h(k) = ((k >> 16) ^ k) · 0x45d9f3b`, and is moved forward from the end if it does not fit. Slices of different pairs
//!   overlap. Its standard deviation is 15.6, not 16.
//! - Counter: byte e of the words of the address (generation, pair, tensor, block e / 16), lowest byte first, names one of 256
//!   equally likely levels: the quantiles of a normal distribution, rounded. Variance 256.17, kurtosis 2.90, largest magnitude
//!   46. No memory, and no two slices overlap.

use std::sync::Arc;

use crate::noise::{Domain, NoiseAddress, NoiseStream, philox4x32_10_lanes};
use crate::simd::{Kernel, dispatch};

/// Positive half of the levels of the counter source.
const LEVELS: [i8; 128] = [
    0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 5, 5, 5, 5,
    5, 5, 6, 6, 6, 6, 6, 6, 7, 7, 7, 7, 7, 7, 8, 8, 8, 8, 8, 8, 9, 9, 9, 9, 9, 10, 10, 10, 10, 10,
    11, 11, 11, 11, 11, 12, 12, 12, 12, 12, 13, 13, 13, 13, 13, 14, 14, 14, 14, 15, 15, 15, 15, 16,
    16, 16, 16, 17, 17, 17, 17, 18, 18, 18, 19, 19, 19, 20, 20, 20, 21, 21, 21, 22, 22, 23, 23, 23,
    24, 24, 25, 25, 26, 27, 27, 28, 29, 29, 30, 31, 33, 34, 35, 38, 40, 46,
];

/// Level of each byte.
pub(crate) const LEVEL: [i8; 256] = {
    let mut table = [0; 256];
    let mut b = 0;
    while b < 128 {
        table[128 + b] = LEVELS[b];
        table[127 - b] = -LEVELS[b];
        b += 1;
    }
    table
};

/// Where a slice of noise is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Generation, or what stands for it where noise is reused.
    pub generation: u32,
    /// Direction: the pair of members that has it, or the member.
    pub pair: u32,
    /// Number of the tensor in its model.
    pub tensor: u32,
}

/// The noise table of the published code.
#[derive(Debug)]
pub struct Table {
    numbers: Vec<i8>,
    words: NoiseStream,
}

/// Where int8 noise comes from.
#[derive(Clone, Debug)]
pub enum Int8Noise {
    /// From a table, as in the published code.
    Table(Arc<Table>),
    /// From a counter, by address.
    Counter(NoiseStream),
}

impl Table {
    /// The smallest and the largest table, as powers of two.
    pub const BITS: std::ops::RangeInclusive<u32> = 10..=30;

    /// Draws a table of 2^bits numbers.
    ///
    /// # Panics
    /// If `bits` is not in [`BITS`](Self::BITS).
    pub fn new(seed: u64, bits: u32) -> Self {
        assert!(Self::BITS.contains(&bits), "a table of 2^{bits} numbers is not supported");
        let stream = NoiseStream::new(seed).domain(Domain::Init);
        let mut numbers = vec![0; 1 << bits];
        let mut normals = [0.0; 1024];
        for (chunk, out) in numbers.chunks_exact_mut(1024).enumerate() {
            let at = NoiseAddress {
                generation: u32::MAX,
                block: chunk as u32 * 256,
                ..Default::default()
            };
            stream.fill_normals(at, &mut normals);
            for (out, z) in out.iter_mut().zip(normals) {
                *out = (16.0 * z) as i8;
            }
        }
        Self { numbers, words: NoiseStream::new(seed).domain(Domain::Perturb) }
    }

    /// A table of these numbers, whose length is a power of two.
    ///
    /// # Panics
    /// If it is not.
    pub fn of(numbers: Vec<i8>, seed: u64) -> Self {
        assert!(numbers.len().is_power_of_two(), "a table has a power of two of numbers");
        Self { numbers, words: NoiseStream::new(seed).domain(Domain::Perturb) }
    }

    /// The numbers from `start` on, or the last ones if there are not so many.
    pub fn slice(&self, start: usize, length: usize) -> &[i8] {
        let start = start.min(self.numbers.len().saturating_sub(length));
        &self.numbers[start..start + length]
    }

    /// All numbers.
    pub(crate) fn numbers(&self) -> &[i8] {
        &self.numbers
    }

    /// The word that places the slices of a tensor.
    pub(crate) fn word(&self, generation: u32, tensor: u32) -> u32 {
        let address = NoiseAddress { generation, layer: tensor, ..Default::default() };
        self.words.words(address)[0]
    }

    fn start(&self, at: Slice) -> usize {
        let word = self.word(at.generation, at.tensor);
        let hash = ((at.pair >> 16) ^ at.pair).wrapping_mul(0x45d_9f3b);
        (word ^ hash) as usize & (self.numbers.len() - 1)
    }
}

impl Int8Noise {
    /// Variance that thresholds count with: that of the counter, and what the published code takes for that of its table.
    pub const VARIANCE: u32 = 256;

    /// A source by address.
    pub fn counter(seed: u64) -> Self {
        Self::Counter(NoiseStream::new(seed).domain(Domain::Perturb))
    }

    /// The first numbers of a slice.
    ///
    /// # Panics
    /// If the slice is longer than the table.
    pub fn fill(&self, at: Slice, out: &mut [i8]) {
        match self {
            Self::Table(table) => out.copy_from_slice(table.slice(table.start(at), out.len())),
            Self::Counter(stream) => dispatch(Fill { stream: *stream, at, out }),
        }
    }
}

struct Fill<'a> {
    stream: NoiseStream,
    at: Slice,
    out: &'a mut [i8],
}

const LANES: usize = 16;

impl Kernel for Fill<'_> {
    type Output = ();

    /// Sixteen blocks of sixteen numbers at a time.
    #[inline(always)]
    fn run(self) {
        let Self { stream, at, out } = self;
        for (chunk, out) in out.chunks_mut(16 * LANES).enumerate() {
            let mut blocks = [(chunk * LANES) as u32; LANES];
            for (lane, block) in blocks.iter_mut().enumerate() {
                *block += lane as u32;
            }
            let mut words = [[at.generation; LANES], [at.pair; LANES], [at.tensor; LANES], blocks];
            philox4x32_10_lanes(&mut words, stream.key());
            for (block, out) in out.chunks_mut(16).enumerate() {
                for (word, out) in out.chunks_mut(4).enumerate() {
                    for (out, byte) in out.iter_mut().zip(words[word][block].to_le_bytes()) {
                        *out = LEVEL[byte as usize];
                    }
                }
            }
        }
    }
}

/// (sign · n₁ n₂) >> (4 + sigma shift): what is added to an element of a vector.
#[inline(always)]
pub fn vector_step(first: i8, second: i8, sign: i32, sigma_shift: u32) -> i32 {
    (sign * i32::from(first) * i32::from(second)) >> (4 + sigma_shift)
}

/// A vector under noise: `slice` has two numbers for each element.
pub fn perturbed_vector(centre: &[i8], slice: &[i8], sign: i32, sigma_shift: u32, out: &mut [i8]) {
    for ((out, &p), n) in out.iter_mut().zip(centre).zip(slice.chunks_exact(2)) {
        let step = vector_step(n[0], n[1], sign, sigma_shift);
        *out = super::arithmetic::saturate(i32::from(p) + step);
    }
}

/// A row of a table under noise: `a` is the number of the row, `b` those of the columns.
#[inline(always)]
pub fn perturbed_row(row: &[i8], a: i32, b: &[i8], sigma_shift: u32, out: &mut [i8]) {
    for ((out, &e), &b) in out.iter_mut().zip(row).zip(b) {
        let step = (a * i32::from(b)) >> (4 + sigma_shift);
        *out = super::arithmetic::saturate(i32::from(e) + step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The noise table of the test vectors: ((37 i + 11) mod 95) − 47.
    pub(crate) fn test_table() -> Table {
        Table::of((0..1 << 12).map(|i| ((37 * i + 11) % 95 - 47) as i8).collect(), 0)
    }

    #[test]
    fn levels_have_mean_zero_the_stated_variance_and_kurtosis() {
        let moment = |p: i32| LEVEL.iter().map(|&v| f64::from(v).powi(p)).sum::<f64>() / 256.0;
        assert_eq!((moment(1), moment(3)), (0.0, 0.0));
        assert!((moment(2) - 256.17).abs() < 0.01, "{}", moment(2));
        assert!((moment(4) / moment(2).powi(2) - 2.90).abs() < 0.01);
        assert_eq!(LEVEL.iter().max(), Some(&46));
    }

    #[test]
    fn numbers_of_the_counter_are_those_of_its_bytes() {
        let source = Int8Noise::counter(5);
        let Int8Noise::Counter(stream) = &source else { unreachable!("it is a counter") };
        let at = Slice { generation: 3, pair: 70_000, tensor: 9 };
        let mut out = [0; 301];
        source.fill(at, &mut out);
        for (e, &number) in out.iter().enumerate() {
            let address =
                NoiseAddress { generation: 3, pair: 70_000, layer: 9, block: e as u32 / 16 };
            let byte = stream.words(address)[e % 16 / 4].to_le_bytes()[e % 4];
            assert_eq!(number, LEVEL[byte as usize]);
        }
    }

    #[test]
    fn value_stability() {
        // A changed number here changes every result of the integer model.
        let mut out = [0; 8];
        Int8Noise::counter(1).fill(Slice { generation: 0, pair: 0, tensor: 0 }, &mut out);
        let table = Int8Noise::Table(Arc::new(Table::new(1, 12)));
        let mut tabled = [0; 8];
        table.fill(Slice { generation: 2, pair: 1, tensor: 3 }, &mut tabled);
        assert_eq!(out, [10, 21, 5, 1, 23, 3, 20, -23]);
        assert_eq!(tabled, [16, 26, -40, 9, -14, 0, -6, 1]);
    }

    #[test]
    fn moments_of_a_million_numbers_are_those_of_the_levels() {
        let source = Int8Noise::counter(11);
        let mut out = vec![0; 1 << 20];
        source.fill(Slice { generation: 0, pair: 1, tensor: 2 }, &mut out);
        let n = out.len() as f64;
        let moment = |p: i32| out.iter().map(|&v| f64::from(v).powi(p)).sum::<f64>() / n;
        // Five standard errors; a false alarm for one seed in 1.7 million.
        assert!(moment(1).abs() < 5.0 * (256.0 / n).sqrt());
        assert!((moment(2) - 256.17).abs() < 5.0 * 256.0 * (1.9 / n).sqrt());
        let products: f64 =
            out.windows(2).map(|w| f64::from(w[0]) * f64::from(w[1])).sum::<f64>() / n;
        assert!(products.abs() < 5.0 * 256.0 / n.sqrt());
    }

    #[test]
    fn table_numbers_are_truncated_normals() {
        let table = Table::new(7, 20);
        let n = table.numbers.len() as f64;
        let mean =
            |of: fn(f64) -> f64| table.numbers.iter().map(|&v| of(f64::from(v))).sum::<f64>() / n;
        // The published table: standard deviation 15.605, P(0) = 0.0498, mean magnitude 12.27.
        assert!((mean(|v| v * v).sqrt() - 15.605).abs() < 0.06);
        assert!((mean(f64::abs) - 12.27).abs() < 0.06);
        assert!((mean(|v| f64::from(u8::from(v == 0.0))) - 0.0498).abs() < 0.0015);
    }

    #[test]
    fn a_vector_under_noise_is_that_of_the_specification() {
        let table = test_table();
        let mut out = [0; 8];
        let centre = [1, 0, -1, -2, -3, -4, -5, -6];
        perturbed_vector(&centre, table.slice(100, 16), 1, 4, &mut out);
        assert_eq!(out, [1, -4, -4, -3, -4, -7, -9, -6]);
    }

    #[test]
    fn a_slice_at_the_end_of_the_table_is_moved_forward() {
        let table = test_table();
        assert_eq!(table.slice(4090, 100), &table.numbers[3996..]);
    }
}
