//! The update contraction of wide tensors on Hopper: `gradient_hopper.cu`.

use super::{Contraction, source_bf16};
use crate::KernelError;
use crate::cpu::TensorNoise;
use crate::cuda::noise::with_distribution;
use crate::cuda::ring::{Ring, TILE_W, TILE_X};
use crate::cuda::{Argument, Device, Footprint, Shape, Source};

/// Rows and columns from which on a tensor is wide. Depends on the tensor alone, so that sums do not depend on batches.
const SIDE_MIN: usize = 256;
/// With fewer tiles than this, blocks share the directions.
const TILES_MIN: usize = 128;
/// Columns of a span, about: a direction and one of its factors each. Tensor cores cut sums off instead of rounding them, so that a long
/// span is less exact: 16,384 columns left the tolerance of the twin test on an H200.
const SPAN: usize = 4096;
/// Bytes of factors, and of the sums of spans, beyond which more directions in a batch gain nothing.
const BATCH_BYTES: usize = 1 << 30;
const SUMS_BYTES: usize = 256 << 20;

pub(in crate::cuda) fn source(noise: &TensorNoise, signs: bool, ring: Ring, split: bool) -> Source {
    let source = Source::new("gradient_hopper", include_str!("../gradient_hopper.cu"));
    let mut source = with_distribution(source, noise.distribution);
    for (name, _) in [("SIGNS", signs), ("SPLIT", split)].into_iter().filter(|(_, on)| *on) {
        source = source.define(name, 1);
    }
    ring.source(source.with(include_str!("../matrix.cuh")))
}

impl Device {
    /// Adds the contraction to `out` where this device and the tensor are made for it; says whether they are.
    pub(super) fn add_gradient_hopper(
        &self,
        call: &Contraction<'_>,
        rank: u32,
        out: Argument,
    ) -> Result<bool, KernelError> {
        let noise = &call.noise;
        let (rows, cols, rank) = (noise.rows, noise.cols, rank as usize);
        let Some(ring) = Ring::of(self) else { return Ok(false) };
        if rows.min(cols) < SIDE_MIN {
            return Ok(false);
        }
        let directions = call.weights.len();
        let (free, _) = self.memory()?;
        let split = rows.div_ceil(TILE_X) * cols.div_ceil(TILE_W) < TILES_MIN;
        // Spans of the same length for any device and any batch, so that the bits depend on neither; whole steps of a product.
        let span = (SPAN / rank / 64).max(1) * 64;
        let spans_max = if split { (SUMS_BYTES / (4 * rows * cols)).max(1) } else { usize::MAX };
        let sums_bytes = if split { 4 * rows * cols * spans_max } else { 0 };
        let footprint = Footprint { fixed: sums_bytes, per_direction: 2 * rank * (rows + cols) };
        let fit = footprint.directions(free.min(sums_bytes + BATCH_BYTES), 1, directions);
        let batch = (fit / span).clamp(1, spans_max) * span;
        self.check_fit(footprint, batch.min(directions))?;
        let batch = batch.min(directions);
        // Rows begin at 16 bytes.
        let stride = (batch * rank).next_multiple_of(8);
        let a = self.allocate::<u16>(rows * stride)?;
        let b = self.allocate::<u16>(cols * stride)?;
        let sums =
            self.allocate::<f32>(if split { batch.div_ceil(span) * rows * cols } else { 0 })?;
        let source = source(noise, call.signs, ring, split);
        let [key0, key1] = noise.stream.key();
        let at = noise.at(0);
        for first in (0..directions).step_by(batch) {
            let count = batch.min(directions - first);
            let columns = count * rank;
            let [a_map, b_map] =
                [(&a, rows, ring.x_rows()), (&b, cols, ring.w_rows())].map(|(of, rows, tile)| {
                    ring.map(self, of.argument(), [rows, columns], stride, tile)
                });
            let (Some(a_map), Some(b_map)) = (a_map?, b_map?) else { return Ok(false) };
            let blocks = rows.max(cols).div_ceil(noise.distribution.per_block());
            let shape = Shape {
                grid: [columns.div_ceil(128) as u32, blocks.min(4096) as u32, 2],
                block: [128, 1, 1],
                shared_bytes: 0,
            };
            let arguments = [
                a.argument(),
                b.argument(),
                call.weights.argument_from(first),
                Argument::U32(key0),
                Argument::U32(key1),
                Argument::U32(at.generation),
                Argument::U32(at.layer),
                Argument::U32(first as u32),
                Argument::U32(columns as u32),
                Argument::U32(rank as u32),
                Argument::U32(rows as u32),
                Argument::U32(cols as u32),
                Argument::U32(stride as u32),
                Argument::F32(1.0 / (rank as f32).sqrt()),
            ];
            // SAFETY: the arguments are those of the kernel; a and b have `stride` numbers for each row and column.
            unsafe { self.launch(&source, "draw_factors_across", shape, &arguments)? };
            let spans = if split { count.div_ceil(span) } else { 1 };
            let arguments = [
                a_map,
                b_map,
                Argument::U32(columns as u32),
                Argument::U32(rows as u32),
                Argument::U32(cols as u32),
                Argument::U32((span * rank) as u32),
                if split { sums.argument() } else { out },
            ];
            let shape = ring.shape(self, [rows, cols], spans, 0);
            // SAFETY: as above; `out` has one number for each entry, `sums` one for each entry and span.
            unsafe { self.launch(&source, "contract_hopper", shape, &arguments)? };
            if split {
                let entries = Argument::U64((rows * cols) as u64);
                let arguments = [sums.argument(), Argument::U32(spans as u32), entries, out];
                let shape = Shape::items(rows * cols, 256);
                let source = source_bf16(noise, call.signs);
                // SAFETY: as above.
                unsafe { self.launch(&source, "add_spans", shape, &arguments)? };
            }
        }
        Ok(true)
    }
}
