//! Which episodes are for what: no two purposes share one.

use hatchery_kernels::{Dice, Domain};
use serde::{Deserialize, Serialize};

/// A part of the episodes of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u32)]
pub enum Split {
    /// What a policy is trained on.
    Training = 1,
    /// What scores a reward: like training, with starts of its own. Selection sees nothing else.
    Validation = 2,
    /// For the report only: the kinds of task that were trained on, with new starts.
    L0 = 3,
    /// For the report only: the same kinds of task in new surroundings.
    L1 = 4,
    /// For the report only: kinds of task that were held out.
    L2 = 5,
}

impl Split {
    /// The three that only a report may look at.
    pub const REPORTED: [Self; 3] = [Self::L0, Self::L1, Self::L2];

    /// The dice of one episode's start. Splits, seeds and episodes share no number.
    pub fn dice(self, seed: u64, episode: u64) -> Dice {
        Dice::of(Domain::Data, seed, episode, self as u32)
    }

    /// Name in tables and configurations.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Training => "training",
            Self::Validation => "validation",
            Self::L0 => "l0",
            Self::L1 => "l1",
            Self::L2 => "l2",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_splits_share_a_start() {
        let splits = [Split::Training, Split::Validation, Split::L0, Split::L1, Split::L2];
        let mut words = std::collections::HashSet::new();
        for split in splits {
            for episode in 0..100 {
                let mut dice = split.dice(7, episode);
                assert!(words.insert((dice.word(), dice.word())));
            }
        }
    }
}
