//! CUDA devices: whether there are any, and what runs on them.
//!
//! No toolkit is needed to build. Driver and run-time compiler are looked for while the program runs; [`probe()`] says in one
//! sentence what is missing, and [`Cuda::open`] returns it as an error.

mod column;
mod device;
mod gradient;
mod layers;
mod noise;
mod noise_source;
mod plan;
pub mod probe;
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
pub use layers::{Pass, Prepared};
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
}

impl Cuda {
    /// All devices of this machine, or the one of number `only`.
    ///
    /// # Errors
    /// [`KernelError::NoDevice`] with what is missing.
    pub fn open(only: Option<usize>) -> Result<Self, KernelError> {
        let ordinals = match only {
            Some(ordinal) => ordinal..ordinal + 1,
            None => 0..device_count().max(1),
        };
        Ok(Self::new(ordinals.map(Device::open).collect::<Result<_, _>>()?))
    }

    fn new(devices: Vec<Device>) -> Self {
        Self { devices: Arc::new(devices) }
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
