//! Methods that bring their own model, and the searchers of networks.

use std::time::Instant;

use hatchery::engine::StopFlag;
use hatchery::surrogates::SurrogateError;
use hatchery::surrogates::design::{Settings, design};
use hatchery::surrogates::model::{Merit, Process, Ridge, Surrogate};
use hatchery::surrogates::searcher::{
    Ascent, EXHAUSTED_MAX, Evolution, Exhaustive, Problem, Reinforce, Searcher, Steps,
};
use hatchery::surrogates::space::{Design, Encoding};

use super::arena::Arena;
use super::bo::Rounds;
use super::cma::CmaRuns;
use super::generative::{Cbas, Mins};
use super::measures::Measures;
use super::networks::Family;
use super::record::{Figures, Record};

/// Rows of a Gaussian process.
const PROCESS_ROWS: usize = 500;

/// The searchers of each family of networks.
pub(crate) const SEARCHERS: [(&str, Family); 10] = [
    ("ascent", Family::Single),
    ("unit-ascent", Family::Single),
    ("coms", Family::Conservative),
    ("cma-es", Family::Ensemble),
    ("reinforce", Family::Ensemble),
    ("mean-ensemble", Family::Ensemble),
    (LEAST, Family::Ensemble),
    ("bo-qei", Family::Ensemble),
    ("cbas", Family::Ensemble),
    ("mins", Family::Single),
];

/// The ascent of the least of all members.
pub(crate) const LEAST: &str = "min-ensemble";

/// The default of the library.
pub(crate) const OURS: &str = "ours";

/// Methods that bring their own model.
pub(crate) const REFERENCES: [&str; 3] = ["pairwise-ridge", "gp-lcb", OURS];

/// The searcher of a name.
pub(crate) fn searcher(name: &str, arena: &Arena) -> Box<dyn Searcher> {
    match name {
        "ascent" | "mean-ensemble" | LEAST => Box::new(Ascent::plain()),
        "unit-ascent" => Box::new(Ascent::unit()),
        "coms" => {
            let factor = if arena.is_discrete() { 2.0 } else { 0.05 };
            Box::new(Ascent { steps: Steps::Plain { factor }, count: 50, bounded: false })
        }
        "cma-es" => Box::new(CmaRuns { iterations: 100 }),
        "reinforce" => Box::new(Reinforce::default()),
        "bo-qei" => Box::new(Rounds::of(arena)),
        "cbas" => Box::new(Cbas::of(arena)),
        "mins" => Box::new(Mins::of(arena)),
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

/// What a method proposes: the model, designs in its order, a remark.
pub(crate) type Proposed = (Box<dyn Surrogate>, Vec<Design>, Option<String>);

/// The default of the library.
///
/// # Errors
/// As [`design`].
pub(crate) fn ours(arena: &Arena, answers: usize) -> Result<Proposed, SurrogateError> {
    let settings = Settings { candidates: answers, seed: arena.seed, ..Settings::default() };
    let list = design(&arena.space, arena.rows(), &settings, None, &StopFlag::default())?;
    let word = if list.abstains.is_some() { "abstains" } else { "proceeds" };
    let note = format!("{}, {word}", list.surrogate.name());
    let designs = list.candidates.into_iter().map(|candidate| candidate.design).collect();
    Ok((list.surrogate, designs, Some(note)))
}

/// A method that brings its own model: the default of the library; pairwise ridge, or a Gaussian process with a lower bound, searched exhaustively or by
/// evolution.
pub(crate) fn reference(arena: &Arena, name: &str, answers: usize) -> Record {
    let mut record = Record::new(arena, name, "-");
    let clock = Instant::now();
    let proposed = if name == OURS {
        ours(arena, answers)
    } else {
        fitted(arena, name).and_then(|(surrogate, merit, note)| {
            record.train_seconds = clock.elapsed().as_secs_f64();
            let searcher = every_or_evolution(arena);
            let designs = propose(arena, &*surrogate, merit, &*searcher, answers)?;
            Ok((surrogate, designs, note))
        })
    };
    record.search_seconds = clock.elapsed().as_secs_f64() - record.train_seconds;
    match proposed {
        Ok((surrogate, designs, note)) => {
            record.note = note;
            record.figures = Figures::of(arena, &*surrogate);
            judge(&mut record, arena, &*surrogate, Ok(designs));
        }
        Err(error) => record.failure = Some(error.to_string()),
    }
    record
}

/// A model, what of it is made large, a remark.
type Fitted = (Box<dyn Surrogate>, Merit, Option<String>);

fn fitted(arena: &Arena, name: &str) -> Result<Fitted, SurrogateError> {
    if name == "pairwise-ridge" {
        let ridge = Ridge::fit(&arena.space, arena.rows(), true)?;
        let note = (!ridge.has_products()).then(|| "too many products: linear".into());
        return Ok((Box::new(ridge), Merit::default(), note));
    }
    Ok((Box::new(process(arena)?), Merit::Bound { beta: 1.0 }, None))
}

/// A Gaussian process on the best and some other visible rows.
///
/// # Errors
/// As [`Process::fit`].
pub(crate) fn process(arena: &Arena) -> Result<Process, SurrogateError> {
    let (space, encoding) = (&arena.space, Encoding::one_hot(&arena.space));
    Process::fit(&encoding, space, arena.rows(), PROCESS_ROWS, arena.seed)
}
