//! Regularisers that keep a surrogate insensitive to its own weights: IGNITE, IGNITE-2, SAM.
#![doc = include_str!("README.md")]

mod gradient_norm;
mod regulariser;

pub use gradient_norm::{Direction, Multiplier, Scope, Sharpness, Step};
pub use regulariser::{Regularised, Regulariser};

use std::ops::Range;

/// Loss and mean prediction at some weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct At {
    /// The loss, with all its terms.
    pub loss: f64,
    /// h, the mean prediction over the rows.
    pub mean: f64,
}

/// What can be regularised: a loss and a mean prediction over the same rows, with gradients.
///
/// Any network surrogate is one on a batch; so is one with a conservative term in its loss.
pub trait Trainee<T> {
    /// Loss and mean prediction at `weights`. The gradient of the loss is written into `gradient`, that of the mean prediction into
    /// `mean_gradient` if it is wanted: without row weights, on the same rows.
    fn loss(&mut self, weights: &[T], gradient: &mut [T], mean_gradient: Option<&mut [T]>) -> At;

    /// The mean prediction at `weights`, its gradient written into `gradient`.
    fn mean(&mut self, weights: &[T], gradient: &mut [T]) -> f64;

    /// Where the bias of the outputs lies among the weights; empty if there is none.
    fn output_bias(&self) -> Range<usize>;
}

#[cfg(test)]
mod tests;
