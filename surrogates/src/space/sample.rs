//! Valid designs at random.

use super::{Design, Row, Site, Space};
use crate::Draws;

/// Designs drawn from the box before rejection is given up.
const TRIES: usize = 32;
/// Steps of the walk that takes its place, for each free site.
const STEPS_PER_SITE: usize = 20;

impl Space {
    /// A valid design, uniform over all of them if one of 32 draws from the box (sums of reals: from their simplex) is
    /// valid. Else a walk from a repaired draw, each step uniform along one move: its limit is the uniform distribution
    /// over all designs that such moves connect.
    pub fn sample(&self, draws: &mut Draws) -> Design {
        for _ in 0..TRIES {
            let x = self.scatter(draws);
            if self.is_valid(&x) {
                return x;
            }
        }
        let start = (0..TRIES).find_map(|_| self.repair(&self.scatter(draws)));
        let mut x = start.unwrap_or_else(|| self.witness.clone());
        for _ in 0..STEPS_PER_SITE * (self.free.len() + 1) {
            x = self.walk(x, draws);
        }
        // What rounding added up to on the way.
        if self.is_valid(&x) { x } else { self.repair(&x).unwrap_or_else(|| self.witness.clone()) }
    }

    /// One step of the walk.
    fn walk(&self, x: Design, draws: &mut Draws) -> Design {
        let Some(mv) = self.draw_move(draws) else { return x };
        let Some(room) = self.room(&x, mv) else { return x };
        let next = self.moved(&x, mv, room.draw(draws));
        if self.is_allowed(&next) { next } else { x }
    }

    /// A point of the box, uniform; sums of reals are met if that needs no more than a few tries.
    pub(super) fn scatter(&self, draws: &mut Draws) -> Design {
        let values =
            self.sites.iter().zip(&self.bounds).map(|(site, &(lower, upper))| match site {
                _ if lower == upper => lower,
                Site::Real { .. } => draws.between(lower, upper).clamp(lower, upper),
                _ => lower + draws.below((upper - lower) as usize + 1) as f64,
            });
        let mut x: Design = values.collect();
        for row in self.rows.iter().filter(|row| row.is_sum) {
            self.scatter_sum(row, &mut x, draws);
        }
        x
    }

    /// Uniform on the simplex of a sum: spacings of exponentials, thrown away while they pass an upper bound.
    fn scatter_sum(&self, row: &Row, x: &mut [f64], draws: &mut Draws) {
        let is_free = |&&(site, _): &&(usize, f64)| self.is_free(site);
        let free: Vec<usize> = row.terms.iter().filter(is_free).map(|term| term.0).collect();
        if free.iter().any(|&site| self.is_whole(site)) {
            return;
        }
        let least: f64 = row.terms.iter().map(|&(site, _)| self.bounds[site].0).sum();
        let amount = row.bound - least;
        for _ in 0..TRIES {
            let parts: Vec<f64> = free.iter().map(|_| draws.exponential()).collect();
            let scale = amount / parts.iter().sum::<f64>();
            for (&site, part) in free.iter().zip(&parts) {
                x[site] = self.bounds[site].0 + scale * part;
            }
            if free.iter().all(|&site| x[site] <= self.bounds[site].1) {
                return;
            }
        }
    }
}
