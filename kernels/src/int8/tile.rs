//! Sums of products of a few rows with a block of sixteen outputs, with the best instructions of this machine; with AVX2 all rows of a block to the end.

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
        for row in 0..count {
            let (x, out) =
                (&rows[row * inputs..][..inputs], &mut self.bytes[row * stride..][..stride]);
            let (out, rest) = out.split_at_mut(inputs);
            for i in 0..inputs {
                out[i] = x[i] as u8 ^ 0x80;
            }
            if !rest.is_empty() {
                rest.fill(128);
            }
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
        Instructions::Avx2 => match weights.ways[block] {
            // SAFETY: `Instructions::Avx2` is chosen only where AVX2 is supported; the rows were counted above.
            Way::Four => unsafe { avx2::tile(bytes::<4>(weights, block, rows), at, sums) },
            // SAFETY: as above.
            Way::Two => unsafe { avx2::tile(bytes::<2>(weights, block, rows), at, sums) },
            // SAFETY: as above; there are as many wide rows.
            Way::Wide => unsafe { avx2::tile(words(weights, block, rows, last), at, sums) },
        },
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

/// The noise of a row: what its sum with output i is raised by is `along` · `a`ᵢ, shifted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct End<'a> {
    /// u · B.
    pub(super) along: i32,
    /// s A, one number for each output; empty without noise.
    pub(super) a: &'a [i32],
}

impl End<'_> {
    /// s A of a block that begins with output `from`.
    #[inline(always)]
    fn of_block(&self, from: usize) -> &[i32] {
        const NONE: &[i32] = &[0; BLOCK];
        if self.a.is_empty() { NONE } else { &self.a[from..from + BLOCK] }
    }
}

/// Powers of two that are divided by, rounding down.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shifts {
    /// Of the noise.
    pub(super) noise: u32,
    /// Of the sums with it.
    pub(super) sum: u32,
}

/// Sixteen neighbouring columns of an array.
pub(super) struct Columns<'a> {
    pub(super) of: &'a mut [i8],
    /// Columns of the array.
    pub(super) width: usize,
    /// The first of the sixteen.
    pub(super) from: usize,
}

impl Columns<'_> {
    /// Their part of a row.
    #[inline(always)]
    pub(super) fn row(&mut self, row: usize) -> &mut [i8] {
        &mut self.of[row * self.width + self.from..][..BLOCK]
    }
}

/// All rows of a block of outputs with their noise, divided and saturated, if these instructions have a faster way for it than [`tile`]; returns whether.
///
/// # Panics
/// If a row was not prepared, or has no place.
#[inline(always)]
pub(super) fn scaled(
    with: Instructions,
    weights: &PackedInt8,
    block: usize,
    rows: &Rows,
    ends: &[End<'_>],
    shifts: Shifts,
    out: &mut Columns<'_>,
) -> bool {
    let stride = weights.quads * QUAD;
    assert!(rows.bytes.len() >= ends.len() * stride, "{} rows are not prepared", ends.len());
    match (with, weights.ways[block]) {
        // SAFETY: `Instructions::Avx2` is chosen only where AVX2 is supported; the rows were counted above.
        #[cfg(target_arch = "x86_64")]
        (Instructions::Avx2, Way::Four) => unsafe {
            avx2::scaled(bytes::<4>(weights, block, rows), ends, shifts, out);
        },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        (Instructions::Avx2, Way::Two) => unsafe {
            avx2::scaled(bytes::<2>(weights, block, rows), ends, shifts, out);
        },
        // SAFETY: as above; there are as many wide rows.
        #[cfg(target_arch = "x86_64")]
        (Instructions::Avx2, Way::Wide) => unsafe {
            avx2::scaled(words(weights, block, rows, ends.len()), ends, shifts, out);
        },
        _ => return false,
    }
    true
}

/// A block of bytes. It has `quads` quads, a multiple of four, and 32 starts for each run of them.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn bytes<'a, const RUN: usize>(
    weights: &'a PackedInt8,
    block: usize,
    rows: &'a Rows,
) -> avx2::Bytes<'a, RUN> {
    avx2::Bytes {
        weights: &weights.bytes[weights.block_range(block)],
        starts: &weights.lane_starts[block],
        rows: &rows.bytes,
        stride: weights.quads * QUAD,
    }
}

/// A block of 16-bit numbers, and so many rows.
///
/// # Panics
/// If these were not prepared.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn words<'a>(
    weights: &'a PackedInt8,
    block: usize,
    rows: &'a Rows,
    count: usize,
) -> avx2::Words<'a> {
    let stride = weights.quads * QUAD;
    assert!(rows.wide.len() >= count * stride, "{count} rows are not prepared");
    avx2::Words { weights: &weights.wide[block], rows: &rows.wide, stride }
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
    use super::{Columns, End, ROWS_MAX, Shifts, Sums};

    /// A block with the rows that it is multiplied with.
    pub(super) trait FourRows: Copy {
        /// Sums of four rows with sixteen outputs. Part of its callers, so that sums stay in registers.
        ///
        /// # Safety
        /// AVX2; rows that are there.
        unsafe fn sums(self, at: [usize; 4]) -> [[__m256i; 2]; 4];
    }

    /// Where four rows begin.
    ///
    /// # Safety
    /// Rows that are there.
    #[inline(always)]
    unsafe fn starts_of<T>(rows: &[T], stride: usize, at: [usize; 4]) -> [*const T; 4] {
        let row = rows.as_ptr();
        // SAFETY: the caller vouches for the rows.
        unsafe {
            [
                row.add(at[0] * stride),
                row.add(at[1] * stride),
                row.add(at[2] * stride),
                row.add(at[3] * stride),
            ]
        }
    }

    /// Weights and rows in bytes, widened after every `RUN` quads.
    #[derive(Clone, Copy)]
    pub(super) struct Bytes<'a, const RUN: usize> {
        /// `stride` for each of sixteen outputs.
        pub(super) weights: &'a [i8],
        /// 32 for each run.
        pub(super) starts: &'a [i16],
        pub(super) rows: &'a [u8],
        /// Numbers of a row.
        pub(super) stride: usize,
    }

    impl<const RUN: usize> FourRows for Bytes<'_, RUN> {
        #[inline(always)]
        unsafe fn sums(self, at: [usize; 4]) -> [[__m256i; 2]; 4] {
            let Self { weights, starts, rows, stride } = self;
            let runs = stride / (QUAD * RUN);
            debug_assert!(weights.len() >= stride * BLOCK && starts.len() >= runs * 2 * BLOCK);
            // SAFETY: every address below is inside the slices, as `Bytes` and the caller vouch for.
            unsafe {
                let x = starts_of(rows, stride, at);
                let ones = _mm256_set1_epi16(1);
                let mut wide = [[_mm256_setzero_si256(); 2]; 4];
                for run in 0..runs {
                    let start = starts.as_ptr().add(run * 2 * BLOCK);
                    let start = [
                        _mm256_loadu_si256(start.cast()),
                        _mm256_loadu_si256(start.add(BLOCK).cast()),
                    ];
                    let mut narrow = [start; 4];
                    for quad in run * RUN..(run + 1) * RUN {
                        let w = weights.as_ptr().add(quad * BLOCK * QUAD);
                        let w =
                            [_mm256_loadu_si256(w.cast()), _mm256_loadu_si256(w.add(32).cast())];
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
                wide
            }
        }
    }

    /// Weights and rows in 16-bit numbers.
    #[derive(Clone, Copy)]
    pub(super) struct Words<'a> {
        /// `stride` for each of sixteen outputs.
        pub(super) weights: &'a [i16],
        pub(super) rows: &'a [i16],
        /// Numbers of a row.
        pub(super) stride: usize,
    }

    impl FourRows for Words<'_> {
        #[inline(always)]
        unsafe fn sums(self, at: [usize; 4]) -> [[__m256i; 2]; 4] {
            let Self { weights, rows, stride } = self;
            debug_assert!(weights.len() >= stride * BLOCK);
            // SAFETY: every address below is inside the slices, as `Words` and the caller vouch for.
            unsafe {
                let x = starts_of(rows, stride, at);
                let mut sums = [[_mm256_setzero_si256(); 2]; 4];
                for pair in 0..stride / 2 {
                    let w = weights.as_ptr().add(pair * 2 * BLOCK);
                    let w = [_mm256_loadu_si256(w.cast()), _mm256_loadu_si256(w.add(BLOCK).cast())];
                    for r in 0..4 {
                        let two = x[r].add(pair * 2).cast::<i32>().read_unaligned();
                        let two = _mm256_set1_epi32(two);
                        for v in 0..2 {
                            sums[r][v] = _mm256_add_epi32(sums[r][v], _mm256_madd_epi16(two, w[v]));
                        }
                    }
                }
                sums
            }
        }
    }

    /// Sums of the rows `at[..4]`.
    ///
    /// # Safety
    /// AVX2; rows that are there.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn tile(block: impl FourRows, at: &[usize; ROWS_MAX], sums: &mut Sums) {
        // SAFETY: the caller vouches for AVX2 and rows.
        let found = unsafe { block.sums([at[0], at[1], at[2], at[3]]) };
        for r in 0..4 {
            let out = sums[r].as_mut_ptr();
            // SAFETY: sixteen numbers.
            unsafe {
                _mm256_storeu_si256(out.cast(), found[r][0]);
                _mm256_storeu_si256(out.add(8).cast(), found[r][1]);
            }
        }
    }

    /// As many rows as there are ends, to the end: sums stay in registers until they are bytes.
    ///
    /// # Safety
    /// AVX2; rows that are there.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn scaled(
        block: impl FourRows,
        ends: &[End<'_>],
        shifts: Shifts,
        out: &mut Columns<'_>,
    ) {
        let noise = _mm_cvtsi32_si128(shifts.noise as i32);
        let sum = _mm_cvtsi32_si128(shifts.sum as i32);
        let mut first = 0;
        // No closures and no iterators here: what is not inlined is compiled without AVX2.
        while first < ends.len() {
            // A row that is missing in the last tile is the last row.
            let last = ends.len() - 1;
            let at = [first, last.min(first + 1), last.min(first + 2), last.min(first + 3)];
            // SAFETY: the caller vouches for AVX2 and rows.
            let sums = unsafe { block.sums(at) };
            for r in 0..4 {
                if first + r > last {
                    break;
                }
                let end = ends[first + r];
                let along = _mm256_set1_epi32(end.along);
                let a = end.of_block(out.from);
                // SAFETY: `a` has sixteen numbers.
                let a = unsafe {
                    let a = a.as_ptr();
                    [_mm256_loadu_si256(a.cast()), _mm256_loadu_si256(a.add(8).cast())]
                };
                let mut halves = sums[r];
                for v in 0..2 {
                    let step = _mm256_sra_epi32(_mm256_mullo_epi32(along, a[v]), noise);
                    halves[v] = _mm256_sra_epi32(_mm256_add_epi32(halves[v], step), sum);
                }
                // Saturation to 16 bits and then to bytes is that to bytes; only −128 is left to be raised.
                let words = _mm256_packs_epi32(halves[0], halves[1]);
                let words = _mm256_permute4x64_epi64::<0b11_01_10_00>(words);
                let low = _mm256_castsi256_si128(words);
                let high = _mm256_extracti128_si256::<1>(words);
                let bytes = _mm_max_epi8(_mm_packs_epi16(low, high), _mm_set1_epi8(-127));
                // SAFETY: sixteen bytes.
                unsafe { _mm_storeu_si128(out.row(first + r).as_mut_ptr().cast(), bytes) }
            }
            first += 4;
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
