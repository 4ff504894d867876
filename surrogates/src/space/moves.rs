//! One change of a design that keeps all sums and limits: by how much a number may move, and the move.

use super::{Design, Site, Space};
use crate::Draws;

/// What a change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Move {
    /// The value of one site, which is in no sum.
    Site(usize),
    /// An amount that one member of a sum gains and another loses.
    Shift(usize, usize),
}

/// The amounts by which a move may change a design.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Room {
    /// At most 0 if the design is valid.
    pub(super) lower: f64,
    /// At least 0 if the design is valid.
    pub(super) upper: f64,
    /// Only whole amounts, because a whole number or level is moved.
    pub(super) whole: bool,
}

impl Room {
    /// An amount at random, uniform.
    pub(super) fn draw(self, draws: &mut Draws) -> f64 {
        if self.whole {
            self.lower + draws.below((self.upper - self.lower) as usize + 1) as f64
        } else {
            draws.between(self.lower, self.upper)
        }
    }

    /// The nearest amount that is possible; at least one whole if there must be whole ones.
    pub(super) fn nearest(self, amount: f64) -> f64 {
        let step = if self.whole { amount.abs().round().max(1.0).copysign(amount) } else { amount };
        step.clamp(self.lower, self.upper)
    }
}

impl Move {
    /// The site that is moved by the amount of the move.
    pub(super) fn site(self) -> usize {
        let (Self::Site(site) | Self::Shift(site, _)) = self;
        site
    }
}

impl Space {
    /// A move at random: each free site has the same chance to be in it. `None` if that site cannot move.
    pub(super) fn draw_move(&self, draws: &mut Draws) -> Option<Move> {
        let site = *self.free.get(draws.below(self.free.len().max(1)))?;
        let Some(sum) = self.sum_of[site] else { return Some(Move::Site(site)) };
        let members = &self.members[sum];
        let others = members.len() - 1;
        if others == 0 {
            return None;
        }
        let other = members[draws.below(others)];
        // The last one stands in for the site itself.
        Some(Move::Shift(site, if other == site { members[others] } else { other }))
    }

    /// The amounts by which a move may change a design; `None` if it cannot.
    pub(super) fn room(&self, x: &[f64], mv: Move) -> Option<Room> {
        let of = |site: usize| (self.bounds[site].0 - x[site], self.bounds[site].1 - x[site]);
        let (mut lower, mut upper) = of(mv.site());
        let mut whole = self.is_whole(mv.site());
        let mut rows: Vec<usize> = self.rows_of[mv.site()].clone();
        if let Move::Shift(_, other) = mv {
            let (least, most) = of(other);
            (lower, upper) = (lower.max(-most), upper.min(-least));
            whole |= self.is_whole(other);
            rows.extend(&self.rows_of[other]);
        }
        for row in rows.into_iter().map(|row| &self.rows[row]).filter(|row| !row.is_sum) {
            let weight = match mv {
                Move::Site(site) => row.weight(site),
                Move::Shift(site, other) => row.weight(site) - row.weight(other),
            };
            let slack = row.bound - row.value(x);
            if weight > 0.0 {
                upper = upper.min(slack / weight);
            } else if weight < 0.0 {
                lower = lower.max(slack / weight);
            }
        }
        // On the edge of a limit rounding may leave a slack just below 0.
        let (lower, upper) = (lower.min(0.0), upper.max(0.0));
        let (lower, upper) = if whole { (lower.ceil(), upper.floor()) } else { (lower, upper) };
        (lower < upper).then_some(Room { lower, upper, whole })
    }

    /// The design after a move by `amount`.
    pub(super) fn moved(&self, x: &[f64], mv: Move, amount: f64) -> Design {
        let mut x = x.to_vec();
        let clip = |site: usize, v: f64| v.clamp(self.bounds[site].0, self.bounds[site].1);
        x[mv.site()] = clip(mv.site(), x[mv.site()] + amount);
        if let Move::Shift(_, other) = mv {
            x[other] = clip(other, x[other] - amount);
        }
        x
    }

    /// Whether a move of this site must be by a whole amount.
    pub(super) fn is_whole(&self, site: usize) -> bool {
        !matches!(self.sites[site], Site::Real { .. })
    }
}
