//! What writes rewards token by token, and learns: distributions over rewards behind one interface.
//!
//! ```text
//! chance of a token = softmax(ln prior + learnt)      learnt = 0 in an untrained policy; no chance where the prior has none
//! ```
//!
//! | form | writes | learnt |
//! |---|---|---|
//! | [`Slots`] | a weight for each primitive | a number for each weight |
//! | [`Tree`] | productions of the grammar | sums of rows of tables |
//! | [`Gru`] | productions of the grammar | a small recurrent network |
//! | [`Text`] | characters and names, valid or not | sums of rows of tables |
//!
//! Source: the sizes of the specification; the prior as a base is ours, so that nothing has to be learnt before the first step.

mod gru;
mod slots;
mod tables;
mod text;
mod tree;
mod writer;

use hatchery_kernels::Dice;
use serde::{Deserialize, Serialize};

pub use gru::Gru;
pub use slots::Slots;
pub use text::Text;
pub use tree::Tree;
pub use writer::{Chances, Sample};

use crate::meta_reward::expression::{Reward, Vocabulary};

/// Which distribution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// One of six weights for each primitive: sums only, whatever operators there are.
    #[default]
    Slots,
    /// Tables over the grammar.
    Tree,
    /// A recurrent network over the grammar.
    Gru,
    /// The paper's set of tokens, without a grammar: what it writes may be invalid.
    Tokens,
}

impl Form {
    /// A step size of Adam that suits it, in up to sixteen outer steps.
    pub const fn learning_rate(self) -> f32 {
        match self {
            Self::Slots => 0.3,
            Self::Tree | Self::Tokens => 0.05,
            Self::Gru => 0.01,
        }
    }
}

/// What an untrained policy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// Most nodes of a tree.
    pub nodes: usize,
    /// Rewards from the prior that [`Text`] has read.
    pub examples: usize,
    /// Seed of what is drawn before the first step.
    pub seed: u64,
}

/// A distribution over rewards that learns.
#[derive(Clone, Debug)]
pub enum MetaPolicy {
    /// See [`Form::Slots`].
    Slots(Slots),
    /// See [`Form::Tree`].
    Tree(Tree),
    /// See [`Form::Gru`].
    Gru(Gru),
    /// See [`Form::Tokens`].
    Text(Text),
}

/// The same for each form.
macro_rules! each {
    ($policy:expr, $inner:ident => $body:expr) => {
        match $policy {
            MetaPolicy::Slots($inner) => $body,
            MetaPolicy::Tree($inner) => $body,
            MetaPolicy::Gru($inner) => $body,
            MetaPolicy::Text($inner) => $body,
        }
    };
}

impl MetaPolicy {
    /// An untrained policy: the prior of its form.
    pub fn new(form: Form, vocabulary: Vocabulary, start: Start) -> Self {
        match form {
            Form::Slots => Self::Slots(Slots::new(vocabulary)),
            Form::Tree => Self::Tree(Tree::new(vocabulary, start.nodes)),
            Form::Gru => Self::Gru(Gru::new(vocabulary, start.nodes, start.seed)),
            Form::Tokens => Self::Text(Text::new(vocabulary, start.examples, start.seed)),
        }
    }

    /// All that is learnt.
    pub fn weights(&self) -> &[f32] {
        each!(self, policy => policy.weights())
    }

    /// All that is learnt, to be changed.
    pub fn weights_mut(&mut self) -> &mut [f32] {
        each!(self, policy => policy.weights_mut())
    }

    /// A reward, and how it was written; only [`Form::Tokens`] may write what is none.
    pub fn sample(&self, dice: &mut Dice) -> (Option<Reward>, Sample) {
        let draw = |chances: &[f64]| dice.weighted(chances);
        each!(self, policy => writer::write(policy, draw))
    }

    /// The reward of the likeliest token each time; [`Form::Tokens`] may have none.
    pub fn mode(&self) -> Option<Reward> {
        match self {
            Self::Text(text) => text.likeliest(),
            Self::Slots(policy) => writer::write(policy, likeliest).0,
            Self::Tree(policy) => writer::write(policy, likeliest).0,
            Self::Gru(policy) => writer::write(policy, likeliest).0,
        }
    }

    /// How the policy would write a reward, a constant that is not in the table as its neighbour; nothing if it cannot.
    pub fn read(&self, reward: &Reward) -> Option<Sample> {
        each!(self, policy => writer::read(policy, reward))
    }

    /// Another reward, different in one place, such that the policy could mostly have written it.
    pub fn mutated(&self, reward: &Reward, dice: &mut Dice) -> Reward {
        match self {
            Self::Slots(policy) => policy.mutated(reward, dice),
            Self::Tree(policy) => reward.mutated(policy.vocabulary(), dice),
            Self::Gru(policy) => reward.mutated(policy.vocabulary(), dice),
            Self::Text(policy) => reward.mutated(policy.vocabulary(), dice),
        }
    }

    /// Calls `slopes` with the chances before each token of a sample and a buffer for the slopes of a loss by the logits, (tokens, width),
    /// which begin at 0; adds the slopes by the weights to `gradient`. A token stands at `width · its place + its number`.
    pub fn backward(
        &self,
        sample: &Sample,
        gradient: &mut [f32],
        slopes: impl FnOnce(&[Chances], &mut [f64]),
    ) {
        each!(self, policy => writer::backward(policy, sample, gradient, slopes));
    }
}

/// The first of the largest chances.
fn likeliest(chances: &[f64]) -> usize {
    let better = |best: usize, at: usize| if chances[at] > chances[best] { at } else { best };
    (0..chances.len()).fold(0, better)
}

#[cfg(test)]
mod tests;
