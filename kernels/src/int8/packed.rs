//! Weights of a layer as the product wants them.
//!
//! Outputs lie in blocks of sixteen, inputs in *quads* of four: a quad of a block is 64 bytes, `(output, input)`, so that 32
//! bits belong to one output. The missing rest of the last block and of the last quad is zeros.
//!
//! AVX2 has no sum of products of bytes in 32 bits. It multiplies unsigned by signed bytes and adds two neighbouring products in 16 bits,
//! saturating; sums of those then wrap. How far that is exact depends on the weights, and is found out here, once for
//! each centre:
//!
//! - an activation is stored with 128 added, so the sum of two products stays below 2^15 if two neighbouring weights
//!   of one sign add up to 128 at most;
//! - 128 times the weights is taken off before, in 16 bits that wrap: the wrapped sum over 2 g weights of a lane is exact if
//!   the *magnitudes* of these add up to 258 at most, as 127 · 258 < 2^15.
//!
//! A block gets the longest run of quads g (4 or 2) between widenings that is exact for it; if none is, its weights
//! are kept as 16-bit numbers, whose products are exact in 32 bits at half the speed.

/// Outputs of a block.
pub(super) const BLOCK: usize = 16;
/// Inputs of a quad.
pub(super) const QUAD: usize = 4;

/// How a block is multiplied where there is no sum of byte products in 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Bytes, widened after four quads.
    Four,
    /// Bytes, widened after two quads.
    Two,
    /// 16-bit numbers.
    Wide,
}

/// The weights of a layer, packed.
#[derive(Clone, Debug)]
pub struct PackedInt8 {
    /// Number of outputs m.
    pub outputs: usize,
    /// Number of inputs n.
    pub inputs: usize,
    /// Quads of a row: inputs / 4, rounded up to an even number.
    pub(super) quads: usize,
    /// `(blocks, quads, 16, 4)`.
    pub(super) bytes: Vec<i8>,
    /// −128 Σ w of each output, `(blocks, 16)`.
    pub(super) starts: Vec<i32>,
    /// −128 Σ w over the quads of a run for each 16-bit lane, wrapped, `(blocks, runs, 32)`; runs as the way of the block has them.
    pub(super) lane_starts: Vec<Vec<i16>>,
    /// `(quads, 2, 16, 2)` 16-bit weights, for blocks that need them.
    pub(super) wide: Vec<Vec<i16>>,
    /// The way of each block.
    pub(super) ways: Vec<Way>,
}

impl PackedInt8 {
    /// Packs `weights`, `(outputs, inputs)`, row-major, each from −127 to 127.
    ///
    /// # Panics
    /// If the slice has another length.
    pub fn new(weights: &[i8], outputs: usize, inputs: usize) -> Self {
        assert_eq!(weights.len(), outputs * inputs, "one weight for each output and input");
        let blocks = outputs.div_ceil(BLOCK);
        let quads = inputs.div_ceil(QUAD).next_multiple_of(4);
        let mut packed = Self {
            outputs,
            inputs,
            quads,
            bytes: vec![0; blocks * quads * BLOCK * QUAD],
            starts: vec![0; blocks * BLOCK],
            lane_starts: Vec::with_capacity(blocks),
            wide: Vec::with_capacity(blocks),
            ways: Vec::with_capacity(blocks),
        };
        for (output, row) in weights.chunks_exact(inputs).enumerate() {
            let sum: i32 = row.iter().map(|&w| i32::from(w)).sum();
            packed.starts[output] = -128 * sum;
            let block = packed.block_range(output / BLOCK);
            let bytes = &mut packed.bytes[block];
            for (quad, four) in row.chunks(QUAD).enumerate() {
                let at = (quad * BLOCK + output % BLOCK) * QUAD;
                bytes[at..at + four.len()].copy_from_slice(four);
            }
        }
        for block in 0..blocks {
            let bytes = &packed.bytes[packed.block_range(block)];
            let way = way_of(bytes);
            packed.lane_starts.push(lane_starts(bytes, way));
            packed.wide.push(if way == Way::Wide { widened(bytes) } else { Vec::new() });
            packed.ways.push(way);
        }
        packed
    }

    pub(super) fn blocks(&self) -> usize {
        self.ways.len()
    }

    pub(super) fn block_range(&self, block: usize) -> std::ops::Range<usize> {
        let size = self.quads * BLOCK * QUAD;
        block * size..(block + 1) * size
    }

    /// Share of the blocks that are multiplied as 16-bit numbers where there is no sum of byte products in 32 bits.
    pub fn wide_share(&self) -> f64 {
        let wide = self.ways.iter().filter(|&&way| way == Way::Wide).count();
        wide as f64 / self.ways.len().max(1) as f64
    }
}

fn way_of(bytes: &[i8]) -> Way {
    let saturates = bytes.chunks_exact(2).any(|pair| {
        let sum = i32::from(pair[0]) + i32::from(pair[1]);
        let same = i32::from(pair[0]) * i32::from(pair[1]) >= 0;
        (same && sum.abs() > 128) || pair.iter().any(|w| w.unsigned_abs() > 128)
    });
    let fits = |run: usize| {
        bytes.chunks(run * BLOCK * QUAD).all(|quads| {
            (0..2 * BLOCK).all(|lane| {
                let pairs = quads.chunks_exact(2).skip(lane).step_by(2 * BLOCK);
                let sum: u32 = pairs.flatten().map(|w| u32::from(w.unsigned_abs())).sum();
                sum <= 258
            })
        })
    };
    match saturates {
        true => Way::Wide,
        false if fits(4) => Way::Four,
        false if fits(2) => Way::Two,
        false => Way::Wide,
    }
}

fn lane_starts(bytes: &[i8], way: Way) -> Vec<i16> {
    let run = match way {
        Way::Four => 4,
        Way::Two => 2,
        Way::Wide => return Vec::new(),
    };
    let mut starts = Vec::new();
    for quads in bytes.chunks(run * BLOCK * QUAD) {
        for lane in 0..2 * BLOCK {
            let pairs = quads.chunks_exact(2).skip(lane).step_by(2 * BLOCK);
            let sum: i32 = pairs.flatten().map(|&w| i32::from(w)).sum();
            starts.push((-128 * sum) as i16);
        }
    }
    starts
}

/// For each pair of inputs, sixteen outputs by two weights.
fn widened(bytes: &[i8]) -> Vec<i16> {
    let mut wide = Vec::with_capacity(bytes.len());
    for quad in bytes.chunks_exact(BLOCK * QUAD) {
        for half in [0, 2] {
            for four in quad.chunks_exact(QUAD) {
                wide.extend([i16::from(four[half]), i16::from(four[half + 1])]);
            }
        }
    }
    wide
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_weights_are_widened_and_small_ones_run_long() {
        let ways = |w: i8| PackedInt8::new(&[w; 16 * 16], 16, 16).ways[0];
        assert_eq!(
            [32, 33, 64, 65, 127, -127].map(ways),
            [Way::Four, Way::Two, Way::Two, Way::Wide, Way::Wide, Way::Wide]
        );
    }
}
