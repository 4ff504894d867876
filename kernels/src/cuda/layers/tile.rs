//! How the kernels of layers cut their work: the same numbers as in their sources.

use crate::cpu::Precision;
use crate::cuda::Source;

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
/// Columns that a thread sums at once, at most: two of a pair, or four.
const COLUMNS_MAX: usize = 4;
/// Columns of a direction that a team has, at most: for these its part of B is drawn or read once.
const SHARE_MAX: usize = 64;
/// Bytes of shared memory of a block, about.
const SHARED_MAX: usize = 40 << 10;

/// Threads of `inner_products.cu` in bf16 that have columns of a direction and a span of its factors. Depends on the layer and its
/// rows alone, so that sums do not depend on batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cuda) struct Team {
    /// Threads: 32 for each 256 inputs, 256 at most.
    pub(in crate::cuda) threads: usize,
    /// Factors at once.
    span: usize,
    /// Blocks that share the factors of a direction.
    spans: usize,
    /// Columns that a thread sums at once.
    columns: usize,
    /// Columns of a team.
    pub(in crate::cuda) share: usize,
    /// Teams of a direction.
    pub(in crate::cuda) parts: usize,
    /// Inputs at a time, a multiple of 16.
    pub(in crate::cuda) chunk: usize,
}

impl Team {
    /// For directions of so many columns.
    pub(in crate::cuda) fn new(inputs: usize, rank: u32, per_direction: usize) -> Self {
        let threads = 32 * inputs.div_ceil(256).clamp(1, THREADS / 32).next_power_of_two();
        let span = rank.clamp(1, SPAN_MAX);
        let parts = per_direction.div_ceil(SHARE_MAX);
        let columns = per_direction.next_power_of_two().min(COLUMNS_MAX);
        let share = per_direction.div_ceil(parts).next_multiple_of(columns);
        let whole = inputs.next_multiple_of(16);
        let chunk = if share == columns {
            whole
        } else {
            let room = SHARED_MAX / (THREADS / threads) / (4 * span as usize);
            whole.min((room - share) / 16 * 16)
        };
        let parts = per_direction.div_ceil(share);
        let spans = rank.div_ceil(span) as usize;
        Self { threads, span: span as usize, spans, columns, share, parts, chunk }
    }

    /// Whether each number of B is wanted by one thread.
    fn is_direct(&self) -> bool {
        self.share == self.columns
    }

    /// `source` with what it is compiled for.
    pub(in crate::cuda) fn source(&self, source: Source) -> Source {
        let source = source.define("COLUMNS", self.columns);
        if self.is_direct() { source.define("DIRECT", 1) } else { source }
    }

    /// Teams of a block.
    fn teams(&self) -> usize {
        THREADS / self.threads
    }

    /// Blocks for so many directions.
    pub(in crate::cuda) fn blocks(&self, directions: usize) -> usize {
        (directions * self.parts).div_ceil(self.teams()) * self.spans
    }

    /// Shared memory of a block, bytes.
    pub(in crate::cuda) fn shared_bytes(&self) -> usize {
        if self.is_direct() { 0 } else { 4 * self.teams() * self.span * (self.chunk + self.share) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_team_fits_its_block_and_its_memory() {
        for inputs in [1, 16, 200, 256, 257, 1000, 2048, 5001, 8192, 16_384, 100_000] {
            for rank in [1, 2, 3, 4, 5, 8, 9, 65, 1024] {
                for columns in [1, 2, 4, 5, 63, 64, 65, 1024] {
                    let team = Team::new(inputs, rank, columns);
                    assert!(team.threads.is_power_of_two() && (32..=256).contains(&team.threads));
                    assert!(team.chunk.is_multiple_of(16) && team.chunk >= 16, "{inputs} {rank}");
                    assert!(team.shared_bytes() <= SHARED_MAX, "{inputs} {rank}: {team:?}");
                    assert!(team.span * team.spans >= rank as usize);
                    assert!(team.share * team.parts >= columns, "{columns}: {team:?}");
                    assert!(team.share * (team.parts - 1) < columns, "{columns}: {team:?}");
                }
            }
        }
    }

    #[test]
    fn narrow_layers_put_eight_directions_into_a_block() {
        let team = Team::new(256, 1, 2);
        assert_eq!((team.threads, team.blocks(16), team.blocks(17)), (32, 2, 3));
        assert_eq!(Team::new(257, 1, 2).threads, 64);
        assert_eq!(Team::new(8192, 20, 2).blocks(5), 15);
    }

    #[test]
    fn many_rows_are_shared_by_teams() {
        let team = Team::new(8192, 4, 1024);
        assert_eq!((team.share, team.parts, team.is_direct()), (64, 16, false));
        assert_eq!((Team::new(8192, 1, 4).is_direct(), Team::new(8192, 1, 5).share), (true, 8));
    }
}
