//! Classification of a real table, trained without gradients.

pub mod classifier;
pub mod digits;

pub use classifier::{Classifier, Config, Loss};
