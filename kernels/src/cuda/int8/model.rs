//! Sizes of the integer language model, its tensors, and where the noise of each lies.

use super::super::Device;
use crate::int8::ZeroMean;

/// Symbols: every byte.
const SYMBOLS: usize = 256;

/// Rows of tensor cores: members of a block come in so many.
const ROWS: usize = 16;

/// A recurrent model of `depth` layers, `width` numbers wide, over 256 symbols.
///
/// Its tensors are, in this order: the table of symbols `(256, width)`; of each layer the weights of a norm, W_f, U_f, b_f, W_h,
/// U_h, b_h, the weights of a norm, up `(4 width, width)` and down `(width, 4 width)`; the weights of the last norm, head `(256, width)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Int8Model {
    /// D: numbers of an activation.
    pub width: usize,
    /// L: number of layers.
    pub depth: usize,
    /// What layer norm does where the mean magnitude is 0.
    pub zero: ZeroMean,
}

/// A tensor, and where its noise lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tensor {
    /// A matrix or table: B and A begin at these numbers of a pair.
    Factors { inputs: usize, outputs: usize, b_at: usize, a_at: usize },
    /// A vector: its perturbed numbers begin at this one of a member.
    Vector { width: usize, at: usize },
}

/// So many numbers as vectors of eight and groups of outputs want.
const fn padded(numbers: usize) -> usize {
    numbers.next_multiple_of(32)
}

impl Int8Model {
    /// Whether a device can run it: widths that are multiples of four, as long as the rows of sixteen members fit its shared
    /// memory.
    pub fn is_for(&self, device: &Device) -> bool {
        self.width > 0
            && self.depth > 0
            && self.width.is_multiple_of(4)
            && self.shared_bytes(ROWS) <= device.shared_bytes_max()
    }

    /// Numbers of state of one member: `width` for each layer.
    pub fn state_len(&self) -> usize {
        self.depth * self.width
    }

    /// All tensors in their order, as `int8_forward.cu` expects their noise.
    pub(super) fn tensors(&self) -> Vec<Tensor> {
        let d = self.width;
        let (mut factors, mut vectors) = (0, 0);
        let mut matrix = |outputs, inputs| {
            let (b_at, a_at) = (factors, factors + padded(inputs));
            factors = a_at + padded(outputs);
            Tensor::Factors { inputs, outputs, b_at, a_at }
        };
        let mut vector = || {
            let at = vectors;
            vectors += padded(d);
            Tensor::Vector { width: d, at }
        };
        let mut all = vec![matrix(SYMBOLS, d)];
        for _ in 0..self.depth {
            all.push(vector());
            all.extend([matrix(d, d), matrix(d, d), vector()]);
            all.extend([matrix(d, d), matrix(d, d), vector()]);
            all.extend([vector(), matrix(4 * d, d), matrix(d, 4 * d)]);
        }
        all.extend([vector(), matrix(SYMBOLS, d)]);
        all
    }

    /// Numbers of factors of one pair.
    pub(super) fn factors(&self) -> usize {
        let of_layer =
            4 * 2 * padded(self.width) + 2 * (padded(self.width) + padded(4 * self.width));
        2 * (padded(self.width) + SYMBOLS) + self.depth * of_layer
    }

    /// Numbers of perturbed vectors of one member.
    pub(super) fn vectors(&self) -> usize {
        (4 * self.depth + 1) * padded(self.width)
    }

    /// Shared memory of a block with so many members, bytes.
    pub(super) fn shared_bytes(&self, rows: usize) -> usize {
        rows * (6 * self.width.next_multiple_of(128) + 16) + 4 * SYMBOLS
    }

    /// Members of a block in a batch of `members`: 64, or fewer where they would not fit the shared memory or would leave
    /// multiprocessors without a block.
    pub(super) fn rows(&self, device: &Device, members: usize) -> usize {
        let good = |rows: &usize| {
            self.shared_bytes(*rows) <= device.shared_bytes_max()
                && members.div_ceil(*rows) >= device.multiprocessors()
        };
        [4 * ROWS, 2 * ROWS].into_iter().find(good).unwrap_or(ROWS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_of_tensors_lies_side_by_side() {
        for (width, depth) in [(16, 1), (20, 2), (256, 6)] {
            let model = Int8Model { width, depth, zero: ZeroMean::One };
            let (mut factors, mut vectors) = (0, 0);
            for tensor in model.tensors() {
                match tensor {
                    Tensor::Factors { inputs, outputs, b_at, a_at } => {
                        assert_eq!((b_at, a_at), (factors, factors + padded(inputs)));
                        factors = a_at + padded(outputs);
                    }
                    Tensor::Vector { width, at } => {
                        assert_eq!(at, vectors);
                        vectors += padded(width);
                    }
                }
            }
            assert_eq!((factors, vectors), (model.factors(), model.vectors()));
        }
        // The published model: 41,472 numbers of noise, of which 2 · 25 · 256 belong to vectors.
        let model = Int8Model { width: 256, depth: 6, zero: ZeroMean::One };
        assert_eq!(model.factors() + 2 * model.vectors(), 41_472);
    }
}
