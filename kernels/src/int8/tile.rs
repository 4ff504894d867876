//! Sums of products of a few rows with a block of sixteen outputs, with the best instructions of this machine.

use std::sync::OnceLock;

use super::packed::{BLOCK, PackedInt8, QUAD, Way};
use crate::simd::{self, Level};

/// The most rows of a tile.
pub(super) const ROWS_MAX: usize = 8;

/// Sums of a tile, `(rows, 16)`.
pub(super) type Sums = [[i32; BLOCK]; ROWS_MAX];

/// Instructions that a product can be made of. All give the same sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instructions {
    /// What the compiler makes of a loop.
    Portable,
    /// 32 products of bytes and their sums in pairs, in 16 bits.
    Avx2,
    /// 64 products of bytes and their sums in fours, in 32 bits.
    Vnni,
}

impl Instructions {
    /// All of them, the best last.
    pub const ALL: [Self; 3] = [Self::Portable, Self::Avx2, Self::Vnni];

    /// Whether this machine has them.
    pub fn are_supported(self) -> bool {
        match self {
            Self::Portable => true,
            Self::Avx2 => Level::Avx2.is_supported(),
            #[cfg(target_arch = "x86_64")]
            Self::Vnni => Level::Avx512.is_supported() && is_x86_feature_detected!("avx512vnni"),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Vnni => false,
        }
    }

    /// The best that this machine has and `HATCHERY_SIMD` lets.
    pub fn best() -> Self {
        static BEST: OnceLock<Instructions> = OnceLock::new();
        *BEST.get_or_init(|| match simd::level() {
            Level::Avx512 if Self::Vnni.are_supported() => Self::Vnni,
            Level::Avx512 | Level::Avx2 => Self::Avx2,
            Level::Portable | Level::Neon => Self::Portable,
        })
    }

    /// Rows of a tile.
    pub(super) const fn rows(self) -> usize {
        match self {
            Self::Portable | Self::Avx2 => 4,
            Self::Vnni => ROWS_MAX,
        }
    }
}

/// Rows made ready: activations with 128 added, in rows as long as those of the weights; and as 16-bit numbers where needed.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) bytes: Vec<u8>,
    pub(super) wide: Vec<i16>,
}

impl Rows {
    /// Takes `rows`, `(count, inputs)`.
    #[inline(always)]
    pub(super) fn prepare(&mut self, rows: &[i8], weights: &PackedInt8, with: Instructions) {
        let (inputs, stride) = (weights.inputs, weights.quads * QUAD);
        let count = rows.len() / inputs;
        if self.bytes.len() < count * stride {
            self.bytes.resize(count * stride, 128);
        }
        for (row, out) in rows.chunks_exact(inputs).zip(self.bytes.chunks_exact_mut(stride)) {
            for (out, &x) in out.iter_mut().zip(row) {
                *out = x as u8 ^ 0x80;
            }
            out[inputs..].fill(128);
        }
        if with == Instructions::Avx2 && weights.ways.contains(&Way::Wide) {
            if self.wide.len() < count * stride {
                self.wide.resize(count * stride, 0);
            }
            for (row, out) in rows.chunks_exact(inputs).zip(self.wide.chunks_exact_mut(stride)) {
                for (out, &x) in out.iter_mut().zip(row) {
                    *out = i16::from(x);
                }
                out[inputs..].fill(0);
            }
        }
    }
}

/// Sums of the rows `at` with a block of outputs.
///
/// # Panics
/// If a row was not prepared.
#[inline(always)]
pub(super) fn tile(
    with: Instructions,
    weights: &PackedInt8,
    block: usize,
    rows: &Rows,
    at: &[usize; ROWS_MAX],
    sums: &mut Sums,
) {
    let stride = weights.quads * QUAD;
    let used = &at[..with.rows()];
    let mut last = 0;
    for &row in used {
        last = last.max(row + 1);
    }
    assert!(rows.bytes.len() >= last * stride, "{last} rows are not prepared");
    match with {
        Instructions::Portable => portable(weights, block, rows, used, sums),
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx2 => {
            let (way, starts) = (weights.ways[block], &weights.lane_starts[block]);
            let bytes = &weights.bytes[weights.block_range(block)];
            match way {
                // SAFETY: `Instructions::Avx2` is chosen only where AVX2 is supported. The rows were counted above; a block has
                // `quads` quads, a multiple of four, and 32 starts for each run of them.
                Way::Four => unsafe { avx2::bytes::<4>(bytes, starts, stride, rows, at, sums) },
                // SAFETY: as above.
                Way::Two => unsafe { avx2::bytes::<2>(bytes, starts, stride, rows, at, sums) },
                Way::Wide => {
                    assert!(rows.wide.len() >= last * stride, "{last} rows are not prepared");
                    // SAFETY: as above; `wide` has as many numbers as `bytes`, and was counted too.
                    unsafe { avx2::wide(&weights.wide[block], stride, rows, at, sums) }
                }
            }
        }
        #[cfg(target_arch = "x86_64")]
        Instructions::Vnni => {
            let bytes = &weights.bytes[weights.block_range(block)];
            let starts = &weights.starts[block * BLOCK..][..BLOCK];
            // SAFETY: `Instructions::Vnni` is chosen only where AVX-512 F and VNNI are supported. The rows were counted
            // above, and a block has 64 bytes for every four bytes of a row.
            unsafe { vnni::bytes(bytes, starts, stride, rows, at, sums) }
        }
        #[cfg(not(target_arch = "x86_64"))]
        Instructions::Avx2 | Instructions::Vnni => portable(weights, block, rows, used, sums),
    }
}

#[inline(always)]
fn portable(weights: &PackedInt8, block: usize, rows: &Rows, at: &[usize], sums: &mut Sums) {
    let stride = weights.quads * QUAD;
    let bytes = &weights.bytes[weights.block_range(block)];
    let starts = &weights.starts[block * BLOCK..][..BLOCK];
    for (&row, sums) in at.iter().zip(sums) {
        sums.copy_from_slice(starts);
        let x = &rows.bytes[row * stride..][..stride];
        for (x, quad) in x.chunks_exact(QUAD).zip(bytes.chunks_exact(BLOCK * QUAD)) {
            for (sum, w) in sums.iter_mut().zip(quad.chunks_exact(QUAD)) {
                let product = |i: usize| i32::from(x[i]) * i32::from(w[i]);
                *sum += product(0) + product(1) + product(2) + product(3);
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;

    use super::super::packed::{BLOCK, QUAD};
    use super::{ROWS_MAX, Rows, Sums};

    /// Four rows and sixteen outputs, widened after every `RUN` quads.
    ///
    /// # Safety
    /// AVX2; rows `at[..4]` of `stride` bytes; `stride` weights for each of sixteen outputs; 32 starts for each run.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn bytes<const RUN: usize>(
        weights: &[i8],
        starts: &[i16],
        stride: usize,
        rows: &Rows,
        at: &[usize; ROWS_MAX],
        sums: &mut Sums,
    ) {
        let runs = stride / (QUAD * RUN);
        debug_assert!(weights.len() >= stride * BLOCK && starts.len() >= runs * 2 * BLOCK);
        let ones = _mm256_set1_epi16(1);
        let mut wide = [[_mm256_setzero_si256(); 2]; 4];
        // SAFETY: every address below is inside the slices, whose lengths the caller vouches for.
        unsafe {
            let row = rows.bytes.as_ptr();
            let x = [
                row.add(at[0] * stride),
                row.add(at[1] * stride),
                row.add(at[2] * stride),
                row.add(at[3] * stride),
            ];
            for run in 0..runs {
                let start = starts.as_ptr().add(run * 2 * BLOCK);
                let start =
                    [_mm256_loadu_si256(start.cast()), _mm256_loadu_si256(start.add(BLOCK).cast())];
                let mut narrow = [start; 4];
                for quad in run * RUN..(run + 1) * RUN {
                    let w = weights.as_ptr().add(quad * BLOCK * QUAD);
                    let w = [_mm256_loadu_si256(w.cast()), _mm256_loadu_si256(w.add(32).cast())];
                    for r in 0..4 {
                        let four = x[r].add(quad * QUAD).cast::<i32>().read_unaligned();
                        let four = _mm256_set1_epi32(four);
                        for v in 0..2 {
                            let pairs = _mm256_maddubs_epi16(four, w[v]);
                            narrow[r][v] = _mm256_add_epi16(narrow[r][v], pairs);
                        }
                    }
                }
                for r in 0..4 {
                    for v in 0..2 {
                        let fours = _mm256_madd_epi16(narrow[r][v], ones);
                        wide[r][v] = _mm256_add_epi32(wide[r][v], fours);
                    }
                }
            }
            for r in 0..4 {
                let out = sums[r].as_mut_ptr();
                _mm256_storeu_si256(out.cast(), wide[r][0]);
                _mm256_storeu_si256(out.add(8).cast(), wide[r][1]);
            }
        }
    }

    /// Four rows and sixteen outputs in 16-bit numbers.
    ///
    /// # Safety
    /// AVX2; wide rows `at[..4]` of `stride` numbers; `stride` weights for each of sixteen outputs.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn wide(
        weights: &[i16],
        stride: usize,
        rows: &Rows,
        at: &[usize; ROWS_MAX],
        sums: &mut Sums,
    ) {
        debug_assert!(weights.len() >= stride * BLOCK);
        let mut acc = [[_mm256_setzero_si256(); 2]; 4];
        // SAFETY: every address below is inside the slices, whose lengths the caller vouches for.
        unsafe {
            let row = rows.wide.as_ptr();
            let x = [
                row.add(at[0] * stride),
                row.add(at[1] * stride),
                row.add(at[2] * stride),
                row.add(at[3] * stride),
            ];
            for pair in 0..stride / 2 {
                let w = weights.as_ptr().add(pair * 2 * BLOCK);
                let w = [_mm256_loadu_si256(w.cast()), _mm256_loadu_si256(w.add(BLOCK).cast())];
                for r in 0..4 {
                    let two = x[r].add(pair * 2).cast::<i32>().read_unaligned();
                    let two = _mm256_set1_epi32(two);
                    for v in 0..2 {
                        let sum = _mm256_madd_epi16(two, w[v]);
                        acc[r][v] = _mm256_add_epi32(acc[r][v], sum);
                    }
                }
            }
            for r in 0..4 {
                let out = sums[r].as_mut_ptr();
                _mm256_storeu_si256(out.cast(), acc[r][0]);
                _mm256_storeu_si256(out.add(8).cast(), acc[r][1]);
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod vnni {
    use std::arch::x86_64::*;

    use super::super::packed::{BLOCK, QUAD};
    use super::{ROWS_MAX, Rows, Sums};

    /// Eight rows and sixteen outputs.
    ///
    /// # Safety
    /// AVX-512 F and VNNI; rows `at` of `stride` bytes; `stride` weights for each of sixteen outputs; sixteen starts.
    #[target_feature(enable = "avx512f,avx512vnni")]
    pub(super) unsafe fn bytes(
        weights: &[i8],
        starts: &[i32],
        stride: usize,
        rows: &Rows,
        at: &[usize; ROWS_MAX],
        sums: &mut Sums,
    ) {
        debug_assert!(weights.len() >= stride * BLOCK && starts.len() >= BLOCK);
        // SAFETY: every address below is inside the slices, whose lengths the caller vouches for.
        unsafe {
            let mut acc = [_mm512_loadu_si512(starts.as_ptr().cast()); ROWS_MAX];
            let mut x = [rows.bytes.as_ptr(); ROWS_MAX];
            for r in 0..ROWS_MAX {
                x[r] = x[r].add(at[r] * stride);
            }
            for quad in 0..stride / QUAD {
                let w = _mm512_loadu_si512(weights.as_ptr().add(quad * BLOCK * QUAD).cast());
                for r in 0..ROWS_MAX {
                    let four = x[r].add(quad * QUAD).cast::<i32>().read_unaligned();
                    acc[r] = _mm512_dpbusd_epi32(acc[r], _mm512_set1_epi32(four), w);
                }
            }
            for r in 0..ROWS_MAX {
                _mm512_storeu_si512(sums[r].as_mut_ptr().cast(), acc[r]);
            }
        }
    }
}
