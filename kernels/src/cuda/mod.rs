//! CUDA devices: whether there are any, and what runs on them.
//!
//! No toolkit is needed to build. Driver and run-time compiler are looked for while the program runs; [`probe()`] says in one
//! sentence what is missing, and [`Cuda::open`] returns it as an error.

mod column;
mod device;
mod gradient;
mod int8;
mod layers;
mod noise;
mod noise_source;
mod plan;
pub mod probe;
mod ring;
mod rollout;
mod score;
mod shaping;
mod slab;
mod steps;
#[cfg(feature = "emulate")]
#[doc(hidden)]
pub mod testing;
mod update;
mod vectors;

use std::sync::{Arc, MutexGuard};

pub use column::{Centred, Members, Network, Stage, Tensor};
pub use device::{Argument, Device, Element, Memory, Recorded, Shape, Source};
pub use gradient::Contraction;
pub use int8::{Int8Batch, Int8Centre, Int8Model};
pub use layers::{Inputs, Pass, Prepared};
pub use noise::{Draw, NoiseLayout};
pub use noise_source::{NoiseSource, STORED_FROM_DRAWS};
pub use plan::Footprint;
pub use probe::{CudaStatus, probe};
pub use rollout::{Head, Rollout, Starts};
pub use shaping::{SUM_CHUNK, Utility};
pub use update::Rule;
pub use vectors::NORM_CHUNK;

use crate::KernelError;

/// The devices of this machine that a run uses. Clones share them.
#[derive(Clone, Debug)]
pub struct Cuda {
    devices: Arc<Vec<Device>>,
    refused: Arc<Vec<String>>,
}

impl Cuda {
    /// All devices of this machine that can be used, or the one of number `only`.
    ///
    /// # Errors
    /// [`KernelError::NoDevice`] with what is missing, if none can be used.
    pub fn open(only: Option<usize>) -> Result<Self, KernelError> {
        let ordinals = match only {
            Some(ordinal) => ordinal..ordinal + 1,
            None => 0..device_count().max(1),
        };
        Self::of_opened(ordinals.map(Device::open))
    }

    /// Those that could be opened; a device that is too old does not keep a run from the others.
    fn of_opened(
        opened: impl Iterator<Item = Result<Device, KernelError>>,
    ) -> Result<Self, KernelError> {
        let (mut devices, mut refused) = (Vec::new(), Vec::new());
        for (ordinal, device) in opened.enumerate() {
            match device {
                Ok(device) => devices.push(device),
                Err(KernelError::NoDevice { reason }) => refused.push((ordinal, reason)),
                Err(error) => refused.push((ordinal, error.to_string())),
            }
        }
        if devices.is_empty() {
            // What is wrong with the driver is wrong with all devices: it is said once.
            let mut reasons: Vec<String> = refused.into_iter().map(|(_, reason)| reason).collect();
            reasons.dedup();
            return Err(KernelError::NoDevice { reason: reasons.join("; ") });
        }
        let refused = refused.iter().map(|(ordinal, reason)| format!("cuda:{ordinal}: {reason}"));
        Ok(Self { refused: Arc::new(refused.collect()), ..Self::new(devices) })
    }

    fn new(devices: Vec<Device>) -> Self {
        Self { devices: Arc::new(devices), refused: Arc::default() }
    }

    /// Devices of this machine that cannot be used, each with the reason.
    pub fn refused(&self) -> &[String] {
        &self.refused
    }

    /// The devices.
    pub fn devices(&self) -> &[Device] {
        &self.devices
    }

    /// Device `number` among these, for this thread alone as long as the guard lives.
    ///
    /// # Panics
    /// If there is no such device.
    pub fn turn_of(&self, number: usize) -> (&Device, MutexGuard<'_, ()>) {
        let device = &self.devices[number];
        (device, device.lock())
    }

    /// A device that no other thread works on, with its number among these, for as long as the guard lives; waits if all
    /// are busy.
    pub fn turn(&self) -> (usize, &Device, MutexGuard<'_, ()>) {
        for (number, device) in self.devices.iter().enumerate() {
            if let Some(guard) = device.try_lock() {
                return (number, device, guard);
            }
        }
        let number = rayon::current_thread_index().unwrap_or(0) % self.devices.len();
        let device = &self.devices[number];
        (number, device, device.lock())
    }
}

/// The centre θ of a population in the memory of one device, all tensors in the order of their layout.
#[derive(Clone, Debug)]
pub struct Resident {
    /// Number of the device, as of [`Cuda::turn`].
    pub device: usize,
    /// θ.
    pub theta: Arc<Memory<f32>>,
}

fn device_count() -> usize {
    match emulated_devices() {
        0 => match probe() {
            CudaStatus::Ready { devices, .. } => devices.max(0) as usize,
            _ => 0,
        },
        count => count,
    }
}

/// How many stand-ins `HATCHERY_EMULATED_DEVICES` asks for; none where they are not built in.
pub(crate) fn emulated_devices() -> usize {
    if !cfg!(feature = "emulate") {
        return 0;
    }
    std::env::var("HATCHERY_EMULATED_DEVICES").ok().and_then(|v| v.parse().ok()).unwrap_or(0)
}

#[cfg(all(test, feature = "emulate"))]
mod tests {
    use super::*;

    fn refusal(reason: &str) -> Result<Device, KernelError> {
        Err(KernelError::NoDevice { reason: reason.into() })
    }

    #[test]
    fn a_device_that_cannot_be_used_leaves_the_others() {
        let opened = [Ok(Device::emulated(0)), refusal("it is too old"), Ok(Device::emulated(2))];
        let cuda = Cuda::of_opened(opened.into_iter()).expect("two can be used");
        let labels: Vec<&str> = cuda.devices().iter().map(Device::label).collect();
        assert_eq!(labels, ["emulated:0", "emulated:2"]);
        assert_eq!(cuda.refused(), ["cuda:1: it is too old"]);
    }

    #[test]
    fn where_no_device_can_be_used_each_reason_is_given_once() {
        let opened = [refusal("no compiler"), refusal("no compiler"), refusal("it is too old")];
        let error = Cuda::of_opened(opened.into_iter()).expect_err("none can be used");
        assert!(error.to_string().contains("no compiler; it is too old"), "{error}");
    }
}
