//! Long vectors on a device: norms, scaling, differences. Source, grids and twins: see `vectors.cu`.

use super::{Argument, Device, Memory, Shape, Source};
use crate::KernelError;

/// Values of which a sum of squares is one number: a norm is the root of these numbers' sum, in order.
pub const NORM_CHUNK: usize = 4096;

pub(super) fn source() -> Source {
    Source::new("vectors", include_str!("vectors.cu"))
}

impl Device {
    /// Euclidean norm of a vector: sums of squares in f64, of [`NORM_CHUNK`] values at a time.
    ///
    /// # Errors
    /// [`KernelError::DeviceMemory`] and [`KernelError::Device`] from the device.
    pub fn norm(&self, values: &Memory<f32>) -> Result<f64, KernelError> {
        let chunks = values.len().div_ceil(NORM_CHUNK);
        let sums = self.allocate::<f64>(chunks)?;
        let arguments = [values.argument(), Argument::U64(values.len() as u64), sums.argument()];
        let shape = Shape {
            grid: [chunks.div_ceil(16).max(1) as u32, 1, 1],
            block: [8, 16, 1],
            shared_bytes: 0,
        };
        // SAFETY: the arguments are those of the kernel; there is one sum for each chunk.
        unsafe { self.launch(&source(), "sums_of_squares", shape, &arguments)? };
        Ok(sums.download()?.iter().sum::<f64>().sqrt())
    }

    /// Multiplies all values by a factor, in f64.
    ///
    /// # Errors
    /// [`KernelError::Device`] from the device.
    pub fn scale(&self, values: &Memory<f32>, factor: f64) -> Result<(), KernelError> {
        let count = values.len();
        let arguments = [values.argument(), Argument::U64(count as u64), Argument::F64(factor)];
        // SAFETY: the arguments are those of the kernel.
        unsafe { self.launch(&source(), "scale", Shape::items(count, 256), &arguments) }
    }

    /// `out = a − b`.
    ///
    /// # Errors
    /// [`KernelError::ShapeMismatch`] if the lengths differ; [`KernelError::Device`] from the device.
    pub fn subtract(
        &self,
        a: &Memory<f32>,
        b: &Memory<f32>,
        out: &Memory<f32>,
    ) -> Result<(), KernelError> {
        let count = out.len();
        KernelError::check_len("subtract", "a", count, a.len())?;
        KernelError::check_len("subtract", "b", count, b.len())?;
        let length = Argument::U64(count as u64);
        let arguments = [a.argument(), b.argument(), length, out.argument()];
        // SAFETY: the arguments are those of the kernel, the lengths were checked.
        unsafe { self.launch(&source(), "subtract", Shape::items(count, 256), &arguments) }
    }

    /// A copy of `from` in `to`.
    ///
    /// # Errors
    /// [`KernelError::ShapeMismatch`] if the lengths differ; [`KernelError::Device`] from the device.
    pub fn copy(&self, from: &Memory<f32>, to: &Memory<f32>) -> Result<(), KernelError> {
        let count = to.len();
        KernelError::check_len("copy", "from", count, from.len())?;
        let arguments = [from.argument(), Argument::U64(count as u64), to.argument()];
        // SAFETY: the arguments are those of the kernel, the lengths were checked.
        unsafe { self.launch(&source(), "copy_values", Shape::items(count, 256), &arguments) }
    }
}
