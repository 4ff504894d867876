//! The whole way: rehearse, fit, search, choose, calibrate, judge.

use std::collections::HashSet;

use hatchery_engine::StopFlag;
use serde::{Deserialize, Serialize};

use super::apart::Choice;
use super::lowered::Lowered;
use super::merged::Merged;
use super::proposed::Proposed;
use super::reach::{Reach, rows_within_reach};
use super::verdict::Judge;
use super::{LeftOut, Method, Model, Reason, Rehearsal, Support, Verdict, rounded};
use crate::model::{Merit, Surrogate};
use crate::searcher::{EXHAUSTED_MAX, Evolution, Exhaustive, Problem, Searcher, key};
use crate::space::{Design, Space};
use crate::{Draws, Rows, SomeRows, SurrogateError, statistics};

/// With this lift of a cheaper model, networks are not rehearsed.
const LIFT_ENOUGH: f64 = 0.5;

/// Rows of a process that gives a second opinion.
const SECOND_ROWS: usize = 300;

const NOTHING_NEW: SurrogateError = SurrogateError::Unsuited {
    what: "a shortlist",
    needs: "designs that are not in the table yet: widen a bound, add a level, or allow repeats",
};

/// How a shortlist is made.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Candidates that are wanted.
    pub candidates: usize,
    /// How surrogates are fitted.
    pub method: Method,
    /// Deviations of the model that are taken off its mean.
    pub pessimism: f64,
    /// Deviations of the scores that are taken off for each typical distance between rows that a design lies farther from them than three of four rows
    /// from the others; 0 leaves distance out.
    pub distance_price: f64,
    /// How much is given up for candidates that differ, in deviations of the scores; they also lie at least that share of a typical distance between rows
    /// from each other, where there are as many such designs. 0: the best, however alike.
    pub diversity: f64,
    /// Whether rows of the table, or what is nearly the same, may be proposed again.
    pub repeats: bool,
    /// Whether the rehearsal is left out. Nothing is ever abstained from then, and the page says so.
    pub skip_rehearsal: bool,
    /// Decides all random choices.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            candidates: 16,
            method: Method::default(),
            pessimism: 1.0,
            distance_price: 0.5,
            diversity: 0.25,
            repeats: false,
            skip_rehearsal: false,
            seed: 0,
        }
    }
}

/// One proposal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The design, one number a site.
    pub design: Design,
    /// Predicted score; larger is better.
    pub predicted: f64,
    /// Lower end of the 80 % interval of a measurement; infinite with too few rows.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// The same at 95 %.
    pub low_95: f64,
    /// Its upper end.
    pub high_95: f64,
    /// Deviation of the model.
    pub deviation: f64,
    /// Probability that a measurement exceeds the best row.
    pub chance_of_improvement: f64,
    /// Mean distance from the five nearest rows, 0 to 1.
    pub distance: f64,
    /// Which share of rows is nearer to the others.
    pub distance_percentile: f64,
    /// The nearest row, from 0.
    pub nearest: usize,
    /// What a second model predicts, if there is one.
    pub second_opinion: Option<f64>,
    /// What to do.
    pub verdict: Verdict,
    /// Why not simply build it.
    pub reasons: Vec<Reason>,
}

/// Candidates, and what they rest on.
pub struct Shortlist {
    /// Candidates, the most promising first.
    pub candidates: Vec<Candidate>,
    /// The rehearsals of the models that were tried; the first is that of the model used. Empty if they were left out or could not be made.
    pub rehearsals: Vec<Rehearsal>,
    /// Why there was no rehearsal, or why it failed.
    pub abstains: Option<String>,
    /// The fitted model.
    pub surrogate: Box<dyn Surrogate>,
    /// Name of the search.
    pub searcher: String,
    /// Rows that were left out in turn: intervals, their coverage, predictions.
    pub left_out: LeftOut,
    /// The best score of a row that would be allowed as a candidate, of all rows if none would; of repeats their mean.
    pub best_known: f64,
}

impl std::fmt::Debug for Shortlist {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shortlist")
            .field("candidates", &self.candidates)
            .field("abstains", &self.abstains)
            .field("surrogate", &self.surrogate.name())
            .finish_non_exhaustive()
    }
}

/// Makes a shortlist: at most as many candidates as are wanted, fewer where the space has no more. Rows of one design are taken as one, see `merged.rs`. `searcher` is what
/// searches the model for the first; if it is none, a small space is searched exhaustively and any other by evolution.
///
/// # Errors
/// Whatever keeps a model from being fitted or searched.
pub fn design(
    space: &Space,
    rows: Rows<'_>,
    settings: &Settings,
    searcher: Option<&dyn Searcher>,
    stop: &StopFlag,
) -> Result<Shortlist, SurrogateError> {
    rows.check()?;
    let Merged { rows, first } = Merged::of(rows);
    let rows = rows.rows();
    let Rows { designs, scores, .. } = rows;
    let known: HashSet<Vec<u64>> =
        designs.iter().filter(|_| !settings.repeats).map(|design| key(design)).collect();
    let small = space.box_size().is_some_and(|size| size <= EXHAUSTED_MAX);
    let all = space.enumerate().filter(|_| small);
    if all.is_some_and(|mut all| all.all(|design| known.contains(&key(&design)))) {
        return Err(NOTHING_NEW);
    }
    let merit = Merit::Bound { beta: settings.pessimism };
    let (method, rehearsals, abstains) = choose_method(space, rows, settings, merit, stop)?;
    let held_out = if method.model.is_network() { hold_out(rows, settings.seed) } else { None };
    let (fitted, held) = match &held_out {
        Some((fitted, held)) => (fitted.rows(), held.rows()),
        None => (rows, Rows::default()),
    };
    let surrogate = method.fit(space, fitted, held, settings.seed, stop)?;
    let left_out = LeftOut::of(&method, space, rows, settings.seed, stop)?;

    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
    let start: Vec<Design> = order.iter().filter_map(|row| space.repair(&designs[*row])).collect();
    let evolution = Evolution::default();
    let searcher = searcher.unwrap_or(if small { &Exhaustive } else { &evolution });
    let support = Support::new(space, designs, settings.seed);
    let spread = statistics::population_sd(scores);
    let reach = (settings.distance_price != 0.0).then(|| {
        let near = rows_within_reach(designs, &order, settings.seed);
        Reach::new(space, &near, settings.distance_price * spread, settings.seed)
    });
    let penalty = |x: &[f64]| reach.as_ref().map_or(0.0, |reach| reach.penalty(x));
    let penalised = Lowered { inner: &*surrogate, penalty };
    let searched: &dyn Surrogate = if reach.is_some() { &penalised } else { &*surrogate };
    let mut problem = Problem {
        surrogate: searched,
        merit,
        start: &start,
        answers: settings.candidates.max(16) * 2,
        seed: settings.seed,
        stop,
    };
    let mut found = searcher.search(&problem)?;
    let exhausts = searcher.name() == Exhaustive.name();
    let new = found.iter().filter(|design| !known.contains(&key(design))).count();
    if exhausts && new < settings.candidates && !known.is_empty() {
        // The best of all designs are known ones.
        problem.answers += known.len();
        found = searcher.search(&problem)?;
    }
    let choice = Choice {
        diversity: settings.diversity,
        spread,
        support: &support,
        search_again: !exhausts,
        repeats: settings.repeats,
        forbidden: &known,
    };
    let chosen = choice.choose(&problem, &found, settings.candidates)?;
    if chosen.is_empty() {
        return Err(NOTHING_NEW);
    }
    let mut taken = known;
    let with_fewer_digits = |design: Design| {
        let rounded = rounded(space, &design);
        if taken.insert(key(&rounded)) { rounded } else { design }
    };
    let chosen: Vec<Design> = chosen.into_iter().map(with_fewer_digits).collect();

    let second = second_opinion(&method, space, rows, settings.seed, stop);
    let opinions = second.map(|model| model.means(&chosen));
    let judge = Judge {
        intervals: Proposed {
            left_out: &left_out.calibration,
            rehearsal: rehearsals.first(),
            noise: surrogate.noise(),
        },
        best: scores
            [order.iter().find(|row| space.is_valid(&designs[**row])).copied().unwrap_or(order[0])],
        median: statistics::median(scores),
        abstains: abstains.is_some().then_some(if rehearsals.is_empty() {
            Reason::TooFewRows
        } else {
            Reason::Rehearsal
        }),
    };
    let predictions = surrogate.predict(&chosen);
    let candidates = chosen
        .into_iter()
        .zip(predictions)
        .enumerate()
        .map(|(at, (design, prediction))| {
            let mut whereabouts = support.find(&design);
            whereabouts.nearest = first[whereabouts.nearest];
            let opinion = opinions.as_ref().map(|opinions| opinions[at]);
            judge.candidate(design, prediction, whereabouts, opinion)
        })
        .collect();
    Ok(Shortlist {
        candidates,
        best_known: judge.best,
        rehearsals,
        abstains,
        searcher: searcher.name().to_owned(),
        surrogate,
        left_out,
    })
}

/// The method to use, what rehearsals said, and why to abstain.
fn choose_method(
    space: &Space,
    rows: Rows<'_>,
    settings: &Settings,
    merit: Merit,
    stop: &StopFlag,
) -> Result<(Method, Vec<Rehearsal>, Option<String>), SurrogateError> {
    let with = |model| Method { model, ..settings.method.clone() };
    let auto = settings.method.model == Model::Auto;
    if settings.skip_rehearsal || rows.count() < super::REHEARSED_MIN {
        let method = if auto { with(Model::PairwiseRidge) } else { settings.method.clone() };
        let few = (!settings.skip_rehearsal).then(|| {
            format!(
                "{} different designs are too few for a rehearsal, which needs {}",
                rows.count(),
                super::REHEARSED_MIN
            )
        });
        return Ok((method, Vec::new(), few));
    }
    let models: &[Model] = if auto {
        &[Model::PairwiseRidge, Model::Process, Model::Ensemble]
    } else {
        &[settings.method.model]
    };
    let mut tried: Vec<(Method, Rehearsal)> = Vec::new();
    for &model in models {
        let best = tried.iter().map(|(_, rehearsal)| rehearsal.lift).fold(f64::MIN, f64::max);
        // Networks take as long as everything else together, many times over.
        let is_needless = model == Model::Ensemble && best >= LIFT_ENOUGH;
        if (stop.is_raised() && !tried.is_empty()) || is_needless {
            break;
        }
        let method = with(model);
        let rehearsal =
            Rehearsal::of(&method, space, rows, settings.candidates, merit, settings.seed, stop)?;
        tried.push((method, rehearsal));
    }
    // The first of equals: models come in the order of their cost.
    let best = (0..tried.len())
        .max_by(|a, b| tried[*a].1.worth().total_cmp(&tried[*b].1.worth()).then(b.cmp(a)))
        .unwrap_or_default();
    tried.swap(0, best);
    // Several models tried are several chances of luck.
    let models_tried = tried.len() as f64;
    tried[0].1.p = (tried[0].1.p * models_tried).min(1.0);
    let abstains = tried[0].1.reason();
    let method = tried[0].0.clone();
    Ok((method, tried.into_iter().map(|(_, rehearsal)| rehearsal).collect(), abstains))
}

/// A tenth of the rows, at most 500, at random: networks report their loss on them.
fn hold_out(rows: Rows<'_>, seed: u64) -> Option<(SomeRows, SomeRows)> {
    let count = (rows.count() / 10).min(500);
    if count < 5 {
        return None;
    }
    let order = Draws::new(seed, "rows held out").order(rows.count());
    Some((rows.take(&order[count..]), rows.take(&order[..count])))
}

/// A cheap model of another kind.
fn second_opinion(
    method: &Method,
    space: &Space,
    rows: Rows<'_>,
    seed: u64,
    stop: &StopFlag,
) -> Option<Box<dyn Surrogate>> {
    let ridge = matches!(method.model, Model::Ridge | Model::PairwiseRidge | Model::Auto);
    let model = if ridge { Model::Process } else { Model::PairwiseRidge };
    let other = Method { model, process_rows: SECOND_ROWS, ..method.clone() };
    other.fit(space, rows, Rows::default(), seed, stop).ok()
}
