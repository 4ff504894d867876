//! Sixteen lanes of `f32` as one value, for register tiles.
//!
//! A [`Kernel`](super::Kernel) leaves vectorisation to the compiler, which is good at loops over lanes and loses its way in a
//! nest as deep as a register tile. There a [`VectorKernel`] names its registers: the same sixteen lanes are one
//! register with AVX-512, two with AVX2, four with NEON. Lanes never mix, and a product and a sum are rounded once,
//! so that all levels give the same bits.

use super::{Level, level};

/// Lanes of a vector.
pub(crate) const LANES: usize = 16;

/// Sixteen lanes.
pub(crate) trait Vector: Copy {
    /// Registers that sixteen lanes take, for the size of tiles.
    const REGISTERS: usize;
    /// Whether the compiler should write tiles out: not where each lane of a product is a call, which would be a megabyte of them.
    const TILED: bool = true;

    /// The same value in all lanes.
    fn splat(value: f32) -> Self;
    /// The first sixteen values of `from`.
    fn load(from: &[f32]) -> Self;
    /// The first `count ≤ 16` values of `from`, then zeros.
    fn load_first(from: &[f32], count: usize) -> Self;
    /// Writes all lanes to the front of `to`.
    fn store(self, to: &mut [f32]);
    /// Writes the first `count ≤ 16` lanes to the front of `to`.
    fn store_first(self, to: &mut [f32], count: usize);
    /// `self + other`.
    fn add(self, other: Self) -> Self;
    /// `self · other`.
    fn mul(self, other: Self) -> Self;
    /// `self · factor + summand`, rounded once.
    fn mul_add(self, factor: Self, summand: Self) -> Self;
    /// Both numbers of each lane rounded to bf16 (to nearest, ties to even; NaN stays NaN), `high` in the upper half.
    fn pack_bf16(low: Self, high: Self) -> Self;
    /// `self + x.high · w.high`, rounded, `+ x.low · w.low`, rounded: what `VDPBF16PS` computes, for pairs of bf16 in each
    /// lane. With the instruction, subnormal numbers count as zero.
    fn dot_bf16(self, x: Self, w: Self) -> Self;
    /// Transposes each group of four lanes: lane `4q + e` of result k is lane `4q + k` of `rows[e]`.
    fn transpose4(rows: [Self; 4]) -> [Self; 4];

    /// Zero in all lanes.
    #[inline(always)]
    fn zero() -> Self {
        Self::splat(0.0)
    }
}

/// Work over named vectors. As with [`Kernel`](super::Kernel), everything that its loops call must be `#[inline(always)]`,
/// and closures are best avoided.
pub(crate) trait VectorKernel {
    /// Does the work; called exactly once per [`dispatch_vector`].
    fn run<V: Vector>(self);
}

/// Runs `kernel` with the widest vectors of this machine. The bits of the result do not depend on which these are.
#[inline]
pub(crate) fn dispatch_vector<K: VectorKernel>(kernel: K) {
    dispatch_vector_at(level(), kernel);
}

/// Runs `kernel` at a stated level.
#[inline]
pub(crate) fn dispatch_vector_at<K: VectorKernel>(level: Level, kernel: K) {
    assert!(level.is_supported(), "this machine cannot run kernels at level {level}");
    match level {
        // SAFETY: `is_supported` and the condition asked the processor for each feature that is enabled.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 if is_x86_feature_detected!("avx512bf16") => unsafe {
            x86::run_avx512_bf16(kernel);
        },
        // SAFETY: `is_supported` asked the processor for each feature that `run_avx512` enables.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { x86::run_avx512(kernel) },
        // SAFETY: as above, for the two features of `run_avx2`.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { x86::run_avx2(kernel) },
        _ => kernel.run::<Plain>(),
    }
}

/// The upper half of a lane.
const HIGH: u32 = 0xFFFF_0000;

/// The bits of a number whose upper half is the nearest bf16.
#[inline(always)]
pub(crate) fn bf16_of(value: f32) -> u32 {
    let bits = value.to_bits();
    let rounded = bits.wrapping_add(0x7FFF + (bits >> 16 & 1));
    if value.is_nan() { 0x7FC0_0000 } else { rounded }
}

/// Sixteen numbers, left to the compiler: NEON on AArch64, and the slow exact road elsewhere.
///
/// On x86 only machines without fused multiply-adds come here, where each lane of a product is a call, so that methods are calls there.
#[derive(Clone, Copy)]
struct Plain([f32; LANES]);

impl Vector for Plain {
    const REGISTERS: usize = 4;
    const TILED: bool = cfg!(not(target_arch = "x86_64"));

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self([value; LANES])
    }

    #[inline(always)]
    fn load(from: &[f32]) -> Self {
        Self::load_first(from, LANES)
    }

    #[cfg_attr(target_arch = "x86_64", inline(never))]
    #[cfg_attr(not(target_arch = "x86_64"), inline(always))]
    fn load_first(from: &[f32], count: usize) -> Self {
        let mut lanes = [0.0; LANES];
        lanes[..count].copy_from_slice(&from[..count]);
        Self(lanes)
    }

    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        to[..LANES].copy_from_slice(&self.0);
    }

    #[cfg_attr(target_arch = "x86_64", inline(never))]
    #[cfg_attr(not(target_arch = "x86_64"), inline(always))]
    fn store_first(self, to: &mut [f32], count: usize) {
        to[..count].copy_from_slice(&self.0[..count]);
    }

    #[inline(always)]
    fn add(mut self, other: Self) -> Self {
        for l in 0..LANES {
            self.0[l] += other.0[l];
        }
        self
    }

    #[inline(always)]
    fn mul(mut self, other: Self) -> Self {
        for l in 0..LANES {
            self.0[l] *= other.0[l];
        }
        self
    }

    #[cfg_attr(target_arch = "x86_64", inline(never))]
    #[cfg_attr(not(target_arch = "x86_64"), inline(always))]
    fn mul_add(mut self, factor: Self, summand: Self) -> Self {
        for l in 0..LANES {
            self.0[l] = self.0[l].mul_add(factor.0[l], summand.0[l]);
        }
        self
    }

    #[cfg_attr(target_arch = "x86_64", inline(never))]
    #[cfg_attr(not(target_arch = "x86_64"), inline(always))]
    fn pack_bf16(mut low: Self, high: Self) -> Self {
        for l in 0..LANES {
            let pair = bf16_of(high.0[l]) & HIGH | bf16_of(low.0[l]) >> 16;
            low.0[l] = f32::from_bits(pair);
        }
        low
    }

    #[cfg_attr(target_arch = "x86_64", inline(never))]
    #[cfg_attr(not(target_arch = "x86_64"), inline(always))]
    fn dot_bf16(mut self, x: Self, w: Self) -> Self {
        for l in 0..LANES {
            let (x, w) = (x.0[l].to_bits(), w.0[l].to_bits());
            let high = |pair: u32| f32::from_bits(pair & HIGH);
            let low = |pair: u32| f32::from_bits(pair << 16);
            self.0[l] = low(x).mul_add(low(w), high(x).mul_add(high(w), self.0[l]));
        }
        self
    }

    #[cfg_attr(target_arch = "x86_64", inline(never))]
    #[cfg_attr(not(target_arch = "x86_64"), inline(always))]
    fn transpose4(rows: [Self; 4]) -> [Self; 4] {
        let mut out = [Self([0.0; LANES]); 4];
        for (k, out) in out.iter_mut().enumerate() {
            for q in 0..4 {
                for (e, row) in rows.iter().enumerate() {
                    out.0[4 * q + e] = row.0[4 * q + k];
                }
            }
        }
        out
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{LANES, Vector, VectorKernel};

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
    pub(super) fn run_avx512<K: VectorKernel>(kernel: K) {
        kernel.run::<Avx512<false>>();
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma")]
    pub(super) fn run_avx512_bf16<K: VectorKernel>(kernel: K) {
        kernel.run::<Avx512<true>>();
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn run_avx2<K: VectorKernel>(kernel: K) {
        kernel.run::<Avx2>();
    }

    /// One register; `BF16` says that the processor has its products. Private: only [`run_avx512`] and
    /// [`run_avx512_bf16`] name it, so that wherever a method runs the features are there.
    #[derive(Clone, Copy)]
    struct Avx512<const BF16: bool>(__m512);

    /// [`bf16_of`](super::bf16_of) of all lanes. Only called where AVX-512 was found.
    #[inline(always)]
    fn bf16_of_512(value: __m512) -> __m512i {
        // SAFETY: only `Avx512` calls this, and it exists only where the features were found.
        unsafe {
            let bits = _mm512_castps_si512(value);
            let odd = _mm512_and_si512(_mm512_srli_epi32::<16>(bits), _mm512_set1_epi32(1));
            let half = _mm512_add_epi32(odd, _mm512_set1_epi32(0x7FFF));
            let nan = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(value, value);
            let rounded = _mm512_add_epi32(bits, half);
            _mm512_mask_mov_epi32(rounded, nan, _mm512_set1_epi32(0x7FC0_0000))
        }
    }

    /// [`bf16_of`](super::bf16_of) of eight lanes. Only called where AVX2 was found.
    #[inline(always)]
    fn bf16_of_256(value: __m256) -> __m256i {
        // SAFETY: only `Avx2` calls this, and it exists only where the features were found.
        unsafe {
            let bits = _mm256_castps_si256(value);
            let odd = _mm256_and_si256(_mm256_srli_epi32::<16>(bits), _mm256_set1_epi32(1));
            let half = _mm256_add_epi32(odd, _mm256_set1_epi32(0x7FFF));
            let nan = _mm256_castps_si256(_mm256_cmp_ps::<_CMP_UNORD_Q>(value, value));
            let rounded = _mm256_add_epi32(bits, half);
            _mm256_blendv_epi8(rounded, _mm256_set1_epi32(0x7FC0_0000), nan)
        }
    }

    /// [`Vector::pack_bf16`] of eight lanes. Only called where AVX2 was found.
    #[inline(always)]
    fn pack_256(low: __m256, high: __m256) -> __m256 {
        // SAFETY: only `Avx2` calls this, and it exists only where the features were found.
        unsafe {
            let high = _mm256_and_si256(bf16_of_256(high), _mm256_set1_epi32(super::HIGH as i32));
            let low = _mm256_srli_epi32::<16>(bf16_of_256(low));
            _mm256_castsi256_ps(_mm256_or_si256(high, low))
        }
    }

    /// [`Vector::dot_bf16`] of eight lanes. Only called where AVX2 was found.
    #[inline(always)]
    fn dot_256(sum: __m256, x: __m256, w: __m256) -> __m256 {
        // SAFETY: only `Avx2` calls this, and it exists only where the features were found.
        unsafe {
            let mask = _mm256_castsi256_ps(_mm256_set1_epi32(super::HIGH as i32));
            let (x_high, w_high) = (_mm256_and_ps(x, mask), _mm256_and_ps(w, mask));
            let x_low = _mm256_slli_epi32::<16>(_mm256_castps_si256(x));
            let w_low = _mm256_slli_epi32::<16>(_mm256_castps_si256(w));
            let sum = _mm256_fmadd_ps(x_high, w_high, sum);
            _mm256_fmadd_ps(_mm256_castsi256_ps(x_low), _mm256_castsi256_ps(w_low), sum)
        }
    }

    /// The mask of the first `count` lanes.
    #[inline(always)]
    fn first(count: usize) -> __mmask16 {
        ((1_u32 << count.min(LANES)) - 1) as __mmask16
    }

    impl<const BF16: bool> Vector for Avx512<BF16> {
        const REGISTERS: usize = 1;

        #[inline(always)]
        fn splat(value: f32) -> Self {
            // SAFETY: the type exists only inside `run_avx512`, whose caller checked the features.
            Self(unsafe { _mm512_set1_ps(value) })
        }

        #[inline(always)]
        fn load(from: &[f32]) -> Self {
            let from: &[f32] = &from[..LANES];
            // SAFETY: the features as above; the slice has sixteen values.
            Self(unsafe { _mm512_loadu_ps(from.as_ptr()) })
        }

        #[inline(always)]
        fn load_first(from: &[f32], count: usize) -> Self {
            let from = &from[..count];
            // SAFETY: the features as above; lanes outside the mask are not read, and the slice has those inside.
            Self(unsafe { _mm512_maskz_loadu_ps(first(count), from.as_ptr()) })
        }

        #[inline(always)]
        fn store(self, to: &mut [f32]) {
            let to = &mut to[..LANES];
            // SAFETY: the features as above; the slice has room for sixteen values.
            unsafe { _mm512_storeu_ps(to.as_mut_ptr(), self.0) }
        }

        #[inline(always)]
        fn store_first(self, to: &mut [f32], count: usize) {
            let to = &mut to[..count];
            // SAFETY: the features as above; lanes outside the mask are not written, and the slice has those inside.
            unsafe { _mm512_mask_storeu_ps(to.as_mut_ptr(), first(count), self.0) }
        }

        #[inline(always)]
        fn add(self, other: Self) -> Self {
            // SAFETY: the features as above.
            Self(unsafe { _mm512_add_ps(self.0, other.0) })
        }

        #[inline(always)]
        fn mul(self, other: Self) -> Self {
            // SAFETY: the features as above.
            Self(unsafe { _mm512_mul_ps(self.0, other.0) })
        }

        #[inline(always)]
        fn mul_add(self, factor: Self, summand: Self) -> Self {
            // SAFETY: the features as above.
            Self(unsafe { _mm512_fmadd_ps(self.0, factor.0, summand.0) })
        }

        #[inline(always)]
        fn pack_bf16(low: Self, high: Self) -> Self {
            // SAFETY: the features as above.
            unsafe {
                let mask = _mm512_set1_epi32(super::HIGH as i32);
                let high = _mm512_and_si512(bf16_of_512(high.0), mask);
                let low = _mm512_srli_epi32::<16>(bf16_of_512(low.0));
                Self(_mm512_castsi512_ps(_mm512_or_si512(high, low)))
            }
        }

        #[inline(always)]
        fn dot_bf16(self, x: Self, w: Self) -> Self {
            if BF16 {
                // SAFETY: `BF16` is true in `run_avx512_bf16` only, whose caller checked the feature; both types are 64
                // bytes without invalid values.
                return unsafe {
                    let x = std::mem::transmute::<__m512, __m512bh>(x.0);
                    let w = std::mem::transmute::<__m512, __m512bh>(w.0);
                    Self(_mm512_dpbf16_ps(self.0, x, w))
                };
            }
            // SAFETY: the features as above.
            unsafe {
                let mask = _mm512_set1_epi32(super::HIGH as i32);
                let (x, w) = (_mm512_castps_si512(x.0), _mm512_castps_si512(w.0));
                let x_high = _mm512_castsi512_ps(_mm512_and_si512(x, mask));
                let w_high = _mm512_castsi512_ps(_mm512_and_si512(w, mask));
                let x_low = _mm512_castsi512_ps(_mm512_slli_epi32::<16>(x));
                let w_low = _mm512_castsi512_ps(_mm512_slli_epi32::<16>(w));
                Self(_mm512_fmadd_ps(x_low, w_low, _mm512_fmadd_ps(x_high, w_high, self.0)))
            }
        }

        #[inline(always)]
        fn transpose4([a, b, c, d]: [Self; 4]) -> [Self; 4] {
            // SAFETY: the features as above.
            unsafe {
                let (ab, ab_high) = (_mm512_unpacklo_ps(a.0, b.0), _mm512_unpackhi_ps(a.0, b.0));
                let (cd, cd_high) = (_mm512_unpacklo_ps(c.0, d.0), _mm512_unpackhi_ps(c.0, d.0));
                let (ab, ab_high) = (_mm512_castps_pd(ab), _mm512_castps_pd(ab_high));
                let (cd, cd_high) = (_mm512_castps_pd(cd), _mm512_castps_pd(cd_high));
                [
                    Self(_mm512_castpd_ps(_mm512_unpacklo_pd(ab, cd))),
                    Self(_mm512_castpd_ps(_mm512_unpackhi_pd(ab, cd))),
                    Self(_mm512_castpd_ps(_mm512_unpacklo_pd(ab_high, cd_high))),
                    Self(_mm512_castpd_ps(_mm512_unpackhi_pd(ab_high, cd_high))),
                ]
            }
        }
    }

    /// [`Vector::transpose4`] of eight lanes. Only called where AVX2 was found.
    #[inline(always)]
    fn transpose4([a, b, c, d]: [__m256; 4]) -> [__m256; 4] {
        // SAFETY: only `Avx2` calls this, and it exists only where the feature was found.
        unsafe {
            let (ab, ab_high) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
            let (cd, cd_high) = (_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
            let (ab, ab_high) = (_mm256_castps_pd(ab), _mm256_castps_pd(ab_high));
            let (cd, cd_high) = (_mm256_castps_pd(cd), _mm256_castps_pd(cd_high));
            [
                _mm256_castpd_ps(_mm256_unpacklo_pd(ab, cd)),
                _mm256_castpd_ps(_mm256_unpackhi_pd(ab, cd)),
                _mm256_castpd_ps(_mm256_unpacklo_pd(ab_high, cd_high)),
                _mm256_castpd_ps(_mm256_unpackhi_pd(ab_high, cd_high)),
            ]
        }
    }

    /// Two registers. Private: only [`run_avx2`] names it, so that wherever a method runs the features are there.
    #[derive(Clone, Copy)]
    struct Avx2(__m256, __m256);

    impl Vector for Avx2 {
        const REGISTERS: usize = 2;

        #[inline(always)]
        fn splat(value: f32) -> Self {
            // SAFETY: the type exists only inside `run_avx2`, whose caller checked the features.
            let half = unsafe { _mm256_set1_ps(value) };
            Self(half, half)
        }

        #[inline(always)]
        fn load(from: &[f32]) -> Self {
            let from: &[f32] = &from[..LANES];
            // SAFETY: the features as above; the slice has sixteen values, eight for each half.
            unsafe { Self(_mm256_loadu_ps(from.as_ptr()), _mm256_loadu_ps(from.as_ptr().add(8))) }
        }

        #[inline(always)]
        fn load_first(from: &[f32], count: usize) -> Self {
            let mut lanes = [0.0; LANES];
            lanes[..count].copy_from_slice(&from[..count]);
            Self::load(&lanes)
        }

        #[inline(always)]
        fn store(self, to: &mut [f32]) {
            let to = &mut to[..LANES];
            // SAFETY: the features as above; the slice has room for sixteen values, eight for each half.
            unsafe {
                _mm256_storeu_ps(to.as_mut_ptr(), self.0);
                _mm256_storeu_ps(to.as_mut_ptr().add(8), self.1);
            }
        }

        #[inline(always)]
        fn store_first(self, to: &mut [f32], count: usize) {
            let mut lanes = [0.0; LANES];
            self.store(&mut lanes);
            to[..count].copy_from_slice(&lanes[..count]);
        }

        #[inline(always)]
        fn add(self, other: Self) -> Self {
            // SAFETY: the features as above.
            unsafe { Self(_mm256_add_ps(self.0, other.0), _mm256_add_ps(self.1, other.1)) }
        }

        #[inline(always)]
        fn mul(self, other: Self) -> Self {
            // SAFETY: the features as above.
            unsafe { Self(_mm256_mul_ps(self.0, other.0), _mm256_mul_ps(self.1, other.1)) }
        }

        #[inline(always)]
        fn mul_add(self, factor: Self, summand: Self) -> Self {
            // SAFETY: the features as above.
            unsafe {
                Self(
                    _mm256_fmadd_ps(self.0, factor.0, summand.0),
                    _mm256_fmadd_ps(self.1, factor.1, summand.1),
                )
            }
        }

        #[inline(always)]
        fn pack_bf16(low: Self, high: Self) -> Self {
            Self(pack_256(low.0, high.0), pack_256(low.1, high.1))
        }

        #[inline(always)]
        fn dot_bf16(self, x: Self, w: Self) -> Self {
            Self(dot_256(self.0, x.0, w.0), dot_256(self.1, x.1, w.1))
        }

        #[inline(always)]
        fn transpose4([a, b, c, d]: [Self; 4]) -> [Self; 4] {
            let [low, high] = [transpose4([a.0, b.0, c.0, d.0]), transpose4([a.1, b.1, c.1, d.1])];
            [
                Self(low[0], high[0]),
                Self(low[1], high[1]),
                Self(low[2], high[2]),
                Self(low[3], high[3]),
            ]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `out = z + bf16 products of the pairs (x, y) and (y, z)`.
    struct Pairs<'a>([&'a [f32]; 3], &'a mut [f32]);

    impl VectorKernel for Pairs<'_> {
        #[inline(always)]
        fn run<V: Vector>(self) {
            let [x, y, z] = self.0.map(|values| V::load(values));
            z.dot_bf16(V::pack_bf16(x, y), V::pack_bf16(y, z)).store(self.1);
        }
    }

    #[test]
    fn products_of_bf16_pairs_have_the_same_bits_everywhere() {
        let round = |value: f32| f32::from_bits(bf16_of(value) & HIGH);
        assert_eq!([257.0, 259.0, 260.0].map(round), [256.0, 260.0, 260.0]);
        assert!(round(f32::NAN).is_nan() && round(f32::from_bits(0x7FFF_FFFF)).is_nan());
        assert_eq!(round(f32::MAX), f32::INFINITY);
        for k in 1..200_u32 {
            let values =
                |j: u32| -> Vec<f32> { (0..16).map(|i| ((i * j + k) as f32).sin()).collect() };
            let (x, y, z) = (values(3), values(5), values(7));
            let expected: Vec<f32> = (0..16)
                .map(|i| {
                    let first = round(y[i]).mul_add(round(z[i]), z[i]);
                    round(x[i]).mul_add(round(y[i]), first)
                })
                .collect();
            for level in Level::ALL.into_iter().filter(|level| level.is_supported()) {
                let mut out = vec![f32::NAN; 16];
                dispatch_vector_at(level, Pairs([&x, &y, &z], &mut out));
                assert_eq!(out, expected, "{level}");
            }
        }
    }

    struct Transpose<'a>(&'a mut [f32]);

    impl VectorKernel for Transpose<'_> {
        #[inline(always)]
        fn run<V: Vector>(self) {
            let load = |e: usize| V::load(&self.0[e * LANES..]);
            for (k, row) in V::transpose4([load(0), load(1), load(2), load(3)]).iter().enumerate() {
                row.store(&mut self.0[k * LANES..]);
            }
        }
    }

    #[test]
    fn groups_of_four_lanes_are_transposed() {
        for level in Level::ALL.into_iter().filter(|level| level.is_supported()) {
            let mut values: Vec<f32> = (0..64).map(|v| v as f32).collect();
            dispatch_vector_at(level, Transpose(&mut values));
            for (k, e, q) in (0..64).map(|n| (n / 16, n % 4, n % 16 / 4)) {
                assert_eq!(values[16 * k + 4 * q + e], (16 * e + 4 * q + k) as f32, "{level}");
            }
        }
    }

    /// `out = x · y + z` in stretches of sixteen and a rest.
    struct Combine<'a>([&'a [f32]; 3], &'a mut [f32]);

    impl VectorKernel for Combine<'_> {
        #[inline(always)]
        fn run<V: Vector>(self) {
            let Self([x, y, z], out) = self;
            let mut at = 0;
            while at + LANES <= out.len() {
                let sum = V::load(&x[at..]).mul_add(V::load(&y[at..]), V::load(&z[at..]));
                sum.add(V::zero()).mul(V::splat(1.0)).store(&mut out[at..]);
                at += LANES;
            }
            let rest = out.len() - at;
            let (x, y) = (V::load_first(&x[at..], rest), V::load_first(&y[at..], rest));
            x.mul_add(y, V::load_first(&z[at..], rest)).store_first(&mut out[at..], rest);
        }
    }

    #[test]
    fn all_levels_give_the_bits_of_single_lanes() {
        let values = |k: u32| -> Vec<f32> { (0..37).map(|i| ((i * k) as f32).sin()).collect() };
        let (x, y, z) = (values(3), values(5), values(7));
        let expected: Vec<f32> = (0..37).map(|i| x[i].mul_add(y[i], z[i])).collect();
        for level in Level::ALL.into_iter().filter(|level| level.is_supported()) {
            let mut out = vec![f32::NAN; 37];
            dispatch_vector_at(level, Combine([&x, &y, &z], &mut out));
            assert_eq!(out, expected, "{level}");
        }
    }
}
