//! Pessimism by distance: a surrogate whose mean falls with the distance from what was tried.
//!
//! μ′(x) = μ(x) − price · s · d(x)/d̃      s: standard deviation of the scores, d̃: median distance of known designs from each other

use rayon::prelude::*;

use super::Support;
use crate::model::{Prediction, Surrogate};
use crate::space::{Design, Space};

/// See the [module](self).
pub(super) struct Penalised<'a> {
    inner: &'a dyn Surrogate,
    support: &'a Support<'a>,
    /// In units of the score, for each unit of distance.
    price: f64,
}

impl<'a> Penalised<'a> {
    pub(super) fn new(
        inner: &'a dyn Surrogate,
        support: &'a Support<'a>,
        price: f64,
        scores: &[f64],
    ) -> Self {
        let typical = support.median().max(f64::MIN_POSITIVE);
        let price = price * crate::statistics::population_sd(scores) / typical;
        Self { inner, support, price }
    }
}

impl Surrogate for Penalised<'_> {
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
        predictions.par_iter_mut().zip(designs).for_each(|(prediction, design)| {
            prediction.mean -= self.price * self.support.find(design).distance;
        });
        predictions
    }

    fn climbable(&self) -> Option<&dyn crate::model::Climbable> {
        // Slopes are those of the model alone: what was climbed is ranked with the penalty.
        self.inner.climbable()
    }
}
