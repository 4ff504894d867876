//! Register tiles over lanes: the inner loops of all layers.

/// Lanes of the widest tile: one AVX-512 register.
pub(crate) const WIDE: usize = 16;
/// Lanes of the narrower tile.
pub(crate) const NARROW: usize = 4;

/// Calls `$body` for stretches of lanes that cover `0..$lanes`, with a constant width each.
macro_rules! for_stretches {
    ($lanes:expr, $first:ident, $width:ident, $body:block) => {{
        let lanes = $lanes;
        let mut $first = 0;
        while $first + $crate::cpu::tile::WIDE <= lanes {
            const $width: usize = $crate::cpu::tile::WIDE;
            $body
            $first += $width;
        }
        while $first + $crate::cpu::tile::NARROW <= lanes {
            const $width: usize = $crate::cpu::tile::NARROW;
            $body
            $first += $width;
        }
        while $first < lanes {
            const $width: usize = 1;
            $body
            $first += $width;
        }
    }};
}
pub(crate) use for_stretches;

/// `L` neighbouring values.
#[inline(always)]
pub(crate) fn load<const L: usize>(from: &[f32], at: usize) -> [f32; L] {
    let mut values = [0.0; L];
    values.copy_from_slice(&from[at..at + L]);
    values
}

/// `sum += a ⊙ b`, lane by lane.
#[inline(always)]
pub(crate) fn fma<const L: usize>(sum: &mut [f32; L], a: &[f32; L], b: &[f32; L]) {
    for l in 0..L {
        sum[l] = a[l].mul_add(b[l], sum[l]);
    }
}

/// `sum += w · x`, lane by lane.
#[inline(always)]
pub(crate) fn fma_scalar<const L: usize>(sum: &mut [f32; L], w: f32, x: &[f32; L]) {
    for l in 0..L {
        sum[l] = w.mul_add(x[l], sum[l]);
    }
}

/// `Σ_i w[i·stride + offset] x[i][at..at+L]` for `O` neighbouring outputs: `w` of output `o` begins at `offsets(o)`.
#[inline(always)]
#[expect(
    clippy::too_many_arguments,
    reason = "an inner loop: a struct of these would only hide it"
)]
pub(crate) fn products<const O: usize, const L: usize>(
    weights: &[f32],
    first_output: usize,
    output_stride: usize,
    input_stride: usize,
    inputs: usize,
    x: &[f32],
    columns: usize,
    at: usize,
) -> [[f32; L]; O] {
    let mut sums = [[0.0; L]; O];
    for i in 0..inputs {
        let value = load::<L>(x, i * columns + at);
        for (o, sum) in sums.iter_mut().enumerate() {
            let w = weights[(first_output + o) * output_stride + i * input_stride];
            fma_scalar(sum, w, &value);
        }
    }
    sums
}

/// `Σ_i noise[i][d..d+L] ⊙ x[i][at..at+L]`.
#[inline(always)]
pub(crate) fn lane_dot<const L: usize>(
    noise: &[f32],
    directions: usize,
    d: usize,
    x: &[f32],
    columns: usize,
    at: usize,
    inputs: usize,
) -> [f32; L] {
    let mut sum = [0.0; L];
    for i in 0..inputs {
        let value = load::<L>(x, i * columns + at);
        fma(&mut sum, &load::<L>(noise, i * directions + d), &value);
    }
    sum
}
