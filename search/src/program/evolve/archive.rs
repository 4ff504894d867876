//! The best programs ever, beside the queue.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::program::Program;

/// One program of the archive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Ticket of the birth that brought it first.
    pub ticket: u64,
    /// The program, dead statements included.
    pub program: Program,
    /// Sum of its fitness over the sets of seeds it was trained with.
    pub sum: f64,
    /// Number of these sets.
    pub sets: u32,
    /// The last of them.
    pub set: u64,
}

impl Entry {
    /// Mean fitness over the sets of seeds.
    pub fn fitness(&self) -> f64 {
        self.sum / f64::from(self.sets)
    }
}

/// The best programs by mean fitness; each computes something else.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Archive {
    entries: BTreeMap<u128, Entry>,
}

impl Archive {
    /// Takes note of a program that was scored, and forgets the worst if there are more than `keep`, now and then.
    pub fn note(
        &mut self,
        hash: u128,
        program: &Program,
        ticket: u64,
        set: u64,
        fitness: f32,
        keep: usize,
    ) {
        let fitness = f64::from(fitness);
        if let Some(known) = self.entries.get_mut(&hash) {
            if known.set != set {
                known.set = set;
                known.sum += fitness;
                known.sets += 1;
            }
            return;
        }
        let program = program.clone();
        self.entries.insert(hash, Entry { ticket, program, sum: fitness, sets: 1, set });
        if self.entries.len() > 2 * keep {
            self.cut(keep);
        }
    }

    /// Keeps so many.
    pub fn cut(&mut self, keep: usize) {
        let kept: std::collections::BTreeSet<u128> =
            self.best(keep).into_iter().map(|(hash, _)| hash).collect();
        self.entries.retain(|hash, _| kept.contains(hash));
    }

    /// The best, best first; of equals the older first.
    pub fn best(&self, count: usize) -> Vec<(u128, &Entry)> {
        let mut all: Vec<(u128, &Entry)> = self.entries.iter().map(|(h, e)| (*h, e)).collect();
        all.sort_by(|(_, a), (_, b)| {
            b.fitness().total_cmp(&a.fitness()).then(a.ticket.cmp(&b.ticket))
        });
        all.truncate(count);
        all
    }

    /// Number of programs.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
