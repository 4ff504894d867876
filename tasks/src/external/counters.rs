//! What happened to the evaluations of a run and to the programs that made them.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// Numbers of events since the task was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counters {
    /// Evaluations that got a number.
    pub answered: u64,
    /// Evaluations that the program declared failed, infeasible or out of time, or whose number was not finite.
    pub declined: u64,
    /// Evaluations that were given up because their program died or hung each time.
    pub lost: u64,
    /// Evaluations that were sent again after a death.
    pub retried: u64,
    /// Programs started.
    pub starts: u64,
    /// Programs that ended by themselves.
    pub exits: u64,
    /// Programs that a signal killed.
    pub signals: u64,
    /// Programs that were killed because an evaluation took too long.
    pub timeouts: u64,
    /// Programs that were killed because they wrote without end and without sense.
    pub floods: u64,
    /// Lines that were no answer: not JSON, not text, too long, with an unknown id or one that was answered before.
    pub dropped_lines: u64,
}

impl Counters {
    /// Programs that died or were killed.
    pub fn deaths(&self) -> u64 {
        self.exits + self.signals + self.timeouts + self.floods
    }
}

macro_rules! tally {
    ($($field:ident),+) => {
        /// [`Counters`] that many threads add to.
        #[derive(Debug, Default)]
        pub(super) struct Tally {
            $(pub(super) $field: AtomicU64,)+
        }

        impl Tally {
            /// The numbers as they stand.
            pub(super) fn counters(&self) -> Counters {
                Counters { $($field: self.$field.load(Ordering::Relaxed),)+ }
            }
        }
    };
}
tally!(answered, declined, lost, retried, starts, exits, signals, timeouts, floods, dropped_lines);

/// One more.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
