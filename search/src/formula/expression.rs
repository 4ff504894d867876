//! A formula as a flat list of nodes in postfix order.
//!
//! `x·2 + sin y` is `x 2 * y sin +`. A subtree is a contiguous range that ends at its root, so that cutting, pasting and
//! evaluating walk over one array.

use serde::{Deserialize, Serialize};

use crate::program::{Action, Operation};

/// One node of a formula.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Node {
    /// The number of a column.
    Column(u16),
    /// A number.
    Constant(f32),
    /// An operation on the subtrees before it; see [`Node::is_allowed`].
    Call(Operation),
}

impl Node {
    /// Number of subtrees it takes.
    pub fn args(self) -> usize {
        match self {
            Self::Column(_) | Self::Constant(_) => 0,
            Self::Call(operation) => operation.args(),
        }
    }

    /// Whether a formula may have it: columns, finite numbers, and operations of one or two numbers that work row by row.
    pub fn is_allowed(self) -> bool {
        match self {
            Self::Column(_) => true,
            Self::Constant(value) => value.is_finite(),
            Self::Call(operation) => matches!(operation.action(), Action::One(_) | Action::Two(_)),
        }
    }

    /// Whether it is a column or a constant.
    pub fn is_leaf(self) -> bool {
        !matches!(self, Self::Call(_))
    }
}

/// Most nodes of a formula.
pub const NODES_MAX: usize = 255;

/// A formula: at least one node, the root last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expression {
    nodes: Vec<Node>,
}

/// Nodes that are no formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// An operation finds too few subtrees before it, or subtrees are left over.
    #[error("the nodes do not form one tree")]
    NoTree,
    /// A node that works on whole columns, or a number that is not finite.
    #[error("node {node} cannot be part of a formula")]
    Node {
        /// Its number, from 0.
        node: usize,
    },
    /// More than [`NODES_MAX`] nodes.
    #[error("a formula has at most {NODES_MAX} nodes, found {nodes}")]
    TooLarge {
        /// How many.
        nodes: usize,
    },
}

impl Expression {
    /// A formula from nodes in postfix order.
    ///
    /// # Errors
    /// [`Malformed`] if they are none.
    pub fn try_new(nodes: Vec<Node>) -> Result<Self, Malformed> {
        if nodes.len() > NODES_MAX {
            return Err(Malformed::TooLarge { nodes: nodes.len() });
        }
        let mut depth = 0_usize;
        for (index, node) in nodes.iter().enumerate() {
            if !node.is_allowed() {
                return Err(Malformed::Node { node: index });
            }
            depth = (depth + 1).checked_sub(node.args()).ok_or(Malformed::NoTree)?;
            if depth == 0 {
                return Err(Malformed::NoTree);
            }
        }
        if depth == 1 { Ok(Self { nodes }) } else { Err(Malformed::NoTree) }
    }

    /// Nodes that the caller knows to be one tree.
    pub(super) fn of(nodes: Vec<Node>) -> Self {
        debug_assert!(Self::try_new(nodes.clone()).is_ok(), "{nodes:?}");
        Self { nodes }
    }

    /// The nodes, the root last.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The nodes as a list of their own.
    pub fn into_nodes(self) -> Vec<Node> {
        self.nodes
    }

    /// The nodes, for changing constants; the shape must stay.
    pub(super) fn nodes_mut(&mut self) -> &mut [Node] {
        &mut self.nodes
    }

    /// Values of the constants, in order.
    pub fn constants(&self) -> impl Iterator<Item = f32> + '_ {
        self.nodes.iter().filter_map(|node| match node {
            Node::Constant(value) => Some(*value),
            _ => None,
        })
    }

    /// Whether there is a constant.
    pub fn has_constants(&self) -> bool {
        self.nodes.iter().any(|node| matches!(node, Node::Constant(_)))
    }

    /// The same for the same formula up to the order of commuting arguments; of different ones the same with a chance of 2⁻⁶⁴.
    /// Without `constants`, whatever numbers the constants are.
    pub fn hash(&self, constants: bool) -> u64 {
        let mut stack = [0_u64; NODES_MAX + 1];
        let mut depth = 0;
        for node in &self.nodes {
            let hash = match *node {
                Node::Column(column) => mix(0x51ED_270B, u64::from(column)),
                Node::Constant(value) if constants => mix(0x9E6C_63D1, u64::from(value.to_bits())),
                Node::Constant(_) => 0x9E6C_63D1_2F0B_85A7,
                Node::Call(operation) => {
                    let code = 0xA5A5_0000 + operation as u64;
                    if operation.args() == 1 {
                        depth -= 1;
                        mix(code, stack[depth])
                    } else {
                        depth -= 2;
                        let (x, y) = (stack[depth], stack[depth + 1]);
                        let swap = operation.is_commutative() && y < x;
                        let (x, y) = if swap { (y, x) } else { (x, y) };
                        mix(mix(code, x), y)
                    }
                }
            };
            stack[depth] = hash;
            depth += 1;
        }
        stack[0]
    }
}

/// One round of a 64-bit mixer: each bit of both numbers matters for each bit of the result.
fn mix(a: u64, b: u64) -> u64 {
    let wide = u128::from(a ^ 0x9E37_79B9_7F4A_7C15) * u128::from(b ^ 0xD1B5_4A32_D192_ED03);
    let folded = (wide as u64) ^ ((wide >> 64) as u64);
    (folded ^ (folded >> 32) ^ a.rotate_left(17)).wrapping_mul(0xFF51_AFD7_ED55_8CCD)
}

/// Where each subtree begins: node `i` is the root of `nodes[spans[i]..=i]`.
#[derive(Clone, Debug)]
pub(super) struct Spans([u8; NODES_MAX]);

impl Spans {
    pub(super) fn of(nodes: &[Node]) -> Self {
        let mut begins = [0_u8; NODES_MAX];
        for (index, node) in nodes.iter().enumerate() {
            begins[index] = match node.args() {
                0 => index as u8,
                1 => begins[index - 1],
                _ => begins[begins[index - 1] as usize - 1],
            };
        }
        Self(begins)
    }

    /// First node of the subtree whose root is `node`.
    pub(super) fn begin(&self, node: usize) -> usize {
        self.0[node] as usize
    }

    /// All nodes of the subtree whose root is `node`.
    pub(super) fn range(&self, node: usize) -> std::ops::Range<usize> {
        self.begin(node)..node + 1
    }

    /// Roots of the two subtrees of a node that takes two.
    pub(super) fn pair(&self, node: usize) -> (usize, usize) {
        (self.begin(node - 1) - 1, node - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::Operation as Op;

    fn sum_of_squares() -> Vec<Node> {
        let (x, y) = (Node::Column(0), Node::Column(1));
        let square = Node::Call(Op::Square);
        vec![x, square, y, square, Node::Call(Op::Add)]
    }

    #[test]
    fn only_one_whole_tree_is_a_formula() {
        let nodes = sum_of_squares();
        assert!(Expression::try_new(nodes.clone()).is_ok());
        assert_eq!(Expression::try_new(nodes[..4].to_vec()), Err(Malformed::NoTree));
        assert_eq!(Expression::try_new(nodes[1..].to_vec()), Err(Malformed::NoTree));
        assert_eq!(Expression::try_new(vec![]), Err(Malformed::NoTree));
        let infinite = vec![Node::Constant(f32::INFINITY)];
        assert_eq!(Expression::try_new(infinite), Err(Malformed::Node { node: 0 }));
        let reduced = vec![Node::Column(0), Node::Call(Op::GlobalNorm)];
        assert_eq!(Expression::try_new(reduced), Err(Malformed::Node { node: 1 }));
        let large = vec![Node::Column(0); 300];
        assert_eq!(Expression::try_new(large), Err(Malformed::TooLarge { nodes: 300 }));
    }

    #[test]
    fn hashes_ignore_the_order_of_sums_and_nothing_else() {
        let hash = |nodes: &[Node]| Expression::of(nodes.to_vec()).hash(true);
        let (x, y) = (Node::Column(0), Node::Column(1));
        let op = |op| Node::Call(op);
        assert_eq!(hash(&[x, y, op(Op::Add)]), hash(&[y, x, op(Op::Add)]));
        assert_ne!(hash(&[x, y, op(Op::Subtract)]), hash(&[y, x, op(Op::Subtract)]));
        assert_ne!(hash(&[x, y, op(Op::Add)]), hash(&[x, y, op(Op::Multiply)]));
        assert_ne!(hash(&[x, x, op(Op::Add)]), hash(&[y, y, op(Op::Add)]));
        let number = |value| Expression::of(vec![x, Node::Constant(value), op(Op::Multiply)]);
        assert_ne!(number(1.0).hash(true), number(2.0).hash(true));
        assert_eq!(number(1.0).hash(false), number(2.0).hash(false));
    }

    #[test]
    fn spans_are_the_subtrees() {
        let nodes = sum_of_squares();
        let spans = Spans::of(&nodes);
        assert_eq!(spans.range(1), 0..2);
        assert_eq!(spans.range(3), 2..4);
        assert_eq!(spans.range(4), 0..5);
        assert_eq!(spans.pair(4), (1, 3));
    }
}
