//! CMA-ES on a surrogate as published: one run from each of the best visible designs in the normalised space of the model, the best point of each.
//!
//! Departures: points are mirrored at the bounds of the columns; runs go on side by side, so that the model is asked in large batches; above [`WIDE`]
//! coordinates, where a step costs the square and now and then the cube of their number, there are a sixteenth of the runs with half the
//! iterations, and each gives its sixteen best points.

use hatchery::engine::{Fitness, Strategy};
use hatchery::kernels::Backend;
use hatchery::search::es::cma::{CmaEs, Config};
use hatchery::surrogates::SurrogateError;
use hatchery::surrogates::model::Climbable;
use hatchery::surrogates::searcher::{Problem, Searcher};
use hatchery::surrogates::space::{Design, Encoding, Site, Space};

use super::rank::ranked;

/// Coordinates above which there are fewer runs.
const WIDE: usize = 200;
/// How many fewer.
const FEWER: usize = 16;
/// First deviation.
const SIGMA: f64 = 0.5;

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(crate) struct CmaRuns {
    pub(crate) iterations: u32,
}

/// A run and the best points that it has met, the best first.
struct Run {
    strategy: CmaEs,
    best: Vec<(f64, Vec<f32>)>,
    /// No longer finite.
    over: bool,
}

impl Searcher for CmaRuns {
    fn name(&self) -> &str {
        "cma-es"
    }

    fn search(&self, problem: &Problem<'_>) -> Result<Vec<Design>, SurrogateError> {
        let unsuited = SurrogateError::Unsuited { what: "CMA-ES", needs: "an encoded model" };
        let model = problem.surrogate.climbable().ok_or(unsuited)?;
        let (space, encoding) = (problem.surrogate.space(), model.encoding());
        let wide = encoding.features() > WIDE;
        let keep = if wide { FEWER } else { 1 };
        let starts = problem.start.iter().take(problem.answers.div_ceil(keep));
        let (lower, upper) = bounds(space, encoding);
        let run = |(at, start): (usize, &Design)| {
            let config = Config {
                sigma: SIGMA,
                lower: lower.clone(),
                upper: upper.clone(),
                ..Config::default()
            };
            let start: Vec<f32> = encoding.encode(start).iter().map(|v| *v as f32).collect();
            let seed = problem.seed.wrapping_mul(1 << 16).wrapping_add(at as u64);
            let strategy = CmaEs::from_vector(config, &start, seed).map_err(failed)?;
            Ok(Run { strategy, best: Vec::new(), over: false })
        };
        let mut runs = starts.enumerate().map(run).collect::<Result<Vec<Run>, _>>()?;
        for generation in 0..self.iterations / if wide { 2 } else { 1 } {
            if problem.stop.is_raised() || runs.iter().all(|run| run.over) {
                break;
            }
            step(model, &mut runs, generation, keep)?;
        }
        let points = runs.into_iter().flat_map(|run| run.best);
        let designs = points.filter_map(|(_, x)| {
            let x: Vec<f64> = x.iter().map(|v| f64::from(*v)).collect();
            space.repair(&encoding.decode(&x))
        });
        Ok(ranked(problem, designs.collect()))
    }
}

/// One generation of all runs.
fn step(
    model: &dyn Climbable,
    runs: &mut [Run],
    generation: u32,
    keep: usize,
) -> Result<(), SurrogateError> {
    let mut asked = Vec::new();
    for (at, run) in runs.iter_mut().enumerate().filter(|(_, run)| !run.over) {
        asked.push((at, run.strategy.ask(generation).map_err(failed)?));
    }
    let x: Vec<f32> = asked.iter().flat_map(|(_, p)| p.members.concat()).collect();
    let members: usize = asked.iter().map(|(_, p)| p.members.len()).sum();
    let mut values = vec![0.0; members];
    model.values(&x, &mut values);
    let mut values = values.as_slice();
    for (at, population) in asked {
        let (own, rest) = values.split_at(population.members.len());
        values = rest;
        let run = &mut runs[at];
        run.best.extend(own.iter().copied().zip(population.members.iter().cloned()));
        run.best.retain(|(value, _)| value.is_finite());
        run.best.sort_by(|a, b| b.0.total_cmp(&a.0));
        run.best.truncate(keep);
        let fitness = Fitness::new(own.iter().map(|v| *v as f32).collect(), None);
        run.over = run.strategy.tell(population, &fitness, &Backend::cpu()).is_err();
    }
    Ok(())
}

fn failed(error: impl std::fmt::Display) -> SurrogateError {
    SurrogateError::Search { reason: error.to_string() }
}

/// Least and greatest value of each feature over all values of its site.
fn bounds(space: &Space, encoding: &Encoding) -> (Vec<f32>, Vec<f32>) {
    let mut design: Design = space.sites().iter().map(|site| site.lower()).collect();
    let features = encoding.features();
    let (mut lower, mut upper) = (vec![f32::INFINITY; features], vec![f32::NEG_INFINITY; features]);
    for (at, site) in space.sites().iter().enumerate() {
        let values: Vec<f64> = match *site {
            Site::Categorical { levels } => (0..levels).map(|level| level as f64).collect(),
            site => vec![site.lower(), site.upper()],
        };
        for value in values {
            design[at] = value;
            let row = encoding.encode(&design);
            for feature in encoding.features_of(at) {
                lower[feature] = lower[feature].min(row[feature] as f32);
                upper[feature] = upper[feature].max(row[feature] as f32);
            }
        }
    }
    (lower, upper)
}
