//! A reward as numbers that a linear model can read.

use nalgebra::DVector;

use crate::meta_reward::expression::{Invariance, Node, Reward, Vocabulary};

/// With more leaves than this, pairs of them would outnumber all values that a search can pay for.
const PAIRED_MAX: usize = 24;
/// Sizes of the features other than weights: a model with small coefficients leans on weights first.
const COMPANY: f64 = 0.5;
const PRESENCE: f64 = 0.25;
const PAIR: f64 = 0.5;

/// Which leaves there are.
#[derive(Clone, Debug)]
pub(super) struct Features {
    vocabulary: Vocabulary,
    leaves: Vec<Node>,
}

impl Features {
    pub(super) fn new(vocabulary: Vocabulary) -> Self {
        let productions = vocabulary.productions().iter().copied();
        let leaves = productions.filter(|node| node.is_grounded()).collect();
        Self { vocabulary, leaves }
    }

    /// For each leaf its weight in the canonical form, its weight in products and functions, and whether it occurs; for each pair of leaves
    /// the product of their weights. Weights are shares of the norm of all, so that positive multiples are the same.
    pub(super) fn of(&self, reward: &Reward) -> DVector<f64> {
        let canonical = reward.canonical(&self.vocabulary, Invariance::Affine);
        let norm = canonical.norm().max(f64::MIN_POSITIVE);
        let weights: Vec<f64> =
            self.leaves.iter().map(|leaf| canonical.weight(*leaf) / norm).collect();
        let mut features = weights.clone();
        for (leaf, weight) in self.leaves.iter().zip(&weights) {
            let company = canonical.company(*leaf) / norm;
            let occurs = *weight != 0.0 || company != 0.0;
            features.extend([COMPANY * company, if occurs { PRESENCE } else { 0.0 }]);
        }
        if weights.len() <= PAIRED_MAX {
            for (at, weight) in weights.iter().enumerate() {
                features.extend(weights[..at].iter().map(|other| PAIR * weight * other));
            }
        }
        DVector::from_vec(features)
    }
}
