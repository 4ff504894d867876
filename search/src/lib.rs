//! # Hatchery search strategies
//!
//! | strategy | module | source |
//! |---|---|---|
//! | EGGROLL: low-rank perturbations of matrices | [`eggroll`] | arXiv 2511.16652 |
//! | OpenAI-ES: dense perturbations | [`eggroll`] with [`Variant::OpenEs`](eggroll::Variant::OpenEs) | arXiv 1703.03864 |
//! | sign update, sparse perturbations | [`eggroll`], same enum | the EGGROLL reference code's alternatives |
//! | one-sided leave-one-out estimator | [`eggroll`] with one-sided [`Sampling`](hatchery_engine::Sampling) | arXiv 2609.10980, section 9 |
//! | EGG: integers all the way, moved by votes | [`egg`] | arXiv 2511.16652, section H |
//! | CMA-ES: full covariance, for some hundred parameters | [`es::cma`] | arXiv 1604.00772 |
//! | regularised evolution of programs | [`program`] | arXiv 2302.06675, arXiv 2003.03384 |
//! | rewards over the primitives of a world | [`meta_reward`] | arXiv 2512.13399 |
//! | symbolic regression | [`formula`] | arXiv 2305.01582 and others, see there |
//!
//! [`es::CmaEs`] proposes plain vectors, for any [`Points`](hatchery_engine::Points).
//! Those of [`eggroll`] propose [`Perturbed`](hatchery_engine::Perturbed) populations, so each task for one is a task for all of them.

#![forbid(unsafe_code)]

pub mod egg;
pub mod eggroll;
mod error;
pub mod es;
pub mod formula;
pub mod meta_reward;
pub mod program;

pub use egg::Egg;
pub use eggroll::Eggroll;
pub use error::ConfigError;
pub use es::CmaEs;
