//! Which rewards a method without a meta-policy chooses from.

use hatchery_kernels::Dice;
use serde::{Deserialize, Serialize};

use super::meta_policy::{MetaPolicy, Slots};
use crate::meta_reward::expression::{Reward, Vocabulary};

/// A set of rewards, with a prior and a mutation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Space {
    /// All that the grammar allows.
    #[default]
    Grammar,
    /// One of six weights for each primitive: what the meta-policy `slots` writes, from the same prior. A mutation changes one weight.
    Slots,
}

impl Space {
    /// The set over a vocabulary.
    pub(super) fn over(self, vocabulary: Vocabulary) -> Rewards {
        match self {
            Self::Grammar => Rewards::Grammar(vocabulary),
            Self::Slots => Rewards::Slots(MetaPolicy::Slots(Slots::new(vocabulary))),
        }
    }
}

/// The rewards of a [`Space`].
#[derive(Clone, Debug)]
pub(super) enum Rewards {
    Grammar(Vocabulary),
    /// The policy is never trained.
    Slots(MetaPolicy),
}

impl Rewards {
    /// A reward from the prior.
    pub(super) fn draw(&self, dice: &mut Dice) -> Reward {
        match self {
            Self::Grammar(vocabulary) => Reward::random(vocabulary, dice),
            Self::Slots(slots) => slots.sample(dice).0.unwrap_or_else(Reward::outcome),
        }
    }

    /// A reward that differs in one place.
    pub(super) fn mutated(&self, reward: &Reward, dice: &mut Dice) -> Reward {
        match self {
            Self::Grammar(vocabulary) => reward.mutated(vocabulary, dice),
            Self::Slots(slots) => slots.mutated(reward, dice),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::vocabulary;
    use super::*;

    #[test]
    fn what_slots_write_stays_a_sum_under_mutation() {
        let slots = Space::Slots.over(vocabulary());
        let mut dice = Dice::new(3, 0, 0);
        let mut reward = slots.draw(&mut dice);
        let mut changed = 0;
        for _ in 0..200 {
            let child = slots.mutated(&reward, &mut dice);
            let before = reward.weights(&vocabulary()).expect("a sum");
            let after = child.weights(&vocabulary()).expect("a sum");
            let differences = before.iter().zip(&after).filter(|(b, a)| b != a).count();
            assert!(differences <= 1, "{differences} weights changed");
            changed += differences;
            reward = child;
        }
        assert!(changed > 150, "only {changed} of 200 mutations changed something");
    }
}
