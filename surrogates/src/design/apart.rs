//! The choice of good designs that differ: each next one gives up merit for distance from those that are chosen.
//!
//! value(x) = merit(x) − diversity · s · max over chosen c of (1 − d(x, c)/2d̃)₊
//!
//! | symbol | meaning |
//! |---|---|
//! | s | standard deviation of the scores of the table |
//! | d̃ | median distance between rows: nearer than that, two designs are nearly the same experiment |
//!
//! A cone and not a bell: the first step away is worth the most, so that even little diversity moves candidates apart.

use std::collections::HashSet;

use super::Support;
use super::lowered::Lowered;
use crate::SurrogateError;
use crate::model::Prediction;
use crate::searcher::{Evolution, EvolutionConfig, Problem, Searcher, key};
use crate::space::Design;

/// Generations of the search for each further candidate, in a space that is not searched exhaustively.
const GENERATIONS: u32 = 30;

/// Known designs of good merit that such a search starts from.
const STARTS: usize = 64;

/// What candidates are chosen by.
pub(super) struct Choice<'a> {
    /// How much is given up for distance; 0: nothing.
    pub(super) diversity: f64,
    /// Standard deviation of the scores.
    pub(super) spread: f64,
    /// Known designs: their distances are the measure.
    pub(super) support: &'a Support,
    /// Whether the space is searched again for each further candidate; else they are taken from what was found.
    pub(super) search_again: bool,
    /// Designs that may not be proposed.
    pub(super) forbidden: &'a HashSet<Vec<u64>>,
}

impl Choice<'_> {
    /// Up to `count` designs, none twice, the most promising first; `found` are designs of a search, the best first.
    ///
    /// # Errors
    /// Those of a search.
    pub(super) fn choose(
        &self,
        problem: &Problem<'_>,
        found: &[Design],
        count: usize,
    ) -> Result<Vec<Design>, SurrogateError> {
        let mut known = self.forbidden.clone();
        let price = self.diversity * self.spread;
        let mut new = found.to_vec();
        new.retain(|design| known.insert(key(design)));
        if price <= 0.0 {
            new.truncate(count);
            return Ok(new);
        }
        let space = problem.surrogate.space();
        let reach = (2.0 * self.support.median()).max(1e-6);
        let nearness = |a: &[f64], b: &[f64]| (1.0 - space.distance(a, b) / reach).max(0.0);
        let (mut pool, mut chosen) = (Vec::new(), Vec::new());
        while chosen.len() < count {
            let near =
                |x: &[f64]| chosen.iter().map(|c: &Design| nearness(x, c)).fold(0.0, f64::max);
            if self.search_again && !chosen.is_empty() && !problem.stop.is_raised() {
                let penalty = |x: &[f64]| price * near(x);
                let apart = Lowered { inner: problem.surrogate, penalty };
                let seed = problem.seed.wrapping_add(chosen.len() as u64);
                let of_pool = pool.iter().map(|one: &Pooled| &one.design);
                let mut start: Vec<Design> = of_pool.take(STARTS / 2).cloned().collect();
                start.extend(problem.start.iter().take(STARTS / 2).cloned());
                let problem =
                    Problem { surrogate: &apart, seed, start: &start, answers: 1, ..*problem };
                new.extend(evolution().search(&problem)?.into_iter().take(STARTS));
                new.retain(|design| known.insert(key(design)));
            }
            // The model is asked once for each design; only what is near it changes.
            let predictions = problem.merit.predictions(problem.surrogate, &new);
            pool.extend(new.drain(..).zip(predictions).map(|(design, prediction)| {
                let near = near(&design);
                Pooled { design, prediction, near }
            }));
            let merit = |one: &Pooled| {
                let Prediction { mean, deviation } = one.prediction;
                problem.merit.of(Prediction { mean: mean - price * one.near, deviation })
            };
            let merits: Vec<f64> = pool.iter().map(merit).collect();
            let all = 0..pool.len();
            let best = all.max_by(|a, b| merits[*a].total_cmp(&merits[*b]).then(b.cmp(a)));
            let Some(best) = best else { break };
            let best = pool.swap_remove(best).design;
            pool.iter_mut().for_each(|one| one.near = one.near.max(nearness(&one.design, &best)));
            chosen.push(best);
        }
        Ok(chosen)
    }
}

/// A design that may be chosen.
struct Pooled {
    design: Design,
    prediction: Prediction,
    /// How near the nearest chosen one is, from 0 to 1.
    near: f64,
}

fn evolution() -> Evolution {
    let config = EvolutionConfig { population: 2 * STARTS, offspring: 128, ..Default::default() };
    Evolution { config, generations: GENERATIONS }
}
