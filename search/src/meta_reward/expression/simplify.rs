//! The shortest of some forms of a reward that share a canonical hash: what people read.

use super::{Invariance, Node, Operator, Reward, Vocabulary};

impl Reward {
    /// A short form of a reward with the same canonical hash, with three significant digits wherever the hash allows that. It is exactly
    /// what [`Reward::parse`] reads from its text.
    ///
    /// With [`Invariance::Affine`] it may be another by a positive factor and a constant, which does not matter in training; with
    /// [`Invariance::Exact`] it has the same values up to rounding. Of a constant little is left but 0.
    pub fn simplified(&self, vocabulary: &Vocabulary, invariance: Invariance) -> Self {
        let canonical = self.canonical(vocabulary, invariance);
        let hash = canonical.hash();
        let folded = folded(self.nodes());
        let rounded = folded.iter().map(|node| match node {
            Node::Constant(value) => {
                Node::Constant(format!("{value:.2e}").parse().unwrap_or(*value))
            }
            node => *node,
        });
        let candidates =
            [canonical.nodes(vocabulary), rounded.collect(), folded.clone(), self.nodes().to_vec()];
        candidates
            .into_iter()
            .filter_map(|nodes| Self::try_new(nodes).ok())
            .filter_map(|reward| reward.reread(vocabulary))
            .filter(|reward| reward.canonical_hash(vocabulary, invariance) == hash)
            .min_by_key(|reward| (reward.nodes().len(), reward.text(vocabulary).len()))
            .unwrap_or_else(|| self.clone())
    }

    /// What the parser makes of the printed form, once that no longer changes.
    fn reread(self, vocabulary: &Vocabulary) -> Option<Self> {
        let mut reward = self;
        for _ in 0..4 {
            let read = Self::parse(&reward.text(vocabulary), vocabulary).ok()?;
            if read == reward {
                return Some(read);
            }
            reward = read;
        }
        None
    }
}

/// The tree without operations on constants alone, and without x + 0, x − 0, 1 x, 0 x and double signs.
fn folded(nodes: &[Node]) -> Vec<Node> {
    let mut rest = nodes.iter();
    fold(&mut rest)
}

fn fold(rest: &mut std::slice::Iter<'_, Node>) -> Vec<Node> {
    let Some(&node) = rest.next() else { return Vec::new() };
    let Node::Call(operator) = node else { return vec![node] };
    let a = fold(rest);
    let b = if operator.arity() == 2 { fold(rest) } else { Vec::new() };
    let (x, y) = (number(&a), number(&b));
    match (operator, x, y) {
        (Operator::Negate, Some(x), _) => vec![Node::Constant(-x)],
        (Operator::Negate, ..) if a.first() == Some(&Node::Call(Operator::Negate)) => {
            a[1..].to_vec()
        }
        (Operator::Add, Some(x), Some(y)) if (x + y).is_finite() => vec![Node::Constant(x + y)],
        (Operator::Subtract, Some(x), Some(y)) if (x - y).is_finite() => {
            vec![Node::Constant(x - y)]
        }
        (Operator::Multiply, Some(x), Some(y)) if (x * y).is_finite() => {
            vec![Node::Constant(x * y)]
        }
        (Operator::Add, Some(0.0), _) => b,
        (Operator::Add | Operator::Subtract, _, Some(0.0)) => a,
        (Operator::Multiply, Some(1.0), _) => b,
        (Operator::Multiply, _, Some(1.0)) => a,
        (Operator::Multiply, Some(0.0), _) | (Operator::Multiply, _, Some(0.0)) => {
            vec![Node::Constant(0.0)]
        }
        _ => [vec![node], a, b].concat(),
    }
}

fn number(nodes: &[Node]) -> Option<f32> {
    match nodes {
        [Node::Constant(value)] => Some(*value),
        _ => None,
    }
}
