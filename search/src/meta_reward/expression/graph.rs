//! The fixed graph that the method began with: three nodes over four primitives.
//!
//! ```text
//! node(x, y) = α x + β y + γ x y + δ x/y        R = node₃(node₁(a, b), node₂(c, d))
//! ```
//!
//! Source: arXiv 2512.13399v1, appendix A, where a node mixes x+y, x−y, xy and x/y with weights w₁..w₄. That is the same, with α = w₁+w₂
//! and β = w₁−w₂, but in 199 nodes of an expression; this form has at most 127.

use super::reward::{Term, balanced};
use super::{Malformed, Node, Operator, Reward};

impl Reward {
    /// The graph with the weights α, β, γ, δ of its three nodes over a, b, c, d. Parts of weight 0 are left out.
    ///
    /// # Errors
    /// [`Malformed`] if a weight is not finite.
    pub fn graph(weights: &[[f32; 4]; 3], primitives: [Node; 4]) -> Result<Self, Malformed> {
        let [a, b, c, d] = primitives.map(|primitive| vec![primitive]);
        let left = mixture(weights[0], &a, &b);
        let right = mixture(weights[1], &c, &d);
        Self::try_new(mixture(weights[2], &left, &right))
    }
}

fn mixture(weights: [f32; 4], x: &[Node], y: &[Node]) -> Vec<Node> {
    let mut terms: Vec<Term> = Vec::new();
    for (part, weight) in weights.into_iter().enumerate().filter(|(_, weight)| *weight != 0.0) {
        // The first term of a sum has no sign before it.
        let negative = weight < 0.0 && !terms.is_empty();
        let weight = if negative { -weight } else { weight };
        let weighed = |x: &[Node]| {
            let factor = [Node::Call(Operator::Multiply), Node::Constant(weight)];
            let factor = if weight == 1.0 { &[] } else { &factor[..] };
            [factor, x].concat()
        };
        let call = |operator| [&[Node::Call(operator)], &weighed(x)[..], y].concat();
        let nodes = match part {
            0 => weighed(x),
            1 => weighed(y),
            2 => call(Operator::Multiply),
            _ => call(Operator::Divide),
        };
        terms.push(Term { negative, nodes });
    }
    balanced(&terms)
}
