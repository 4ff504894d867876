//! BO-qEI as published: Bayesian optimisation that takes a surrogate for the experiment. A Gaussian process on the best visible rows proposes designs by
//! expected improvement, the surrogate "measures" them, ten times over; the best of all rows and proposals by visible or believed score are returned.
//!
//! Departures: half of the published 500 rows, a likelihood that fits the noise (published: fixed at 0.1 deviations), candidates of each round by
//! evolution or from all designs, not by gradients.

use hatchery::surrogates::gp::acquire::{Normals, Scenarios};
use hatchery::surrogates::model::{Merit, Process};
use hatchery::surrogates::searcher::{Problem, Searcher};
use hatchery::surrogates::space::{Design, Encoding};
use hatchery::surrogates::{Rows, SurrogateError};

use super::arena::Arena;
use super::methods::every_or_evolution;

/// Best visible rows.
const ROWS: usize = 250;
/// Rounds.
const ROUNDS: u64 = 10;
/// Designs of a round.
const BATCH: usize = 32;
/// Candidates from which a round chooses.
const CANDIDATES: usize = 128;
/// Normal draws.
const NORMALS: usize = 128;

/// See the [module](self).
pub(crate) struct Rounds {
    /// Of the visible rows, the best first.
    scores: Vec<f64>,
    candidates: Box<dyn Searcher>,
}

impl Rounds {
    /// On a task.
    pub(crate) fn of(arena: &Arena) -> Self {
        let mut scores = arena.scores.clone();
        scores.sort_by(|a, b| b.total_cmp(a));
        Self { scores, candidates: every_or_evolution(arena) }
    }
}

impl Searcher for Rounds {
    fn name(&self) -> &str {
        "bo-qei"
    }

    fn search(&self, problem: &Problem<'_>) -> Result<Vec<Design>, SurrogateError> {
        let space = problem.surrogate.space();
        let encoding = Encoding::one_hot(space);
        let count = problem.start.len().min(ROWS.max(problem.answers));
        let mut designs: Vec<Design> = problem.start[..count].to_vec();
        let mut scores: Vec<f64> = self.scores[..count].to_vec();
        let normals = Normals::new(NORMALS, BATCH, problem.seed);
        for round in 0..ROUNDS {
            let seed = problem.seed.wrapping_add(round);
            let rows = designs.len();
            let process = Process::fit(&encoding, space, Rows::new(&designs, &scores), rows, seed)?;
            let best = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let merit = Merit::ExpectedImprovement { best };
            let order = by_score(&scores);
            let start: Vec<Design> = order.iter().map(|at| designs[*at].clone()).collect();
            let (answers, start) = (CANDIDATES, &*start);
            let of_round = Problem { surrogate: &process, merit, start, answers, seed, ..*problem };
            let mut found = self.candidates.search(&of_round)?;
            found.truncate(CANDIDATES);
            found.retain(|design| !designs.contains(design));
            let rows: Vec<f64> = found.iter().flat_map(|design| encoding.encode(design)).collect();
            let count = BATCH.min(found.len());
            let chosen = Scenarios::choose(process.gp(), best, &rows, count, &normals);
            let new: Vec<Design> = chosen.into_iter().map(|at| found[at].clone()).collect();
            scores.extend(problem.surrogate.means(&new));
            designs.extend(new);
        }
        let best = by_score(&scores).into_iter().take(problem.answers);
        Ok(best.map(|at| designs[at].clone()).collect())
    }
}

/// Numbers of the rows, the best first.
fn by_score(scores: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
    order
}
