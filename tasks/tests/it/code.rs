//! What the kernels compile to, by CUDA's compiler and without a device: registers, stack and spills, kept in a file whose
//! growth this notices.

use std::fmt::Write;
use std::path::PathBuf;

use hatchery_kernels::Perturbation;
use hatchery_kernels::cuda::{Source, testing};
use hatchery_tasks::control::{
    Acrobot, CartPole, Config, DoorKey, Environment, MountainCar, MountainCarContinuous, Pendulum,
    Policy,
};
use hatchery_tasks::model::{Activation, mlp};

use crate::device::population;

const ARCHITECTURES: [&str; 2] = ["sm_80", "sm_90a"];

fn policy(
    label: &str,
    environment: impl Environment,
    hidden: &[usize],
    rank: u32,
) -> (String, Source) {
    let model = mlp::Config {
        hidden: hidden.to_vec(),
        activation: Activation::Tanh,
        ..mlp::Config::default()
    };
    let policy = Policy::new(environment, Config::default(), &model, 1);
    let population = population(policy.init(1), Perturbation::LowRank { rank }, 2);
    (label.to_owned(), policy.device_source(&population).expect("a device can play it"))
}

fn sources() -> Vec<(String, Source)> {
    let mut all = testing::sources();
    all.extend([
        policy("cartpole 32", CartPole, &[32], 1),
        policy("cartpole 64x64", CartPole, &[64, 64], 1),
        policy("acrobot 32", Acrobot, &[32], 1),
        policy("mountain-car 32", MountainCar, &[32], 1),
        policy("mountain-car-continuous 32", MountainCarContinuous, &[32], 1),
        policy("pendulum 32 rank 4", Pendulum, &[32], 4),
        policy("door-key 64", DoorKey, &[64], 1),
        policy("cartpole 256", CartPole, &[256], 1),
        (
            "bench".to_owned(),
            Source::new("fitness", include_str!("../../../benches/population_scaling/fitness.cu")),
        ),
    ]);
    all
}

/// Names of the `.cu` files of a folder of the repository, without the ending.
fn files(folder: &str) -> Vec<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    let sources = paths.filter(|path| path.extension().is_some_and(|e| e == "cu"));
    sources.map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned()).collect()
}

#[test]
fn every_source_is_compiled_for_devices() {
    let compiled: Vec<&str> = sources().into_iter().map(|(_, source)| source.name).collect();
    let mut found = files("kernels/src/cuda");
    assert!(found.len() > 10, "{found:?}");
    found.extend(files("benches/population_scaling"));
    for name in found {
        assert!(compiled.contains(&name.as_str()), "{name}.cu is not in the table of registers");
    }
}

/// Lines `label kernel architecture registers stack spills`, the last two in bytes.
fn table() -> Result<String, String> {
    let mut table = String::new();
    for (label, source) in sources() {
        for architecture in ARCHITECTURES {
            // What is made for one architecture is compiled for it alone.
            if source.name.ends_with("_hopper") && architecture != "sm_90a" {
                continue;
            }
            let log = testing::resources(&source, architecture)?;
            let mut kernels: Vec<_> = log.split("Compiling entry function '").skip(1).collect();
            kernels.sort_unstable();
            for part in kernels {
                let name = part.split('\'').next().expect("a name");
                let number = |after: &str, before: &str| -> u32 {
                    let text = part.split(before).next().and_then(|head| head.rsplit(after).next());
                    text.and_then(|t| t.trim().parse().ok()).unwrap_or_else(|| panic!("{part}"))
                };
                let stack = number(".", " bytes stack frame");
                let spills = number(",", " bytes spill stores") + number(",", " bytes spill loads");
                let registers = number("Used", " registers");
                let _ = writeln!(
                    table,
                    "{label:<28} {name:<24} {architecture:<7} {registers:>4} {stack:>6} {spills:>6}"
                );
            }
        }
    }
    Ok(table)
}

#[test]
fn registers_and_spills_have_not_grown() {
    let found = match table() {
        Ok(found) => found,
        Err(reason) if std::env::var_os("HATCHERY_REQUIRE_NVRTC").is_some() => panic!("{reason}"),
        Err(reason) => return eprintln!("skipped: {reason}"),
    };
    println!("{found}");
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/registers.txt");
    if std::env::var_os("HATCHERY_WRITE_REGISTERS").is_some() {
        std::fs::write(&path, &found).expect("written");
    }
    let kept = std::fs::read_to_string(&path).expect("the file is there");
    let rows = |text: &str| -> Vec<(String, Vec<u32>)> {
        let row = |line: &str| {
            let (name, numbers) = line.split_at(61);
            let numbers = numbers.split_whitespace().map(|n| n.parse().expect("a number"));
            (name.trim_end().to_owned(), numbers.collect())
        };
        text.lines().map(row).collect()
    };
    let (kept, found) = (rows(&kept), rows(&found));
    let names = |rows: &[(String, Vec<u32>)]| rows.iter().map(|r| r.0.clone()).collect::<Vec<_>>();
    assert_eq!(names(&found), names(&kept), "HATCHERY_WRITE_REGISTERS=1 writes the file anew");
    for ((name, found), (_, kept)) in found.iter().zip(&kept) {
        let grown = found.iter().zip(kept).any(|(found, kept)| found > kept);
        assert!(
            !grown,
            "{name} grew from {kept:?} to {found:?} (registers, stack, spills); if it must, HATCHERY_WRITE_REGISTERS=1"
        );
    }
}
