//! The centre of a population of integer models in the memory of a device, and where its noise comes from.

use super::super::{Device, Memory};
use super::model::{Int8Model, Tensor};
use super::pack::pack;
use crate::KernelError;
use crate::int8::Int8Noise;
use crate::int8::loss::{EXP2, POWERS};
use crate::int8::noise::LEVEL;

/// All that members of a population share, on one device.
#[derive(Debug)]
pub struct Int8Centre {
    pub(super) model: Int8Model,
    /// Matrices, packed, in the order of the tensors.
    pub(super) packed: Memory<i8>,
    /// The table of symbols, `(256, width)`.
    pub(super) table: Memory<i8>,
    /// Vectors of the centre, one behind the other.
    pub(super) vectors: Memory<i8>,
    pub(super) noise: Int8Noise,
    /// Levels of the counter, or the numbers of the table.
    pub(super) numbers: Memory<i8>,
    pub(super) powers_of_two: Memory<u32>,
    pub(super) powers: Memory<u64>,
}

impl Int8Centre {
    /// Bytes that a centre takes on a device, packing and noise included; an upper bound, but for the allocator's own.
    pub fn bytes(model: &Int8Model, noise: &Int8Noise) -> usize {
        let matrix = |tensor: &Tensor| match *tensor {
            Tensor::Factors { inputs, outputs, .. } => {
                inputs.next_multiple_of(64) * outputs.next_multiple_of(32)
            }
            Tensor::Vector { width, .. } => width,
        };
        let numbers = match noise {
            Int8Noise::Table(table) => table.numbers().len(),
            Int8Noise::Counter(_) => LEVEL.len(),
        };
        model.tensors().iter().map(matrix).sum::<usize>() + numbers + 4096
    }
}

impl Device {
    /// Copies `tensors`, each row-major and in the order of [`Int8Model`], and what `noise` needs to this device.
    ///
    /// # Errors
    /// [`KernelError::ShapeMismatch`] if the model has other tensors; [`KernelError::DeviceMemory`] and [`KernelError::Device`] from
    /// the device.
    ///
    /// # Panics
    /// If the model is not [for this device](Int8Model::is_for).
    pub fn int8_centre(
        &self,
        model: Int8Model,
        tensors: &[&[i8]],
        noise: &Int8Noise,
    ) -> Result<Int8Centre, KernelError> {
        const OP: &str = "int8_centre";
        assert!(model.is_for(self), "{model:?} is not for this device");
        let places = model.tensors();
        KernelError::check_len(OP, "tensors", places.len(), tensors.len())?;
        let (mut packed, mut vectors) = (Vec::new(), Vec::new());
        for (number, (place, &values)) in places.iter().zip(tensors).enumerate() {
            match *place {
                Tensor::Factors { inputs, outputs, .. } => {
                    KernelError::check_len(OP, "a matrix", outputs * inputs, values.len())?;
                    // The table of symbols is looked up, not multiplied.
                    if number > 0 {
                        pack(values, outputs, inputs, &mut packed);
                    }
                }
                Tensor::Vector { width, .. } => {
                    KernelError::check_len(OP, "a vector", width, values.len())?;
                    vectors.extend_from_slice(values);
                }
            }
        }
        let numbers = match noise {
            Int8Noise::Table(table) => self.upload(table.numbers())?,
            Int8Noise::Counter(_) => self.upload(&LEVEL)?,
        };
        Ok(Int8Centre {
            model,
            packed: self.upload(&packed)?,
            table: self.upload(tensors[0])?,
            vectors: self.upload(&vectors)?,
            noise: noise.clone(),
            numbers,
            powers_of_two: self.upload(&EXP2)?,
            powers: self.upload(&POWERS)?,
        })
    }
}
