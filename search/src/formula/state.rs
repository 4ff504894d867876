//! Everything a search needs to go on to the bit.

use serde::{Deserialize, Serialize};

use super::{Counters, Expression, Front};

/// A formula of a population.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// The formula, without offset and slope.
    pub expression: Expression,
    /// What tournaments go by: relative loss, with the penalty for units.
    pub loss: f64,
    /// Its complexity.
    pub complexity: u32,
}

/// A queue of members.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Island {
    /// The members in a ring.
    pub members: Vec<Member>,
    /// Which is the oldest.
    pub oldest: u32,
}

impl Island {
    /// A child enters, and the oldest leaves.
    pub(super) fn enter(&mut self, member: Member) {
        let oldest = self.oldest as usize;
        self.members[oldest] = member;
        self.oldest = ((oldest + 1) % self.members.len()) as u32;
    }
}

/// The search for one target.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct TargetState {
    /// The populations; empty before the first generation.
    pub islands: Vec<Island>,
    /// The best of each complexity.
    pub front: Front,
    /// How many formulas there were of each complexity lately; older ones count less.
    pub frequencies: Vec<f64>,
    /// Births so far.
    pub births: u64,
    /// Generations so far.
    pub generations: u64,
    /// Counts.
    pub counters: Counters,
}

/// Everything a search needs to go on to the bit.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct State {
    /// The next ticket.
    pub ticket: u64,
    /// The search for each target.
    pub targets: Vec<TargetState>,
}
