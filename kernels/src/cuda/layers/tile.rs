//! How the kernels of layers cut their work: the same numbers as in their sources.

use crate::cpu::Precision;

/// Tiles of `perturbed_linear.cu`.
pub(in crate::cuda) struct Tile {
    /// Columns of a block.
    pub(in crate::cuda) columns: usize,
    /// Outputs of a block.
    pub(in crate::cuda) outputs: usize,
    /// Shared memory of the product, bytes.
    product_bytes: usize,
}

impl Tile {
    pub(in crate::cuda) fn of(precision: Precision) -> Self {
        match precision {
            Precision::F32 => Self { columns: 64, outputs: 64, product_bytes: 2 * 16 * 68 * 4 },
            Precision::Bf16 => Self { columns: 128, outputs: 128, product_bytes: 4 * 2 * 128 * 64 },
        }
    }

    /// Shared memory of a block for so many columns of a direction, bytes.
    pub(in crate::cuda) fn shared_bytes(&self, per_direction: usize) -> usize {
        let directions = self.columns.min(self.columns / per_direction + 2);
        self.product_bytes.max(directions * (self.outputs + 8) * 4)
    }
}

/// Threads of a block of `inner_products.cu` in bf16.
const THREADS: usize = 256;
/// Factors that such a block sums at once.
const SPAN_MAX: u32 = 8;
/// Numbers of B in its shared memory, at most.
const STAGED_MAX: usize = 16_384;

/// Threads of `inner_products.cu` in bf16 that have a direction and a span of its factors. Depends on the layer alone, so that
/// sums do not depend on batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cuda) struct Team {
    /// Threads: 32 for each 256 inputs, 256 at most.
    pub(in crate::cuda) threads: usize,
    /// Factors at once.
    span: usize,
    /// Blocks that share the factors of a direction.
    spans: usize,
    /// Inputs that are in shared memory at a time, a multiple of 16.
    pub(in crate::cuda) chunk: usize,
}

impl Team {
    pub(in crate::cuda) fn new(inputs: usize, rank: u32) -> Self {
        let threads = 32 * inputs.div_ceil(256).clamp(1, THREADS / 32).next_power_of_two();
        let span = rank.clamp(1, SPAN_MAX);
        let room = STAGED_MAX / (THREADS / threads) / span as usize / 16 * 16;
        let chunk = inputs.next_multiple_of(16).min(room);
        Self { threads, span: span as usize, spans: rank.div_ceil(span) as usize, chunk }
    }

    /// Directions of a block.
    fn directions(&self) -> usize {
        THREADS / self.threads
    }

    /// Blocks for so many directions.
    pub(in crate::cuda) fn blocks(&self, directions: usize) -> usize {
        directions.div_ceil(self.directions()) * self.spans
    }

    /// Shared memory of a block, bytes.
    pub(in crate::cuda) fn shared_bytes(&self) -> usize {
        4 * self.directions() * self.span * self.chunk
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_team_fits_its_block_and_its_memory() {
        for inputs in [1, 16, 200, 256, 257, 1000, 2048, 5001, 8192, 16_384, 100_000] {
            for rank in [1, 2, 3, 4, 5, 8, 9, 65, 1024] {
                let team = Team::new(inputs, rank);
                assert!(team.threads.is_power_of_two() && (32..=256).contains(&team.threads));
                assert!(team.chunk.is_multiple_of(16) && team.chunk >= 16, "{inputs} {rank}");
                assert!(team.shared_bytes() <= 64 << 10, "{inputs} {rank}: {team:?}");
                assert!(team.span * team.spans >= rank as usize);
                // A team takes a whole chunk in one step, or is the whole block.
                assert!(team.threads * 8 >= team.chunk || team.threads == THREADS);
            }
        }
    }

    #[test]
    fn narrow_layers_put_eight_directions_into_a_block() {
        let team = Team::new(256, 1);
        assert_eq!((team.threads, team.blocks(16), team.blocks(17)), (32, 2, 3));
        assert_eq!(Team::new(257, 1).threads, 64);
        assert_eq!(Team::new(8192, 20).blocks(5), 15);
    }
}
