//! How far a design is from everything that was tried.

use rayon::prelude::*;

use crate::Draws;
use crate::space::{Design, Nearest, Space};

/// Rows whose distances are averaged.
const NEAREST: usize = 5;

/// Rows of which distances to the others are taken, at most.
const SAMPLED: usize = 1_000;

/// How near to a known design is the same design once more, as a share of the way from that one to the next known one.
const SAME: f64 = 0.25;

/// The known designs, for distances.
#[derive(Clone, Debug)]
pub struct Support {
    designs: Vec<Design>,
    nearest: Nearest,
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
    /// Which share of the known designs is nearer to the others.
    pub percentile: f64,
}

impl Support {
    /// Measures the distances of (at most 1,000 of) the designs from the others.
    ///
    /// # Panics
    /// If there is no design.
    pub fn new(space: &Space, designs: &[Design], seed: u64) -> Self {
        assert!(!designs.is_empty(), "there must be something to be near to");
        let mut draws = Draws::new(seed, "rows whose distances are taken");
        let rows = draws.choose(designs.len(), designs.len().min(SAMPLED));
        let nearest = Nearest::new(space, designs);
        let of_row = |row: &usize| mean_distance(&nearest, &designs[*row], Some(*row)).0;
        let mut among: Vec<f64> = rows.par_iter().map(of_row).collect();
        among.sort_by(f64::total_cmp);
        Self { designs: designs.to_vec(), nearest, among }
    }

    /// Median distance of known designs from the others.
    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// The distance from the others that this share of the known designs does not exceed.
    pub fn quantile(&self, share: f64) -> f64 {
        crate::statistics::quantile_of_sorted(&self.among, share)
    }

    /// How far a design is from the nearest known one: below 1 it is that design once more. The measure is a quarter of the way from that one to the next, so that it is
    /// finer where more is known.
    pub(super) fn novelty(&self, design: &[f64]) -> f64 {
        let found = self.nearest.find(design, 1, None);
        let Some(neighbour) = found.first() else { return f64::INFINITY };
        match self.own(neighbour.index) {
            own if own > 0.0 => neighbour.distance / own,
            _ if neighbour.distance > 0.0 => f64::INFINITY,
            _ => 0.0,
        }
    }

    /// How near to the known design of this row is the same design.
    fn own(&self, row: usize) -> f64 {
        let next = self.nearest.find(&self.designs[row], 1, Some(row));
        SAME * next.first().map_or(0.0, |next| next.distance)
    }

    /// How near to a known design is that one once more.
    pub(super) fn own_of(&self, known: &[f64]) -> f64 {
        self.nearest.find(known, 1, None).first().map_or(0.0, |found| self.own(found.index))
    }

    /// Where a design is.
    pub fn find(&self, design: &[f64]) -> Whereabouts {
        let (distance, nearest) = mean_distance(&self.nearest, design, None);
        // Designs of few levels lie as far apart as many others do.
        let below = self.among.partition_point(|other| *other < distance - 1e-9);
        let percentile = below as f64 / self.among.len() as f64;
        Whereabouts { distance, nearest, percentile }
    }
}

/// Mean distance from the nearest designs, and the nearest of all; `but` is left out.
fn mean_distance(nearest: &Nearest, from: &[f64], but: Option<usize>) -> (f64, usize) {
    let found = nearest.find(from, NEAREST, but);
    let sum: f64 = found.iter().map(|neighbour| neighbour.distance).sum();
    (sum / found.len().max(1) as f64, found.first().map_or(0, |nearest| nearest.index))
}
