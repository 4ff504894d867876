//! Single changes of a design, at random or all of them.

use super::moves::Move;
use super::{Design, Site, Space};
use crate::Draws;

/// Changes drawn before a design is left as it is.
const TRIES: usize = 64;

impl Space {
    /// A valid design with one change at random: another level of a category or letter (each with the same chance), a
    /// Gaussian step of deviation `share` times the range for a real, an integer (by at least 1) or an ordinal (likewise),
    /// an amount of that size shifted between two members of a sum. Where every single change met is forbidden, two are
    /// made; where these are too, the design comes back as it was.
    ///
    /// The design must be valid; call it again for more changes.
    ///
    /// # Panics
    /// If the design has another number of sites.
    pub fn mutate(&self, design: &[f64], share: f64, draws: &mut Draws) -> Design {
        assert_eq!(design.len(), self.sites.len(), "a design has one number a site");
        for attempt in 0..TRIES {
            let mut next = self.change(design, share, draws);
            if attempt >= TRIES / 2 {
                next = next.and_then(|next| self.change(&next, share, draws));
            }
            if let Some(next) = next.filter(|next| next != design && self.is_allowed(next)) {
                return next;
            }
        }
        design.to_vec()
    }

    /// One change that keeps sums and limits; it may be forbidden.
    fn change(&self, x: &[f64], share: f64, draws: &mut Draws) -> Option<Design> {
        let mv = self.draw_move(draws)?;
        let room = self.room(x, mv)?;
        let site = mv.site();
        let amount = if let Site::Categorical { levels } = self.sites[site] {
            let level = draws.below(levels - 1) as f64;
            // The last level stands in for the one that is there.
            if level == x[site] { levels as f64 - 1.0 - x[site] } else { level - x[site] }
        } else {
            room.nearest(share * self.sites[site].range() * draws.normal())
        };
        Some(self.moved(x, mv, amount))
    }

    /// The valid designs that are one change apart: each other level of a category or letter; the level before and after of
    /// an ordinal; a step of `share` times the range down and up for a number (of an integer at least 1), shorter
    /// where a bound or limit is near; that amount shifted between each two members of a sum, either way.
    ///
    /// The design must be valid.
    ///
    /// # Panics
    /// If the design has another number of sites.
    pub fn neighbours(&self, design: &[f64], share: f64) -> Vec<Design> {
        assert_eq!(design.len(), self.sites.len(), "a design has one number a site");
        let mut found = Vec::new();
        for &site in &self.free {
            match (self.sum_of[site], self.sites[site]) {
                (Some(sum), _) => {
                    let others = self.members[sum].iter().filter(|&&other| other != site);
                    for &other in others {
                        self.step(design, Move::Shift(site, other), &[share], &mut found);
                    }
                }
                (None, Site::Categorical { levels }) => {
                    let others = (0..levels).map(|l| l as f64).filter(|&l| l != design[site]);
                    found.extend(others.map(|level| {
                        let mut next = design.to_vec();
                        next[site] = level;
                        next
                    }));
                }
                // The least step of a level, whatever the share.
                (None, Site::Ordinal { .. }) => {
                    self.step(
                        design,
                        Move::Site(site),
                        &[-f64::MIN_POSITIVE, f64::MIN_POSITIVE],
                        &mut found,
                    );
                }
                (None, _) => self.step(design, Move::Site(site), &[-share, share], &mut found),
            }
        }
        found.retain(|next| self.is_allowed(next));
        found
    }

    fn step(&self, x: &[f64], mv: Move, shares: &[f64], found: &mut Vec<Design>) {
        let Some(room) = self.room(x, mv) else { return };
        let range = self.sites[mv.site()].range();
        let amounts = shares.iter().map(|share| room.nearest(share * range));
        found.extend(amounts.filter(|&a| a != 0.0).map(|amount| self.moved(x, mv, amount)));
    }
}
