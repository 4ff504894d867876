//! A surrogate as a task of the engine, so that every strategy over explicit designs can search it.

use std::ops::Range;

use hatchery_engine::{Explicit, Task, TaskError};
use hatchery_kernels::Backend;

use super::{Prediction, Surrogate};
use crate::gp::acquire::log_expected_improvement;
use crate::space::Design;

/// What a search makes large.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Merit {
    /// mean − beta · deviation: pessimism; 0 is the mean alone, below 0 is optimism.
    Bound {
        /// Deviations that are taken off.
        beta: f64,
    },
    /// The logarithm of the expected improvement over a score.
    ExpectedImprovement {
        /// That score.
        best: f64,
    },
}

impl Default for Merit {
    fn default() -> Self {
        Self::Bound { beta: 0.0 }
    }
}

impl Merit {
    /// The merit of a prediction.
    pub fn of(self, prediction: Prediction) -> f64 {
        match self {
            Self::Bound { beta } => prediction.mean - beta * prediction.deviation,
            Self::ExpectedImprovement { best } => {
                let Prediction { mean, deviation } = prediction;
                let variance = (deviation * deviation).max(1e-300);
                log_expected_improvement(crate::gp::Prediction { mean, variance }, best).0
            }
        }
    }

    /// The merits of designs under a surrogate.
    pub fn values(self, surrogate: &dyn Surrogate, designs: &[Design]) -> Vec<f64> {
        self.predictions(surrogate, designs).into_iter().map(|p| self.of(p)).collect()
    }

    /// What a model says of designs, as far as it is needed: without deviations (0) where these do not count.
    pub(crate) fn predictions(
        self,
        surrogate: &dyn Surrogate,
        designs: &[Design],
    ) -> Vec<Prediction> {
        if self == (Self::Bound { beta: 0.0 }) {
            let means = surrogate.means(designs).into_iter();
            return means.map(|mean| Prediction { mean, deviation: 0.0 }).collect();
        }
        surrogate.predict(designs)
    }
}

/// A surrogate and a merit, as a task over designs.
#[derive(Clone, Copy)]
pub struct Scored<'a> {
    /// The surrogate.
    pub surrogate: &'a dyn Surrogate,
    /// What is made large.
    pub merit: Merit,
}

impl std::fmt::Debug for Scored<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Scored {{ surrogate: {}, merit: {:?} }}", self.surrogate.name(), self.merit)
    }
}

impl Task for Scored<'_> {
    type Population = Explicit<Design>;

    fn name(&self) -> &str {
        self.surrogate.name()
    }

    fn evaluate(
        &self,
        population: &Self::Population,
        members: Range<usize>,
        _backend: &Backend,
        fitness: &mut [f32],
    ) -> Result<(), TaskError> {
        let values = self.merit.values(self.surrogate, &population.members[members]);
        fitness.iter_mut().zip(values).for_each(|(slot, value)| *slot = value as f32);
        Ok(())
    }

    fn batch_hint(&self, population: &Self::Population, _backend: &Backend) -> usize {
        population.members.len()
    }
}
