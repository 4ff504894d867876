//! `hatchery doctor`: what this machine has.

use std::io::Write;

use anyhow::{Context, Result};
use hatchery_engine::checkpoint;
use hatchery_kernels::simd;
use serde_json::json;

use crate::cli::args::DoctorArgs;
use crate::cli::{Outcome, backend};

pub(in crate::cli) fn run(args: &DoctorArgs) -> Result<Outcome> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (auto, cuda) = backend::describe();
    let memory = memory_gib();
    let simd = simd::level().to_string();
    let version = env!("CARGO_PKG_VERSION");
    let mut out = std::io::stdout().lock();
    if args.json {
        let (total, available) = memory.unzip();
        let object = json!({
            "version": version, "cores": cores, "simd": simd, "cuda": cuda, "backend": auto.name(),
            "memory_gib": total, "memory_available_gib": available,
            "checkpoint_format": checkpoint::FORMAT, "os": std::env::consts::OS, "arch": std::env::consts::ARCH,
        });
        writeln!(out, "{object}")
    } else {
        let memory = match memory {
            Some((total, available)) => format!("{total:.1} GiB, {available:.1} GiB available"),
            None => "unknown on this system".to_owned(),
        };
        let rows = [
            ("hatchery", format!("{version}, checkpoint format {}", checkpoint::FORMAT)),
            ("system", format!("{} on {}", std::env::consts::OS, std::env::consts::ARCH)),
            ("cores", cores.to_string()),
            ("SIMD", simd),
            ("memory", memory),
            ("CUDA", cuda),
            ("backend", format!("{} (what --backend auto takes)", auto.name())),
        ];
        let lines: Vec<String> = rows.iter().map(|(k, v)| format!("{k:<10} {v}")).collect();
        writeln!(out, "{}", lines.join("\n"))
    }
    .context("cannot write to standard output")?;
    Ok(Outcome::Done)
}

/// Total and available memory, where the system tells it as Linux does.
fn memory_gib() -> Option<(f64, f64)> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let field = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kib / (1024.0 * 1024.0))
    };
    Some((field("MemTotal:")?, field("MemAvailable:")?))
}
