//! # Hatchery surrogates
//!
//! From a table of past experiments to designs worth trying. A [`Table`](table::Table) is what was tried and how well it did, in a
//! [`Space`](space::Space) of what is possible; a [`Surrogate`](model::Surrogate) fitted to it is a task that every strategy of the engine can search, and
//! [`design`](design::design()) goes the whole way to a shortlist. Start with its README. A [`Dataset`] of numbers alone and a [`Quadratic`] are the
//! smallest such pair:
//!
//! | module | what is in it |
//! |---|---|
//! | [`dataset`] | designs and scores, from arrays or CSV; refuses what no model could learn from |
//! | [`normalise`] | column-wise z-scores, there and back; a search in units of the table |
//! | [`Draws`] | random choices by seed and purpose |
//! | [`statistics`] | quantiles, ranks, rank correlation |
//! | [`space`] | what a design is, which are possible, and moves between them; features for models |
//! | [`table`] | past experiments: types inferred, faults reported |
//! | [`network`] | perceptrons with exact gradients, and their training |
//! | [`sharpness`] | IGNITE, IGNITE-2 and SAM around any network |
//! | [`gp`] | Gaussian process: predictions with their uncertainty, and where to look next |
//! | [`lbfgs`] | descent inside a box, for whatever has a gradient |
//! | [`model`] | models of past experiments: ridge, ensembles of networks, a Gaussian process |
//! | [`design`](mod@design) | rehearsal, shortlist, intervals, verdicts |
//! | [`searcher`] | searches of a model: exhaustive, evolution, ascent, REINFORCE, L-BFGS |
//!
//! ```
//! use hatchery_engine::Objective;
//! use hatchery_surrogates::{Dataset, Quadratic};
//!
//! let table = "width,yield\n1,3\n2,6\n3,7\n4,6\n5,3\n"; // 7 - (width - 3)²
//! let dataset = Dataset::from_csv(table.as_bytes(), "yield")?;
//! let model = Quadratic::fit(&dataset, 1e-9)?;
//! assert!((model.value(&[2.5]) - 6.75).abs() < 1e-4);
//! let best = model.maximum().expect("it curves downwards");
//! assert!((best[0] - 3.0).abs() < 1e-4);
//! # Ok::<(), hatchery_surrogates::SurrogateError>(())
//! ```
//!
//! Larger scores are better, as everywhere; a table of losses is negated by whoever reads it.

#![forbid(unsafe_code)]

pub mod dataset;
pub mod design;
mod draws;
mod error;
pub mod gp;
pub mod lbfgs;
pub mod model;
pub mod network;
pub mod normalise;
mod rows;
pub mod searcher;
pub mod sharpness;
pub mod space;
pub mod statistics;
pub mod table;

pub use dataset::Dataset;
pub use draws::Draws;
pub use error::{Place, SurrogateError};
pub use model::Quadratic;
pub use normalise::{Normalised, Normaliser};
pub use rows::{Rows, SomeRows};
