//! Low-rank noise: `Σ_d w_d A_d B_dᵀ/√r` is a product of the factors of all directions, drawn into panels.
//!
//! | step | what | parallel over |
//! |---|---|---|
//! | draw | factors of some directions, A weighted, into panels of 8 outputs and of 32 inputs | chunks of directions |
//! | contract | tiles of 8 × 32 entries in registers, over the columns of a chunk and then the next | panels of outputs |
//!
//! A *column* is one direction and one of its r factors. A chunk has so many that a panel of each factor fits the
//! first-level cache together; a round has so many chunks that threads meet rarely.

use std::marker::PhantomData;

use rayon::prelude::*;

use super::GradientCall;
use crate::Distribution;
use crate::cpu::Precision;
use crate::cpu::packed::PANEL;
use crate::cpu::tile::each;
use crate::noise::distribution::{Deviates, Normals, Uniforms};
use crate::noise::stream::fill_blocks;
use crate::simd::{LANES, Vector, VectorKernel, dispatch_vector};

/// Inputs of a panel of B: two registers.
const WIDE: usize = 2 * LANES;
/// Columns of a chunk: 16 kB of B and 4 kB of A.
const COLUMNS: usize = 128;
/// Values of all chunks of a round, at most about: 4 MB.
const ROUND_VALUES: usize = 1 << 20;
/// Products below which threads do not pay.
const SERIAL_MAX: usize = 1 << 16;

/// Adds the weighted sum to `out`, `(rows, cols)`.
pub(super) fn add(call: &GradientCall<'_>, rank: usize, out: &mut [f32]) {
    let chunks = Chunks::new(call, rank);
    let mut round = vec![0.0; chunks.values * chunks.per_round.min(chunks.count())];
    let serial = out.len() * rank * call.weights.len() <= SERIAL_MAX;
    for first in (0..chunks.count()).step_by(chunks.per_round) {
        let count = chunks.per_round.min(chunks.count() - first);
        let round = &mut round[..count * chunks.values];
        let draw = |(k, values): (usize, &mut [f32])| chunks.draw(first + k, values);
        if serial {
            round.chunks_exact_mut(chunks.values).enumerate().for_each(draw);
        } else {
            round.par_chunks_exact_mut(chunks.values).enumerate().for_each(draw);
        }
        let round = &*round;
        // Some panels of outputs for each task, so that a panel of inputs serves them all from the nearest cache.
        let panels = (chunks.rows.div_ceil(PANEL) / (4 * rayon::current_num_threads())).clamp(1, 8);
        let contract = |(task, out): (usize, &mut [f32])| {
            let panel = task * panels;
            dispatch_vector(Contract { chunks: &chunks, first, round, panel, out });
        };
        let rows = panels * PANEL * chunks.cols;
        if serial {
            out.chunks_mut(rows).enumerate().for_each(contract);
        } else {
            out.par_chunks_mut(rows).enumerate().for_each(contract);
        }
    }
}

/// How directions are cut into chunks, and where a chunk's panels lie.
struct Chunks<'a> {
    call: &'a GradientCall<'a>,
    rank: usize,
    rows: usize,
    cols: usize,
    /// Directions of a chunk, the last one excepted.
    directions: usize,
    /// Columns that a panel has room for: two more than a chunk has, or the panels would begin a power of two apart,
    /// and a direction's numbers would all go to the same few lines of the cache.
    columns: usize,
    /// Values of a chunk: panels of B `(cols / 32, columns, 32)`, then panels of A `(rows / 8, columns, 8)`.
    values: usize,
    per_round: usize,
}

impl<'a> Chunks<'a> {
    fn new(call: &'a GradientCall<'a>, rank: usize) -> Self {
        let (rows, cols) = (call.noise.rows, call.noise.cols);
        let pairs = call.precision == Precision::Bf16;
        let directions = (COLUMNS * if pairs { 2 } else { 1 } / rank).max(1);
        let columns = if pairs { (directions * rank).div_ceil(2) } else { directions * rank } + 2;
        let values = columns * (cols.next_multiple_of(WIDE) + rows.next_multiple_of(PANEL));
        // Rounds of equal length: a short last one would leave threads idle.
        let count = call.weights.len().div_ceil(directions).max(1);
        let rounds = count.div_ceil((ROUND_VALUES / values).clamp(1, 256));
        let per_round = count.div_ceil(rounds);
        Self { call, rank, rows, cols, directions, columns, values, per_round }
    }

    /// Rows of a panel that so many directions fill.
    fn depth(&self, directions: usize) -> usize {
        match self.call.precision {
            Precision::F32 => directions * self.rank,
            Precision::Bf16 => (directions * self.rank).div_ceil(2),
        }
    }

    fn count(&self) -> usize {
        self.call.weights.len().div_ceil(self.directions)
    }

    /// Directions of chunk `index`.
    fn range(&self, index: usize) -> std::ops::Range<usize> {
        let first = index * self.directions;
        first..self.call.weights.len().min(first + self.directions)
    }

    /// Draws the factors of chunk `index` into its panels.
    fn draw(&self, index: usize, values: &mut [f32]) {
        match self.call.noise.distribution {
            Distribution::Normal => {
                dispatch_vector(Draw::<Normals> {
                    chunks: self,
                    index,
                    values,
                    deviates: PhantomData,
                });
            }
            Distribution::Uniform => {
                dispatch_vector(Draw::<Uniforms> {
                    chunks: self,
                    index,
                    values,
                    deviates: PhantomData,
                });
            }
        }
    }

    /// Where the panels of A begin.
    fn a_begins(&self) -> usize {
        self.columns * self.cols.next_multiple_of(WIDE)
    }
}

/// Draws the factors of a chunk: panels of B as they are, panels of A times the weight of their direction.
struct Draw<'a, D> {
    chunks: &'a Chunks<'a>,
    index: usize,
    values: &'a mut [f32],
    deviates: PhantomData<D>,
}

impl<D: Deviates> VectorKernel for Draw<'_, D> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { chunks, index, values, .. } = self;
        let (rank, columns) = (chunks.rank, chunks.columns);
        let noise = &chunks.call.noise;
        let (of_b, of_a) = (noise.pad(chunks.cols), noise.pad(chunks.rows));
        let share = 1.0 / (rank as f32).sqrt();
        let (b_panels, a_panels) = values.split_at_mut(chunks.a_begins());
        // Room to draw sixteen whole blocks at a time, and to read whole panels; what a panel has too much never
        // reaches a result.
        let group = D::PER_BLOCK * LANES;
        let mut drawn = vec![0.0; (rank * (of_b + of_a)).next_multiple_of(group) + WIDE];
        for (d, direction) in chunks.range(index).enumerate() {
            let mut at = noise.at(direction as u32);
            for drawn in drawn.chunks_exact_mut(group) {
                fill_blocks::<V, D>(noise.stream, at, drawn);
                at.block = at.block.wrapping_add(LANES as u32);
            }
            if chunks.call.signs {
                for value in &mut drawn {
                    *value = value.signum();
                }
            }
            let weight = V::splat(chunks.call.weights[direction] * share);
            if chunks.call.precision == Precision::Bf16 {
                for k in 0..rank {
                    let column = d * rank + k;
                    let (b, a) = (&drawn[k * of_b..], &drawn[rank * of_b + k * of_a..]);
                    let b_panels = b_panels.chunks_exact_mut(columns * WIDE);
                    let a_panels = a_panels.chunks_exact_mut(columns * PANEL);
                    for (from, panel) in b.chunks_exact(WIDE).zip(b_panels) {
                        let to = &mut panel[column / 2 * WIDE..];
                        pair_up(V::load(from), column, to, LANES);
                        pair_up(V::load(&from[LANES..]), column, &mut to[LANES..], LANES);
                    }
                    for (from, panel) in a.chunks_exact(PANEL).zip(a_panels) {
                        let a = V::load_first(from, PANEL).mul(weight);
                        pair_up(a, column, &mut panel[column / 2 * PANEL..], PANEL);
                    }
                }
                continue;
            }
            for k in 0..rank {
                let column = d * rank + k;
                let b = &drawn[k * of_b..];
                let panels = b_panels.chunks_exact_mut(columns * WIDE);
                for (from, panel) in b.chunks_exact(WIDE).zip(panels) {
                    let to = &mut panel[column * WIDE..];
                    V::load(from).store(to);
                    V::load(&from[LANES..]).store(&mut to[LANES..]);
                }
                let a = &drawn[rank * of_b + k * of_a..];
                let panels = a_panels.chunks_exact_mut(columns * PANEL);
                for (from, panel) in a.chunks_exact(PANEL).zip(panels) {
                    let to = &mut panel[column * PANEL..];
                    V::load_first(from, PANEL).mul(weight).store_first(to, PANEL);
                }
            }
        }
        let total = chunks.range(index).len() * rank;
        if chunks.call.precision == Precision::Bf16 && total % 2 == 1 {
            for panel in b_panels.chunks_exact_mut(columns * WIDE) {
                let to = &mut panel[total / 2 * WIDE..];
                pair_up(V::zero(), 1, to, LANES);
                pair_up(V::zero(), 1, &mut to[LANES..], LANES);
            }
            for panel in a_panels.chunks_exact_mut(columns * PANEL) {
                pair_up(V::zero(), 1, &mut panel[total / 2 * PANEL..], PANEL);
            }
        }
    }
}

/// Leaves an even column as it is, for its odd neighbour to make bf16 pairs of both.
#[inline(always)]
fn pair_up<V: Vector>(values: V, column: usize, to: &mut [f32], count: usize) {
    if column.is_multiple_of(2) {
        values.store_first(to, count);
    } else {
        V::pack_bf16(V::load_first(to, count), values).store_first(to, count);
    }
}

/// Some panels of rows of the result and all chunks of a round.
struct Contract<'a> {
    chunks: &'a Chunks<'a>,
    /// First chunk of the round.
    first: usize,
    round: &'a [f32],
    /// First panel.
    panel: usize,
    /// Their rows, `(rows, cols)`.
    out: &'a mut [f32],
}

impl VectorKernel for Contract<'_> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { chunks, first, round, panel, out } = self;
        let cols = chunks.cols;
        for (index, values) in round.chunks_exact(chunks.values).enumerate() {
            let columns = chunks.depth(chunks.range(first + index).len());
            let (b_panels, a_panels) = values.split_at(chunks.a_begins());
            let a_panels = &a_panels[panel * chunks.columns * PANEL..];
            for (wide, b) in b_panels.chunks_exact(chunks.columns * WIDE).enumerate() {
                let b = &b[..columns * WIDE];
                let at = wide * WIDE;
                let a_panels = a_panels.chunks_exact(chunks.columns * PANEL);
                for (a, out) in a_panels.zip(out.chunks_mut(PANEL * cols)) {
                    let (a, rows) = (&a[..columns * PANEL], out.len() / cols);
                    let (full, width) = (rows == PANEL && at + WIDE <= cols, WIDE.min(cols - at));
                    let to = &mut out[at..];
                    match (full, chunks.call.precision) {
                        (true, Precision::F32) => {
                            tile::<V, true, false>(a, b, to, cols, rows, width)
                        }
                        (false, Precision::F32) => {
                            tile::<V, false, false>(a, b, to, cols, rows, width)
                        }
                        (true, Precision::Bf16) => {
                            tile::<V, true, true>(a, b, to, cols, rows, width)
                        }
                        (false, Precision::Bf16) => {
                            tile::<V, false, true>(a, b, to, cols, rows, width)
                        }
                    }
                }
            }
        }
    }
}

/// `out[o][i] += Σ_c a[c][o] b[c][i]` for 8 × 32 entries, or for `rows × width` of them if the tile is not full; with `BF16`
/// the panels hold pairs of columns.
#[inline(always)]
fn tile<V: Vector, const FULL: bool, const BF16: bool>(
    a: &[f32],
    b: &[f32],
    out: &mut [f32],
    cols: usize,
    rows: usize,
    width: usize,
) {
    const O: usize = PANEL;
    const H: usize = 2;
    let mut sums = [[V::zero(); H]; O];
    let counts = [width.min(LANES), width.saturating_sub(LANES)];
    each!(OUT < O in [0, 1, 2, 3, 4, 5, 6, 7] {
        each!(HALF < H in [0, 1] {
            if FULL {
                sums[OUT][HALF] = V::load(&out[OUT * cols + HALF * LANES..]);
            } else if OUT < rows && counts[HALF] > 0 {
                let from = &out[OUT * cols + HALF * LANES..];
                sums[OUT][HALF] = V::load_first(from, counts[HALF]);
            }
        });
    });
    for (a, b) in a.chunks_exact(O).zip(b.chunks_exact(WIDE)) {
        let b = [V::load(b), V::load(&b[LANES..])];
        each!(OUT < O in [0, 1, 2, 3, 4, 5, 6, 7] {
            let a = V::splat(a[OUT]);
            each!(HALF < H in [0, 1] {
                sums[OUT][HALF] = if BF16 {
                    sums[OUT][HALF].dot_bf16(b[HALF], a)
                } else {
                    a.mul_add(b[HALF], sums[OUT][HALF])
                };
            });
        });
    }
    each!(OUT < O in [0, 1, 2, 3, 4, 5, 6, 7] {
        each!(HALF < H in [0, 1] {
            if FULL {
                sums[OUT][HALF].store(&mut out[OUT * cols + HALF * LANES..]);
            } else if OUT < rows && counts[HALF] > 0 {
                let to = &mut out[OUT * cols + HALF * LANES..];
                sums[OUT][HALF].store_first(to, counts[HALF]);
            }
        });
    });
}
