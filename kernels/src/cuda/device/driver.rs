//! A GPU, through its driver.

use std::collections::HashMap;
use std::ffi::{CString, c_void};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cudarc::driver::{CudaContext, CudaStream, DriverError, result, sys};

use super::{
    Argument, Driver, Module, Recording, Shape, Source, TILE_COLUMNS, TileMap, Tiles, nvrtc,
};
use crate::cuda::probe::{CudaStatus, probe};

pub(super) struct Cudarc {
    context: Arc<CudaContext>,
    stream: Arc<CudaStream>,
    /// As in `sm_90`, for the compiler.
    architecture: String,
    arrays: Mutex<Arrays>,
}

/// What has been allocated. Arrays that are given back are kept for the next of about their size, because the driver takes as
/// long for an array as for a small generation; all work is in order on one stream, so that they can be used again at once.
#[derive(Default)]
struct Arrays {
    /// Bytes of those in use, by address.
    used: HashMap<u64, usize>,
    /// Bytes and address of those kept.
    kept: Vec<(usize, u64)>,
}

impl Arrays {
    /// The smallest kept array that has room for so many bytes and not much more.
    fn take(&mut self, bytes: usize) -> Option<u64> {
        let most = bytes + bytes / 4 + (64 << 10);
        let fitting =
            self.kept.iter().enumerate().filter(|(_, kept)| (bytes..=most).contains(&kept.0));
        let (index, _) = fitting.min_by_key(|(_, kept)| kept.0)?;
        let (size, address) = self.kept.swap_remove(index);
        self.used.insert(address, size);
        Some(address)
    }

    fn kept_bytes(&self) -> usize {
        self.kept.iter().map(|(bytes, _)| bytes).sum()
    }
}

impl fmt::Debug for Cudarc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cudarc").field("architecture", &self.architecture).finish_non_exhaustive()
    }
}

/// Kernels of a loaded module, looked up once.
struct Loaded {
    module: sys::CUmodule,
    context: Arc<CudaContext>,
    functions: Mutex<HashMap<String, usize>>,
}

// SAFETY: a module is a handle that the driver lets any thread use in its context.
unsafe impl Send for Loaded {}
// SAFETY: as above; the table is behind a lock.
unsafe impl Sync for Loaded {}

impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded").finish_non_exhaustive()
    }
}

impl Module for Loaded {
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        if self.context.bind_to_thread().is_ok() {
            // SAFETY: the module was loaded in this context and is unloaded once.
            let _ = unsafe { result::module::unload(self.module) };
        }
    }
}

fn text(error: DriverError) -> String {
    // The probe has found the driver, so that asking it for the words cannot fail to find it.
    let words = error.error_string().map(|words| words.to_string_lossy().into_owned());
    words.unwrap_or_else(|_| format!("error {:?}", error.0))
}

impl Cudarc {
    pub(super) fn open(ordinal: usize) -> Result<Self, String> {
        match probe() {
            CudaStatus::Ready { devices, .. } if ordinal < devices as usize => {}
            status @ CudaStatus::Ready { .. } => {
                return Err(format!("there is no device {ordinal}: {status}"));
            }
            status => return Err(status.to_string()),
        }
        nvrtc::available()?;
        let context = CudaContext::new(ordinal).map_err(text)?;
        let (major, minor) = context.compute_capability().map_err(text)?;
        if major < 8 {
            return Err(format!(
                "the device has compute capability {major}.{minor}, at least 8.0 is needed"
            ));
        }
        let stream = context.new_stream().map_err(text)?;
        let suffix = if (major, minor) == (9, 0) { "a" } else { "" };
        let architecture = format!("sm_{major}{minor}{suffix}");
        Ok(Self { context, stream, architecture, arrays: Mutex::default() })
    }

    fn arrays(&self) -> MutexGuard<'_, Arrays> {
        self.arrays.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives kept arrays back to the driver.
    fn release(&self) {
        for (_, address) in std::mem::take(&mut self.arrays().kept) {
            // SAFETY: the address is of `allocate` and is given back once; this waits for work that uses it.
            let _ = unsafe { result::free_sync(address) };
        }
    }

    fn bind(&self) -> Result<(), String> {
        self.context.bind_to_thread().map_err(text)
    }
}

impl Drop for Cudarc {
    fn drop(&mut self) {
        if self.bind().is_ok() {
            self.release();
        }
    }
}

impl Driver for Cudarc {
    fn name(&self) -> String {
        self.context.name().unwrap_or_else(|_| "unnamed device".into())
    }

    fn memory(&self) -> Result<(usize, usize), String> {
        let (free, total) = self.context.mem_get_info().map_err(text)?;
        Ok((free + self.arrays().kept_bytes(), total))
    }

    fn multiprocessors(&self) -> usize {
        let attribute = sys::CUdevice_attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT;
        self.context.attribute(attribute).map_or(1, |count| count.max(1) as usize)
    }

    fn shared_bytes_max(&self) -> usize {
        let attribute =
            sys::CUdevice_attribute::CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN;
        self.context.attribute(attribute).map_or(48 << 10, |bytes| bytes.max(0) as usize)
    }

    fn cluster_blocks(&self) -> Option<usize> {
        (self.architecture == "sm_90a").then_some(2)
    }

    fn tile_map(&self, of: Tiles) -> Result<Option<TileMap>, String> {
        if self.architecture != "sm_90a" {
            return Ok(None);
        }
        self.bind()?;
        let mut map = sys::CUtensorMap { opaque: [0; 16] };
        let sizes = [of.columns as u64, of.rows as u64];
        let strides = [2 * of.stride as u64];
        let (tile, steps) = ([TILE_COLUMNS, of.tile_rows], [1, 1]);
        // SAFETY: the driver reads as many numbers as the two dimensions have and writes the map; it checks them, and no memory is
        // touched before a kernel copies by the map.
        unsafe {
            sys::cuTensorMapEncodeTiled(
                &mut map,
                sys::CUtensorMapDataType::CU_TENSOR_MAP_DATA_TYPE_BFLOAT16,
                2,
                of.address as *mut c_void,
                sizes.as_ptr(),
                strides.as_ptr(),
                tile.as_ptr(),
                steps.as_ptr(),
                sys::CUtensorMapInterleave::CU_TENSOR_MAP_INTERLEAVE_NONE,
                sys::CUtensorMapSwizzle::CU_TENSOR_MAP_SWIZZLE_128B,
                sys::CUtensorMapL2promotion::CU_TENSOR_MAP_L2_PROMOTION_L2_256B,
                sys::CUtensorMapFloatOOBfill::CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE,
            )
        }
        .result()
        .map_err(text)?;
        Ok(Some(TileMap(map.opaque)))
    }

    fn allocate(&self, bytes: usize) -> Result<u64, String> {
        self.bind()?;
        if let Some(address) = self.arrays().take(bytes) {
            return Ok(address);
        }
        // SAFETY: the size is not zero (`Memory` asks for at least 16 bytes).
        let new = || unsafe { result::malloc_sync(bytes) };
        let address = new().or_else(|_| {
            self.release();
            new()
        });
        let address = address.map_err(text)?;
        self.arrays().used.insert(address, bytes);
        Ok(address)
    }

    fn free(&self, address: u64) {
        let mut arrays = self.arrays();
        if let Some(bytes) = arrays.used.remove(&address) {
            arrays.kept.push((bytes, address));
        }
    }

    fn write(&self, to: u64, from: &[u8]) -> Result<(), String> {
        self.bind()?;
        // SAFETY: `Memory` checked that the array is as long. The slice is pageable: the call returns when it has been read.
        unsafe { result::memcpy_htod_async(to, from, self.stream.cu_stream()) }.map_err(text)?;
        self.synchronize()
    }

    fn read(&self, from: u64, to: &mut [u8]) -> Result<(), String> {
        self.bind()?;
        // SAFETY: `Memory` checked that the array is as long; the slice is not touched before the work is done.
        unsafe { result::memcpy_dtoh_async(to, from, self.stream.cu_stream()) }.map_err(text)?;
        self.synchronize()
    }

    fn fill(&self, to: u64, value: u8, bytes: usize) -> Result<(), String> {
        self.bind()?;
        // SAFETY: callers hold the array, which is as long.
        unsafe { result::memset_d8_async(to, value, bytes, self.stream.cu_stream()) }.map_err(text)
    }

    fn load(&self, source: &Source) -> Result<Arc<dyn Module>, String> {
        self.bind()?;
        let image = nvrtc::compile(source, &self.architecture)?;
        // SAFETY: the image is a whole cubin, made by the compiler or read from our cache.
        let module = unsafe { result::module::load_data(image.as_ptr().cast::<c_void>()) };
        let module = module.map_err(text)?;
        Ok(Arc::new(Loaded { module, context: self.context.clone(), functions: Mutex::default() }))
    }

    unsafe fn launch(
        &self,
        module: &dyn Module,
        kernel: &str,
        shape: Shape,
        arguments: &[Argument],
    ) -> Result<(), String> {
        self.bind()?;
        let Some(loaded) = module.as_any().downcast_ref::<Loaded>() else {
            return Err("a module of another device".into());
        };
        let function = loaded.function(kernel)?;
        // Static shared memory counts towards the 48 KiB that need no asking.
        if shape.shared_bytes > 32 << 10 {
            let attribute =
                sys::CUfunction_attribute::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
            // SAFETY: the function is of a loaded module.
            unsafe {
                result::function::set_function_attribute(
                    function,
                    attribute,
                    shape.shared_bytes as i32,
                )
            }
            .map_err(text)?;
        }
        let mut pointers: Vec<_> = arguments.iter().map(Argument::pointer).collect();
        let [gx, gy, gz] = shape.grid;
        let [bx, by, bz] = shape.block;
        // SAFETY: the caller vouches for the arguments; the driver copies their values before it returns.
        unsafe {
            result::launch_kernel(
                function,
                (gx, gy, gz),
                (bx, by, bz),
                shape.shared_bytes,
                self.stream.cu_stream(),
                &mut pointers,
            )
        }
        .map_err(text)
    }

    fn synchronize(&self) -> Result<(), String> {
        self.stream.synchronize().map_err(text)
    }

    fn begin_recording(&self) -> Result<(), String> {
        self.bind()?;
        let mode = sys::CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;
        // SAFETY: the stream is alive.
        unsafe { result::stream::begin_capture(self.stream.cu_stream(), mode) }.map_err(text)
    }

    fn end_recording(&self) -> Result<Box<dyn Recording>, String> {
        self.bind()?;
        // SAFETY: the stream is alive and was set to capture.
        let graph =
            unsafe { result::stream::end_capture(self.stream.cu_stream()) }.map_err(text)?;
        let flags = sys::CUgraphInstantiate_flags(0);
        // SAFETY: the graph is what the capture made; it is destroyed once, after the copy for execution is made.
        let executable = unsafe {
            let executable = result::graph::instantiate(graph, flags);
            let _ = result::graph::destroy(graph);
            executable.map_err(text)?
        };
        Ok(Box::new(Graph {
            executable,
            context: self.context.clone(),
            stream: self.stream.clone(),
        }))
    }
}

impl Loaded {
    fn function(&self, kernel: &str) -> Result<sys::CUfunction, String> {
        let mut functions = self.functions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(function) = functions.get(kernel) {
            return Ok(*function as sys::CUfunction);
        }
        let name = CString::new(kernel).map_err(|e| e.to_string())?;
        // SAFETY: the module is loaded.
        let function = unsafe { result::module::get_function(self.module, name) }.map_err(text)?;
        functions.insert(kernel.to_owned(), function as usize);
        Ok(function)
    }
}

/// A graph of launches.
struct Graph {
    executable: sys::CUgraphExec,
    context: Arc<CudaContext>,
    stream: Arc<CudaStream>,
}

// SAFETY: the graph is used by one thread at a time, in its context; the driver asks for no more.
unsafe impl Send for Graph {}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph").finish_non_exhaustive()
    }
}

impl Recording for Graph {
    fn replay(&self) -> Result<(), String> {
        self.context.bind_to_thread().map_err(text)?;
        // SAFETY: graph and stream are alive.
        unsafe { result::graph::launch(self.executable, self.stream.cu_stream()) }.map_err(text)
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        if self.context.bind_to_thread().is_ok() {
            let _ = self.stream.synchronize();
            // SAFETY: the graph is destroyed once, when no launch of it is under way.
            let _ = unsafe { result::graph::exec_destroy(self.executable) };
        }
    }
}
