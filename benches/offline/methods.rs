//! Methods without networks, and the searchers of those with.

use std::time::Instant;

use hatchery::engine::StopFlag;
use hatchery::surrogates::SurrogateError;
use hatchery::surrogates::model::{Merit, Process, Ridge, Surrogate};
use hatchery::surrogates::searcher::{
    Ascent, EXHAUSTED_MAX, Evolution, Exhaustive, Problem, Reinforce, Searcher, Steps,
};
use hatchery::surrogates::space::{Design, Encoding};

use super::arena::Arena;
use super::cma::CmaRuns;
use super::measures::Measures;
use super::networks::Family;
use super::record::{Figures, Record};

/// Rows of a Gaussian process.
const PROCESS_ROWS: usize = 500;

/// The searchers of each family of networks.
pub(crate) const SEARCHERS: [(&str, Family); 5] = [
    ("ascent", Family::Single),
    ("unit-ascent", Family::Single),
    ("coms", Family::Conservative),
    ("cma-es", Family::Ensemble),
    ("reinforce", Family::Ensemble),
];

/// Methods without networks.
pub(crate) const REFERENCES: [&str; 2] = ["pairwise-ridge", "gp-lcb"];

/// The searcher of a name.
pub(crate) fn searcher(name: &str, arena: &Arena) -> Box<dyn Searcher> {
    match name {
        "ascent" => Box::new(Ascent::plain()),
        "unit-ascent" => Box::new(Ascent::unit()),
        "coms" => {
            let factor = if arena.is_discrete() { 2.0 } else { 0.05 };
            Box::new(Ascent { steps: Steps::Plain { factor }, count: 50, bounded: false })
        }
        "cma-es" => Box::new(CmaRuns { iterations: 100 }),
        "reinforce" => Box::new(Reinforce::default()),
        _ => every_or_evolution(arena),
    }
}

/// Every design of a small space, else evolution.
pub(crate) fn every_or_evolution(arena: &Arena) -> Box<dyn Searcher> {
    if arena.space.box_size().is_some_and(|size| size <= EXHAUSTED_MAX) {
        Box::new(Exhaustive)
    } else {
        Box::new(Evolution::default())
    }
}

/// The best `answers` that a searcher finds, in its order.
///
/// # Errors
/// If it does not fit the model.
pub(crate) fn propose(
    arena: &Arena,
    surrogate: &dyn Surrogate,
    merit: Merit,
    searcher: &dyn Searcher,
    answers: usize,
) -> Result<Vec<Design>, SurrogateError> {
    let (seed, stop) = (arena.seed, &StopFlag::default());
    let problem = Problem { surrogate, merit, start: &arena.start, answers, seed, stop };
    let mut found = searcher.search(&problem)?;
    found.truncate(answers);
    Ok(found)
}

/// Fills in what came of a search.
pub(crate) fn judge(
    record: &mut Record,
    arena: &Arena,
    surrogate: &dyn Surrogate,
    found: Result<Vec<Design>, SurrogateError>,
) -> Vec<Design> {
    let designs = match found {
        Ok(designs) => designs,
        Err(error) => {
            record.failure = Some(error.to_string());
            return Vec::new();
        }
    };
    let predicted = surrogate.means(&designs);
    record.measures = Measures::of(arena, &designs, Some(&predicted));
    if record.measures.is_none() {
        record.failure = Some("no design was found".into());
    }
    designs
}

/// Pairwise ridge, or a Gaussian process with a lower bound, searched exhaustively or by evolution.
pub(crate) fn reference(arena: &Arena, name: &str, answers: usize) -> Record {
    let mut record = Record::new(arena, name, "-");
    let clock = Instant::now();
    let (fitted, merit): (Result<Box<dyn Surrogate>, _>, _) = if name == "pairwise-ridge" {
        let ridge = Ridge::fit(&arena.space, &arena.designs, &arena.scores, true);
        if ridge.as_ref().is_ok_and(|ridge| !ridge.has_products()) {
            record.note = Some("too many products: linear".into());
        }
        (ridge.map(|ridge| Box::new(ridge) as Box<dyn Surrogate>), Merit::default())
    } else {
        let process = process(arena).map(|process| Box::new(process) as Box<dyn Surrogate>);
        (process, Merit::Bound { beta: 1.0 })
    };
    record.train_seconds = clock.elapsed().as_secs_f64();
    let surrogate = match fitted {
        Ok(surrogate) => surrogate,
        Err(error) => {
            record.failure = Some(error.to_string());
            return record;
        }
    };
    let clock = Instant::now();
    let found = propose(arena, &*surrogate, merit, &*every_or_evolution(arena), answers);
    record.search_seconds = clock.elapsed().as_secs_f64();
    record.figures = Figures::of(arena, &*surrogate);
    judge(&mut record, arena, &*surrogate, found);
    record
}

/// A Gaussian process on the best and some other visible rows.
///
/// # Errors
/// As [`Process::fit`].
pub(crate) fn process(arena: &Arena) -> Result<Process, SurrogateError> {
    let (space, encoding) = (&arena.space, Encoding::one_hot(&arena.space));
    Process::fit(&encoding, space, &arena.designs, &arena.scores, PROCESS_ROWS, arena.seed)
}
