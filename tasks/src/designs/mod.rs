//! Offline design with an exact oracle: a table of designs and scores, some of its rows visible, and the truth of any design.
//!
//! A method gets the visible rows of a [`Benchmark`], proposes designs, and is scored by the [`Oracle`] once at the end. Larger
//! scores are better everywhere; functions that are to be minimised are negated here. Every oracle is a formula or a measured
//! table, none is a model of the data.
//!
//! | name | design | oracle | visible |
//! |---|---|---|---|
//! | `branin`, `hartmann6`, `rosenbrock8`, `styblinski-tang6` | real | formula | 5,000 of the lower half, away from the optimum |
//! | `ackley20`, `rastrigin20`, `levy20`, also in other dimensions | real | formula, shifted and rotated by the seed | the same |
//! | `planted-86` | 86 amounts | formula, 12 peaks in a projection | lowest 80 % |
//! | `tfbind-like` | 8 letters of 4 | generated table | lower half |
//! | `ehrlich`, `ehrlich-holo` | 32 of 20, 256 of 32 | formula, with infeasible designs | lowest 80 %, below 0.5 |
//! | `rmf` | 40 bits | formula | lower half |
//! | `tf-bind-8`, also `-crx`, `-pax4`, `-vsx1` | 8 letters of 4 | measured table | lower half |
//! | `pho4-rows34` | 10 letters of 4 | measured table | lower half |
//! | `buchwald-hartwig` | 4 choices | measured table | lower half |
//! | `gb1` | 4 letters of 20 | measured table | not above the wild type |
//!
//! [`named`] makes them; [`Benchmark::assemble`] puts any oracle together with any [`Protocol`]. Measured tables are files that
//! the caller has: the functions that read them take a folder. [`npy`] and [`Shards`] read the files of Design-Bench, and archives of two arrays.
//!
//! ```
//! use hatchery_tasks::designs::named;
//!
//! let benchmark = named("hartmann6", None, 7)?;
//! let best = benchmark.split.visible.iter().map(|&row| benchmark.pool.scores[row]).fold(f64::MIN, f64::max);
//! let optimum = &benchmark.oracle.optima()[0];
//! let truth = benchmark.oracle.truth(optimum).expect("it lies in the box");
//! assert!(best < 0.5 && (truth - 3.32237).abs() < 1e-5);
//! assert_eq!(benchmark.extremes.by_optimum(truth), Some(1.0));
//! # Ok::<(), hatchery_tasks::designs::DesignError>(())
//! ```

mod benchmark;
mod chain;
mod closed_form;
mod draw;
mod ehrlich;
mod error;
mod files;
mod gb1;
mod mount_fuji;
mod moved;
pub mod npy;
mod npz;
mod oracle;
mod pho4;
mod planted;
mod reactions;
mod registry;
mod shards;
mod site;
mod split;
mod table;
mod tf_bind;
mod tf_bind_like;

pub use benchmark::{Benchmark, Extremes};
pub use closed_form::{ClosedForm, Function};
pub use ehrlich::{Ehrlich, Settings};
pub use error::DesignError;
pub use gb1::gb1;
pub use mount_fuji::MountFuji;
pub use moved::Moved;
pub use oracle::{Oracle, Pool};
pub use pho4::pho4_rows34;
pub use planted::Planted;
pub use reactions::buchwald_hartwig;
pub use registry::{NAMES, named, oracle};
pub use shards::Shards;
pub use site::{Kind, Site, contains, distance, random_design};
pub use split::{Protocol, Split, Window};
pub use table::Table;
pub use tf_bind::{FACTORS, tf_bind_8};
pub use tf_bind_like::tf_bind_like;
