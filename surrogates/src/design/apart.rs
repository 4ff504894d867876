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
    pub(super) support: &'a Support<'a>,
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
        let mut taken = self.forbidden.clone();
        let mut pool: Vec<Design> =
            found.iter().filter(|design| !taken.contains(&key(design))).cloned().collect();
        let price = self.diversity * self.spread;
        if price <= 0.0 {
            pool.truncate(count);
            return Ok(pool);
        }
        let reach = (2.0 * self.support.median()).max(1e-6);
        let mut chosen: Vec<Design> = Vec::new();
        while chosen.len() < count {
            let space = problem.surrogate.space();
            let near = |a: &[f64], b: &[f64]| (1.0 - space.distance(a, b) / reach).max(0.0);
            let penalty = |x: &[f64]| price * chosen.iter().map(|c| near(x, c)).fold(0.0, f64::max);
            let apart = Lowered { inner: problem.surrogate, penalty };
            let seed = problem.seed.wrapping_add(chosen.len() as u64);
            let problem = Problem { surrogate: &apart, seed, ..*problem };
            if self.search_again && !chosen.is_empty() && !problem.stop.is_raised() {
                let mut start: Vec<Design> = pool.iter().take(STARTS / 2).cloned().collect();
                start.extend(problem.start.iter().take(STARTS / 2).cloned());
                let problem = Problem { start: &start, answers: 1, ..problem };
                pool.extend(evolution().search(&problem)?.into_iter().take(STARTS));
            }
            let merits = problem.merit.values(&apart, &pool);
            let free = (0..pool.len()).filter(|at| !taken.contains(&key(&pool[*at])));
            let best = free.max_by(|a, b| merits[*a].total_cmp(&merits[*b]).then(b.cmp(a)));
            let Some(best) = best else { break };
            taken.insert(key(&pool[best]));
            chosen.push(pool.swap_remove(best));
        }
        Ok(chosen)
    }
}

fn evolution() -> Evolution {
    let config = EvolutionConfig { population: 2 * STARTS, offspring: 128, ..Default::default() };
    Evolution { config, generations: GENERATIONS }
}
