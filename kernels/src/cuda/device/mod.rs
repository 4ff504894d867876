//! A device: its memory, the kernels compiled for it, and how they are launched.
//!
//! The same calls reach a GPU through its driver or, in tests, the processor through a C++ compiler: the
//! sources, the arguments and all that is built on them are the same.

mod cache;
#[cfg(feature = "cuda")]
mod driver;
#[cfg(feature = "emulate")]
mod emulated;
mod memory;
#[cfg(feature = "cuda")]
pub(crate) mod nvrtc;
#[cfg(feature = "emulate")]
mod sanitized;
mod source;

use std::collections::HashMap;
use std::ffi::c_void;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

pub use memory::{Element, Memory};
pub use source::Source;

use crate::KernelError;

/// What a device can be asked for, below all types: the driver's storey. Calls are in order on one stream.
pub(crate) trait Driver: Send + Sync + fmt::Debug {
    /// Name of the device, as in `NVIDIA H100`.
    fn name(&self) -> String;
    /// Free and total memory, bytes.
    fn memory(&self) -> Result<(usize, usize), String>;
    /// Multiprocessors: blocks that surely run at once.
    fn multiprocessors(&self) -> usize;
    /// Most dynamic shared memory of a block, bytes.
    fn shared_bytes_max(&self) -> usize;
    /// A map for copies of whole tiles of bf16; none where the device has no such copies, or no products of warpgroups.
    fn tile_map(&self, of: Tiles) -> Result<Option<TileMap>, String>;
    /// Blocks of a cluster, which copy for each other; none where the device has no [`tile_map`](Self::tile_map).
    fn cluster_blocks(&self) -> Option<usize>;
    fn allocate(&self, bytes: usize) -> Result<u64, String>;
    fn free(&self, address: u64);
    fn write(&self, to: u64, from: &[u8]) -> Result<(), String>;
    /// Waits for all work before it.
    fn read(&self, from: u64, to: &mut [u8]) -> Result<(), String>;
    fn fill(&self, to: u64, value: u8, bytes: usize) -> Result<(), String>;
    fn load(&self, source: &Source) -> Result<Arc<dyn Module>, String>;
    /// Launches a kernel of a module that this driver has loaded.
    ///
    /// # Safety
    /// The arguments must be those that the kernel takes, and memory behind them alive until the work is done.
    unsafe fn launch(
        &self,
        module: &dyn Module,
        kernel: &str,
        shape: Shape,
        arguments: &[Argument],
    ) -> Result<(), String>;
    fn synchronize(&self) -> Result<(), String>;
    /// From here on launches are recorded and not done.
    fn begin_recording(&self) -> Result<(), String>;
    fn end_recording(&self) -> Result<Box<dyn Recording>, String>;
}

/// Compiled kernels of one source.
pub(crate) trait Module: Send + Sync + fmt::Debug {
    /// Room for what an implementation keeps.
    fn as_any(&self) -> &dyn std::any::Any;
}

/// Launches that can be repeated at the cost of one.
pub(crate) trait Recording: Send + fmt::Debug {
    fn replay(&self) -> Result<(), String>;
}

/// Blocks of a launch, threads of a block, and dynamic shared memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Blocks in x, y and z.
    pub grid: [u32; 3],
    /// Threads of a block in x, y and z.
    pub block: [u32; 3],
    /// Dynamic shared memory of a block, bytes.
    pub shared_bytes: u32,
}

impl Shape {
    /// One thread for each of `count` items, in blocks of `threads`.
    pub fn items(count: usize, threads: u32) -> Self {
        let blocks = (count as u64).div_ceil(u64::from(threads)).max(1);
        Self { grid: [blocks as u32, 1, 1], block: [threads, 1, 1], shared_bytes: 0 }
    }
}

/// A matrix of bf16 in memory, and the tiles that are copied of it: 64 columns wide.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tiles {
    /// Its first number; 16 bytes divide it.
    pub(crate) address: u64,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// Numbers from row to row, a multiple of 8.
    pub(crate) stride: usize,
    /// Rows of a tile, 256 at most.
    pub(crate) tile_rows: u32,
}

/// Columns of a tile: 128 bytes.
pub(crate) const TILE_COLUMNS: u32 = 64;

/// What a kernel copies tiles by, as the driver encodes it: `TileMap` of `hopper.cuh`.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct TileMap([u64; 16]);

/// A number or memory that a kernel takes.
#[derive(Clone, Copy, Debug)]
pub enum Argument {
    /// `unsigned int`.
    U32(u32),
    /// `unsigned long long`.
    U64(u64),
    /// `float`.
    F32(f32),
    /// `double`.
    F64(f64),
    /// A pointer.
    Memory(u64),
    /// A map of tiles.
    Tiles(TileMap),
}

impl Argument {
    /// A pointer to the value, as both kinds of launches take it.
    fn pointer(&self) -> *mut c_void {
        match self {
            Self::U32(value) => std::ptr::from_ref(value).cast_mut().cast(),
            Self::U64(value) | Self::Memory(value) => std::ptr::from_ref(value).cast_mut().cast(),
            Self::F32(value) => std::ptr::from_ref(value).cast_mut().cast(),
            Self::F64(value) => std::ptr::from_ref(value).cast_mut().cast(),
            Self::Tiles(map) => std::ptr::from_ref(map).cast_mut().cast(),
        }
    }
}

/// A device. Work on it is in order; several threads may share it and then take turns, see [`Cuda::turn`](super::Cuda::turn).
pub struct Device {
    pub(crate) driver: Arc<dyn Driver>,
    label: String,
    modules: Mutex<HashMap<Source, Arc<dyn Module>>>,
    turn: Mutex<()>,
    portable: AtomicBool,
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device").field("label", &self.label).finish_non_exhaustive()
    }
}

impl Device {
    /// The device of this number.
    ///
    /// # Errors
    /// [`KernelError::NoDevice`] with what is missing.
    pub(crate) fn open(ordinal: usize) -> Result<Self, KernelError> {
        let driver = open_driver(ordinal).map_err(|reason| KernelError::NoDevice { reason })?;
        Ok(Self::new(driver, format!("cuda:{ordinal}")))
    }

    /// A stand-in, whose kernels run on the processor.
    #[cfg(feature = "emulate")]
    pub fn emulated(ordinal: usize) -> Self {
        Self::new(Arc::new(emulated::Emulated::new(ordinal)), format!("emulated:{ordinal}"))
    }

    fn new(driver: Arc<dyn Driver>, label: String) -> Self {
        Self {
            driver,
            label,
            modules: Mutex::default(),
            turn: Mutex::default(),
            portable: AtomicBool::new(false),
        }
    }

    /// Name of the hardware.
    pub fn name(&self) -> String {
        self.driver.name()
    }

    /// Its name in messages, as in `cuda:0`.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Multiprocessors.
    pub fn multiprocessors(&self) -> usize {
        self.driver.multiprocessors()
    }

    /// Most dynamic shared memory that a block can have, bytes.
    pub fn shared_bytes_max(&self) -> usize {
        self.driver.shared_bytes_max()
    }

    /// Whether passes prepared from here on leave out what only some devices have, to compare. They are about as exact.
    #[doc(hidden)]
    pub fn set_portable(&self, portable: bool) {
        self.portable.store(portable, Ordering::Relaxed);
    }

    /// A map of tiles, where the device copies by them.
    pub(crate) fn tile_map(&self, of: Tiles) -> Result<Option<TileMap>, KernelError> {
        self.driver.tile_map(of).map_err(|reason| self.error("mapping a matrix", reason))
    }

    /// Blocks of a cluster, which copy for each other; none where no tiles are copied.
    pub(crate) fn cluster_blocks(&self) -> Option<usize> {
        let portable = self.portable.load(Ordering::Relaxed);
        self.driver.cluster_blocks().filter(|_| !portable)
    }

    /// Free and total memory, bytes.
    ///
    /// # Errors
    /// [`KernelError::Device`] if the driver fails.
    pub fn memory(&self) -> Result<(usize, usize), KernelError> {
        self.driver.memory().map_err(|reason| self.error("asking for free memory", reason))
    }

    /// Makes threads take turns: hold this while several calls belong together.
    pub(crate) fn try_lock(&self) -> Option<std::sync::MutexGuard<'_, ()>> {
        match self.turn.try_lock() {
            Ok(guard) => Some(guard),
            Err(std::sync::TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(std::sync::TryLockError::WouldBlock) => None,
        }
    }

    /// Waits for the turn of this thread.
    pub(crate) fn lock(&self) -> std::sync::MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn error(&self, what: impl Into<String>, reason: String) -> KernelError {
        KernelError::Device { device: self.label.clone(), what: what.into(), reason }
    }

    /// Launches `kernel` of `source`, which is compiled when it is first asked for.
    ///
    /// # Errors
    /// [`KernelError::Device`] if the source does not compile or the driver refuses the launch.
    ///
    /// # Safety
    /// `arguments` must be of the types that the kernel declares, in its order, and the kernel must stay within the
    /// memory that they point to for this shape.
    pub unsafe fn launch(
        &self,
        source: &Source,
        kernel: &str,
        shape: Shape,
        arguments: &[Argument],
    ) -> Result<(), KernelError> {
        let module = self.module(source)?;
        // SAFETY: the caller vouches for types and memory.
        unsafe { self.driver.launch(&*module, kernel, shape, arguments) }
            .map_err(|reason| self.error(format!("launching {kernel}"), reason))
    }

    fn module(&self, source: &Source) -> Result<Arc<dyn Module>, KernelError> {
        let mut modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(module) = modules.get(source) {
            return Ok(module.clone());
        }
        let loaded = self.driver.load(source);
        let module = loaded.map_err(|e| self.error(format!("compiling {}", source.name), e))?;
        modules.insert(source.clone(), module.clone());
        Ok(module)
    }

    /// Waits until all work is done.
    ///
    /// # Errors
    /// [`KernelError::Device`] if some of it failed.
    pub fn synchronize(&self) -> Result<(), KernelError> {
        self.driver.synchronize().map_err(|reason| self.error("waiting for the device", reason))
    }

    /// Records the launches that `work` makes, to be repeated at the cost of one. Sources must have been compiled and
    /// memory allocated before.
    ///
    /// # Errors
    /// What `work` returns, or [`KernelError::Device`].
    pub fn record(
        &self,
        work: impl FnOnce() -> Result<(), KernelError>,
    ) -> Result<Recorded<'_>, KernelError> {
        let fail = |reason| self.error("recording launches", reason);
        self.driver.begin_recording().map_err(fail)?;
        let done = work();
        let recording = self.driver.end_recording().map_err(fail);
        done?;
        Ok(Recorded { device: self, recording: recording? })
    }
}

/// Launches of [`Device::record`].
#[derive(Debug)]
pub struct Recorded<'d> {
    device: &'d Device,
    recording: Box<dyn Recording>,
}

impl Recorded<'_> {
    /// Does them once more.
    ///
    /// # Errors
    /// [`KernelError::Device`] if the driver fails.
    pub fn replay(&self) -> Result<(), KernelError> {
        self.recording
            .replay()
            .map_err(|reason| self.device.error("repeating recorded launches", reason))
    }
}

fn open_driver(ordinal: usize) -> Result<Arc<dyn Driver>, String> {
    #[cfg(feature = "emulate")]
    if super::emulated_devices() > ordinal {
        return Ok(Arc::new(emulated::Emulated::new(ordinal)));
    }
    #[cfg(feature = "cuda")]
    {
        driver::Cudarc::open(ordinal).map(|driver| Arc::new(driver) as Arc<dyn Driver>)
    }
    #[cfg(not(feature = "cuda"))]
    {
        let _ = ordinal;
        Err("this program was built without CUDA (feature `cuda`)".into())
    }
}
