//! Gradient ascent in the encoding of a model.
//!
//! x ← x + step, for a fixed number of steps, many starts at once; then each x is decoded and repaired.
//!
//! | rule | step |
//! |---|---|
//! | [`Steps::Plain`] | 0.01 √D ∇g, as published for gradient-ascent baselines (D = number of features) |
//! | [`Steps::Unit`] | a fixed length along ∇g: equal travel for flat and steep models |
//! | [`Steps::Adam`] | Adam's, as in later papers |
//!
//! Coordinates stay within what their column allows, which published code leaves out. Slopes are those of the mean, in deviations of the training scores;
//! what is returned is ordered by the merit of the problem.

use super::{Problem, Searcher, bounds, ranked};
use crate::SurrogateError;
use crate::model::Climbable;
use crate::space::Design;

/// How far a step goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Steps {
    /// `factor` √D times the slope.
    Plain {
        /// 0.01 in the literature.
        factor: f64,
    },
    /// So far along the slope.
    Unit {
        /// In units of the encoding.
        length: f64,
    },
    /// Adam with this step size.
    Adam {
        /// 0.001 for numbers, 0.1 for categories in the literature.
        step_size: f64,
    },
}

/// Gradient ascent: starts climb the slopes of a model for a fixed number of steps, then are decoded and repaired.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ascent {
    /// The rule of a step.
    pub steps: Steps,
    /// Their number.
    pub count: u32,
    /// Whether coordinates are kept within their columns on the way; at the end they are always.
    pub bounded: bool,
}

impl Ascent {
    /// As published: 200 plain steps.
    pub const fn plain() -> Self {
        Self { steps: Steps::Plain { factor: 0.01 }, count: 200, bounded: false }
    }

    /// 200 steps of length 0.05.
    pub const fn unit() -> Self {
        Self { steps: Steps::Unit { length: 0.05 }, count: 200, bounded: true }
    }

    /// 200 steps of Adam.
    pub const fn adam() -> Self {
        Self { steps: Steps::Adam { step_size: 0.05 }, count: 200, bounded: true }
    }
}

impl Searcher for Ascent {
    fn name(&self) -> &str {
        match self.steps {
            Steps::Plain { .. } => "ascent",
            Steps::Unit { .. } => "unit-ascent",
            Steps::Adam { .. } => "adam",
        }
    }

    fn search(&self, problem: &Problem<'_>) -> Result<Vec<Design>, SurrogateError> {
        let model = problem.surrogate.climbable().ok_or(SurrogateError::Unsuited {
            what: "gradient ascent",
            needs: "a model with slopes: mlp, ensemble or gp",
        })?;
        let starts = &problem.start[..problem.start.len().min(problem.answers.max(1))];
        let encoding = model.encoding();
        let features = encoding.features();
        let mut x: Vec<f32> = starts
            .iter()
            .flat_map(|design| encoding.encode(design).into_iter().map(|v| v as f32))
            .collect();
        let bounds = bounds(problem.surrogate.space(), encoding);
        self.climb(model, &mut x, starts.len(), &bounds, problem);
        let space = problem.surrogate.space();
        let decoded = x.chunks_exact(features.max(1)).filter_map(|row| {
            let row: Vec<f64> = row.iter().map(|v| f64::from(*v)).collect();
            space.repair(&encoding.decode(&row))
        });
        Ok(ranked(problem, decoded.collect()))
    }
}

impl Ascent {
    fn climb(
        &self,
        model: &dyn Climbable,
        x: &mut [f32],
        rows: usize,
        bounds: &[(f64, f64)],
        problem: &Problem<'_>,
    ) {
        let features = bounds.len();
        let (mut values, mut slopes) = (vec![0.0; rows], vec![0.0_f32; x.len()]);
        let (mut m, mut v) = (vec![0.0_f32; x.len()], vec![0.0_f32; x.len()]);
        let unit = 1.0 / model.score_deviation() as f32;
        for step in 1..=self.count {
            model.slopes(x, &mut values, &mut slopes);
            slopes.iter_mut().for_each(|slope| *slope *= unit);
            match self.steps {
                Steps::Plain { factor } => {
                    let factor = (factor * (features as f64).sqrt()) as f32;
                    x.iter_mut().zip(&slopes).for_each(|(x, slope)| *x += factor * slope);
                }
                Steps::Unit { length } => {
                    let rows = x.chunks_exact_mut(features).zip(slopes.chunks_exact(features));
                    for (x, slope) in rows {
                        let size = slope.iter().map(|s| s * s).sum::<f32>().sqrt().max(1e-12);
                        let factor = length as f32 / size;
                        x.iter_mut().zip(slope).for_each(|(x, slope)| *x += factor * slope);
                    }
                }
                Steps::Adam { step_size } => {
                    let t = step as i32;
                    let (c1, c2) = (1.0 - 0.9_f32.powi(t), 1.0 - 0.999_f32.powi(t));
                    let moments = m.iter_mut().zip(&mut v);
                    for ((x, slope), (m, v)) in x.iter_mut().zip(&slopes).zip(moments) {
                        *m = 0.9 * *m + 0.1 * slope;
                        *v = 0.999 * *v + 0.001 * slope * slope;
                        *x += step_size as f32 * (*m / c1) / ((*v / c2).sqrt() + 1e-8);
                    }
                }
            }
            if self.bounded {
                for row in x.chunks_exact_mut(features) {
                    for (x, &(lower, upper)) in row.iter_mut().zip(bounds) {
                        *x = x.clamp(lower as f32, upper as f32);
                    }
                }
            }
            if problem.stop.is_raised() {
                break;
            }
        }
    }
}
