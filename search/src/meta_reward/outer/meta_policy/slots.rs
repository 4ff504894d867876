//! A weight for each primitive.
//!
//! ```text
//! R = Σₖ wₖ gₖ      wₖ of {0, −0.5, 0.1, 0.3, 1, 2}, 0 twice as likely as another; for the outcome not
//! ```
//!
//! So the outcome has a weight in five of six, and positive weights are four times as often as negative ones. A sum of nothing is illegal.
//! Sums may be longer than the vocabulary's limits: these are about trees, and mean to keep them readable.
//!
//! Source: the policy `slots` of the specification, with its two bins of 0 as one of twice the chance.

use hatchery_kernels::Dice;

use super::tables::Tables;
use super::writer::{Chances, Writer};
use crate::meta_reward::expression::{Reward, Vocabulary};

/// The weights.
const BINS: [f32; 6] = [0.0, -0.5, 0.1, 0.3, 1.0, 2.0];

/// Most primitives that have a weight, so that any sum is a reward.
const SLOTS_MAX: usize = 64;

/// A distribution over weighted sums: one softmax for each primitive.
#[derive(Clone, Debug)]
pub struct Slots {
    vocabulary: Vocabulary,
    slots: usize,
    tables: Tables,
}

impl Slots {
    /// The prior of a vocabulary.
    pub fn new(vocabulary: Vocabulary) -> Self {
        let slots = vocabulary.chosen().len().min(SLOTS_MAX);
        Self { vocabulary, slots, tables: Tables::new(slots, BINS.len()) }
    }

    /// The weights, (primitives, bins).
    pub fn weights(&self) -> &[f32] {
        &self.tables.weights
    }

    /// The weights, to be changed.
    pub fn weights_mut(&mut self) -> &mut [f32] {
        &mut self.tables.weights
    }

    /// The sum with another weight for one primitive; a sample if the reward is no such sum.
    pub(super) fn mutated(&self, reward: &Reward, dice: &mut Dice) -> Reward {
        let Some(mut bins) = self.tokens(reward) else {
            let sampled = super::writer::write(self, |chances| dice.weighted(chances)).0;
            return sampled.unwrap_or_else(Reward::outcome);
        };
        let at = dice.below(self.slots);
        let others = (usize::from(bins[at]) + 1 + dice.below(BINS.len() - 1)) % BINS.len();
        bins[at] = others as u16;
        self.sum(&bins).unwrap_or_else(|| reward.clone())
    }

    /// Nothing if all weights are 0.
    fn sum(&self, bins: &[u16]) -> Option<Reward> {
        let weights: Vec<f32> = bins.iter().map(|&bin| BINS[usize::from(bin)]).collect();
        let any = weights.iter().any(|weight| *weight != 0.0);
        any.then(|| Reward::linear(&weights, &self.vocabulary).ok()).flatten()
    }
}

impl Writer for Slots {
    type Draft<'a> = Vec<u16>;
    type Memory = usize;

    fn begin(&self) -> Vec<u16> {
        Vec::new()
    }

    fn next(&self, draft: &mut Vec<u16>, chances: &mut Chances) -> Option<usize> {
        let slot = draft.len();
        if slot >= self.slots {
            return None;
        }
        let is_outcome = self.vocabulary.chosen().nth(slot).is_some_and(is_outcome);
        let is_last_chance = slot + 1 == self.slots && draft.iter().all(|bin| *bin == 0);
        let zero = match () {
            () if is_last_chance => 0.0,
            () if is_outcome => 1.0,
            () => 2.0,
        };
        let sum = zero + (BINS.len() - 1) as f64;
        chances.prior.clear();
        chances.prior.resize(BINS.len(), 1.0 / sum);
        chances.prior[0] = zero / sum;
        self.tables.set(&[slot], chances);
        Some(slot)
    }

    fn push(&self, draft: &mut Vec<u16>, token: usize) {
        draft.push(token as u16);
    }

    fn finish(&self, draft: Vec<u16>) -> Option<Reward> {
        self.sum(&draft)
    }

    fn tokens(&self, reward: &Reward) -> Option<Vec<u16>> {
        let weights = reward.weights(&self.vocabulary)?;
        let bin = |weight: &f32| BINS.iter().position(|bin| bin == weight).map(|bin| bin as u16);
        let bins: Vec<u16> = weights.iter().map(bin).collect::<Option<_>>()?;
        let (slots, beyond) = bins.split_at(self.slots);
        let any = slots.iter().any(|bin| *bin > 0);
        (any && beyond.iter().all(|bin| *bin == 0)).then(|| slots.to_vec())
    }

    fn pull(&self, memories: &[usize], slopes: &[f64], gradient: &mut [f32]) {
        for (slot, slopes) in memories.iter().zip(slopes.chunks(BINS.len())) {
            self.tables.pull(&[*slot], slopes, gradient);
        }
    }
}

fn is_outcome(node: crate::meta_reward::expression::Node) -> bool {
    node == crate::meta_reward::expression::Node::Primitive(0)
}
