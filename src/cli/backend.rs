//! From `--backend` to where the arithmetic happens.

use anyhow::{Result, anyhow};
use hatchery_kernels::cuda::{Cuda, probe};
use hatchery_kernels::{Backend, KernelError};

use super::args::BackendChoice;
use super::usage;

/// The backend that was asked for; with `auto` the devices if they can be used. Where there are devices that cannot be used, one
/// line on standard error says why.
///
/// # Errors
/// If devices were asked for and cannot be used, with the reason.
pub(super) fn open(choice: BackendChoice) -> Result<Backend> {
    if choice == BackendChoice::Cpu || choice == BackendChoice::Auto && !devices_are_likely() {
        return Ok(Backend::cpu());
    }
    match (choice, Cuda::open(None)) {
        (_, Ok(cuda)) => {
            for refused in cuda.refused() {
                eprintln!("hatchery: not used: {refused}");
            }
            Ok(Backend::Cuda(cuda))
        }
        (BackendChoice::Cuda, Err(error)) => {
            Err(usage(anyhow!("--backend cuda: {}; use --backend cpu", reason(&error))))
        }
        (_, Err(error)) => {
            eprintln!("hatchery: CUDA is not used: {}; this runs on the CPU", reason(&error));
            Ok(Backend::cpu())
        }
    }
}

/// What `auto` takes, and one clause about CUDA: its devices, or why there are none.
pub(super) fn describe() -> (Backend, String) {
    match Cuda::open(None) {
        Ok(cuda) => {
            let refused = cuda.refused().iter().map(|reason| format!("not used: {reason}"));
            let names: Vec<String> = cuda
                .devices()
                .iter()
                .map(|device| {
                    let memory = device.memory().map_or_else(
                        |error| error.to_string(),
                        |(free, total)| format!("{:.1} of {:.1} GiB free", gib(free), gib(total)),
                    );
                    format!("{} ({memory})", device.name())
                })
                .chain(refused)
                .collect();
            (Backend::Cuda(cuda), names.join(", "))
        }
        Err(error) => (Backend::cpu(), reason(&error)),
    }
}

fn gib(bytes: usize) -> f64 {
    bytes as f64 / (1u64 << 30) as f64
}

/// Whether it is worth to load a compiler and to make contexts.
fn devices_are_likely() -> bool {
    probe().is_ready() || std::env::var_os("HATCHERY_EMULATED_DEVICES").is_some()
}

fn reason(error: &KernelError) -> String {
    match error {
        KernelError::NoDevice { reason } => reason.clone(),
        other => other.to_string(),
    }
}
