//! A layer applied to many rows of many members at once.
//!
//! y = sat(⌊(Σⱼ uⱼ Wᵢⱼ + ((u · B) (s Aᵢ) >> (4 + S))) / (16 ⌊√n⌋)⌋)
//!
//! | symbol | code          | shape                | meaning                                        |
//! |--------|---------------|----------------------|------------------------------------------------|
//! | u      | `rows`        | (members · per, n)   | activations, the rows of a member side by side |
//! | W      | `weights`     | (m, n)               | the centre, shared by all                      |
//! | B, s A | `b`, `a`      | (n,), (m,)           | noise of a member, the sign on A               |
//! | S      | `sigma_shift` |                      | perturbations are scaled by 2^−S               |
//!
//! The product with W is one product over all rows; a member costs n + m multiplications a row more.

use super::arithmetic::Scale;
use super::packed::{BLOCK, PackedInt8};
use super::tile::{Columns, End, Instructions, ROWS_MAX, Rows, Shifts, Sums, scaled, tile};
use crate::simd::{Kernel, dispatch};

/// Noise of one member for one matrix.
#[derive(Clone, Copy, Debug)]
pub struct RankOne<'a> {
    /// B, one number for each input.
    pub b: &'a [i8],
    /// s A, one number for each output.
    pub a: &'a [i32],
}

/// Buffers that products reuse.
#[derive(Debug, Default)]
pub struct Int8Scratch {
    rows: Rows,
}

/// What a product is made of.
#[derive(Clone, Copy, Debug)]
pub struct Int8Linear<'a> {
    /// The weights of the centre.
    pub weights: &'a PackedInt8,
    /// Activations, `(rows, inputs)`, each from −127 to 127.
    pub rows: &'a [i8],
    /// Noise of each member; empty for the centre itself.
    pub noise: &'a [RankOne<'a>],
    /// Neighbouring rows that belong to one member.
    pub rows_per_member: usize,
    /// S: noise is scaled by 2^−S.
    pub sigma_shift: u32,
}

/// Scaled, saturated products into `out`, `(rows, outputs)`.
///
/// # Panics
/// If lengths do not fit.
pub fn int8_linear(call: &Int8Linear<'_>, scratch: &mut Int8Scratch, out: &mut [i8]) {
    int8_linear_with(Instructions::best(), call, scratch, out);
}

/// The same with stated instructions, so that tests can compare them.
///
/// # Panics
/// If lengths do not fit, or this machine lacks the instructions.
#[doc(hidden)]
pub fn int8_linear_with(
    with: Instructions,
    call: &Int8Linear<'_>,
    scratch: &mut Int8Scratch,
    out: &mut [i8],
) {
    assert!(with.are_supported(), "this machine lacks {with:?}");
    let PackedInt8 { outputs, inputs, .. } = *call.weights;
    let count = call.rows.len() / inputs;
    assert!(count * inputs == call.rows.len() && out.len() == count * outputs, "whole rows");
    let members = call.noise.len();
    assert!(
        call.rows_per_member > 0 && (members == 0 || count == members * call.rows_per_member),
        "rows of all members"
    );
    let fits = |noise: &RankOne<'_>| noise.b.len() == inputs && noise.a.len() == outputs;
    assert!(call.noise.iter().all(fits), "noise for each input and output");
    dispatch(Linear { with, call, scratch, out });
}

struct Linear<'a> {
    with: Instructions,
    call: &'a Int8Linear<'a>,
    scratch: &'a mut Int8Scratch,
    out: &'a mut [i8],
}

/// Rows that are worked on while a block of weights is near: as many as fit the first cache for usual widths.
const PANEL: usize = 64;

impl Kernel for Linear<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { with, call, scratch, out } = self;
        let PackedInt8 { outputs, inputs, .. } = *call.weights;
        let panels = call.rows.chunks(PANEL * inputs).zip(out.chunks_mut(PANEL * outputs));
        for (panel, (rows, out)) in panels.enumerate() {
            let count = rows.len() / inputs;
            let mut ends = [End::default(); PANEL];
            if !call.noise.is_empty() {
                let mut member = panel * PANEL / call.rows_per_member;
                let mut left = (member + 1) * call.rows_per_member - panel * PANEL;
                for row in 0..count {
                    if left == 0 {
                        (member, left) = (member + 1, call.rows_per_member);
                    }
                    left -= 1;
                    let RankOne { b, a } = call.noise[member];
                    ends[row] = End { along: dot(&rows[row * inputs..][..inputs], b), a };
                }
            }
            let scale = Scale::of(inputs);
            let bits = 4 + call.sigma_shift;
            let mut finish = Scaled { outputs, scale, bits, ends: &ends[..count], out };
            each_tile(with, call.weights, rows, &mut scratch.rows, &mut finish);
        }
    }
}

/// u · B.
#[inline(always)]
fn dot(x: &[i8], b: &[i8]) -> i32 {
    let b = &b[..x.len()];
    let mut sum = 0;
    for i in 0..x.len() {
        sum += i32::from(x[i]) * i32::from(b[i]);
    }
    sum
}

/// What becomes of the sums of a row with a block of outputs. A trait and not a closure: closures are not always inlined, and
/// what is not inlined is compiled for the baseline.
trait Finish {
    /// Takes the sums of a row with a block.
    fn finish(&mut self, row: usize, block: usize, sums: &[i32; BLOCK]);

    /// Does all rows of a block, if there is a faster way than sum by sum; returns whether it did.
    #[inline(always)]
    fn whole_block(
        &mut self,
        _with: Instructions,
        _weights: &PackedInt8,
        _block: usize,
        _rows: &Rows,
    ) -> bool {
        false
    }
}

/// Adds the noise, divides and saturates.
struct Scaled<'a> {
    outputs: usize,
    scale: Scale,
    /// Noise is divided by two to this.
    bits: u32,
    /// Of each row.
    ends: &'a [End<'a>],
    out: &'a mut [i8],
}

impl Finish for Scaled<'_> {
    #[inline(always)]
    fn whole_block(
        &mut self,
        with: Instructions,
        weights: &PackedInt8,
        block: usize,
        rows: &Rows,
    ) -> bool {
        let Some(sum) = self.scale.shift() else { return false };
        let (from, width) = (block * BLOCK, self.outputs);
        if from + BLOCK > width {
            return false;
        }
        let shifts = Shifts { noise: self.bits, sum };
        let mut out = Columns { of: self.out, width, from };
        scaled(with, weights, block, rows, self.ends, shifts, &mut out)
    }

    #[inline(always)]
    fn finish(&mut self, row: usize, block: usize, sums: &[i32; BLOCK]) {
        let (from, to) = (block * BLOCK, self.outputs.min((block + 1) * BLOCK));
        let out = &mut self.out[row * self.outputs + from..row * self.outputs + to];
        let End { along, a } = self.ends[row];
        let noise = if a.is_empty() { None } else { Some((along, &a[from..to])) };
        let bits = self.bits;
        let whole = <&mut [i8; BLOCK]>::try_from(&mut *out);
        if let (Some(shift), Ok(out)) = (self.scale.shift(), whole) {
            let mut sums = *sums;
            if let Some((along, a)) = noise {
                let a: &[i32; BLOCK] = a.try_into().expect("as long as `out`");
                for i in 0..BLOCK {
                    sums[i] += along.wrapping_mul(a[i]) >> bits;
                }
            }
            for i in 0..BLOCK {
                out[i] = (sums[i] >> shift).clamp(-127, 127) as i8;
            }
            return;
        }
        for (i, out) in out.iter_mut().enumerate() {
            let step = noise.map_or(0, |(along, a)| along.wrapping_mul(a[i]) >> bits);
            *out = self.scale.apply(sums[i] + step);
        }
    }
}

/// Adds sums to what is there.
struct Added<'a> {
    outputs: usize,
    out: &'a mut [i32],
}

impl Finish for Added<'_> {
    #[inline(always)]
    fn finish(&mut self, row: usize, block: usize, sums: &[i32; BLOCK]) {
        let (from, to) = (block * BLOCK, self.outputs.min((block + 1) * BLOCK));
        let out = &mut self.out[row * self.outputs + from..row * self.outputs + to];
        for (out, &sum) in out.iter_mut().zip(sums) {
            *out += sum;
        }
    }
}

/// Hands every row of every block of outputs to `finish`.
#[inline(always)]
fn each_tile(
    with: Instructions,
    weights: &PackedInt8,
    rows: &[i8],
    prepared: &mut Rows,
    finish: &mut impl Finish,
) {
    prepared.prepare(rows, weights, with);
    let count = rows.len() / weights.inputs;
    let height = with.rows();
    let mut sums: Sums = [[0; BLOCK]; ROWS_MAX];
    let mut at = [0; ROWS_MAX];
    for block in 0..weights.blocks() {
        if finish.whole_block(with, weights, block, prepared) {
            continue;
        }
        for first in (0..count).step_by(height) {
            for (r, at) in at.iter_mut().enumerate() {
                *at = (first + r).min(count - 1);
            }
            tile(with, weights, block, prepared, &at, &mut sums);
            for (r, sums) in sums.iter().enumerate().take(height.min(count - first)) {
                finish.finish(first + r, block, sums);
            }
        }
    }
}

/// Plain sums of products added to `out`, `(rows, outputs)`.
///
/// # Panics
/// If lengths do not fit.
pub(super) fn int8_sums(
    weights: &PackedInt8,
    rows: &[i8],
    scratch: &mut Int8Scratch,
    out: &mut [i32],
) {
    assert!(rows.len().is_multiple_of(weights.inputs), "whole rows");
    assert_eq!(out.len(), rows.len() / weights.inputs * weights.outputs, "a sum for each output");
    dispatch(PlainSums { weights, rows, scratch, out });
}

struct PlainSums<'a> {
    weights: &'a PackedInt8,
    rows: &'a [i8],
    scratch: &'a mut Int8Scratch,
    out: &'a mut [i32],
}

impl Kernel for PlainSums<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { weights, rows, scratch, out } = self;
        let mut finish = Added { outputs: weights.outputs, out };
        each_tile(Instructions::best(), weights, rows, &mut scratch.rows, &mut finish);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::arithmetic::saturate;
    use super::*;

    /// The layer as the formula has it.
    fn plain(weights: &[i8], x: &[i8], noise: Option<(&[i8], &[i32])>, shift: u32) -> Vec<i8> {
        let dot =
            |w: &[i8]| -> i32 { w.iter().zip(x).map(|(&w, &x)| i32::from(w) * i32::from(x)).sum() };
        let divisor = 16 * (x.len() as f64).sqrt() as i32;
        let rows = weights.chunks_exact(x.len()).enumerate();
        rows.map(|(i, w)| {
            let along = noise.map_or(0, |(b, a)| dot(b).wrapping_mul(a[i]) >> (4 + shift));
            saturate((dot(w) + along).div_euclid(divisor))
        })
        .collect()
    }

    const X: [i8; 16] = [17, -2, -21, -40, -59, -78, -97, 85, 66, 47, 28, 9, -10, -29, -48, -67];

    fn vector_weights() -> Vec<i8> {
        let mut row = vec![-5i8, 6, 17, 28, 39, 50, -60, -49, -38, -27, -16, -5, 6, 17, 28, 39];
        let mut weights = Vec::new();
        for _ in 0..8 {
            weights.extend(&row);
            let mut first = row[0] - 11;
            if first < -60 {
                first += 121;
            }
            row.insert(0, first);
            row.pop();
        }
        weights
    }

    /// Section 2.8 of the specification: measured on the reference functions.
    #[test]
    fn products_are_those_of_the_specification() {
        let number = |i: usize| ((37 * i + 11) % 95) as i8 - 47;
        let b: Vec<i8> = (100..116).map(number).collect();
        let weights = PackedInt8::new(&vector_weights(), 8, 16);
        let of = |sign: i32, sigma_shift: u32| {
            let a: Vec<i32> = (116..124).map(|i| sign * i32::from(number(i))).collect();
            let noise = [RankOne { b: &b, a: &a }];
            let call = Int8Linear {
                weights: &weights,
                rows: &X,
                noise: if sign == 0 { &[] } else { &noise },
                rows_per_member: 1,
                sigma_shift,
            };
            let mut all = Vec::new();
            for with in Instructions::ALL.into_iter().filter(|with| with.are_supported()) {
                let mut out = [0; 8];
                int8_linear_with(with, &call, &mut Int8Scratch::default(), &mut out);
                all.push(out);
            }
            assert!(all.windows(2).all(|w| w[0] == w[1]));
            all[0]
        };
        assert_eq!(of(0, 4), [-127, -127, -127, -29, 94, 127, 127, 127]);
        assert_eq!(of(1, 4), [-127, -127, -127, -29, 101, 127, 127, 127]);
        assert_eq!(of(-1, 4), [-127, -127, -127, -28, 88, 127, 127, 127]);
        assert_eq!(of(1, 0), [-127, -127, -127, -38, 127, 105, 127, 127]);
        assert_eq!(of(-1, 0), [-127, -127, -59, -19, -15, 127, 127, 127]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Shapes, magnitudes of weights (each way of packing), instructions: the same sums.
        #[test]
        fn every_set_of_instructions_gives_the_plain_product(
            outputs in 1usize..40,
            // Of powers of four the division is a shift.
            inputs in prop_oneof![1usize..90, prop::sample::select(vec![4usize, 16, 64, 256])],
            members in 1usize..7,
            per in 1usize..4,
            largest in prop::sample::select(vec![3i32, 20, 40, 64, 127]),
            sigma_shift in 0u32..6,
            seed in any::<u64>(),
        ) {
            let mut state = seed | 1;
            let mut draw = |largest: i32| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                ((state >> 33) as i32).rem_euclid(2 * largest + 1) - largest
            };
            let weights: Vec<i8> = (0..outputs * inputs).map(|_| draw(largest) as i8).collect();
            let rows: Vec<i8> = (0..members * per * inputs).map(|_| draw(127) as i8).collect();
            let b: Vec<i8> = (0..members * inputs).map(|_| draw(127) as i8).collect();
            let a: Vec<i32> = (0..members * outputs).map(|_| draw(127)).collect();
            let noise: Vec<RankOne<'_>> = b
                .chunks_exact(inputs)
                .zip(a.chunks_exact(outputs))
                .map(|(b, a)| RankOne { b, a })
                .collect();
            let packed = PackedInt8::new(&weights, outputs, inputs);
            let call = Int8Linear {
                weights: &packed,
                rows: &rows,
                noise: &noise,
                rows_per_member: per,
                sigma_shift,
            };
            let expected: Vec<i8> = rows
                .chunks_exact(inputs)
                .enumerate()
                .flat_map(|(row, x)| {
                    let RankOne { b, a } = noise[row / per];
                    plain(&weights, x, Some((b, a)), sigma_shift)
                })
                .collect();
            let still: Vec<i8> =
                rows.chunks_exact(inputs).flat_map(|x| plain(&weights, x, None, 0)).collect();
            let centre = Int8Linear { noise: &[], ..call };
            for with in Instructions::ALL.into_iter().filter(|with| with.are_supported()) {
                let mut out = vec![0; expected.len()];
                int8_linear_with(with, &call, &mut Int8Scratch::default(), &mut out);
                prop_assert_eq!(&out, &expected, "{:?}", with);
                int8_linear_with(with, &centre, &mut Int8Scratch::default(), &mut out);
                prop_assert_eq!(&out, &still, "{:?} without noise", with);
            }
        }
    }
}
