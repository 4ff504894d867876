//! Noise of neighbouring voters in device memory. Source, grids and twin: see `int8_noise.cu`.

use super::super::{Argument, Device, Memory, Shape, Source};
use super::centre::Int8Centre;
use super::forward::Int8Batch;
use super::model::Tensor;
use crate::KernelError;
use crate::int8::Int8Noise;

/// The kernels that draw noise, by counter or from a table.
pub(in crate::cuda) fn source(table: bool) -> Source {
    let source = Source::new("int8_noise", include_str!("../int8_noise.cu"))
        .with(include_str!("../int8.cuh"));
    if table { source.define("NOISE_TABLE", 1) } else { source }
}

/// Noise of a batch.
#[derive(Debug)]
pub(super) struct Drawn {
    /// A and B of matrices and tables, `(voters, factors)`.
    pub(super) factors: Memory<i8>,
    /// Perturbed vectors, `(members, vectors)`.
    pub(super) vectors: Memory<i8>,
}

impl Int8Centre {
    /// Draws the noise of a batch; what is behind its last member, up to `members`, is zeros.
    pub(super) fn draw(
        &self,
        device: &Device,
        batch: &Int8Batch<'_>,
        members: usize,
    ) -> Result<Drawn, KernelError> {
        let (factors, vectors) = (self.model.factors(), self.model.vectors());
        // Padding is zeros.
        let drawn = Drawn {
            factors: device.zeros(members / batch.halves as usize * factors)?,
            vectors: device.zeros(members * vectors)?,
        };
        let voters = batch.voters();
        let source = source(matches!(self.noise, Int8Noise::Table(_)));
        let mut centre_at = 0;
        for (tensor, place) in self.model.tensors().into_iter().enumerate() {
            let tensor = tensor as u32;
            let ([key0, key1], word, mask) = match &self.noise {
                Int8Noise::Counter(stream) => (stream.key(), 0, 0),
                Int8Noise::Table(table) => {
                    let length = match place {
                        Tensor::Factors { inputs, outputs, .. } => inputs + outputs,
                        Tensor::Vector { width, .. } => 2 * width,
                    };
                    let size = table.numbers().len();
                    KernelError::check_len("int8_noise", "table", size.max(length), size)?;
                    ([0; 2], table.word(batch.generation, tensor), size as u32 - 1)
                }
            };
            let number = |n: usize| Argument::U32(n as u32);
            let address = [
                Argument::U32(key0),
                Argument::U32(key1),
                Argument::U32(batch.generation),
                Argument::U32(tensor),
                Argument::U32(word),
                Argument::U32(mask),
                Argument::U32(voters.start),
                number(voters.len()),
                Argument::U32(batch.directions),
            ];
            let grid = |sixteens: usize| {
                let mut shape = Shape::items(sixteens, 128);
                shape.grid[1] = voters.len().min(65_535) as u32;
                shape
            };
            match place {
                Tensor::Factors { inputs, outputs, b_at, a_at } => {
                    let mut arguments = vec![drawn.factors.argument(), self.numbers.argument()];
                    arguments.extend(address);
                    arguments.extend([inputs, outputs, b_at, a_at].map(number));
                    arguments.push(Argument::U64(factors as u64));
                    let shape = grid((inputs + outputs).div_ceil(16));
                    // SAFETY: the arguments are those of the kernel; `factors` has room for the voters of `members`, at least as many as the
                    // batch has; slices fit the table, as was checked.
                    unsafe { device.launch(&source, "draw_int8_factors", shape, &arguments)? };
                }
                Tensor::Vector { width, at } => {
                    let centre = self.vectors.argument_from(centre_at);
                    centre_at += width;
                    let mut arguments =
                        vec![drawn.vectors.argument(), self.numbers.argument(), centre];
                    arguments.extend(address);
                    arguments.push(Argument::U32(batch.halves));
                    arguments.extend([width, 4 + batch.sigma_shift as usize, at].map(number));
                    arguments.push(Argument::U64(vectors as u64));
                    // SAFETY: as above, for the members of each voter.
                    unsafe {
                        device.launch(
                            &source,
                            "draw_int8_vectors",
                            grid(width.div_ceil(8)),
                            &arguments,
                        )?
                    };
                }
            }
        }
        Ok(drawn)
    }
}
