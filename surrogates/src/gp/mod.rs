//! Gaussian process: a posterior over functions, given a table.
//!
//! ```text
//! k(x, x') = s² (1 + u + u²/3) e⁻ᵘ        u = √5 √(Σᵢ (xᵢ - x'ᵢ)² / ℓ²)        K = k(X, X) + t² I = C Cᵀ
//! μ(x) = m + k(X, x)ᵀ K⁻¹ (y - m)         σ²(x) = k(x, x) - |C⁻¹ k(X, x)|²
//! ```
//!
//! | symbol | code              | shape, unit          | meaning                                              |
//! |--------|-------------------|----------------------|------------------------------------------------------|
//! | X      | `rows`            | (rows, features)     | where the function was observed                      |
//! | y      | `scores`          | (rows,)              | what was observed                                    |
//! | ℓ      | `length_scales`   | (groups,)            | distance over which scores differ; one for each group of features |
//! | s²     | `signal`          | score²               | variance of the function                             |
//! | t²     | `noise`           | score²               | variance of an observation around the function       |
//! | m      | `mean`            | score                | where the function goes far from all rows            |
//! | C      |                   | (rows, rows)         | root of K, lower triangular; its inverse is what is kept |
//!
//! Source: Rasmussen and Williams, *Gaussian Processes for Machine Learning* (2006), chapters 2, 4, 5 (posterior, Matérn kernel,
//! likelihood, leave-one-out); Frazier, arXiv 1807.02811. Departures: m is the mean of the scores and is not learned; K gets a
//! jitter of 10⁻¹⁰ s², ten times more (at most 10⁻⁴ s²) as long as it has no root.
//!
//! Features are plain numbers, best of unit range; a category that comes as one column for each of its values is one group, so
//! that it has one length scale. [`acquire`] says where to look next.
//!
//! ```
//! use hatchery_surrogates::gp::{self, Gp};
//!
//! let (rows, scores) = ([0.0, 0.3, 0.6, 1.0], [0.0, 0.9, 0.8, -0.2]);
//! let gp = Gp::fit(&rows, &[0], &scores, &gp::Config::default())?;
//! let there = gp.predict(&[0.45]);
//! assert!(there.mean > 0.7 && there.deviation() < 0.5);
//! # Ok::<(), hatchery_surrogates::SurrogateError>(())
//! ```

pub mod acquire;
mod factor;
mod fit;
mod kernel;
mod likelihood;
mod model;

pub use fit::{Config, Noise, ROWS_MAX};
pub use kernel::Hyper;
pub use model::{Gp, Prediction, Slopes};
