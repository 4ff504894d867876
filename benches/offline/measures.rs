//! What is told of a list of proposals once the oracle has spoken.

use std::collections::HashSet;

use hatchery::surrogates::space::Design;
use hatchery::surrogates::statistics;
use serde::{Deserialize, Serialize};

use super::arena::Arena;

/// True scores of the proposals on one scale.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Marks {
    pub(crate) best: f64,
    /// 80th percentile.
    pub(crate) p80: f64,
    pub(crate) median: f64,
    pub(crate) mean: f64,
    /// The proposal that the method itself ranks first.
    pub(crate) first: f64,
    /// The best of the first 16 by the method's own ranking.
    pub(crate) best16: f64,
}

impl Marks {
    fn of(scores: &[f64]) -> Self {
        let greatest = |scores: &[f64]| scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Self {
            best: greatest(scores),
            p80: statistics::quantile(scores, 0.8),
            median: statistics::median(scores),
            mean: statistics::mean(scores),
            first: scores[0],
            best16: greatest(&scores[..scores.len().min(16)]),
        }
    }
}

/// All of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measures {
    /// From the pool's smallest at 0 to the best possible at 1.
    pub(crate) optimum: Marks,
    /// From the pool's smallest at 0 to its largest at 1.
    pub(crate) pool: Marks,
    pub(crate) proposals: usize,
    /// Distinct designs that are feasible.
    pub(crate) distinct: usize,
    /// Infeasible ones, which count as the pool's smallest score.
    pub(crate) infeasible: usize,
    /// Mean of prediction less truth, on the scale of the pool.
    pub(crate) over: Option<f64>,
}

impl Measures {
    /// Asks the oracle for proposals in the order of the method; `predicted` are its predictions. None if there is no proposal.
    pub(crate) fn of(arena: &Arena, designs: &[Design], predicted: Option<&[f64]>) -> Option<Self> {
        if designs.is_empty() {
            return None;
        }
        let extremes = arena.benchmark.extremes;
        let truths: Vec<Option<f64>> = designs.iter().map(|design| arena.truth(design)).collect();
        let scores: Vec<f64> = truths.iter().map(|t| t.unwrap_or(extremes.minimum)).collect();
        let bits = |design: &Design| design.iter().map(|v| v.to_bits()).collect::<Vec<u64>>();
        let feasible = designs.iter().zip(&truths).filter(|(_, truth)| truth.is_some());
        let distinct: HashSet<Vec<u64>> = feasible.map(|(design, _)| bits(design)).collect();
        let by_pool: Vec<f64> = scores.iter().map(|s| extremes.by_pool(*s)).collect();
        let by_optimum = |s: &f64| extremes.by_optimum(*s).unwrap_or(extremes.by_pool(*s));
        let over = predicted.map(|predicted| {
            let promised: Vec<f64> = predicted.iter().map(|p| extremes.by_pool(*p)).collect();
            statistics::mean(&promised) - statistics::mean(&by_pool)
        });
        Some(Self {
            optimum: Marks::of(&scores.iter().map(by_optimum).collect::<Vec<f64>>()),
            pool: Marks::of(&by_pool),
            proposals: designs.len(),
            distinct: distinct.len(),
            infeasible: truths.iter().filter(|truth| truth.is_none()).count(),
            over: over.filter(|over| over.is_finite()),
        })
    }
}
