//! A surrogate whose mean is lowered by what a design costs besides: distance from the data, nearness to what is chosen.

use rayon::prelude::*;

use crate::model::{Climbable, Prediction, Surrogate};
use crate::space::{Design, Space};

/// See the [module](self).
pub(super) struct Lowered<'a, F> {
    pub(super) inner: &'a dyn Surrogate,
    /// What is taken off the mean of a design, in units of the score.
    pub(super) penalty: F,
}

impl<F: Fn(&[f64]) -> f64 + Send + Sync> Surrogate for Lowered<'_, F> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn space(&self) -> &Space {
        self.inner.space()
    }

    fn noise(&self) -> f64 {
        self.inner.noise()
    }

    fn predict(&self, designs: &[Design]) -> Vec<Prediction> {
        let mut predictions = self.inner.predict(designs);
        let pairs = predictions.par_iter_mut().zip(designs);
        pairs.for_each(|(prediction, design)| prediction.mean -= (self.penalty)(design));
        predictions
    }

    fn means(&self, designs: &[Design]) -> Vec<f64> {
        let mut means = self.inner.means(designs);
        let pairs = means.par_iter_mut().zip(designs);
        pairs.for_each(|(mean, design)| *mean -= (self.penalty)(design));
        means
    }

    fn climbable(&self) -> Option<&dyn Climbable> {
        // Slopes are those of the model alone: what was climbed is ranked with the penalty.
        self.inner.climbable()
    }
}
