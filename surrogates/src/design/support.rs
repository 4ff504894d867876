//! How far a design is from everything that was tried.

use rayon::prelude::*;

use crate::Draws;
use crate::space::{Design, Space};

/// Rows whose distances are averaged.
const NEAREST: usize = 5;

/// Rows of which distances to the others are taken, at most.
const SAMPLED: usize = 1_000;

/// The known designs, for distances.
#[derive(Clone, Debug)]
pub struct Support<'a> {
    space: &'a Space,
    designs: &'a [Design],
    /// Distances of known designs from the others, sorted.
    among: Vec<f64>,
}

/// Where a design is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Whereabouts {
    /// Mean distance from the five nearest known designs (Gower's, 0 to 1).
    pub distance: f64,
    /// The nearest known design: its row, from 0.
    pub nearest: usize,
    /// Which share of the known designs is as near to the others, or nearer.
    pub percentile: f64,
}

impl<'a> Support<'a> {
    /// Measures the distances of (at most 1,000 of) the designs from the others.
    ///
    /// # Panics
    /// If there is no design.
    pub fn new(space: &'a Space, designs: &'a [Design], seed: u64) -> Self {
        assert!(!designs.is_empty(), "there must be something to be near to");
        let mut draws = Draws::new(seed, "rows whose distances are taken");
        let rows = draws.choose(designs.len(), designs.len().min(SAMPLED));
        let of_row = |row: &usize| nearest(space, designs, &designs[*row], Some(*row)).0;
        let mut among: Vec<f64> = rows.par_iter().map(of_row).collect();
        among.sort_by(f64::total_cmp);
        Self { space, designs, among }
    }

    /// Median distance of known designs from the others.
    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// The distance from the others that this share of the known designs does not exceed.
    pub fn quantile(&self, share: f64) -> f64 {
        crate::statistics::quantile_of_sorted(&self.among, share)
    }

    /// Where a design is.
    pub fn find(&self, design: &[f64]) -> Whereabouts {
        let (distance, nearest) = nearest(self.space, self.designs, design, None);
        let below = self.among.partition_point(|other| *other <= distance);
        let percentile = below as f64 / self.among.len() as f64;
        Whereabouts { distance, nearest, percentile }
    }
}

/// Mean distance from the nearest designs, and the nearest of all; `but` is left out.
fn nearest(space: &Space, designs: &[Design], from: &[f64], but: Option<usize>) -> (f64, usize) {
    let mut best: Vec<(f64, usize)> = Vec::with_capacity(NEAREST + 1);
    for (row, design) in designs.iter().enumerate().filter(|(row, _)| Some(*row) != but) {
        let distance = space.distance(from, design);
        if best.len() < NEAREST || distance < best[best.len() - 1].0 {
            let at = best.partition_point(|other| other.0 <= distance);
            best.insert(at, (distance, row));
            best.truncate(NEAREST);
        }
    }
    let sum: f64 = best.iter().map(|(distance, _)| distance).sum();
    (sum / best.len().max(1) as f64, best.first().map_or(0, |(_, row)| *row))
}
