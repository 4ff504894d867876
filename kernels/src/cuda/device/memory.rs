//! An array in the memory of a device.

use std::marker::PhantomData;
use std::sync::Arc;

use super::{Argument, Device, Driver};
use crate::KernelError;

mod sealed {
    pub trait Sealed {}
}

/// What can lie in device memory: numbers without padding, of which every pattern of bits is one.
pub trait Element: Copy + Default + Send + Sync + sealed::Sealed + 'static {}

macro_rules! elements {
    ($($t:ty),+) => { $(impl sealed::Sealed for $t {} impl Element for $t {})+ };
}
elements!(u8, i8, u16, u32, i32, u64, f32, f64);

/// So many elements in the memory of a device; given back when dropped.
#[derive(Debug)]
pub struct Memory<T> {
    driver: Arc<dyn Driver>,
    label: String,
    address: u64,
    len: usize,
    elements: PhantomData<T>,
}

impl<T> Drop for Memory<T> {
    fn drop(&mut self) {
        self.driver.free(self.address);
    }
}

impl Device {
    /// Memory for `len` elements, whatever was there before.
    ///
    /// # Errors
    /// [`KernelError::DeviceMemory`] if there is not enough.
    pub fn allocate<T: Element>(&self, len: usize) -> Result<Memory<T>, KernelError> {
        // Nothing has no address: even an empty array gets some.
        let bytes = (len * size_of::<T>()).max(16);
        let address = self.driver.allocate(bytes).map_err(|reason| match self.memory() {
            Ok((free, _)) if free < bytes => KernelError::DeviceMemory {
                device: self.label().to_owned(),
                what: "an array".into(),
                needed: bytes,
                free,
            },
            _ => self.error(format!("allocating {bytes} bytes"), reason),
        })?;
        let (driver, label) = (self.driver.clone(), self.label().to_owned());
        Ok(Memory { driver, label, address, len, elements: PhantomData })
    }

    /// Zeros.
    ///
    /// # Errors
    /// As [`Device::allocate`].
    pub fn zeros<T: Element>(&self, len: usize) -> Result<Memory<T>, KernelError> {
        let memory = self.allocate(len)?;
        memory.zero()?;
        Ok(memory)
    }

    /// A copy of `values`.
    ///
    /// # Errors
    /// As [`Device::allocate`].
    pub fn upload<T: Element>(&self, values: &[T]) -> Result<Memory<T>, KernelError> {
        let memory = self.allocate(values.len())?;
        memory.write(values)?;
        Ok(memory)
    }
}

impl<T: Element> Memory<T> {
    /// Whether this lies in the memory of `device`.
    pub(in crate::cuda) fn is_on(&self, device: &Device) -> bool {
        Arc::ptr_eq(&self.driver, &device.driver)
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The array as an argument of a kernel.
    pub fn argument(&self) -> Argument {
        Argument::Memory(self.address)
    }

    /// The part from element `first` on as an argument of a kernel.
    ///
    /// # Panics
    /// If there is no such element, the end excepted.
    pub fn argument_from(&self, first: usize) -> Argument {
        assert!(first <= self.len, "element {first} of {}", self.len);
        Argument::Memory(self.address + (first * size_of::<T>()) as u64)
    }

    fn error(&self, what: &str, reason: String) -> KernelError {
        KernelError::Device { device: self.label.clone(), what: what.into(), reason }
    }

    /// Copies `values` here.
    ///
    /// # Errors
    /// [`KernelError::ShapeMismatch`] if they are not as many; [`KernelError::Device`] if the driver fails.
    pub fn write(&self, values: &[T]) -> Result<(), KernelError> {
        KernelError::check_len("upload", "values", self.len, values.len())?;
        if values.is_empty() {
            return Ok(());
        }
        // SAFETY: elements have no padding, so that all of their bytes are initialised.
        let bytes = unsafe {
            std::slice::from_raw_parts(values.as_ptr().cast::<u8>(), size_of_val(values))
        };
        self.driver.write(self.address, bytes).map_err(|reason| self.error("an upload", reason))
    }

    /// Sets all bytes to zero.
    ///
    /// # Errors
    /// [`KernelError::Device`] if the driver fails.
    pub fn zero(&self) -> Result<(), KernelError> {
        self.driver
            .fill(self.address, 0, self.len * size_of::<T>())
            .map_err(|reason| self.error("clearing memory", reason))
    }

    /// The elements; waits for all work before.
    ///
    /// # Errors
    /// [`KernelError::Device`] if the driver or that work fails.
    pub fn download(&self) -> Result<Vec<T>, KernelError> {
        let mut values = vec![T::default(); self.len];
        self.read(0, &mut values)?;
        Ok(values)
    }

    /// Copies `values` to the elements from `first` on.
    ///
    /// # Errors
    /// [`KernelError::ShapeMismatch`] if there are not so many; [`KernelError::Device`] if the driver fails.
    pub fn write_at(&self, first: usize, values: &[T]) -> Result<(), KernelError> {
        let end = first + values.len();
        KernelError::check_len("upload", "values", end.min(self.len), end)?;
        if values.is_empty() {
            return Ok(());
        }
        // SAFETY: elements have no padding, so that all of their bytes are initialised.
        let bytes = unsafe {
            std::slice::from_raw_parts(values.as_ptr().cast::<u8>(), size_of_val(values))
        };
        self.driver
            .write(self.address + (first * size_of::<T>()) as u64, bytes)
            .map_err(|reason| self.error("an upload", reason))
    }

    /// The elements from `first` on; waits for all work before.
    ///
    /// # Errors
    /// [`KernelError::ShapeMismatch`] if there are not so many; [`KernelError::Device`] if the driver or that work fails.
    pub fn read(&self, first: usize, values: &mut [T]) -> Result<(), KernelError> {
        if first + values.len() > self.len {
            let (expected, got) = (self.len, first + values.len());
            return Err(KernelError::ShapeMismatch {
                op: "download",
                what: "values",
                expected,
                got,
            });
        }
        if values.is_empty() {
            return Ok(());
        }
        // SAFETY: every pattern of bits is an element, and the bytes are those of a live slice.
        let bytes = unsafe {
            std::slice::from_raw_parts_mut(values.as_mut_ptr().cast::<u8>(), size_of_val(values))
        };
        self.driver
            .read(self.address + (first * size_of::<T>()) as u64, bytes)
            .map_err(|reason| self.error("a download", reason))
    }
}
