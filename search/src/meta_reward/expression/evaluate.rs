//! The value of a reward at the end of an episode.

use super::{Division, Node, Operator, Reward};

/// What is known of an episode.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// All primitives of the world, (primitives,), as [`World::finish`](hatchery_engine::world::World::finish) writes them, whatever set
    /// was chosen.
    pub primitives: &'a [f32],
    /// The reduced signals that the reward asks for, in the order of [`Reward::reductions`].
    pub reduced: &'a [f32],
    /// Share of the training that is over, 0 to 1: the p of `ramp`.
    pub progress: f32,
}

/// An episode that a reward cannot score; it counts as 0 in training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Undefined {
    /// A faithful division.
    #[error("division by zero")]
    DivisionByZero,
    /// A value on the way, or what came in, is infinite or NaN.
    #[error("a value is not finite")]
    NotFinite,
    /// The reward speaks of something that was not given.
    #[error("the reward needs a primitive or signal that the episode does not have")]
    Missing,
}

impl Reward {
    /// Its value, node by node: the definition that [`Evaluator`](super::Evaluator) agrees with to the bit.
    ///
    /// # Errors
    /// [`Undefined`] if any value on the way is not finite, hidden by a `min` or not.
    pub fn evaluate(&self, inputs: &Inputs<'_>, division: Division) -> Result<f32, Undefined> {
        let reductions = self.reductions();
        let leaf = |node| match node {
            Node::Primitive(primitive) => inputs.primitives.get(usize::from(primitive)).copied(),
            Node::Reduced(reducer, signal) => {
                let wanted = (reducer, usize::from(signal));
                let slot = reductions.iter().position(|pair| *pair == wanted)?;
                inputs.reduced.get(slot).copied()
            }
            Node::Constant(value) => Some(value),
            Node::Call(_) => None,
        };
        let mut walk =
            Walk { nodes: self.nodes().iter(), leaf, division, progress: inputs.progress };
        walk.value()
    }
}

struct Walk<'a, F> {
    nodes: std::slice::Iter<'a, Node>,
    leaf: F,
    division: Division,
    progress: f32,
}

impl<F: Fn(Node) -> Option<f32>> Walk<'_, F> {
    fn value(&mut self) -> Result<f32, Undefined> {
        let node = *self.nodes.next().ok_or(Undefined::Missing)?;
        let Node::Call(operator) = node else {
            let value = (self.leaf)(node).ok_or(Undefined::Missing)?;
            return finite(value, None, 0.0);
        };
        let a = self.value()?;
        let b = if operator.arity() == 2 { self.value()? } else { 0.0 };
        finite(operator.apply(a, b, self.division, self.progress), Some(operator), b)
    }
}

/// The value, or why there is none.
#[inline]
pub(super) fn finite(value: f32, operator: Option<Operator>, b: f32) -> Result<f32, Undefined> {
    if value.is_finite() {
        Ok(value)
    } else if operator == Some(Operator::Divide) && b == 0.0 {
        Err(Undefined::DivisionByZero)
    } else {
        Err(Undefined::NotFinite)
    }
}
