//! Writing a reward token by token, such that it cannot come out invalid.
//!
//! A token is legal if the tree can still be closed within the limits after it, and
//!
//! 1. no operator has two constants, or one alone, as its operands: so each operator has a primitive or signal below it;
//! 2. nothing is negated twice;
//! 3. `-`, `/`, `min`, `max` and `ramp` have two different operands, compared when the last leaf of the right one is written;
//! 4. a constant is not the whole reward.
//!
//! With very few primitives, 1 and 3 can contradict each other; then a constant is legal under 1, so that there always is a legal token.

use super::vocabulary::Operators;
use super::{Node, Operator, Reward, Vocabulary};

/// An operand that is still to be written.
#[derive(Clone, Copy, Debug)]
struct Slot {
    depth: usize,
    divisions: usize,
    /// Number of the operator's node, and which of its operands this is.
    parent: Option<(usize, usize)>,
}

/// A right operand that must not equal the left one.
#[derive(Clone, Copy, Debug)]
struct Twin {
    left: usize,
    right: usize,
    /// Open slots that do not belong to it.
    slots_below: usize,
}

/// What a proposer may look at before it chooses a token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Context {
    /// Operands that are still to be written, this one included.
    pub open: usize,
    /// Operators above this operand.
    pub depth: usize,
    /// Nodes that the limits leave, beyond closing each open operand with a leaf.
    pub remaining: usize,
    /// The operator that this is an operand of.
    pub parent: Option<Operator>,
    /// Which operand of it: 0 or 1.
    pub operand: usize,
    /// The root of the operand to the left.
    pub sibling: Option<Node>,
    /// What was written last.
    pub last: Option<Node>,
    /// Whether a primitive or a signal has occurred.
    pub grounded: bool,
    /// Whether the outcome has occurred.
    pub outcome: bool,
    /// Divisions above this operand.
    pub divisions: usize,
}

/// A token that the rules forbid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("node {node} of the reward breaks the rules or the limits of generated rewards")]
pub struct Illegal {
    /// Its number, from 0.
    pub node: usize,
}

/// A reward under construction, in prefix order.
#[derive(Clone, Debug)]
pub struct Grammar<'a> {
    vocabulary: &'a Vocabulary,
    nodes: Vec<Node>,
    slots: Vec<Slot>,
    twins: Vec<Twin>,
}

/// How strictly the rules are taken; see the module's text.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Rules {
    All,
    ConstantsAllowed,
    TwinsAllowed,
}

impl<'a> Grammar<'a> {
    /// Nothing is written yet.
    pub fn new(vocabulary: &'a Vocabulary) -> Self {
        let mut grammar =
            Self { vocabulary, nodes: Vec::new(), slots: Vec::new(), twins: Vec::new() };
        grammar.restart();
        grammar
    }

    /// Forgets what was written and keeps the buffers.
    pub fn restart(&mut self) {
        self.nodes.clear();
        self.twins.clear();
        self.slots.clear();
        self.slots.push(Slot { depth: 0, divisions: 0, parent: None });
    }

    /// The vocabulary.
    pub fn vocabulary(&self) -> &'a Vocabulary {
        self.vocabulary
    }

    /// Whether the tree is closed.
    pub fn finished(&self) -> bool {
        self.slots.is_empty()
    }

    /// What has been written.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The finished reward, and a new start; nothing before it is finished.
    pub fn take(&mut self) -> Option<Reward> {
        if !self.finished() {
            return None;
        }
        let reward = Reward::try_new(std::mem::take(&mut self.nodes)).ok();
        self.restart();
        reward
    }

    /// Where the next token will stand; nothing if it is finished.
    pub fn context(&self) -> Option<Context> {
        let slot = self.slots.last()?;
        Some(Context {
            open: self.slots.len(),
            depth: slot.depth,
            remaining: self.remaining(),
            parent: self.parent(slot),
            operand: slot.parent.map_or(0, |(_, operand)| operand),
            sibling: self.sibling(slot),
            last: self.nodes.last().copied(),
            grounded: self.nodes.iter().any(|node| node.is_grounded()),
            outcome: self.nodes.contains(&Node::Primitive(0)),
            divisions: slot.divisions,
        })
    }

    /// Which productions may come next, into `mask` (productions,). At least one may, unless the tree is finished.
    pub fn legal(&self, mask: &mut [bool]) {
        let productions = self.vocabulary.productions();
        mask.fill(false);
        let Some(slot) = self.slots.last() else { return };
        for rules in [Rules::All, Rules::ConstantsAllowed, Rules::TwinsAllowed] {
            let mut any = false;
            for (legal, node) in mask.iter_mut().zip(productions) {
                *legal = self.allows(slot, *node, rules);
                any |= *legal;
            }
            if any {
                return;
            }
        }
    }

    /// Writes a production.
    ///
    /// # Errors
    /// [`Illegal`] if it may not come next; nothing is written then.
    pub fn push(&mut self, production: usize) -> Result<(), Illegal> {
        let node = self.vocabulary.productions().get(production).copied();
        self.push_node(node.ok_or(Illegal { node: self.nodes.len() })?)
    }

    /// Writes a node, which may be a constant that is not in the table.
    ///
    /// # Errors
    /// [`Illegal`] if it may not come next; nothing is written then.
    pub fn push_node(&mut self, node: Node) -> Result<(), Illegal> {
        let illegal = Illegal { node: self.nodes.len() };
        let slot = *self.slots.last().ok_or(illegal)?;
        if !self.allows(&slot, node, self.rules(&slot)) {
            return Err(illegal);
        }
        self.slots.pop();
        if let Some((parent, 1)) = slot.parent
            && self.parent(&slot).is_some_and(wants_two)
        {
            let (left, right) = (parent + 1, self.nodes.len());
            self.twins.push(Twin { left, right, slots_below: self.slots.len() });
        }
        let index = self.nodes.len();
        self.nodes.push(node);
        let divides = usize::from(node == Node::Call(Operator::Divide));
        for operand in (0..node.arity()).rev() {
            self.slots.push(Slot {
                depth: slot.depth + 1,
                divisions: slot.divisions + divides,
                parent: Some((index, operand)),
            });
        }
        let open = self.slots.len();
        self.twins.retain(|twin| open > twin.slots_below);
        Ok(())
    }

    /// The strictest rules under which something is legal.
    fn rules(&self, slot: &Slot) -> Rules {
        let productions = self.vocabulary.productions();
        let any = |rules| productions.iter().any(|node| self.allows(slot, *node, rules));
        match () {
            () if any(Rules::All) => Rules::All,
            () if any(Rules::ConstantsAllowed) => Rules::ConstantsAllowed,
            () => Rules::TwinsAllowed,
        }
    }

    fn allows(&self, slot: &Slot, node: Node, rules: Rules) -> bool {
        self.vocabulary.has(node)
            && self.fits(slot, node)
            && self.suits(slot, node, rules)
            && (rules >= Rules::TwinsAllowed || !self.closes_twin(slot, node))
    }

    /// Whether the tree can be closed within the limits after the node.
    fn fits(&self, slot: &Slot, node: Node) -> bool {
        let Node::Call(operator) = node else { return true };
        let limits = self.vocabulary.limits();
        slot.depth < limits.depth
            && operator.arity() <= self.remaining()
            && (operator != Operator::Divide || slot.divisions < limits.divisions)
    }

    /// Whether the operator above can have it as an operand.
    fn suits(&self, slot: &Slot, node: Node, rules: Rules) -> bool {
        let parent = self.parent(slot);
        if self.vocabulary.operators() == Operators::Linear {
            return match (parent, slot.parent) {
                (Some(Operator::Multiply), Some((_, 0))) => node.is_constant(),
                (Some(Operator::Multiply), _) => node.is_grounded(),
                _ => !node.is_constant(),
            };
        }
        match (parent, node) {
            (None, Node::Constant(_)) => false,
            (Some(parent), Node::Constant(_)) => {
                let alone = parent.arity() == 1;
                let beside = self.sibling(slot).is_some_and(|sibling| sibling.is_constant());
                !(alone || beside) || rules >= Rules::ConstantsAllowed
            }
            (Some(Operator::Negate), Node::Call(Operator::Negate)) => false,
            _ => true,
        }
    }

    /// Whether the node would make a right operand the same as the left one.
    fn closes_twin(&self, slot: &Slot, node: Node) -> bool {
        if node.arity() > 0 {
            return false;
        }
        let open = self.slots.len();
        let equals = |left: usize, right: usize| {
            let written = &self.nodes[right..];
            let before = &self.nodes[left..right];
            before.len() == written.len() + 1
                && before[..written.len()] == *written
                && before[written.len()] == node
        };
        // This slot may be a right operand of its own that nothing has been written of.
        let starts = match slot.parent {
            Some((parent, 1)) if self.parent(slot).is_some_and(wants_two) => {
                equals(parent + 1, self.nodes.len())
            }
            _ => false,
        };
        let ends = |twin: &Twin| open == twin.slots_below + 1 && equals(twin.left, twin.right);
        starts || self.twins.iter().any(ends)
    }

    fn parent(&self, slot: &Slot) -> Option<Operator> {
        match self.nodes.get(slot.parent?.0) {
            Some(Node::Call(operator)) => Some(*operator),
            _ => None,
        }
    }

    fn sibling(&self, slot: &Slot) -> Option<Node> {
        let (parent, operand) = slot.parent?;
        (operand == 1).then(|| self.nodes.get(parent + 1).copied()).flatten()
    }

    fn remaining(&self) -> usize {
        let taken = self.nodes.len() + self.slots.len();
        self.vocabulary.limits().nodes.saturating_sub(taken)
    }
}

/// Operators of which equal operands make a constant, or the operand itself.
fn wants_two(operator: Operator) -> bool {
    use Operator::{Divide, Max, Min, Ramp, Subtract};
    matches!(operator, Subtract | Divide | Min | Max | Ramp)
}

impl Vocabulary {
    /// Whether a reward could have been generated, up to the values of its constants.
    ///
    /// # Errors
    /// [`Illegal`] with the first node that could not.
    pub fn check(&self, reward: &Reward) -> Result<(), Illegal> {
        let mut grammar = Grammar::new(self);
        reward.nodes().iter().try_for_each(|node| grammar.push_node(*node))
    }
}
