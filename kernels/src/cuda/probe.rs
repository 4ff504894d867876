//! Asks the CUDA driver what is there, without linking to it and without ever panicking.
//!
//! The driver library is opened while the program runs and three of its functions are called. No
//! binding crate is involved, because those panic where a library or a symbol is missing.

use std::ffi::c_int;
use std::fmt;
use std::sync::OnceLock;

use libloading::Library;

/// The names that the driver library goes by.
#[cfg(windows)]
const DRIVER_NAMES: &[&str] = &["nvcuda.dll"];
#[cfg(not(windows))]
const DRIVER_NAMES: &[&str] = &["libcuda.so.1", "libcuda.so"];

/// The oldest driver that takes code of the CUDA version we compile with: 13.0.
const DRIVER_MIN: i32 = 13_000;

/// `CUDA_SUCCESS` of the driver's interface.
const SUCCESS: c_int = 0;
/// `CUDA_ERROR_NO_DEVICE` of the driver's interface.
const ERROR_NO_DEVICE: c_int = 100;

/// What a machine has of CUDA. Its `Display` is one clause that says what is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CudaStatus {
    /// The driver library is not installed, or the loader does not find it.
    NoDriver,
    /// The driver library lacks the functions that are asked for first.
    SymbolsMissing,
    /// The driver works and sees no device.
    NoDevice,
    /// The driver answered with this `CUresult`.
    InitFailed(i32),
    /// The driver is for this older version of CUDA (1000 · major + 10 · minor).
    DriverTooOld(i32),
    /// Devices can be used.
    Ready {
        /// Number of devices, at least 1.
        devices: i32,
        /// Version of CUDA that the driver is for (1000 · major + 10 · minor).
        driver: i32,
    },
}

impl CudaStatus {
    /// Whether a device can be used.
    pub const fn is_ready(self) -> bool {
        matches!(self, Self::Ready { .. })
    }
}

impl fmt::Display for CudaStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = |v: i32| format!("{}.{}", v / 1000, v % 1000 / 10);
        match *self {
            Self::NoDriver => {
                write!(f, "no CUDA driver is installed ({} not found)", DRIVER_NAMES[0])
            }
            Self::SymbolsMissing => write!(f, "the CUDA driver library lacks basic functions"),
            Self::NoDevice => write!(f, "the CUDA driver sees no device"),
            Self::InitFailed(code) => write!(f, "the CUDA driver failed with error {code}"),
            Self::DriverTooOld(found) => write!(
                f,
                "the CUDA driver is for version {}, at least {} is needed",
                version(found),
                version(DRIVER_MIN)
            ),
            Self::Ready { devices, driver } => {
                let plural = if devices == 1 { "" } else { "s" };
                write!(f, "{devices} CUDA device{plural}, driver for version {}", version(driver))
            }
        }
    }
}

/// What this machine has of CUDA; asked once, then remembered.
///
/// The first call may take a second where there is a driver, which it loads and initialises.
pub fn probe() -> CudaStatus {
    static STATUS: OnceLock<CudaStatus> = OnceLock::new();
    *STATUS.get_or_init(|| probe_library(DRIVER_NAMES))
}

type Init = unsafe extern "C" fn(u32) -> c_int;
type Get = unsafe extern "C" fn(*mut c_int) -> c_int;

/// The status by the first library of `names` that can be opened.
fn probe_library(names: &[&str]) -> CudaStatus {
    // SAFETY: opening a library runs its initialisers. The names are those of the CUDA driver (in
    // tests, of a stand-in), whose initialisers any CUDA program runs, from any thread.
    let open = |name: &&str| unsafe { Library::new(*name) }.ok();
    let Some(library) = names.iter().find_map(open) else {
        return CudaStatus::NoDriver;
    };
    let status = ask(&library);
    // The driver starts threads of its own: it must stay mapped until the process ends.
    std::mem::forget(library);
    status
}

fn ask(library: &Library) -> CudaStatus {
    // SAFETY: these are the signatures that cuda.h documents for these names, unchanged since
    // CUDA 2.2; `CUresult` is a C enumeration, hence an `int`.
    let symbols = unsafe {
        (
            library.get::<Init>(c"cuInit"),
            library.get::<Get>(c"cuDriverGetVersion"),
            library.get::<Get>(c"cuDeviceGetCount"),
        )
    };
    let (Ok(init), Ok(version), Ok(count)) = symbols else {
        return CudaStatus::SymbolsMissing;
    };
    let get = |function: &Get| {
        let mut value = 0;
        // SAFETY: the function writes one `int` through the pointer, which is to a live local.
        let code = unsafe { function(&mut value) };
        if code == SUCCESS { Ok(value) } else { Err(code) }
    };
    // SAFETY: `cuInit` takes flags, of which only 0 is allowed, and may be called at any time.
    let init = match unsafe { init(0) } {
        SUCCESS => Ok(()),
        code => Err(code),
    };
    // Devices can be counted only after a successful start; the version can be read at any time.
    let devices = init.and_then(|()| get(&count));
    status_of(get(&version), devices)
}

/// The verdict on the driver's answers, errors being its codes.
fn status_of(version: Result<i32, i32>, devices: Result<i32, i32>) -> CudaStatus {
    match (version, devices) {
        (_, Err(ERROR_NO_DEVICE)) => CudaStatus::NoDevice,
        (_, Err(code)) | (Err(code), _) => CudaStatus::InitFailed(code),
        (Ok(driver), _) if driver < DRIVER_MIN => CudaStatus::DriverTooOld(driver),
        (_, Ok(devices)) if devices < 1 => CudaStatus::NoDevice,
        (Ok(driver), Ok(devices)) => CudaStatus::Ready { devices, driver },
    }
}

#[cfg(test)]
mod tests;
