//! The choice of good designs that differ: each next one gives up merit for distance from those that are chosen.
//!
//! value(x) = merit(x) − diversity · s · max over chosen c of (1 − d(x, c)/2d̃)₊      d(x, c) ≥ min(diversity, 1) · d̃
//!
//! | symbol | meaning |
//! |---|---|
//! | s | standard deviation of the scores of the table |
//! | d̃ | median distance between rows: nearer than that, two designs are nearly the same experiment |
//!
//! A cone and not a bell: the first step away is worth the most, so that even little diversity moves candidates apart. A model that rises steeply to the edge of the space
//! gives up more than the cone takes, and every candidate would be the same corner: hence the least distance. A row of the table is not proposed again either, nor what is
//! nearer to it than a quarter of the way to the next row. Where there are too few such designs, both distances are halved, again and again.

use std::collections::HashSet;

use rayon::prelude::*;

use super::Support;
use super::lowered::Lowered;
use crate::SurrogateError;
use crate::model::Prediction;
use crate::searcher::{Evolution, EvolutionConfig, Problem, Searcher, key};
use crate::space::{Design, Space};

/// Generations of the search for each further candidate, in a space that is not searched exhaustively.
const GENERATIONS: u32 = 30;

/// Known designs of good merit that such a search starts from.
const STARTS: usize = 64;

/// Rows that a search is kept off: those that the model expects most of.
const CROWD: usize = 64;

/// What a search pays for being too near, in deviations of the scores: more than any model promises.
const FORBIDDING: f64 = 1e6;

/// Below this share of the least distances, any other design will do.
const LEAST_SHARE: f64 = 0.03;

/// What candidates are chosen by.
pub(super) struct Choice<'a> {
    /// How much is given up for distance; 0: nothing.
    pub(super) diversity: f64,
    /// Standard deviation of the scores.
    pub(super) spread: f64,
    /// Known designs: their distances are the measure.
    pub(super) support: &'a Support,
    /// Whether the space is searched again for each further candidate; else only when nothing of what was found is left.
    pub(super) search_again: bool,
    /// Whether known designs may be proposed.
    pub(super) repeats: bool,
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
        let apart = self.diversity.min(1.0) * self.support.median();
        let mut least = Least { apart, novelty: 1.0 };
        let mut crowd = None;
        let mut pool = self.pooled(problem, new, &[]);
        let mut chosen: Vec<Design> = Vec::new();
        while chosen.len() < count {
            let lacks = !pool.iter().any(|one| least.allows(one));
            // The first is the best that was found, if that may be proposed.
            let is_taken = pool.first().is_some_and(|one| !least.allows(one));
            let again = if chosen.is_empty() { is_taken } else { self.search_again };
            if (again || lacks) && !problem.stop.is_raised() {
                let crowd = crowd.get_or_insert_with(|| self.crowd(problem));
                let start = pool.iter().take(STARTS / 2).map(|one: &Pooled| one.design.clone());
                let start: Vec<Design> =
                    start.chain(problem.start.iter().take(STARTS / 2).cloned()).collect();
                let problem = Problem { start: &start, ..*problem };
                let mut new = self.search_apart(&problem, &chosen, &least, crowd)?;
                new.retain(|design| known.insert(key(design)));
                pool.append(&mut self.pooled(&problem, new, &chosen));
            }
            let value = |one: &Pooled| {
                let Prediction { mean, deviation } = one.prediction;
                let mean = mean - price * self.nearness(one.apart);
                problem.merit.of(Prediction { mean, deviation })
            };
            let values: Vec<f64> = pool.iter().map(value).collect();
            let all = (0..pool.len()).filter(|at| least.allows(&pool[*at]));
            let best = all.max_by(|a, b| values[*a].total_cmp(&values[*b]).then(b.cmp(a)));
            let Some(best) = best else {
                if least.is_nothing() {
                    break;
                }
                least.halve();
                continue;
            };
            let best = pool.swap_remove(best).design;
            for one in &mut pool {
                one.apart = one.apart.min(space.distance(&one.design, &best));
            }
            chosen.push(best);
        }
        Ok(chosen)
    }

    /// The best designs by the value of the next candidate, kept off the chosen ones and a crowd of rows.
    fn search_apart(
        &self,
        problem: &Problem<'_>,
        chosen: &[Design],
        least: &Least,
        crowd: &[(Design, f64)],
    ) -> Result<Vec<Design>, SurrogateError> {
        let space = problem.surrogate.space();
        let price = self.diversity * self.spread;
        let within = |d: f64, radius: f64| if d < radius { 1.0 - d / radius } else { 0.0 };
        let penalty = |x: &[f64]| {
            let apart = nearest(space, chosen, x);
            let rows =
                crowd.iter().map(|(row, own)| within(space.distance(row, x), least.novelty * own));
            let much = rows.fold(within(apart, least.apart), f64::max);
            let forbidding = if much > 0.0 { FORBIDDING * (1.0 + much) } else { 0.0 };
            price * self.nearness(apart) + self.spread * forbidding
        };
        let apart = Lowered { inner: problem.surrogate, penalty };
        let seed = problem.seed.wrapping_add(chosen.len() as u64);
        let mut found =
            evolution().search(&Problem { surrogate: &apart, seed, answers: 1, ..*problem })?;
        found.truncate(STARTS);
        Ok(found)
    }

    /// From 1, at a chosen design, to 0 at twice the typical distance between rows.
    fn nearness(&self, apart: f64) -> f64 {
        (1.0 - apart / (2.0 * self.support.median()).max(1e-6)).max(0.0)
    }

    /// The model is asked once for each design; only what is near it changes.
    fn pooled(&self, problem: &Problem<'_>, new: Vec<Design>, chosen: &[Design]) -> Vec<Pooled> {
        let predictions = problem.merit.predictions(problem.surrogate, &new);
        let space = problem.surrogate.space();
        let pooled = |(design, prediction): (Design, Prediction)| Pooled {
            apart: nearest(space, chosen, &design),
            novelty: if self.repeats { f64::INFINITY } else { self.support.novelty(&design) },
            design,
            prediction,
        };
        new.into_par_iter().zip(predictions).map(pooled).collect()
    }

    /// Rows that the model expects most of, and how near to each is that row once more.
    fn crowd(&self, problem: &Problem<'_>) -> Vec<(Design, f64)> {
        if self.repeats {
            return Vec::new();
        }
        let means = problem.surrogate.means(problem.start);
        let mut order: Vec<usize> = (0..means.len()).collect();
        order.sort_by(|a, b| means[*b].total_cmp(&means[*a]).then(a.cmp(b)));
        let rows = order.iter().take(CROWD).map(|row| problem.start[*row].clone());
        rows.map(|row| (row.clone(), self.support.own_of(&row))).collect()
    }
}

/// What keeps a design from being chosen.
struct Least {
    /// Least distance from the chosen ones.
    apart: f64,
    /// Least distance from rows, see [`Support::novelty`].
    novelty: f64,
}

impl Least {
    fn allows(&self, one: &Pooled) -> bool {
        one.apart >= self.apart && one.novelty >= self.novelty
    }

    fn halve(&mut self) {
        (self.apart, self.novelty) = (0.5 * self.apart, 0.5 * self.novelty);
        if self.novelty < LEAST_SHARE {
            (self.apart, self.novelty) = (0.0, 0.0);
        }
    }

    fn is_nothing(&self) -> bool {
        self.novelty == 0.0
    }
}

/// The distance from the nearest of some designs.
fn nearest(space: &Space, designs: &[Design], from: &[f64]) -> f64 {
    designs.iter().map(|other| space.distance(from, other)).fold(f64::INFINITY, f64::min)
}

/// A design that may be chosen.
struct Pooled {
    design: Design,
    prediction: Prediction,
    /// Distance from the nearest chosen one.
    apart: f64,
    /// See [`Support::novelty`].
    novelty: f64,
}

fn evolution() -> Evolution {
    let config = EvolutionConfig { population: 2 * STARTS, offspring: 128, ..Default::default() };
    Evolution { config, generations: GENERATIONS }
}
