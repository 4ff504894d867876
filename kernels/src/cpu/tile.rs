//! Register tiles over lanes: the inner loops of all layers.

use super::packed::PANEL;
use crate::simd::Vector;

/// Writes `$body` out for each constant `$k` of the list that is below `$count`.
///
/// The compiler gives up unrolling nests of loops as large as a register tile, and an array that is indexed by a
/// variable lies in memory. Written out, every index is a constant, and the tile is a set of registers.
macro_rules! each {
    ($k:ident < $count:ident in [$($value:literal),+] $body:block) => {
        $(
            if $value < $count {
                const $k: usize = $value;
                $body
            }
        )+
    };
}
pub(crate) use each;

/// Sixteen neighbouring values from `at` on, or the first `count` of them if the stretch is not full.
#[inline(always)]
pub(crate) fn load<V: Vector, const FULL: bool>(from: &[f32], at: usize, count: usize) -> V {
    if FULL { V::load(&from[at..]) } else { V::load_first(&from[at..], count) }
}

/// The values at each of `H` places.
#[inline(always)]
pub(crate) fn load_all<V: Vector, const H: usize, const FULL: bool>(
    from: &[f32],
    at: [usize; H],
    count: usize,
) -> [V; H] {
    let mut values = [V::zero(); H];
    each!(HALF < H in [0, 1] {
        values[HALF] = load::<V, FULL>(from, at[HALF], count);
    });
    values
}

/// `Σ_i W[o][i] x[i][at..at+16]` for `O` neighbouring outputs of a panel and `H` places; `panel` begins at the first output,
/// and `x` is `(inputs, columns)`.
#[inline(always)]
pub(crate) fn products<V: Vector, const O: usize, const H: usize, const FULL: bool>(
    panel: &[f32],
    x: &[f32],
    columns: usize,
    at: [usize; H],
    count: usize,
) -> [[V; H]; O] {
    let mut sums = [[V::zero(); H]; O];
    for (w, x) in panel.chunks(PANEL).zip(x.chunks_exact(columns)) {
        let w = &w[..O];
        let x = load_all::<V, H, FULL>(x, at, count);
        each!(OUT < O in [0, 1, 2, 3, 4, 5, 6, 7] {
            let w = V::splat(w[OUT]);
            each!(HALF < H in [0, 1] {
                sums[OUT][HALF] = w.mul_add(x[HALF], sums[OUT][HALF]);
            });
        });
    }
    sums
}
