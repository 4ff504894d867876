//! The order of proposals, and the rows of every table that need no model.

use std::collections::HashSet;

use hatchery::surrogates::searcher::Problem;
use hatchery::surrogates::space::Design;

use super::arena::Arena;

/// Step of a number that is changed at random, as a share of its range.
const SHARE: f64 = 0.1;

/// Designs by merit, the best first, none twice.
pub(crate) fn ranked(problem: &Problem<'_>, designs: Vec<Design>) -> Vec<Design> {
    let mut seen = HashSet::new();
    let new = |design: &Design| seen.insert(design.iter().map(|v| v.to_bits()).collect::<Vec<_>>());
    let designs: Vec<Design> = designs.into_iter().filter(new).collect();
    let merits = problem.merit.values(problem.surrogate, &designs);
    let mut order: Vec<usize> = (0..designs.len()).filter(|at| !merits[*at].is_nan()).collect();
    order.sort_by(|a, b| merits[*b].total_cmp(&merits[*a]).then(a.cmp(b)));
    order.into_iter().map(|at| designs[at].clone()).collect()
}

/// Names of the rows that need no model.
pub(crate) const MODEL_FREE: [&str; 3] = ["random", "best-visible", "one-change"];

/// The proposals of a row that needs no model: random designs of the space; the best visible ones; each of these with one change.
pub(crate) fn model_free(arena: &Arena, name: &str, answers: usize) -> Vec<Design> {
    let best = arena.start.iter().take(answers).cloned();
    match name {
        "random" => {
            let mut draws = arena.draws("random designs of a bench");
            (0..answers).map(|_| arena.space.sample(&mut draws)).collect()
        }
        "best-visible" => best.collect(),
        _ => changed(arena, &best.collect::<Vec<Design>>(), "one change of the best"),
    }
}

/// Each design with one change at random: another level, or a step of a tenth of the range.
pub(crate) fn changed(arena: &Arena, designs: &[Design], purpose: &str) -> Vec<Design> {
    let mut draws = arena.draws(purpose);
    designs.iter().map(|design| arena.space.mutate(design, SHARE, &mut draws)).collect()
}
