//! # Hatchery
//!
//! Evolutionary and black-box search: train and optimise anything that returns a score. Whatever can be scored is a
//! [`Task`](engine::Task), whatever proposes is a [`Strategy`](engine::Strategy), and a generation is the meeting of
//! the two.
//!
//! This crate is the front door: the command line `hatchery`, and every member crate under a short name.
//!
//! | here | crate | what is in it |
//! |---|---|---|
//! | [`engine`] | `hatchery-engine` | `Task`, `Strategy`, `Population`, the generation loop, checkpoints, observers |
//! | [`search`] | `hatchery-search` | EGGROLL and the other strategies |
//! | [`tasks`] | `hatchery-tasks` | control, classification, toys, and networks for tasks of your own |
//! | [`surrogates`] | `hatchery-surrogates` | models of a table of past experiments |
//! | [`kernels`] | `hatchery-kernels` | arithmetic on arrays, noise by address |
//! | [`prelude`] | | the names that most programs need |
//!
//! A function of your own, searched:
//!
//! ```
//! use hatchery::prelude::*;
//!
//! /// Two numbers with sum 7 and product 12.
//! struct Riddle;
//!
//! impl Objective for Riddle {
//!     fn dimension(&self) -> usize { 2 }
//!     fn value(&self, x: &[f32]) -> f32 {
//!         -(x[0] + x[1] - 7.0).powi(2) - (x[0] * x[1] - 12.0).powi(2)
//!     }
//! }
//!
//! let task = PerturbedPoints(Riddle);
//! let start = Params { values: vec![1.0, 2.0], ..Params::zeros(task.layout()) };
//! let config = eggroll::Config::default();
//! let mut search = Eggroll::try_new(eggroll::Variant::Eggroll, config, start, 7)?;
//! let budget = Budget { generations: Some(300), ..Budget::default() };
//! let plan = RunPlan { budget, ..RunPlan::default() };
//! run(&mut search, &task, &Evaluator::new(Backend::cpu()), &plan, &mut [])?;
//! let x = &search.centre().expect("it has one").values;
//! assert!((x[0] - 3.0).abs() < 0.1 && (x[1] - 4.0).abs() < 0.1, "{x:?}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The numbered programs in `examples/` go on from here; `ARCHITECTURE.md` explains the house.

#![forbid(unsafe_code)]

pub use hatchery_engine as engine;
pub use hatchery_kernels as kernels;
pub use hatchery_search as search;
pub use hatchery_surrogates as surrogates;
pub use hatchery_tasks as tasks;

/// The names that most programs need: `use hatchery::prelude::*;`.
pub mod prelude {
    pub use hatchery_engine::checkpoint::CheckpointStore;
    pub use hatchery_engine::observe::{Observer, ObserverError};
    pub use hatchery_engine::schedule::Schedule;
    pub use hatchery_engine::shaping::Shaping;
    pub use hatchery_engine::update::Optimiser;
    pub use hatchery_engine::{
        Budget, CheckpointPlan, Evaluator, Explicit, Fitness, Generation, GenerationReport, Layout,
        Metrics, Objective, ParamSpec, Params, Perturbed, PerturbedPoints, Points, Population,
        RunPlan, RunReport, Sampling, StopReason, Strategy, TargetStatistic, Task, TaskError, run,
    };
    pub use hatchery_kernels::{Backend, Input};
    pub use hatchery_search::{Eggroll, eggroll};
    pub use hatchery_tasks::model::{Activation, MemberBlock, Mlp, mlp};
}

/// The programs of the README are compiled and run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// Folder of each member and the members below it, which it may depend on.
    const FLOOR_PLAN: [(&str, &[&str]); 5] = [
        ("kernels", &[]),
        ("engine", &["kernels"]),
        ("search", &["engine", "kernels"]),
        ("surrogates", &["engine", "kernels"]),
        ("tasks", &["engine", "kernels"]),
    ];

    fn read(path: &str) -> String {
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("it is there")
    }

    #[test]
    fn dependencies_point_down_only() {
        for (member, below) in FLOOR_PLAN {
            let manifest: toml::Table =
                read(&format!("{member}/Cargo.toml")).parse().expect("it is TOML");
            for name in manifest["dependencies"].as_table().expect("a table").keys() {
                if let Some(folder) = name.strip_prefix("hatchery-") {
                    assert!(below.contains(&folder), "{member} must not depend on {folder}");
                }
            }
        }
    }

    #[test]
    fn unsafe_code_lives_in_kernels_only() {
        let others = FLOOR_PLAN.iter().map(|(member, _)| format!("{member}/src/lib.rs")).skip(1);
        for path in others.chain(["src/lib.rs".into()]) {
            assert!(read(&path).contains("#![forbid(unsafe_code)]"), "{path} must forbid it");
        }
    }
}
