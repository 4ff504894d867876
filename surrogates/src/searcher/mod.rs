//! Searches of a surrogate: from a model and the designs known so far to designs worth building.
//!
//! | file | name | what it does |
//! |---|---|---|
//! | `exhaustive.rs` | `exhaustive` | asks for every design of a small space |
//! | `evolution.rs` | `evolution` | mutation, crossover and selection within the space; any kind of column |
//! | `ascent.rs` | `ascent`, `unit-ascent`, `adam` | follows the slopes of a model in its encoding |
//! | `reinforce.rs` | `reinforce` | a distribution over designs that follows the score of its samples |
//! | `quasi_newton.rs` | `l-bfgs` | L-BFGS in the box of the encoding, from the best designs |
//!
//! The command line adds those of the crate `search`, through the same trait.

mod ascent;
mod evolution;
mod exhaustive;
mod quasi_newton;
mod reinforce;

pub use ascent::{Ascent, Steps};
pub use evolution::{DesignEvolution, Evolution, EvolutionConfig, EvolutionState};
pub use exhaustive::{EXHAUSTED_MAX, Exhaustive};
pub use quasi_newton::QuasiNewton;
pub use reinforce::Reinforce;

use std::collections::HashSet;

use hatchery_engine::StopFlag;

use crate::SurrogateError;
use crate::model::{Merit, Surrogate};
use crate::space::{Design, Encoding, Site, Space};

/// A surrogate to be searched.
#[derive(Clone, Copy)]
pub struct Problem<'a> {
    /// The model.
    pub surrogate: &'a dyn Surrogate,
    /// What is made large.
    pub merit: Merit,
    /// Known designs to start from, the best first.
    pub start: &'a [Design],
    /// How many designs are wanted at least, if there are as many.
    pub answers: usize,
    /// Decides all random choices.
    pub seed: u64,
    /// Looked at now and then; a search that is told to stop returns what it has.
    pub stop: &'a StopFlag,
}

impl std::fmt::Debug for Problem<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Problem")
            .field("surrogate", &self.surrogate.name())
            .field("merit", &self.merit)
            .field("answers", &self.answers)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

/// Something that searches a surrogate.
pub trait Searcher: Sync {
    /// Its name in configurations and reports.
    fn name(&self) -> &str;

    /// Valid designs, none twice, the best by merit first.
    ///
    /// # Errors
    /// If it does not fit the surrogate or the space.
    fn search(&self, problem: &Problem<'_>) -> Result<Vec<Design>, SurrogateError>;
}

/// The bits of a design, so that designs can be told apart in a set.
pub(crate) fn key(design: &[f64]) -> Vec<u64> {
    // -0 and 0 are one value.
    design.iter().map(|v| (v + 0.0).to_bits()).collect()
}

/// Least and greatest value of each feature over all values of its site.
pub(crate) fn bounds(space: &Space, encoding: &Encoding) -> Vec<(f64, f64)> {
    let mut bounds = vec![(f64::INFINITY, f64::NEG_INFINITY); encoding.features()];
    let mut design: Design = space.sites().iter().map(|site| site.lower()).collect();
    let mut row = vec![0.0; encoding.features()];
    for (at, site) in space.sites().iter().enumerate() {
        let values: Vec<f64> = match *site {
            Site::Categorical { levels } => (0..levels).map(|level| level as f64).collect(),
            site => vec![site.lower(), site.upper()],
        };
        for value in values {
            design[at] = space.fixed(at).unwrap_or(value);
            encoding.encode_into(&design, &mut row);
            for feature in encoding.features_of(at) {
                let (lower, upper) = &mut bounds[feature];
                *lower = lower.min(row[feature]);
                *upper = upper.max(row[feature]);
            }
        }
    }
    bounds
}

/// Sorts designs by merit, the best first, without those that were there before.
pub(crate) fn ranked(problem: &Problem<'_>, designs: Vec<Design>) -> Vec<Design> {
    let mut seen = HashSet::new();
    let designs: Vec<Design> = designs.into_iter().filter(|d| seen.insert(key(d))).collect();
    let merits = problem.merit.values(problem.surrogate, &designs);
    let mut order: Vec<usize> = (0..designs.len()).filter(|at| !merits[*at].is_nan()).collect();
    order.sort_by(|a, b| merits[*b].total_cmp(&merits[*a]).then(a.cmp(b)));
    let mut designs: Vec<Option<Design>> = designs.into_iter().map(Some).collect();
    order.into_iter().filter_map(|at| designs[at].take()).collect()
}

#[cfg(test)]
mod tests;
