//! What is always counted.

use serde::{Deserialize, Serialize};

use crate::program::training::{Failure, Outcome};

/// Counts of a search.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Counters {
    /// Programs that entered the queue.
    pub births: u64,
    /// Children that were thrown away because a function of constants is not finite.
    pub invalid: u64,
    /// Births whose outcome was known from a program that computes the same.
    pub hits: u64,
    /// Births whose outcome was known from a program with the same fingerprint.
    pub fingerprint_hits: u64,
    /// Programs that were trained with.
    pub evaluated: u64,
    /// Of them those that passed the hurdle; all, if there is none.
    pub promoted: u64,
    /// Of them those that failed, by [`Failure::ALL`].
    pub failed: [u64; 5],
    /// Members that went to another island.
    pub migrants: u64,
    /// Times that a run began again from its best.
    pub restarts: u64,
    /// Sum of the lengths of all programs born.
    pub statements: u64,
    /// Sum of their statements that matter.
    pub live_statements: u64,
    /// Births by island.
    pub island_births: Vec<u64>,
    /// Seconds of making programs: drawing parents, mutation, hashing. Varies from run to run.
    pub making_s: f64,
    /// Seconds of evaluating, all threads side by side counted once. Varies from run to run.
    pub evaluating_s: f64,
}

impl Counters {
    /// Takes note of an outcome.
    pub(super) fn note(&mut self, outcome: Outcome) {
        self.evaluated += 1;
        match outcome {
            Outcome::Scored(_) => self.promoted += 1,
            Outcome::Hurdled(_) => {}
            Outcome::Failed(failure) => {
                let at = Failure::ALL.iter().position(|known| *known == failure);
                self.failed[at.expect("all are listed")] += 1;
            }
        }
    }

    /// Share of births that needed no evaluation because of a program that computes the same.
    pub fn hit_rate(&self) -> f64 {
        self.hits as f64 / self.births.max(1) as f64
    }

    /// Share of statements that do not matter.
    pub fn redundancy(&self) -> f64 {
        1.0 - self.live_statements as f64 / self.statements.max(1) as f64
    }

    /// Failures of all kinds.
    pub fn failures(&self) -> u64 {
        self.failed.iter().sum()
    }
}
