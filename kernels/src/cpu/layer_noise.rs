//! The noise of one parameter tensor for a block of directions.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::noise::box_muller;
use crate::simd::{Kernel, dispatch};
use crate::{KernelError, NoiseAddress, NoiseStream};

/// Which kind of noise a tensor gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Perturbation {
    /// None: the centre itself.
    None,
    /// `A Bᵀ / √rank`.
    LowRank {
        /// Columns of A and B, at least 1.
        rank: u32,
    },
    /// Every entry standard normal.
    Dense,
    /// `max(rows, cols)` entries at random places, standard normal.
    Sparse,
}

/// Noise of one tensor `(rows, cols)` for D directions, `(elements, D)` with directions contiguous.
#[derive(Clone, Debug, Default)]
pub struct LayerNoise {
    pub(crate) kind: Kind,
    pub(crate) directions: usize,
    rows: usize,
    cols: usize,
    /// LowRank: B `(rank, pad4(cols), D)` then A `(rank, pad4(rows), D)`; Dense: E; Sparse: values.
    values: Vec<f32>,
    /// Sparse: place of each value, `(entries, D)`.
    places: Vec<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    #[default]
    None,
    LowRank {
        rank: usize,
    },
    Dense,
    Sparse {
        entries: usize,
    },
}

/// `n` rounded up to a whole number of noise blocks.
pub(crate) fn pad4(n: usize) -> usize {
    n.next_multiple_of(4)
}

impl LayerNoise {
    /// Draws the noise of tensor `layer`, shape `(rows, cols)`, for `directions`. Buffers are reused.
    #[expect(clippy::too_many_arguments, reason = "an address has this many parts")]
    pub fn draw(
        &mut self,
        perturbation: Perturbation,
        stream: NoiseStream,
        generation: u32,
        directions: Range<u32>,
        layer: u32,
        rows: usize,
        cols: usize,
    ) {
        self.directions = directions.len();
        (self.rows, self.cols) = (rows, cols);
        let (kind, elements) = match perturbation {
            Perturbation::None => (Kind::None, 0),
            Perturbation::LowRank { rank } => {
                let rank = rank as usize;
                (Kind::LowRank { rank }, rank * (pad4(cols) + pad4(rows)))
            }
            Perturbation::Dense => (Kind::Dense, rows * cols),
            Perturbation::Sparse => {
                let entries = rows.max(cols);
                (Kind::Sparse { entries }, entries)
            }
        };
        self.kind = kind;
        self.values.resize(elements * self.directions, 0.0);
        let at = NoiseAddress { generation, pair: directions.start, layer, block: 0 };
        fill_block(stream, at, self.directions, &mut self.values);
        if let Kind::Sparse { entries } = kind {
            self.draw_places(stream, at, entries);
        }
    }

    /// Whether this noise was drawn for so many directions of a tensor of that shape; no noise fits everything.
    pub(crate) fn check(
        &self,
        op: &'static str,
        directions: usize,
        (rows, cols): (usize, usize),
    ) -> Result<(), KernelError> {
        if self.kind == Kind::None {
            return Ok(());
        }
        KernelError::check_len(op, "directions of the noise", directions, self.directions)?;
        KernelError::check_len(op, "rows of the noise", rows, self.rows)?;
        KernelError::check_len(op, "columns of the noise", cols, self.cols)
    }

    fn draw_places(&mut self, stream: NoiseStream, at: NoiseAddress, entries: usize) {
        let directions = self.directions;
        let size = (self.rows * self.cols) as u64;
        self.places.resize(entries * directions, 0);
        let first = entries.div_ceil(4) as u32;
        for block in 0..entries.div_ceil(4) {
            for direction in 0..directions {
                let pair = at.pair + direction as u32;
                let words = stream.words(NoiseAddress { pair, block: first + block as u32, ..at });
                for (entry, word) in (4 * block..entries.min(4 * block + 4)).zip(words) {
                    let place = (u64::from(word) * size) >> 32;
                    self.places[entry * directions + direction] = place as u32;
                }
            }
        }
    }

    /// Column `k` of B, `(cols, D)`. Only for low-rank noise.
    #[inline(always)]
    pub(crate) fn b(&self, k: usize) -> &[f32] {
        let start = k * pad4(self.cols) * self.directions;
        &self.values[start..start + self.cols * self.directions]
    }

    /// Column `k` of A, `(rows, D)`. Only for low-rank noise.
    #[inline(always)]
    pub(crate) fn a(&self, rank: usize, k: usize) -> &[f32] {
        let start = (rank * pad4(self.cols) + k * pad4(self.rows)) * self.directions;
        &self.values[start..start + self.rows * self.directions]
    }

    /// All of A, padding included. Only for low-rank noise.
    pub(crate) fn a_all_mut(&mut self, rank: usize) -> &mut [f32] {
        let start = rank * pad4(self.cols) * self.directions;
        &mut self.values[start..]
    }

    /// All of the values, `(elements, D)`.
    #[inline(always)]
    pub(crate) fn values(&self) -> &[f32] {
        &self.values
    }

    /// All of the values, to be written.
    pub(crate) fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }

    /// Place of each sparse value, `(entries, D)`, row-major in the tensor.
    #[inline(always)]
    pub(crate) fn places(&self) -> &[u32] {
        &self.places
    }

    /// Adds `scale · E` of one direction of the block to `out`, shape `(rows, cols)`: the noise written out.
    ///
    /// This is the plain road, for tests and for tasks that want a member's values.
    ///
    /// # Panics
    /// If `direction` is not of this block or `out` has another size than the tensor.
    pub fn add_to(&self, direction: usize, scale: f32, out: &mut [f32]) {
        assert!(direction < self.directions, "direction {direction} of {}", self.directions);
        assert_eq!(out.len(), self.rows * self.cols, "values of the tensor");
        let d = self.directions;
        match self.kind {
            Kind::None => {}
            Kind::LowRank { rank } => {
                let c = scale / (rank as f32).sqrt();
                for (o, row) in out.chunks_exact_mut(self.cols).enumerate() {
                    for (i, value) in row.iter_mut().enumerate() {
                        let product =
                            |k| self.a(rank, k)[o * d + direction] * self.b(k)[i * d + direction];
                        *value += c * (0..rank).map(product).sum::<f32>();
                    }
                }
            }
            Kind::Dense => {
                for (value, noise) in out.iter_mut().zip(self.values.chunks_exact(d)) {
                    *value += scale * noise[direction];
                }
            }
            Kind::Sparse { entries } => {
                for entry in 0..entries {
                    let at = entry * d + direction;
                    out[self.places[at] as usize] += scale * self.values[at];
                }
            }
        }
    }
}

/// Standard normals `(elements, directions)`: column `d` is what `fill_normals` gives at pair `at.pair + d`.
pub(crate) fn fill_block(
    stream: NoiseStream,
    at: NoiseAddress,
    directions: usize,
    out: &mut [f32],
) {
    if directions == 1 {
        return stream.fill_normals(at, out);
    }
    dispatch(FillBlock { stream, at, directions, out });
}

struct FillBlock<'a> {
    stream: NoiseStream,
    at: NoiseAddress,
    directions: usize,
    out: &'a mut [f32],
}

/// Directions drawn side by side.
const WIDTH: usize = 16;

impl Kernel for FillBlock<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { stream, at, directions, out } = self;
        for (block, rows) in out.chunks_mut(4 * directions).enumerate() {
            let block = at.block.wrapping_add(block as u32);
            let mut first = 0;
            while first < directions {
                let width = WIDTH.min(directions - first);
                let mut pairs = [at.pair.wrapping_add(first as u32); WIDTH];
                for (l, pair) in pairs.iter_mut().enumerate() {
                    *pair = pair.wrapping_add(l as u32);
                }
                let mut counters =
                    [[at.generation; WIDTH], pairs, [at.layer; WIDTH], [block; WIDTH]];
                crate::noise::philox4x32_10_lanes(&mut counters, stream.key());
                let mut z = [[0.0_f32; WIDTH]; 4];
                for l in 0..WIDTH {
                    (z[0][l], z[1][l]) = box_muller(counters[0][l], counters[1][l]);
                }
                for l in 0..WIDTH {
                    (z[2][l], z[3][l]) = box_muller(counters[2][l], counters[3][l]);
                }
                for (row, z) in rows.chunks_exact_mut(directions).zip(&z) {
                    row[first..first + width].copy_from_slice(&z[..width]);
                }
                first += width;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_of_the_block_is_the_stream_at_its_pair() {
        let stream = NoiseStream::new(5);
        for (directions, elements) in [(1, 7), (3, 9), (16, 4), (37, 10), (64, 33)] {
            let mut block = vec![0.0; elements * directions];
            let at = NoiseAddress { generation: 2, pair: 11, layer: 3, block: 1 };
            fill_block(stream, at, directions, &mut block);
            let mut column = vec![0.0; elements];
            for d in 0..directions {
                stream.fill_normals(NoiseAddress { pair: 11 + d as u32, ..at }, &mut column);
                let same: Vec<f32> = (0..elements).map(|e| block[e * directions + d]).collect();
                assert_eq!(same, column, "direction {d} of {directions}");
            }
        }
    }

    #[test]
    fn tensors_and_directions_share_no_factors() {
        let mut one = LayerNoise::default();
        let mut two = LayerNoise::default();
        let kind = Perturbation::LowRank { rank: 2 };
        one.draw(kind, NoiseStream::new(1), 0, 0..4, 0, 8, 8);
        two.draw(kind, NoiseStream::new(1), 0, 0..4, 1, 8, 8);
        let mut all: Vec<u32> = one.values.iter().chain(&two.values).map(|v| v.to_bits()).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
