//! A child of two designs.

use super::{Design, Space};
use crate::Draws;

impl Space {
    /// A valid child of two valid designs. Each column comes from either with the same chance; a sequence is cut at two
    /// places and takes what is between them from the second; the members of a sum stay together and come from the
    /// first, the second, or, if all are reals, a point between them. What limits and forbidden combinations then still
    /// object to is repaired; where that fails the child is the first design.
    ///
    /// # Panics
    /// If a design has another number of sites.
    pub fn crossover(&self, first: &[f64], second: &[f64], draws: &mut Draws) -> Design {
        let sites = [first.len(), second.len()];
        assert_eq!(sites, [self.sites.len(); 2], "a design has one number a site");
        let mut child = first.to_vec();
        for field in &self.fields {
            let range = field.sites.clone();
            if range.len() > 1 {
                let cuts = [draws.below(range.len() + 1), draws.below(range.len() + 1)];
                let between =
                    range.start + cuts[0].min(cuts[1])..range.start + cuts[0].max(cuts[1]);
                child[between.clone()].copy_from_slice(&second[between]);
            } else if self.sum_of[range.start].is_none() && draws.chance(0.5) {
                child[range.start] = second[range.start];
            }
        }
        for members in &self.members {
            let is_real = !members.iter().any(|&site| self.is_whole(site));
            // Thirds: all of the first, all of the second, a mixture.
            let part = match draws.below(if is_real { 3 } else { 2 }) {
                0 => 0.0,
                1 => 1.0,
                _ => draws.uniform(),
            };
            for &site in members {
                let (lower, upper) = self.bounds[site];
                let value = first[site] * (1.0 - part) + second[site] * part;
                child[site] = value.clamp(lower, upper);
            }
        }
        if self.is_valid(&child) {
            return child;
        }
        self.repair(&child).unwrap_or_else(|| first.to_vec())
    }
}
