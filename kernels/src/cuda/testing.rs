//! The device that tests of kernels run on.

use std::process::Command;
use std::sync::OnceLock;

use super::Device;

/// A GPU if `HATCHERY_REQUIRE_CUDA` asks for one, else the emulator where there is a C++ compiler; `None`, with a line on
/// standard error, where there is none and `HATCHERY_REQUIRE_EMULATOR` does not insist on it.
///
/// # Panics
/// If a device is required and cannot be had.
pub fn device() -> Option<&'static Device> {
    static DEVICE: OnceLock<Option<Device>> = OnceLock::new();
    let open = || {
        let required = |name| std::env::var_os(name).is_some();
        if required("HATCHERY_REQUIRE_CUDA") {
            return Some(Device::open(0).expect("HATCHERY_REQUIRE_CUDA is set"));
        }
        let compiler = Command::new("g++").arg("--version").output().is_ok();
        if !compiler && !required("HATCHERY_REQUIRE_EMULATOR") {
            eprintln!("skipped: the CUDA sources need g++ to run on the processor");
            return None;
        }
        Some(Device::emulated(0))
    };
    DEVICE.get_or_init(open).as_ref()
}
