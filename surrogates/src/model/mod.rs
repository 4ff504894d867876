//! Models that are fitted to past experiments and searched in their place.
//!
//! | file | what |
//! |---|---|
//! | `ridge.rs`, `terms.rs` | a linear model over sites, squares and products, in closed form |
//! | `ensemble.rs` | networks on bootstrap samples |
//! | `process.rs` | a Gaussian process over encoded designs |
//! | `scored.rs` | any of them as a task of the engine |
//! | `quadratic.rs` | an older quadratic over a [`Dataset`](crate::Dataset) of numbers, as an objective |

mod ensemble;
mod process;
mod quadratic;
mod ridge;
mod scored;
mod terms;
mod turned;

pub use ensemble::{Config as EnsembleConfig, Ensemble, Vote};
pub use process::Process;
pub use quadratic::{PRODUCTS_MAX, Quadratic};
pub use ridge::{PENALTIES, Ridge};
pub use scored::{Merit, Scored};
pub use terms::{TERMS_MAX, Terms};

use crate::network::EpochRow;
use crate::space::{Design, Encoding, Space};

/// What a surrogate says of a design.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// In units of the score; larger is better.
    pub mean: f64,
    /// How unsure the model is of that mean, ≥ 0, in units of the score and without the noise of a measurement.
    pub deviation: f64,
}

/// A model of past experiments. Designs are those of [`space`](Self::space).
pub trait Surrogate: Send + Sync {
    /// A short name for reports.
    fn name(&self) -> &str;

    /// What its designs are.
    fn space(&self) -> &Space;

    /// Standard deviation of what a measurement adds to the mean, estimated on rows left out of the fit, in units of the score.
    fn noise(&self) -> f64;

    /// Mean and deviation of designs.
    fn predict(&self, designs: &[Design]) -> Vec<Prediction>;

    /// Means alone, where they are cheaper.
    fn means(&self, designs: &[Design]) -> Vec<f64> {
        self.predict(designs).iter().map(|prediction| prediction.mean).collect()
    }

    /// The same model as something with slopes, if it has them.
    fn climbable(&self) -> Option<&dyn Climbable> {
        None
    }

    /// What happened in the training of each network, by epoch; nothing of a model that is no network.
    fn training(&self) -> Vec<&[EpochRow]> {
        Vec::new()
    }
}

/// A model with slopes in encoded designs.
pub trait Climbable: Sync {
    /// How designs become features.
    fn encoding(&self) -> &Encoding;

    /// Standard deviation of the scores it was fitted to: a slope over it is free of their unit.
    fn score_deviation(&self) -> f64;

    /// Predictions for rows of features `(rows, features)` into `values`, and their slopes into `slopes`, `(rows, features)`.
    fn slopes(&self, x: &[f32], values: &mut [f64], slopes: &mut [f32]);

    /// Predictions alone, where they are cheaper.
    fn values(&self, x: &[f32], values: &mut [f64]) {
        self.slopes(x, values, &mut vec![0.0; x.len()]);
    }
}

#[cfg(test)]
mod tests;
