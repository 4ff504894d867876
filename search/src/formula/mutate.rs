//! Children of formulas: always one whole tree of at most so many nodes.

use serde::{Deserialize, Serialize};

use super::expression::Spans;
use super::{Expression, Node};
use crate::program::{Dice, Operation};

/// How a formula is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// A constant is multiplied, and now and then negated.
    Constant,
    /// A column or constant becomes another.
    Leaf,
    /// An operation becomes another of as many arguments.
    Operator,
    /// The two arguments of an operation change places.
    Swap,
    /// `a ∘ (b ∗ c)` becomes `(a ∘ b) ∗ c`, or the other way round.
    Rotate,
    /// A leaf becomes an operation of leaves.
    Add,
    /// An operation is put around a subtree.
    Insert,
    /// An operation is replaced by one of its arguments.
    Delete,
    /// A subtree is replaced by a new one.
    Subtree,
    /// Everything is new.
    Randomise,
    /// A subtree comes from another parent.
    Crossover,
    /// Nothing.
    None,
}

impl Change {
    /// All, in the order of counters.
    pub const ALL: [Self; 12] = [
        Self::Constant,
        Self::Leaf,
        Self::Operator,
        Self::Swap,
        Self::Rotate,
        Self::Add,
        Self::Insert,
        Self::Delete,
        Self::Subtree,
        Self::Randomise,
        Self::Crossover,
        Self::None,
    ];
}

/// Weights of the kinds of mutation; those of PySR, with leaves and whole subtrees drawn more often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Weights {
    /// Of [`Change::Constant`].
    pub constant: f64,
    /// Of [`Change::Leaf`].
    pub leaf: f64,
    /// Of [`Change::Operator`].
    pub operator: f64,
    /// Of [`Change::Swap`].
    pub swap: f64,
    /// Of [`Change::Rotate`].
    pub rotate: f64,
    /// Of [`Change::Add`].
    pub add: f64,
    /// Of [`Change::Insert`].
    pub insert: f64,
    /// Of [`Change::Delete`].
    pub delete: f64,
    /// Of [`Change::Subtree`].
    pub subtree: f64,
    /// Of [`Change::Randomise`].
    pub randomise: f64,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            constant: 0.1,
            leaf: 0.5,
            operator: 0.6,
            swap: 0.1,
            rotate: 0.5,
            add: 1.0,
            insert: 1.0,
            delete: 1.0,
            subtree: 1.0,
            randomise: 0.02,
        }
    }
}

impl Weights {
    pub(super) fn all(&self) -> [f64; 10] {
        [
            self.constant,
            self.leaf,
            self.operator,
            self.swap,
            self.rotate,
            self.add,
            self.insert,
            self.delete,
            self.subtree,
            self.randomise,
        ]
    }
}

/// What formulas are made of, and how they change.
#[derive(Clone, Debug)]
pub struct Variation {
    pub(super) unary: Vec<Operation>,
    pub(super) binary: Vec<Operation>,
    pub(super) columns: u16,
    pub(super) nodes_max: usize,
    pub(super) constant_chance: f64,
    pub(super) weights: [f64; 10],
}

/// Tries to find a place where a change fits.
const TRIES: u32 = 8;

impl Variation {
    /// Formulas of these operations over so many columns, of at most `nodes_max` nodes; a new leaf is a constant with that chance.
    pub fn new(
        unary: Vec<Operation>,
        binary: Vec<Operation>,
        columns: u16,
        nodes_max: usize,
        constant_chance: f64,
        weights: &Weights,
    ) -> Self {
        Self { unary, binary, columns, nodes_max, constant_chance, weights: weights.all() }
    }

    /// A column or a constant.
    fn leaf(&self, dice: &mut Dice) -> Node {
        if dice.chance(self.constant_chance) {
            Node::Constant(dice.normal() as f32)
        } else {
            Node::Column(dice.below(self.columns as usize) as u16)
        }
    }

    /// An operation, of one argument with the chance of its share.
    fn operation(&self, dice: &mut Dice) -> Operation {
        let (ones, twos) = (self.unary.len(), self.binary.len());
        // Operations of two make the shape: they are drawn at least as often.
        let unary =
            ones > 0 && (twos == 0 || dice.chance(0.5 * (ones as f64 / twos as f64).min(1.0)));
        let from = if unary { &self.unary } else { &self.binary };
        from[dice.below(from.len())]
    }

    /// A new formula of `nodes` nodes, or one fewer or more where no other fits.
    pub fn grow(&self, nodes: usize, dice: &mut Dice) -> Vec<Node> {
        let mut out = Vec::with_capacity(nodes + 1);
        self.grow_into(&mut out, nodes.max(1), dice);
        out
    }

    fn grow_into(&self, out: &mut Vec<Node>, nodes: usize, dice: &mut Dice) {
        if nodes <= 1 || (nodes == 2 && self.unary.is_empty()) {
            return out.push(self.leaf(dice));
        }
        let operation = loop {
            let operation = self.operation(dice);
            if operation.args() == 1 || nodes > 2 {
                break operation;
            }
        };
        if operation.args() == 1 {
            self.grow_into(out, nodes - 1, dice);
        } else {
            let left = 1 + dice.below(nodes - 2);
            self.grow_into(out, left, dice);
            self.grow_into(out, nodes - 1 - left, dice);
        }
        out.push(Node::Call(operation));
    }

    /// A changed copy, and which change it was. It is a whole tree of at most `nodes_max` nodes.
    pub fn mutate(&self, parent: &Expression, dice: &mut Dice) -> (Vec<Node>, Change) {
        for _ in 0..TRIES {
            let change = Change::ALL[dice.weighted(&self.weights)];
            if let Some(nodes) = self.change(parent.nodes(), change, dice)
                && nodes.len() <= self.nodes_max
            {
                return (nodes, change);
            }
        }
        (parent.nodes().to_vec(), Change::None)
    }

    fn change(&self, nodes: &[Node], change: Change, dice: &mut Dice) -> Option<Vec<Node>> {
        match change {
            Change::Constant => {
                let at = pick(nodes, dice, |node| matches!(node, Node::Constant(_)))?;
                let Node::Constant(value) = nodes[at] else { return None };
                let factor = exp2(2.0 * dice.normal() * dice.unit());
                let sign = if dice.chance(0.1) { -1.0 } else { 1.0 };
                let value = (f64::from(value) * factor * sign) as f32;
                let value = if value == 0.0 { dice.normal() as f32 } else { value };
                value.is_finite().then(|| replaced(nodes, at, Node::Constant(value)))
            }
            Change::Leaf => {
                let at = pick(nodes, dice, Node::is_leaf)?;
                Some(replaced(nodes, at, self.leaf(dice)))
            }
            Change::Operator => {
                let at = pick(nodes, dice, |node| !node.is_leaf())?;
                let from = if nodes[at].args() == 1 { &self.unary } else { &self.binary };
                let new = from.get(dice.below(from.len().max(1)))?;
                (Node::Call(*new) != nodes[at]).then(|| replaced(nodes, at, Node::Call(*new)))
            }
            Change::Swap => {
                let at = pick(nodes, dice, |node| node.args() == 2)?;
                let spans = Spans::of(nodes);
                let (x, y) = spans.pair(at);
                Some(spliced(nodes, spans.begin(at), at, &[spans.range(y), spans.range(x)], &[]))
            }
            Change::Rotate => rotated(nodes, dice),
            Change::Add => {
                let at = pick(nodes, dice, Node::is_leaf)?;
                let operation = self.operation(dice);
                let mut new = vec![nodes[at]];
                if operation.args() == 2 {
                    let other = self.leaf(dice);
                    new.insert(dice.below(2), other);
                }
                new.push(Node::Call(operation));
                Some(with_subtree(nodes, at..at + 1, &new))
            }
            Change::Insert => {
                let at = dice.below(nodes.len());
                let range = Spans::of(nodes).range(at);
                let operation = self.operation(dice);
                let mut new = nodes[range.clone()].to_vec();
                if operation.args() == 2 {
                    let other = self.leaf(dice);
                    let place = if dice.chance(0.5) { 0 } else { new.len() };
                    new.insert(place, other);
                }
                new.push(Node::Call(operation));
                Some(with_subtree(nodes, range, &new))
            }
            Change::Delete => {
                let at = pick(nodes, dice, |node| !node.is_leaf())?;
                let spans = Spans::of(nodes);
                let kept = match nodes[at].args() {
                    1 => at - 1,
                    _ if dice.chance(0.5) => spans.pair(at).0,
                    _ => spans.pair(at).1,
                };
                Some(with_subtree(nodes, spans.range(at), &nodes[spans.range(kept)]))
            }
            Change::Subtree => {
                let at = dice.below(nodes.len());
                let range = Spans::of(nodes).range(at);
                let new = self.grow(1 + dice.below(6), dice);
                Some(with_subtree(nodes, range, &new))
            }
            Change::Randomise => {
                let size = 1 + dice.below(self.nodes_max.min(12));
                Some(self.grow(size, dice))
            }
            Change::Crossover | Change::None => None,
        }
    }

    /// The first parent with a subtree of the second in place of one of its own.
    pub fn cross(&self, x: &Expression, y: &Expression, dice: &mut Dice) -> Option<Vec<Node>> {
        let (x, y) = (x.nodes(), y.nodes());
        let (x_spans, y_spans) = (Spans::of(x), Spans::of(y));
        for _ in 0..TRIES {
            let x_range = x_spans.range(inner(x, dice));
            let y_range = y_spans.range(inner(y, dice));
            if x.len() - x_range.len() + y_range.len() <= self.nodes_max {
                return Some(with_subtree(x, x_range, &y[y_range]));
            }
        }
        None
    }
}

/// A node, an operation nine times out of ten if there is one.
fn inner(nodes: &[Node], dice: &mut Dice) -> usize {
    let operation = dice.chance(0.9).then(|| pick(nodes, dice, |node| !node.is_leaf())).flatten();
    operation.unwrap_or_else(|| dice.below(nodes.len()))
}

fn exp2(x: f64) -> f64 {
    hatchery_kernels::math::exp_f64(x * std::f64::consts::LN_2)
}

/// A node of some kind, each with the same chance.
fn pick(nodes: &[Node], dice: &mut Dice, is: impl Fn(Node) -> bool) -> Option<usize> {
    let count = nodes.iter().filter(|node| is(**node)).count();
    if count == 0 {
        return None;
    }
    let which = dice.below(count);
    nodes.iter().enumerate().filter(|(_, node)| is(**node)).nth(which).map(|(index, _)| index)
}

fn replaced(nodes: &[Node], at: usize, node: Node) -> Vec<Node> {
    let mut new = nodes.to_vec();
    new[at] = node;
    new
}

fn with_subtree(nodes: &[Node], range: std::ops::Range<usize>, new: &[Node]) -> Vec<Node> {
    let mut all = Vec::with_capacity(nodes.len() - range.len() + new.len());
    all.extend_from_slice(&nodes[..range.start]);
    all.extend_from_slice(new);
    all.extend_from_slice(&nodes[range.end..]);
    all
}

/// `nodes` with `begin..end` made anew of `ranges` and then `calls`.
fn spliced(
    nodes: &[Node],
    begin: usize,
    end: usize,
    ranges: &[std::ops::Range<usize>],
    calls: &[Node],
) -> Vec<Node> {
    let mut all = Vec::with_capacity(nodes.len());
    all.extend_from_slice(&nodes[..begin]);
    for range in ranges {
        all.extend_from_slice(&nodes[range.clone()]);
    }
    all.extend_from_slice(calls);
    all.extend_from_slice(&nodes[end..]);
    all
}

/// `a ∘ (b ∗ c)` to `(a ∘ b) ∗ c`, or `(a ∗ b) ∘ c` to `a ∗ (b ∘ c)`.
fn rotated(nodes: &[Node], dice: &mut Dice) -> Option<Vec<Node>> {
    let spans = Spans::of(nodes);
    let children = |at: usize| (nodes[at].args() == 2).then(|| spans.pair(at));
    let candidates: Vec<(usize, bool)> = (0..nodes.len())
        .filter_map(|at| children(at).map(|pair| (at, pair)))
        .flat_map(|(at, (x, y))| {
            let right = children(y).map(|_| (at, true));
            let left = children(x).map(|_| (at, false));
            right.into_iter().chain(left)
        })
        .collect();
    if candidates.is_empty() {
        return None;
    }
    let (at, right) = candidates[dice.below(candidates.len())];
    let (x, y) = spans.pair(at);
    let begin = spans.begin(at);
    Some(if right {
        let (b, c) = spans.pair(y);
        let mut all = nodes[..begin].to_vec();
        all.extend_from_slice(&nodes[spans.range(x)]);
        all.extend_from_slice(&nodes[spans.range(b)]);
        all.push(nodes[at]);
        all.extend_from_slice(&nodes[spans.range(c)]);
        all.push(nodes[y]);
        all.extend_from_slice(&nodes[at + 1..]);
        all
    } else {
        let (a, b) = spans.pair(x);
        spliced(
            nodes,
            begin,
            at + 1,
            &[spans.range(a), spans.range(b), spans.range(y)],
            &[nodes[at], nodes[x]],
        )
    })
}
