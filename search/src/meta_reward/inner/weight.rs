//! What an episode is worth to the gradient.

use hatchery_kernels::math::ln;
use hatchery_kernels::simd::{Kernel, dispatch};

/// Least chance that has a logarithm.
const CHANCE_MIN: f32 = 1e-30;

/// Factors of the two sums over the steps of an episode that a policy is pulled by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Weight {
    /// Of ln π(a | s) of what was done.
    pub(super) done: f32,
    /// Of the entropy of π(· | s), in nats.
    pub(super) entropy: f32,
}

impl Weight {
    /// The slopes by the scores of the actions of one step, of which `taken` was done:
    /// w (1ₐ − pₐ) − v pₐ (ln pₐ + H), with weights w of what was done and v of the entropy H.
    pub(super) fn pulls(self, chances: &[f32], taken: usize, pulls: &mut Vec<f32>) {
        pulls.clear();
        pulls.extend(chances.iter().map(|chance| -self.done * chance));
        pulls[taken] = self.done * (1.0 - chances[taken]);
        if self.entropy != 0.0 {
            dispatch(Spread { weight: self.entropy, chances, pulls });
        }
    }
}

/// Adds the slopes of the entropy.
struct Spread<'a> {
    weight: f32,
    chances: &'a [f32],
    pulls: &'a mut [f32],
}

impl Kernel for Spread<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let Self { weight, chances, pulls } = self;
        let mut entropy = 0.0;
        for (pull, &chance) in pulls.iter_mut().zip(chances) {
            let part = chance * ln(chance.max(CHANCE_MIN));
            entropy -= part;
            *pull -= weight * part;
        }
        for (pull, &chance) in pulls.iter_mut().zip(chances) {
            *pull -= weight * entropy * chance;
        }
    }
}
