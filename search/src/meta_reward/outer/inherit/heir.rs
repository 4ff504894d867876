//! A member of a generation whose policies are inherited.

use std::sync::OnceLock;

use crate::meta_reward::expression::Reward;

/// A reward, the weights that its policies start from, and those that they ended with once they were trained.
#[derive(Clone, Debug)]
pub struct Heir {
    /// What it is trained with.
    pub reward: Reward,
    /// Weights to start from, (policies, weights); none for first weights.
    pub start: Vec<Vec<f32>>,
    trained: OnceLock<Vec<Vec<f32>>>,
}

impl Heir {
    /// A member that is still to be trained.
    pub fn new(reward: Reward, start: Vec<Vec<f32>>) -> Self {
        Self { reward, start, trained: OnceLock::new() }
    }

    /// Hands trained weights back, (policies, weights). Called by the task that trains; a batch that failed elsewhere is evaluated again, and
    /// since the weights are a function of the member, those that came first stay.
    pub fn hand_back(&self, trained: Vec<Vec<f32>>) {
        self.trained.get_or_init(|| trained);
    }

    /// The weights after training; nothing if it was not trained, or that failed.
    pub fn trained(&self) -> Option<&[Vec<f32>]> {
        self.trained.get().map(Vec::as_slice)
    }
}
