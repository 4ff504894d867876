//! The device that tests of kernels run on.

use std::process::Command;
use std::sync::OnceLock;

use super::{
    Centred, Cuda, Device, Int8Model, Members, Network, NoiseSource, Pass, Source, Stage, Tensor,
};
use crate::cpu::{Perturbation, Precision, TensorNoise};
use crate::int8::ZeroMean;
use crate::{Distribution, NoiseStream};

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

/// The sources of this crate that need no environment, with a label.
pub fn sources() -> Vec<(String, Source)> {
    let mut all = vec![
        ("normal".to_owned(), super::noise::source(Distribution::Normal)),
        ("uniform".to_owned(), super::noise::source(Distribution::Uniform)),
        ("score".to_owned(), super::score::source()),
        ("shaping".to_owned(), super::shaping::source()),
        ("update".to_owned(), super::update::source()),
        ("vectors".to_owned(), super::vectors::source()),
    ];
    for (label, table) in [("int8 counter", false), ("int8 table", true)] {
        all.push((label.into(), super::int8::noise_source(table)));
    }
    for (width, depth, zero, halves) in
        [(256, 6, ZeroMean::One, 2), (64, 2, ZeroMean::Reference, 2), (64, 1, ZeroMean::One, 1)]
    {
        let model = Int8Model { width, depth, zero };
        let source = super::int8::forward_source(&model, 64, halves);
        all.push((format!("int8 {depth}x{width}"), source));
    }
    let (weights, bias) = ([0.0; 64], [0.0; 8]);
    let stages = vec![Stage::Linear { inputs: 8, outputs: 8, weight: 0, bias: 1 }];
    let network = Network { inputs: 8, stages };
    for (precision, rank) in [(Precision::F32, 1), (Precision::Bf16, 1), (Precision::Bf16, 4)] {
        let noise = |perturbation, layer, cols| TensorNoise {
            perturbation,
            distribution: Distribution::Normal,
            stream: NoiseStream::new(1),
            generation: 0,
            layer,
            rows: 8,
            cols,
        };
        let low_rank = noise(Perturbation::LowRank { rank }, 0, 8);
        let of_bias = noise(Perturbation::Dense, 1, 1);
        let members = Members {
            tensors: vec![
                Tensor { values: Centred::Host(&weights), noise: low_rank },
                Tensor { values: Centred::Host(&bias), noise: of_bias },
            ],
            directions: 0..1,
            halves: 2,
            sigma: 1.0,
            baseline_group: 0,
            precision,
        };
        for source in [NoiseSource::Drawn, NoiseSource::Stored] {
            let pass = Pass {
                network: &network,
                members: &members,
                rows: 1,
                shared_input: false,
                noise: source,
            };
            let label = format!("{precision:?} rank {rank} {source:?}");
            all.extend(pass.sample_sources().into_iter().map(|s| (label.clone(), s)));
        }
        match (precision, rank) {
            (Precision::F32, _) => {
                all.push(("gradient".into(), super::gradient::source(&low_rank, false)))
            }
            (Precision::Bf16, 1) => {
                all.push(("gradient".into(), super::gradient::source_bf16(&low_rank, false)));
                let ring = super::ring::Ring::SAMPLE;
                for (label, split) in [("gradient", false), ("gradient split", true)] {
                    let source = super::gradient::source_hopper(&low_rank, false, ring, split);
                    all.push((label.into(), source));
                }
            }
            (Precision::Bf16, _) => {}
        }
    }
    all
}

/// Random cases of a test of kernels: `few` on the processor, many on a GPU, or what `HATCHERY_TEST_CASES` says.
pub fn cases(few: u32) -> u32 {
    let said = std::env::var("HATCHERY_TEST_CASES").ok().and_then(|v| v.parse().ok());
    said.unwrap_or(match std::env::var_os("HATCHERY_REQUIRE_CUDA") {
        Some(_) => 20 * few,
        None => few,
    })
}
