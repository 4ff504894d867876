//! Every design of a small space.

use super::{Problem, Searcher};
use crate::SurrogateError;
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
        let keep = problem.answers.max(1) * 8;
        let mut best: Vec<(f64, Design)> = Vec::new();
        loop {
            let part: Vec<Design> = designs.by_ref().take(PART).collect();
            if part.is_empty() || problem.stop.is_raised() {
                break;
            }
            let merits = problem.merit.values(problem.surrogate, &part);
            let floor = if best.len() < keep { f64::NEG_INFINITY } else { best[keep - 1].0 };
            let new = merits.into_iter().zip(part).filter(|(merit, _)| *merit > floor);
            best.extend(new);
            best.sort_by(|a, b| b.0.total_cmp(&a.0));
            best.truncate(keep);
        }
        Ok(best.into_iter().map(|(_, design)| design).collect())
    }
}
