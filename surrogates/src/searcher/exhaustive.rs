//! Every design of a small space.

use super::{Problem, Searcher};
use crate::SurrogateError;
use crate::model::Merit;
use crate::space::Design;

/// Most designs that are asked for one by one.
pub const EXHAUSTED_MAX: u128 = 10_000_000;

/// Designs that are scored at a time.
const PART: usize = 1 << 14;

/// Asks for every design and keeps the best.
#[derive(Clone, Copy, Debug, Default)]
pub struct Exhaustive;

impl Searcher for Exhaustive {
    fn name(&self) -> &str {
        "exhaustive"
    }

    fn search(&self, problem: &Problem<'_>) -> Result<Vec<Design>, SurrogateError> {
        let space = problem.surrogate.space();
        let small = space.box_size().is_some_and(|size| size <= EXHAUSTED_MAX);
        let Some(mut designs) = space.enumerate().filter(|_| small) else {
            return Err(SurrogateError::Unsuited {
                what: "the exhaustive search",
                needs: "a space of at most 10,000,000 designs, without real columns; take the searcher evolution",
            });
        };
        let mut best = Best { keep: problem.answers.max(1) * 8, found: Vec::new() };
        loop {
            let part: Vec<Design> = designs.by_ref().take(PART).collect();
            if part.is_empty() {
                break;
            }
            match problem.merit {
                Merit::Bound { beta } if beta > 0.0 => best.add_bounded(problem, part),
                merit => {
                    let merits = merit.values(problem.surrogate, &part);
                    best.add(merits.into_iter().zip(part));
                }
            }
            if problem.stop.is_raised() {
                break;
            }
        }
        Ok(best.found.into_iter().map(|(_, design)| design).collect())
    }
}

/// The best so far, in falling order.
struct Best {
    keep: usize,
    found: Vec<(f64, Design)>,
}

impl Best {
    fn floor(&self) -> f64 {
        self.found.get(self.keep - 1).map_or(f64::NEG_INFINITY, |(merit, _)| *merit)
    }

    fn add(&mut self, scored: impl Iterator<Item = (f64, Design)>) {
        let floor = self.floor();
        self.found.extend(scored.filter(|(merit, _)| *merit > floor));
        self.found.sort_by(|a, b| b.0.total_cmp(&a.0));
        self.found.truncate(self.keep);
    }

    /// A merit below the mean is asked for only where the mean is above the floor: deviations may cost a hundred times as much.
    fn add_bounded(&mut self, problem: &Problem<'_>, part: Vec<Design>) {
        let means = problem.surrogate.means(&part);
        let mut order: Vec<usize> = (0..part.len()).collect();
        order.sort_by(|a, b| means[*b].total_cmp(&means[*a]).then(a.cmp(b)));
        for some in order.chunks(self.keep) {
            if means[some[0]] <= self.floor() {
                break;
            }
            let designs: Vec<Design> = some.iter().map(|at| part[*at].clone()).collect();
            let merits = problem.merit.values(problem.surrogate, &designs);
            self.add(merits.into_iter().zip(designs));
        }
    }
}
