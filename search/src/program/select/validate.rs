//! Meta-validation: does what gets better in the search get better on something larger?

use hatchery_engine::StopFlag;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Interrupted, go_on};
use crate::program::evolve::Improvement;
use crate::program::interpret::Plan;
use crate::program::training::{Purpose, Suite};
use crate::program::{Graph, Signature};

/// One program of the curve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Births of its run when it was found.
    pub births: u64,
    /// Its ticket.
    pub ticket: u64,
    /// Fitness in the search.
    pub fitness: f32,
    /// Fitness on the validation proxies: minus the mean ratio to the reference; none if it failed.
    pub validation: Option<f64>,
}

/// The set of seeds of meta-validation.
const SET: u64 = 3;

/// Scores so many best-so-far programs of one run, which `improvements` are, at geometric distances of births, the last one included.
/// Literals stay as they are.
///
/// # Errors
/// If it was interrupted.
pub fn validate(
    improvements: &[Improvement],
    suite: &Suite,
    (points, seeds): (u32, u32),
    signature: &Signature,
    stop: &StopFlag,
) -> Result<Vec<Point>, Interrupted> {
    suite.prepare();
    let chosen = thinned(improvements, points as usize);
    let score = |one: &&Improvement| {
        go_on(stop)?;
        let graph = Graph::of(&one.program, signature).ok();
        let plan = graph.map(|graph| Plan::compile(&graph, signature));
        let validation = plan.and_then(|plan| {
            let ratios = (0..suite.proxies().len())
                .map(|proxy| suite.ratio(&plan, proxy, Purpose::Selection, SET, seeds).ok())
                .collect::<Option<Vec<f64>>>()?;
            Some(-ratios.iter().sum::<f64>() / ratios.len() as f64)
        });
        let Improvement { births, ticket, fitness, .. } = **one;
        Ok(Point { births, ticket, fitness, validation })
    };
    chosen.par_iter().map(score).collect()
}

/// The births at which the curve is highest, as a share of all births of the run: 1 if it never turns, none if nothing was
/// scored.
pub fn turning(points: &[Point], births: u64) -> Option<f64> {
    let scored = points.iter().filter_map(|point| Some((point.births, point.validation?)));
    let best = scored.reduce(|a, b| if b.1 > a.1 { b } else { a })?;
    let is_last = points.last().is_some_and(|last| last.births == best.0);
    Some(if is_last { 1.0 } else { best.0 as f64 / births.max(1) as f64 })
}

/// Some improvements at geometric distances of births.
fn thinned(improvements: &[Improvement], points: usize) -> Vec<&Improvement> {
    let Some(last) = improvements.last() else { return Vec::new() };
    if improvements.len() <= points {
        return improvements.iter().collect();
    }
    let first = improvements[0].births.max(1) as f64;
    let span = (last.births as f64 / first).max(1.0).ln();
    let mut chosen: Vec<&Improvement> = Vec::new();
    for point in 0..points {
        let along = point as f64 / (points - 1).max(1) as f64;
        let births = first * (span * along).exp();
        // The best program at that time.
        let at = improvements.partition_point(|one| one.births as f64 <= births * 1.000_001);
        let one = &improvements[at.saturating_sub(1)];
        if chosen.last().is_none_or(|known| known.ticket != one.ticket) {
            chosen.push(one);
        }
    }
    if chosen.last().is_none_or(|known| known.ticket != last.ticket) {
        chosen.push(last);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::Program;

    fn improvement(births: u64) -> Improvement {
        let program = Program::default();
        Improvement { run: 0, births, ticket: births, fitness: births as f32, program }
    }

    #[test]
    fn points_lie_at_geometric_distances_and_end_with_the_last() {
        let all: Vec<Improvement> = (1..=1000).map(improvement).collect();
        let births: Vec<u64> = thinned(&all, 4).iter().map(|one| one.births).collect();
        assert_eq!(births, [1, 10, 100, 1000]);
        assert_eq!(thinned(&all[..3], 4).len(), 3);
        assert!(thinned(&[], 4).is_empty());
        assert_eq!(thinned(&all, 1).last().map(|one| one.births), Some(1000));
    }

    #[test]
    fn a_curve_turns_where_it_is_highest() {
        let point =
            |births: u64, validation| Point { births, ticket: births, fitness: 0.0, validation };
        let curve = [point(10, Some(-1.0)), point(40, Some(-0.8)), point(90, Some(-0.9))];
        assert_eq!(turning(&curve, 100), Some(0.4));
        assert_eq!(turning(&curve[..2], 100), Some(1.0));
        assert_eq!(turning(&[point(5, None)], 100), None);
    }
}
