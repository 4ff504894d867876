//! The update contraction on a device. Sources, grids and twins: see `gradient.cu`, `gradient_bf16.cu`.

use std::ops::Range;

use super::noise::{Draw, NoiseLayout, with_distribution};
use super::{Argument, Device, Footprint, Memory, Shape, Source};
use crate::KernelError;
use crate::cpu::{GradientCall, Perturbation, Precision, TensorNoise};

mod hopper;
#[cfg(feature = "emulate")]
pub(super) use hopper::source as source_hopper;

/// Chains of sums of each entry of dense noise.
const CHAINS: usize = 16;
/// Entries of a tile's side.
const TILE: usize = 64;
/// Bytes of noise beyond which more directions in a batch gain nothing.
const BATCH_BYTES: usize = 1 << 30;

pub(super) fn source(noise: &TensorNoise, signs: bool) -> Source {
    let source = Source::new("gradient", include_str!("gradient.cu"));
    let source = with_distribution(source, noise.distribution);
    if signs { source.define("SIGNS", 1) } else { source }
}

/// Columns of a span on tensor cores: a direction and one of its factors each.
const SPAN: usize = 4096;
/// Bytes of the sums of spans, about.
const SPAN_BYTES: usize = 256 << 20;

pub(super) fn source_bf16(noise: &TensorNoise, signs: bool) -> Source {
    let source = Source::new("gradient_bf16", include_str!("gradient_bf16.cu"));
    let source = with_distribution(source, noise.distribution);
    let source = if signs { source.define("SIGNS", 1) } else { source };
    source.with(include_str!("matrix.cuh"))
}

/// The update contraction of one tensor, with weights on the device.
#[derive(Clone, Copy, Debug)]
pub struct Contraction<'a> {
    /// The noise that the tensor had.
    pub noise: TensorNoise,
    /// Whether signs of low-rank factors stand for them.
    pub signs: bool,
    /// In what the products of low-rank factors are made.
    pub precision: Precision,
    /// One weight per direction, from direction 0.
    pub weights: &'a Memory<f32>,
}

impl<'a> Contraction<'a> {
    /// The same as `call`, whose weights are `weights` on the device.
    pub fn new(call: &GradientCall<'_>, weights: &'a Memory<f32>) -> Self {
        let &GradientCall { noise, signs, precision, .. } = call;
        Self { noise, signs, precision, weights }
    }
}

impl Device {
    /// Adds `Σ_d w_d E_d` to `out`, `(rows, cols)` from element `first` on. Sparse noise is not for devices: nothing is added.
    ///
    /// # Errors
    /// [`KernelError::ShapeMismatch`] if `out` has not so many elements; [`KernelError::DeviceMemory`] and
    /// [`KernelError::Device`] from the device.
    pub fn add_gradient(
        &self,
        call: &Contraction<'_>,
        out: &Memory<f32>,
        first: usize,
    ) -> Result<(), KernelError> {
        let noise = &call.noise;
        let end = first + noise.rows * noise.cols;
        KernelError::check_len("gradient", "out", end, out.len().min(end))?;
        let out = out.argument_from(first);
        let elements = noise.elements();
        let dense = match noise.perturbation {
            Perturbation::None | Perturbation::Sparse => return Ok(()),
            Perturbation::LowRank { .. } => false,
            Perturbation::Dense => true,
        };
        if elements == 0 || call.weights.is_empty() {
            return Ok(());
        }
        if let (Perturbation::LowRank { rank }, Precision::Bf16) =
            (noise.perturbation, call.precision)
        {
            if self.add_gradient_hopper(call, rank, out)? {
                return Ok(());
            }
            return self.add_gradient_bf16(call, rank, out);
        }
        let chains = self.zeros::<f32>(if dense { CHAINS * elements } else { 0 })?;
        let weights = call.weights;
        let per_direction = size_of::<f32>() * elements;
        let footprint = Footprint { fixed: 0, per_direction };
        let (free, _) = self.memory()?;
        // Whole groups of chains, so that a chain goes on where it ended.
        let batch = footprint.directions(free.min(BATCH_BYTES), 1, call.weights.len());
        let batch = batch.next_multiple_of(CHAINS);
        self.check_fit(footprint, batch.min(call.weights.len()))?;
        let slab = self.allocate::<f32>(elements * batch.min(call.weights.len()))?;
        for first in (0..call.weights.len()).step_by(batch) {
            let range = first..call.weights.len().min(first + batch);
            let directions = range.start as u32..range.end as u32;
            let draw = Draw {
                stream: noise.stream,
                distribution: noise.distribution,
                at: noise.at(0),
                directions,
                elements,
                layout: NoiseLayout::ElementsLast,
                stride: elements,
            };
            self.draw_noise(&draw, &slab, 0)?;
            self.contract(
                call,
                &slab,
                weights,
                range,
                if dense { chains.argument() } else { out },
            )?;
        }
        if dense {
            let arguments = [chains.argument(), Argument::U32(elements as u32), out];
            let shape = Shape::items(elements, 128);
            // SAFETY: the arguments are those of the kernel; `chains` and `out` have one or sixteen numbers for each entry.
            unsafe { self.launch(&source(noise, call.signs), "gradient_fold", shape, &arguments)? };
        }
        Ok(())
    }

    /// Low-rank noise on tensor cores.
    fn add_gradient_bf16(
        &self,
        call: &Contraction<'_>,
        rank: u32,
        out: Argument,
    ) -> Result<(), KernelError> {
        let noise = &call.noise;
        let (rows, cols) = (noise.rows, noise.cols);
        let (row_stride, col_stride) = (rows.next_multiple_of(8), cols.next_multiple_of(8));
        let directions = call.weights.len();
        let weights = call.weights;
        let (free, _) = self.memory()?;
        // Spans of the same length for any device and any batch, so that the bits depend on neither.
        let span_directions = (SPAN / rank as usize).max(1);
        let spans_max = (SPAN_BYTES / (4 * rows * cols)).clamp(1, 256);
        let per_direction = 2 * rank as usize * (row_stride + col_stride);
        let footprint = Footprint { fixed: 4 * rows * cols * spans_max, per_direction };
        let fit = footprint.directions(free.min(footprint.fixed + BATCH_BYTES), 1, directions);
        let batch = (fit / span_directions).clamp(1, spans_max) * span_directions;
        self.check_fit(footprint, batch.min(directions))?;
        let columns_max = batch.min(directions) * rank as usize;
        let a = self.allocate::<u16>(columns_max * row_stride)?;
        let b = self.allocate::<u16>(columns_max * col_stride)?;
        let spans = batch.min(directions).div_ceil(span_directions);
        let sums = self.allocate::<f32>(spans * rows * cols)?;
        let source = source_bf16(noise, call.signs);
        let [key0, key1] = noise.stream.key();
        let at = noise.at(0);
        for first in (0..directions).step_by(batch) {
            let count = batch.min(directions - first);
            let (columns, spans) = (count * rank as usize, count.div_ceil(span_directions));
            let blocks = row_stride.max(col_stride).div_ceil(noise.distribution.per_block());
            let shape = Shape {
                grid: [blocks.div_ceil(128) as u32, columns.min(65_535) as u32, 2],
                block: [128, 1, 1],
                shared_bytes: 0,
            };
            let sizes = [rows, cols, row_stride, col_stride].map(|n| Argument::U32(n as u32));
            let mut arguments = vec![
                a.argument(),
                b.argument(),
                weights.argument_from(first),
                Argument::U32(key0),
                Argument::U32(key1),
                Argument::U32(at.generation),
                Argument::U32(at.layer),
                Argument::U32(first as u32),
                Argument::U32(columns as u32),
                Argument::U32(rank),
            ];
            arguments.extend(sizes);
            arguments.push(Argument::F32(1.0 / (rank as f32).sqrt()));
            // SAFETY: the arguments are those of the kernel; a and b have a row for each column.
            unsafe { self.launch(&source, "draw_factors", shape, &arguments)? };
            let mut arguments = vec![a.argument(), b.argument(), Argument::U32(columns as u32)];
            arguments.extend(sizes);
            arguments.push(Argument::U32((span_directions * rank as usize) as u32));
            arguments.push(sums.argument());
            let tile = 128;
            let shape = Shape {
                grid: [cols.div_ceil(tile) as u32, rows.div_ceil(tile) as u32, spans as u32],
                block: [256, 1, 1],
                shared_bytes: 4 * 2 * 32 * 128 * 2,
            };
            // SAFETY: as above; `sums` has room for each span.
            unsafe { self.launch(&source, "contract", shape, &arguments)? };
            let arguments = [
                sums.argument(),
                Argument::U32(spans as u32),
                Argument::U64((rows * cols) as u64),
                out,
            ];
            let shape = Shape::items(rows * cols, 256);
            // SAFETY: as above; `out` has one number for each entry.
            unsafe { self.launch(&source, "add_spans", shape, &arguments)? };
        }
        Ok(())
    }

    /// One batch of directions; `out` is the result, or the chains of dense noise.
    fn contract(
        &self,
        call: &Contraction<'_>,
        slab: &Memory<f32>,
        weights: &Memory<f32>,
        range: Range<usize>,
        out: Argument,
    ) -> Result<(), KernelError> {
        let noise = &call.noise;
        let (rows, cols) = (noise.rows, noise.cols);
        let elements = noise.elements() as u32;
        let shared = [
            slab.argument(),
            weights.argument_from(range.start),
            Argument::U32(range.len() as u32),
            Argument::U32(elements),
        ];
        if let Perturbation::LowRank { rank } = noise.perturbation {
            let more = [
                Argument::U32(rank),
                Argument::U32(rows as u32),
                Argument::U32(cols as u32),
                Argument::U32(noise.pad(rows) as u32),
                Argument::U32(noise.pad(cols) as u32),
                Argument::F32(1.0 / (rank as f32).sqrt()),
                out,
            ];
            let arguments = [shared.as_slice(), more.as_slice()].concat();
            let shape = Shape {
                grid: [cols.div_ceil(TILE) as u32, rows.div_ceil(TILE) as u32, 1],
                block: [256, 1, 1],
                shared_bytes: 0,
            };
            // SAFETY: the arguments are those of the kernel; slab, weights and `out` have the sizes it takes from them.
            return unsafe {
                self.launch(&source(noise, call.signs), "gradient_low_rank", shape, &arguments)
            };
        }
        let arguments = [shared.as_slice(), &[out]].concat();
        let shape = Shape {
            grid: [elements.div_ceil(32), 1, 1],
            block: [32, CHAINS as u32, 1],
            shared_bytes: 0,
        };
        // SAFETY: as above; `out` has sixteen numbers for each entry.
        unsafe { self.launch(&source(noise, call.signs), "gradient_dense", shape, &arguments) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cuda::testing;
    use crate::{Distribution, NoiseStream};

    fn both(call: &GradientCall<'_>, start: &[f32]) -> Option<(Vec<f32>, Vec<f32>)> {
        let device = testing::device()?;
        let mut expected = start.to_vec();
        crate::cpu::gradient(call, &mut expected).expect("computed");
        let out = device.upload(start).expect("memory");
        let weights = device.upload(call.weights).expect("memory");
        let contraction = Contraction::new(call, &weights);
        device.add_gradient(&contraction, &out, 0).expect("computed");
        Some((expected, out.download().expect("read")))
    }

    /// Wide tensors in bf16, by the kernel of the device at hand and by the one that all devices have; on a GPU also more columns
    /// than a span has.
    #[test]
    fn wide_gradients_in_bf16_are_near_those_of_the_cpu() {
        let Some(device) = testing::device() else { return };
        let mut shapes = vec![(256, 256, 100, 1), (300, 515, 33, 3)];
        if std::env::var_os("HATCHERY_REQUIRE_CUDA").is_some() {
            shapes.extend([(257, 1030, 17_000, 1), (600, 300, 5001, 4), (2100, 2050, 17_000, 1)]);
        }
        for (rows, cols, directions, rank) in shapes {
            let perturbation = Perturbation::LowRank { rank };
            let (stream, distribution) = (NoiseStream::new(3), Distribution::Normal);
            let noise = TensorNoise {
                perturbation,
                distribution,
                stream,
                generation: 1,
                layer: 2,
                rows,
                cols,
            };
            let weights: Vec<f32> = (0..directions).map(|d| (d as f32 * 0.7).sin()).collect();
            let precision = Precision::Bf16;
            let call = GradientCall { noise, signs: false, precision, weights: &weights };
            let start: Vec<f32> = (0..rows * cols).map(|e| (e as f32).cos()).collect();
            for portable in [false, true] {
                device.set_portable(portable);
                let (expected, found) = both(&call, &start).expect("a device");
                device.set_portable(false);
                let tolerance = 2e-5 * ((directions * rank as usize) as f32).sqrt() + 1e-4;
                for (a, b) in expected.iter().zip(&found) {
                    let near = (a - b).abs() <= tolerance * (1.0 + a.abs());
                    assert!(near, "{noise:?}, portable {portable}: {a} {b}");
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: testing::cases(16), ..ProptestConfig::default() })]
        #[test]
        fn gradients_have_the_bits_of_the_cpu(
            (rows, cols, directions, rank) in prop_oneof![
                4 => (1_usize..150, 1_usize..150, 1_usize..40, 0_u32..6),
                1 => (200_usize..300, 1_usize..300, 1_usize..10, 0_u32..3),
                1 => (1_usize..30, 1_usize..30, 1_usize..40, 65_u32..140),
                1 => (1_usize..9, 1_usize..9, 2000_usize..5000, 0_u32..6),
            ],
            uniform: bool,
            signs: bool,
        ) {
            let perturbation =
                if rank == 0 { Perturbation::Dense } else { Perturbation::LowRank { rank } };
            let distribution =
                if uniform { Distribution::Uniform } else { Distribution::Normal };
            let noise = TensorNoise {
                perturbation, distribution, stream: NoiseStream::new(3), generation: 1, layer: 2, rows, cols,
            };
            let weights: Vec<f32> = (0..directions).map(|d| (d as f32 * 0.7).sin()).collect();
            let precision = Precision::F32;
            let call = GradientCall { noise, signs, precision, weights: &weights };
            let start: Vec<f32> = (0..rows * cols).map(|e| (e as f32).cos()).collect();
            if let Some((expected, found)) = both(&call, &start) {
                prop_assert!(expected.iter().zip(&found).all(|(a, b)| a.to_bits() == b.to_bits()));
            }
            let call = GradientCall { precision: Precision::Bf16, ..call };
            if let Some((expected, found)) = both(&call, &start) {
                for (a, b) in expected.iter().zip(&found) {
                    // Sums in another order, of products of numbers with eight bits.
                    let tolerance = 2e-5 * (directions as f32).sqrt() + 1e-4;
                    prop_assert!((a - b).abs() <= tolerance * (1.0 + a.abs()), "{a} {b}");
                }
            }
        }
    }
}
