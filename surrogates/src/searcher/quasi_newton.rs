//! L-BFGS up the surrogate, from each of the best designs, within the box of the encoding.

use rayon::prelude::*;

use super::{Problem, Searcher, bounds, ranked};
use crate::SurrogateError;
use crate::lbfgs::{Options, minimise};
use crate::space::Design;

/// L-BFGS up a model from each of the best known designs, within the box of its encoding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuasiNewton {
    /// Evaluations of the model from each start.
    pub evaluations: usize,
}

impl Default for QuasiNewton {
    fn default() -> Self {
        Self { evaluations: 100 }
    }
}

impl Searcher for QuasiNewton {
    fn name(&self) -> &str {
        "l-bfgs"
    }

    fn search(&self, problem: &Problem<'_>) -> Result<Vec<Design>, SurrogateError> {
        let model = problem.surrogate.climbable().ok_or(SurrogateError::Unsuited {
            what: "L-BFGS",
            needs: "a model with slopes: mlp, ensemble or gp",
        })?;
        let (space, encoding) = (problem.surrogate.space(), model.encoding());
        let bounds = bounds(space, encoding);
        let unit = model.score_deviation();
        let starts = &problem.start[..problem.start.len().min(problem.answers.max(1))];
        let options = Options { evaluations: self.evaluations, ..Options::default() };
        // The first is climbed from in any case: a search that is stopped has an answer.
        let goes_on = |at: usize| at == 0 || !problem.stop.is_raised();
        let starts = starts.par_iter().enumerate().filter(|(at, _)| goes_on(*at));
        let found = starts.map(|(_, start)| {
            let (mut value, mut slopes) = ([0.0], vec![0.0_f32; bounds.len()]);
            minimise(&encoding.encode(start), &bounds, &options, |x| {
                let x: Vec<f32> = x.iter().map(|v| *v as f32).collect();
                model.slopes(&x, &mut value, &mut slopes);
                let down = slopes.iter().map(|slope| -f64::from(*slope) / unit).collect();
                (-value[0] / unit, down)
            })
        });
        let found: Vec<Option<Design>> =
            found.map(|minimum| space.repair(&encoding.decode(&minimum.x))).collect();
        Ok(ranked(problem, found.into_iter().flatten().collect()))
    }
}
