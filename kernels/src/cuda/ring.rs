//! Products of large matrices by the blocks of `ring.cuh`: sizes, maps and launches.

use super::device::Tiles;
use super::{Argument, Device, Shape, Source};
use crate::KernelError;

/// Rows of x and of w that a block multiplies.
pub(super) const TILE_X: usize = 128;
pub(super) const TILE_W: usize = 256;
/// Stages of the ring and their bytes.
const STAGES: usize = 4;
const STAGE_BYTES: usize = (TILE_X + TILE_W) * 64 * 2;

/// How a device makes such products.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ring {
    /// Blocks that share the rows of w they read.
    cluster: usize,
}

impl Ring {
    /// What sources are looked at with.
    pub(super) const SAMPLE: Self = Self { cluster: 2 };

    /// None if the device has no copies of tiles.
    pub(super) fn of(device: &Device) -> Option<Self> {
        device.cluster_blocks().map(|cluster| Self { cluster })
    }

    /// `source` with what such products need before it.
    pub(super) fn source(self, source: Source) -> Source {
        source
            .define("CLUSTER", self.cluster)
            .with(include_str!("hopper.cuh"))
            .with(include_str!("ring.cuh"))
    }

    /// Rows of a tile of x.
    pub(super) fn x_rows(self) -> usize {
        TILE_X
    }

    /// Rows of a tile of w that one block brings.
    pub(super) fn w_rows(self) -> usize {
        TILE_W / self.cluster
    }

    /// A map of a matrix with rows of `stride` numbers and tiles of `tile_rows`.
    ///
    /// # Errors
    /// [`KernelError::Device`] from the driver.
    pub(super) fn map(
        self,
        device: &Device,
        of: Argument,
        [rows, columns]: [usize; 2],
        stride: usize,
        tile_rows: usize,
    ) -> Result<Option<Argument>, KernelError> {
        let Argument::Memory(address) = of else { return Ok(None) };
        let tiles = Tiles { address, rows, columns, stride, tile_rows: tile_rows as u32 };
        Ok(device.tile_map(tiles)?.map(Argument::Tiles))
    }

    /// A block for each multiprocessor, or as many as there are tiles of `products` products of so many rows of x and w, with `more` bytes
    /// of shared memory behind the ring.
    pub(super) fn shape(
        self,
        device: &Device,
        [rows_x, rows_w]: [usize; 2],
        products: usize,
        more: usize,
    ) -> Shape {
        let tiles = rows_x.div_ceil(TILE_X * self.cluster) * rows_w.div_ceil(TILE_W) * products;
        let clusters = tiles.min((device.multiprocessors() / self.cluster).max(1));
        // Tiles begin at multiples of 1024 bytes.
        let shared_bytes = (STAGES * STAGE_BYTES + more + 1024) as u32;
        Shape { grid: [(clusters * self.cluster) as u32, 1, 1], block: [384, 1, 1], shared_bytes }
    }
}
