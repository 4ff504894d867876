//! A reward: a tree in prefix order.
//!
//! `g1 + 0.5*g2` is `+ g1 * 0.5 g2`. A subtree is a contiguous range that begins at its root, so that cutting and pasting work on one
//! array, and generating a reward is writing it from left to right.

use std::ops::Range;

use hatchery_engine::world::Reducer;
use serde::{Deserialize, Serialize};

use super::{Node, Operator, Vocabulary};

/// Most nodes of any reward; what a search generates is held shorter by [`Limits`](super::Limits).
pub const NODES_MAX: usize = 255;

/// Most operators above a leaf of any reward.
pub const DEPTH_MAX: usize = 30;

/// A reward expression: the genotype of the search.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<Node>", into = "Vec<Node>")]
pub struct Reward {
    nodes: Vec<Node>,
}

/// Nodes that are no reward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// An operand is missing, or nodes are left over.
    #[error("the nodes do not form one tree")]
    NoTree,
    /// A constant that is infinite or NaN.
    #[error("node {node} is a constant that is not finite")]
    NotFinite {
        /// Its number, from 0.
        node: usize,
    },
    /// More than [`NODES_MAX`] nodes.
    #[error("a reward has at most {NODES_MAX} nodes, found {nodes}: write it shorter")]
    TooLong {
        /// How many.
        nodes: usize,
    },
    /// More than [`DEPTH_MAX`] operators above a leaf.
    #[error("a reward nests at most {DEPTH_MAX} operators, found {depth}: write it flatter")]
    TooDeep {
        /// How many.
        depth: usize,
    },
}

impl Reward {
    /// A reward from its nodes in prefix order.
    ///
    /// # Errors
    /// [`Malformed`] if they are none.
    pub fn try_new(mut nodes: Vec<Node>) -> Result<Self, Malformed> {
        if nodes.len() > NODES_MAX {
            return Err(Malformed::TooLong { nodes: nodes.len() });
        }
        let mut open = 1_usize;
        for (index, node) in nodes.iter_mut().enumerate() {
            open = open.checked_sub(1).ok_or(Malformed::NoTree)? + node.arity();
            if let Node::Constant(value) = node {
                if !value.is_finite() {
                    return Err(Malformed::NotFinite { node: index });
                }
                // One zero only, for the sake of equality.
                *value += 0.0;
            }
        }
        if open > 0 {
            return Err(Malformed::NoTree);
        }
        let reward = Self { nodes };
        match reward.depth() {
            depth if depth > DEPTH_MAX => Err(Malformed::TooDeep { depth }),
            _ => Ok(reward),
        }
    }

    /// The true outcome and nothing else.
    pub fn outcome() -> Self {
        Self { nodes: vec![Node::Primitive(0)] }
    }

    /// The mean of all primitives of the vocabulary.
    pub fn average(vocabulary: &Vocabulary) -> Self {
        let terms: Vec<Term> = vocabulary.chosen().map(|p| Term::plus(vec![p])).collect();
        let count = terms.len() as f32;
        let mut nodes = balanced(&terms);
        if terms.len() > 1 {
            let divide = [Node::Call(Operator::Divide)];
            nodes = divide.into_iter().chain(nodes).chain([Node::Constant(count)]).collect();
        }
        Self { nodes }
    }

    /// One weight for each primitive of the vocabulary, in its order; those of weight 0 are left out. Without any it is the number 0.
    ///
    /// # Errors
    /// [`Malformed`] if a weight is not finite, or there are too many.
    pub fn linear(weights: &[f32], vocabulary: &Vocabulary) -> Result<Self, Malformed> {
        let terms: Vec<Term> = vocabulary
            .chosen()
            .zip(weights)
            .filter(|(_, weight)| **weight != 0.0)
            .map(|(primitive, &weight)| {
                Term::plus(if weight == 1.0 {
                    vec![primitive]
                } else {
                    vec![Node::Call(Operator::Multiply), Node::Constant(weight), primitive]
                })
            })
            .collect();
        if terms.is_empty() {
            return Ok(Self { nodes: vec![Node::Constant(0.0)] });
        }
        Self::try_new(balanced(&terms))
    }

    /// The nodes, the root first.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Most operators above a leaf: 0 for a leaf alone.
    pub fn depth(&self) -> usize {
        depth(&self.nodes)
    }

    /// All nodes of the subtree whose root is `node`.
    ///
    /// # Panics
    /// If there is no such node.
    pub fn subtree(&self, node: usize) -> Range<usize> {
        node..end_of(&self.nodes, node)
    }

    /// Which signals it needs reduced, each pair once, in the order of their first mention: the order of
    /// [`Inputs::reduced`](super::Inputs::reduced).
    pub fn reductions(&self) -> Vec<(Reducer, usize)> {
        let mut needed = Vec::new();
        for node in &self.nodes {
            if let Node::Reduced(reducer, signal) = *node
                && !needed.contains(&(reducer, usize::from(signal)))
            {
                needed.push((reducer, usize::from(signal)));
            }
        }
        needed
    }

    /// Whether a primitive occurs.
    pub fn mentions(&self, primitive: usize) -> bool {
        self.nodes
            .iter()
            .any(|node| matches!(node, Node::Primitive(p) if usize::from(*p) == primitive))
    }

    /// Another reward, with `with` in the place of a subtree.
    pub(super) fn replaced(&self, subtree: Range<usize>, with: &[Node]) -> Result<Self, Malformed> {
        let mut nodes = Vec::with_capacity(self.nodes.len() - subtree.len() + with.len());
        nodes.extend_from_slice(&self.nodes[..subtree.start]);
        nodes.extend_from_slice(with);
        nodes.extend_from_slice(&self.nodes[subtree.end..]);
        Self::try_new(nodes)
    }
}

impl TryFrom<Vec<Node>> for Reward {
    type Error = Malformed;

    fn try_from(nodes: Vec<Node>) -> Result<Self, Malformed> {
        Self::try_new(nodes)
    }
}

impl From<Reward> for Vec<Node> {
    fn from(reward: Reward) -> Self {
        reward.nodes
    }
}

/// Behind the last node of the subtree that begins at `begin`.
pub(super) fn end_of(nodes: &[Node], begin: usize) -> usize {
    let (mut open, mut at) = (1, begin);
    while open > 0 {
        open = open - 1 + nodes[at].arity();
        at += 1;
    }
    at
}

fn depth(nodes: &[Node]) -> usize {
    // Open operands, each with the number of operators above it.
    let mut slots = vec![0];
    let mut deepest = 0;
    for node in nodes {
        let Some(depth) = slots.pop() else { break };
        deepest = deepest.max(depth);
        slots.extend(std::iter::repeat_n(depth + 1, node.arity()));
    }
    deepest
}

/// A part of a sum.
#[derive(Clone, Debug)]
pub(super) struct Term {
    pub(super) negative: bool,
    pub(super) nodes: Vec<Node>,
}

impl Term {
    pub(super) fn plus(nodes: Vec<Node>) -> Self {
        Self { negative: false, nodes }
    }
}

/// A sum as flat as it can be: n terms nest log₂ n operators, not n − 1. The sign of the first term counts for nothing.
pub(super) fn balanced(terms: &[Term]) -> Vec<Node> {
    match terms {
        [] => vec![Node::Constant(0.0)],
        [only] => only.nodes.clone(),
        _ => {
            let (left, right) = terms.split_at(terms.len().div_ceil(2));
            let negative = right[0].negative;
            let operator = if negative { Operator::Subtract } else { Operator::Add };
            let right: Vec<Term> = right
                .iter()
                .map(|term| Term { negative: term.negative != negative, nodes: term.nodes.clone() })
                .collect();
            let mut nodes = vec![Node::Call(operator)];
            nodes.extend(balanced(left));
            nodes.extend(balanced(&right));
            nodes
        }
    }
}
