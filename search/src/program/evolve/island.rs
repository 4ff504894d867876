//! A queue of members, the oldest first.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::program::training::Outcome;
use crate::program::{Dice, Program};

/// A program with its outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// Number of its birth; founders have that of the birth before them.
    pub ticket: u64,
    /// What it descends from by mutation: itself for founders.
    pub origin: Origin,
    /// The program.
    pub program: Program,
    /// How it was scored.
    pub outcome: Outcome,
    /// The ratio of the first proxy, for the hurdle.
    pub first: Option<f32>,
}

/// Where a lineage can be followed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// A program that a run began with.
    Founder(u32),
    /// A birth.
    Birth(u64),
}

impl Member {
    /// What tournaments go by.
    pub fn fitness(&self) -> f32 {
        self.outcome.fitness()
    }
}

/// A population in the order of birth.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Island {
    /// The members, the oldest first.
    pub members: VecDeque<Member>,
}

/// How parents are drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tournament {
    pub(super) size: usize,
    pub(super) replacement: bool,
    pub(super) winner_chance: f64,
    /// The oldest so many are no parents.
    pub(super) skipped: usize,
}

impl Island {
    /// Draws members and returns the winner. Of members with the same fitness the one drawn first wins.
    pub(super) fn parent(&self, tournament: Tournament, dice: &mut Dice) -> &Member {
        let Tournament { size, replacement, winner_chance, skipped } = tournament;
        let eligible = self.members.len() - skipped.min(self.members.len() - 1);
        let first = self.members.len() - eligible;
        let mut drawn: Vec<usize> = Vec::with_capacity(size);
        while drawn.len() < size.min(if replacement { usize::MAX } else { eligible }) {
            let one = first + dice.below(eligible);
            if replacement || !drawn.contains(&one) {
                drawn.push(one);
            }
        }
        let fitness = |index: usize| self.members[index].fitness();
        if winner_chance >= 1.0 {
            let best = drawn.into_iter().reduce(|a, b| if fitness(b) > fitness(a) { b } else { a });
            return &self.members[best.expect("a tournament has members")];
        }
        drawn.sort_by(|a, b| fitness(*b).total_cmp(&fitness(*a)));
        let last = drawn.len() - 1;
        let rank = (0..last).find(|_| dice.chance(winner_chance)).unwrap_or(last);
        &self.members[drawn[rank]]
    }

    /// A child enters, and the oldest leaves.
    pub(super) fn enter(&mut self, member: Member) {
        self.members.pop_front();
        self.members.push_back(member);
    }

    /// Mean fitness of those that were scored, and the share of those that were not.
    pub fn summary(&self) -> (f64, f64) {
        let scored: Vec<f64> = self
            .members
            .iter()
            .filter(|member| matches!(member.outcome, Outcome::Scored(_)))
            .map(|member| f64::from(member.fitness()))
            .collect();
        let share = 1.0 - scored.len() as f64 / self.members.len().max(1) as f64;
        (scored.iter().sum::<f64>() / scored.len() as f64, share)
    }
}
