//! The device that tests of kernels run on.

use std::process::Command;
use std::sync::OnceLock;

use super::{Cuda, Device, Source};
use crate::Distribution;

/// A GPU if `HATCHERY_REQUIRE_CUDA` asks for one, else the emulator where there is a C++ compiler; `None`, with a line on
/// standard error, where there is none and `HATCHERY_REQUIRE_EMULATOR` does not insist on it.
///
/// # Panics
/// If a device is required and cannot be had.
pub fn device() -> Option<&'static Device> {
    static CUDA: OnceLock<Option<Cuda>> = OnceLock::new();
    CUDA.get_or_init(|| cuda(1)).as_ref().map(|cuda| &cuda.devices()[0])
}

/// So many of them. Where there is one GPU, all are that one.
///
/// # Panics
/// If devices are required and cannot be had.
pub fn cuda(count: usize) -> Option<Cuda> {
    let required = |name| std::env::var_os(name).is_some();
    let devices: Vec<Device> = if required("HATCHERY_REQUIRE_CUDA") {
        let open = |_| Device::open(0).expect("HATCHERY_REQUIRE_CUDA is set");
        (0..count).map(open).collect()
    } else {
        let compiler = Command::new("g++").arg("--version").output().is_ok();
        if !compiler && !required("HATCHERY_REQUIRE_EMULATOR") {
            eprintln!("skipped: the CUDA sources need g++ to run on the processor");
            return None;
        }
        (0..count).map(Device::emulated).collect()
    };
    Some(Cuda::new(devices))
}

/// What the assembler says about a source for an architecture; `Err` also where there is no compiler.
///
/// # Errors
/// The compiler's messages.
#[cfg(feature = "cuda")]
pub fn resources(source: &Source, architecture: &str) -> Result<String, String> {
    super::device::nvrtc::resources(source, architecture)
}

/// The sources of this crate that need no network, with a label.
pub fn sources() -> Vec<(&'static str, Source)> {
    vec![
        ("normal", super::noise::source(Distribution::Normal)),
        ("uniform", super::noise::source(Distribution::Uniform)),
    ]
}

/// Random cases of a test of kernels: `few` on the processor, many on a GPU.
pub fn cases(few: u32) -> u32 {
    if std::env::var_os("HATCHERY_REQUIRE_CUDA").is_some() { 20 * few } else { few }
}
