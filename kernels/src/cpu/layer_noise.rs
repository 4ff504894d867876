//! The noise of one parameter tensor for a block of directions.

use std::marker::PhantomData;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::noise::PhiloxLanes;
use crate::noise::distribution::{Deviates, Normals, Uniforms};
use crate::simd::{LANES, Vector, VectorKernel, dispatch_vector};
use crate::{Distribution, KernelError, NoiseAddress, NoiseStream};

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
    /// Every entry is noise.
    Dense,
    /// `max(rows, cols)` entries at random places.
    Sparse,
}

/// The noise of one tensor: everything that names it but the directions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TensorNoise {
    /// Which kind.
    pub perturbation: Perturbation,
    /// Distribution of each number of A and B, or of each entry.
    pub distribution: Distribution,
    /// The stream it is drawn from.
    pub stream: NoiseStream,
    /// Generation word of its addresses.
    pub generation: u32,
    /// Layer word of its addresses.
    pub layer: u32,
    /// Rows of the tensor: outputs.
    pub rows: usize,
    /// Columns of the tensor: inputs.
    pub cols: usize,
}

impl TensorNoise {
    /// The address of the first numbers of a direction.
    pub(crate) fn at(&self, direction: u32) -> NoiseAddress {
        NoiseAddress { generation: self.generation, pair: direction, layer: self.layer, block: 0 }
    }

    /// `n` rounded up to whole blocks of numbers: where the next column of a factor begins.
    pub(crate) fn pad(&self, n: usize) -> usize {
        n.next_multiple_of(self.distribution.per_block())
    }

    /// Numbers that one direction takes in a device's slab: for sparse noise values, then places.
    pub(crate) fn elements(&self) -> usize {
        match self.perturbation {
            Perturbation::None => 0,
            Perturbation::LowRank { rank } => {
                rank as usize * (self.pad(self.rows) + self.pad(self.cols))
            }
            Perturbation::Dense => self.rows * self.cols,
            Perturbation::Sparse => 2 * self.entries(),
        }
    }

    /// Values of a sparse tensor.
    pub(crate) fn entries(&self) -> usize {
        self.rows.max(self.cols)
    }
}

/// Noise of one tensor `(rows, cols)` for D directions, `(elements, D)` with directions contiguous.
#[derive(Clone, Debug, Default)]
pub struct LayerNoise {
    pub(crate) kind: Kind,
    pub(crate) directions: usize,
    rows: usize,
    cols: usize,
    /// `rows` and `cols`, rounded up to whole blocks of numbers.
    padded: (usize, usize),
    /// LowRank: B `(rank, padded cols, D)` then A `(rank, padded rows, D)`; Dense: E; Sparse: values.
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

impl LayerNoise {
    /// Draws the noise of a tensor for `directions`. Buffers are reused.
    pub fn draw(&mut self, noise: &TensorNoise, directions: Range<u32>) {
        let (rows, cols) = (noise.rows, noise.cols);
        self.directions = directions.len();
        (self.rows, self.cols) = (rows, cols);
        self.padded = (noise.pad(rows), noise.pad(cols));
        let (kind, elements) = match noise.perturbation {
            Perturbation::None => (Kind::None, 0),
            Perturbation::LowRank { rank } => {
                let rank = rank as usize;
                (Kind::LowRank { rank }, rank * (self.padded.0 + self.padded.1))
            }
            Perturbation::Dense => (Kind::Dense, rows * cols),
            Perturbation::Sparse => {
                let entries = noise.entries();
                (Kind::Sparse { entries }, entries)
            }
        };
        self.kind = kind;
        self.values.resize(elements * self.directions, 0.0);
        let at = noise.at(directions.start);
        fill_block(noise.stream, noise.distribution, at, self.directions, &mut self.values);
        if let Kind::Sparse { entries } = kind {
            let first = noise.pad(entries) / noise.distribution.per_block();
            self.draw_places(noise.stream, at, entries, first as u32);
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

    fn draw_places(&mut self, stream: NoiseStream, at: NoiseAddress, entries: usize, first: u32) {
        let directions = self.directions;
        let size = (self.rows * self.cols) as u64;
        self.places.resize(entries * directions, 0);
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
        let start = k * self.padded.1 * self.directions;
        &self.values[start..start + self.cols * self.directions]
    }

    /// Column `k` of A, `(rows, D)`. Only for low-rank noise.
    #[inline(always)]
    pub(crate) fn a(&self, rank: usize, k: usize) -> &[f32] {
        let start = (rank * self.padded.1 + k * self.padded.0) * self.directions;
        &self.values[start..start + self.rows * self.directions]
    }

    /// All of the values, `(elements, D)`.
    #[inline(always)]
    pub(crate) fn values(&self) -> &[f32] {
        &self.values
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

/// Deviates `(elements, directions)`: column `d` is what `fill` gives at pair `at.pair + d`.
pub(crate) fn fill_block(
    stream: NoiseStream,
    distribution: Distribution,
    at: NoiseAddress,
    directions: usize,
    out: &mut [f32],
) {
    match distribution {
        _ if directions == 1 => stream.fill(distribution, at, out),
        Distribution::Normal => {
            dispatch_vector(FillBlock::<Normals> {
                stream,
                at,
                directions,
                out,
                deviates: PhantomData,
            });
        }
        Distribution::Uniform => {
            dispatch_vector(FillBlock::<Uniforms> {
                stream,
                at,
                directions,
                out,
                deviates: PhantomData,
            });
        }
    }
}

struct FillBlock<'a, D> {
    stream: NoiseStream,
    at: NoiseAddress,
    directions: usize,
    out: &'a mut [f32],
    deviates: PhantomData<D>,
}

impl<D: Deviates> VectorKernel for FillBlock<'_, D> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { stream, at, directions, out, .. } = self;
        let mut first = 0;
        while first < directions {
            let width = LANES.min(directions - first);
            let lanes = direction_lanes(stream, at, first);
            for (block, rows) in out.chunks_mut(D::PER_BLOCK * directions).enumerate() {
                let drawn = D::lanes(&lanes.words(at.block.wrapping_add(block as u32)));
                for (row, drawn) in rows.chunks_exact_mut(directions).zip(drawn.as_ref()) {
                    let row = &mut row[first..first + width];
                    if width == LANES {
                        V::load(drawn).store(row);
                    } else {
                        V::load(drawn).store_first(row, width);
                    }
                }
            }
            first += width;
        }
    }
}

/// The generator of sixteen directions from `at.pair + first` on, for any block.
#[inline(always)]
pub(crate) fn direction_lanes(
    stream: NoiseStream,
    at: NoiseAddress,
    first: usize,
) -> PhiloxLanes<LANES> {
    let mut pairs = [at.pair.wrapping_add(first as u32); LANES];
    for (lane, pair) in pairs.iter_mut().enumerate() {
        *pair = pair.wrapping_add(lane as u32);
    }
    PhiloxLanes::new(at.generation, &pairs, at.layer, stream.key())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_of_the_block_is_the_stream_at_its_pair() {
        let stream = NoiseStream::new(5);
        for distribution in [Distribution::Normal, Distribution::Uniform] {
            for (directions, elements) in [(1, 7), (3, 9), (16, 4), (37, 10), (64, 33)] {
                let mut block = vec![0.0; elements * directions];
                let at = NoiseAddress { generation: 2, pair: 11, layer: 3, block: 1 };
                fill_block(stream, distribution, at, directions, &mut block);
                let mut column = vec![0.0; elements];
                for d in 0..directions {
                    let at = NoiseAddress { pair: 11 + d as u32, ..at };
                    stream.fill(distribution, at, &mut column);
                    let same: Vec<f32> = (0..elements).map(|e| block[e * directions + d]).collect();
                    assert_eq!(same, column, "direction {d} of {directions}");
                }
            }
        }
    }

    #[test]
    fn tensors_and_directions_share_no_factors() {
        let mut one = LayerNoise::default();
        let mut two = LayerNoise::default();
        let noise = TensorNoise {
            perturbation: Perturbation::LowRank { rank: 2 },
            distribution: Distribution::Normal,
            stream: NoiseStream::new(1),
            generation: 0,
            layer: 0,
            rows: 8,
            cols: 8,
        };
        one.draw(&noise, 0..4);
        two.draw(&TensorNoise { layer: 1, ..noise }, 0..4);
        let mut all: Vec<u32> = one.values.iter().chain(&two.values).map(|v| v.to_bits()).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
