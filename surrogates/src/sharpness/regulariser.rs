//! The choice of a regulariser, and one training gradient with it.

use super::gradient_norm::{GradientNorm, norm};
use super::{Sharpness, Step, Trainee};
use crate::SurrogateError;
use crate::network::Real;

/// What keeps a surrogate smooth in its weights.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Regulariser {
    /// Nothing.
    #[default]
    None,
    /// Sharpness-aware minimisation: the gradient of the loss is taken at w + r ∇L/‖∇L‖ (Foret et al., arXiv 2010.01412).
    Sam {
        /// r > 0.
        radius: f64,
    },
    /// A bound or a price on the gradient norm of the mean prediction.
    GradientNorm(Sharpness),
}

impl Regulariser {
    /// Checks the constants.
    ///
    /// # Errors
    /// As [`Sharpness::check`]; a radius that is not above 0.
    pub fn check(&self) -> Result<(), SurrogateError> {
        match self {
            Self::None => Ok(()),
            Self::Sam { radius } if radius.is_finite() && *radius > 0.0 => Ok(()),
            Self::Sam { radius } => Err(SurrogateError::Setting {
                name: "radius",
                found: *radius,
                wanted: "a number above 0",
            }),
            Self::GradientNorm(sharpness) => sharpness.check(),
        }
    }
}

/// A regulariser at work on some weights.
#[derive(Clone, Debug)]
pub struct Regularised<T> {
    kind: Kind<T>,
}

#[derive(Clone, Debug)]
enum Kind<T> {
    Plain { mean: Option<Vec<T>> },
    Sam { radius: f64, moved: Vec<T> },
    Norm(Box<GradientNorm<T>>),
}

impl<T: Real> Regularised<T> {
    /// For so many weights. `measure` asks plain training to compute N as well, for reports.
    ///
    /// # Errors
    /// As [`Regulariser::check`].
    pub fn try_new(
        regulariser: Regulariser,
        weights: usize,
        seed: u64,
        measure: bool,
    ) -> Result<Self, SurrogateError> {
        regulariser.check()?;
        let kind = match regulariser {
            Regulariser::None => Kind::Plain { mean: measure.then(|| vec![T::default(); weights]) },
            Regulariser::Sam { radius } => Kind::Sam { radius, moved: vec![T::default(); weights] },
            Regulariser::GradientNorm(config) => {
                Kind::Norm(Box::new(GradientNorm::new(config, weights, seed)))
            }
        };
        Ok(Self { kind })
    }

    /// Writes the gradient to train with into `gradient`. Weights are not touched.
    pub fn step(
        &mut self,
        trainee: &mut impl Trainee<T>,
        weights: &[T],
        gradient: &mut [T],
    ) -> Step {
        match &mut self.kind {
            Kind::Plain { mean } => {
                let at = trainee.loss(weights, gradient, mean.as_deref_mut());
                let norm = mean.as_deref().map_or(f64::NAN, norm);
                Step { at, norm, multiplier: 0.0, curvature: 0.0 }
            }
            Kind::Sam { radius, moved } => {
                let at = trainee.loss(weights, gradient, None);
                let length = norm(gradient);
                if length > 0.0 {
                    let scale = T::of(*radius / length);
                    for ((to, w), g) in moved.iter_mut().zip(weights).zip(&*gradient) {
                        *to = *w + scale * *g;
                    }
                    trainee.loss(moved, gradient, None);
                }
                Step { at, norm: f64::NAN, multiplier: 0.0, curvature: 0.0 }
            }
            Kind::Norm(state) => state.step(trainee, weights, gradient),
        }
    }

    /// λ after the last step; 0 where there is none.
    pub fn multiplier(&self) -> f64 {
        match &self.kind {
            Kind::Norm(state) => state.multiplier(),
            Kind::Plain { .. } | Kind::Sam { .. } => 0.0,
        }
    }
}
