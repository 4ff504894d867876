//! Rewards from rewards. What comes out could have been generated: within the limits and the rules of the [`Grammar`].

use hatchery_kernels::Dice;

use super::{CONSTANTS, Grammar, Node, PRIOR_NODES_MAX, Reward, Vocabulary};

/// Tries before a reward from the prior takes the place of one that resists.
const TRIES: usize = 64;

/// Nodes by which a regrown subtree may lengthen a reward that is beyond the prior's length.
const GROWTH: usize = 4;

impl Reward {
    /// Another reward, different in one place: a constant takes a step, a node is swapped for another of as many operands, or a subtree
    /// is grown anew, each with the same chance where possible.
    pub fn mutated(&self, vocabulary: &Vocabulary, dice: &mut Dice) -> Self {
        for _ in 0..TRIES {
            let child = match dice.below(3) {
                0 => self.stepped(dice),
                1 => self.swapped(vocabulary, dice),
                _ => self.regrown(vocabulary, dice),
            };
            if let Some(child) = child
                && child != *self
                && vocabulary.check(&child).is_ok()
            {
                return child;
            }
        }
        Self::random(vocabulary, dice)
    }

    /// The reward with one of its subtrees replaced by one of the other parent's.
    pub fn crossed(&self, other: &Self, vocabulary: &Vocabulary, dice: &mut Dice) -> Self {
        for _ in 0..TRIES {
            let cut = self.subtree(dice.below(self.nodes().len()));
            let graft = other.subtree(dice.below(other.nodes().len()));
            if let Ok(child) = self.replaced(cut, &other.nodes()[graft])
                && child != *self
                && vocabulary.check(&child).is_ok()
            {
                return child;
            }
        }
        self.mutated(vocabulary, dice)
    }

    /// A constant moves to a neighbour in the table, by a factor, or to its negative.
    fn stepped(&self, dice: &mut Dice) -> Option<Self> {
        let nodes = self.nodes();
        let constants: Vec<usize> =
            (0..nodes.len()).filter(|&at| nodes[at].is_constant()).collect();
        let at = *constants.get(dice.below(constants.len().max(1)))?;
        let Node::Constant(value) = nodes[at] else { return None };
        let stepped = match dice.below(10) {
            0 => -value,
            1..5 => significant(value * (0.3 * dice.normal()).exp() as f32),
            _ => neighbour(value, dice),
        };
        self.replaced(at..at + 1, &[Node::Constant(stepped)]).ok()
    }

    fn swapped(&self, vocabulary: &Vocabulary, dice: &mut Dice) -> Option<Self> {
        let at = dice.below(self.nodes().len());
        let node = self.nodes()[at];
        let alike = |other: &&Node| other.arity() == node.arity() && **other != node;
        let others: Vec<Node> = vocabulary.productions().iter().filter(alike).copied().collect();
        let other = *others.get(dice.below(others.len().max(1)))?;
        self.replaced(at..at + 1, &[other]).ok()
    }

    fn regrown(&self, vocabulary: &Vocabulary, dice: &mut Dice) -> Option<Self> {
        let nodes = self.nodes();
        let cut = self.subtree(dice.below(nodes.len()));
        let mut grammar = Grammar::new(vocabulary);
        nodes[..cut.start].iter().try_for_each(|node| grammar.push_node(*node)).ok()?;
        let open_after = grammar.context()?.open - 1;
        // The nodes behind the subtree are not written yet, but count.
        let rest = nodes.len() - cut.end;
        let nodes_max = PRIOR_NODES_MAX.max(nodes.len() + GROWTH).saturating_sub(rest) + open_after;
        let mut weights = vec![0.0; vocabulary.productions().len()];
        while grammar.context().is_some_and(|context| context.open > open_after) {
            grammar.sample(nodes_max, &mut weights, dice);
        }
        nodes[cut.end..].iter().try_for_each(|node| grammar.push_node(*node)).ok()?;
        grammar.take()
    }
}

fn neighbour(value: f32, dice: &mut Dice) -> f32 {
    let smaller = CONSTANTS.iter().rev().find(|other| **other < value);
    let larger = CONSTANTS.iter().find(|other| **other > value);
    let [first, second] = if dice.chance(0.5) { [smaller, larger] } else { [larger, smaller] };
    first.or(second).copied().unwrap_or(value)
}

/// Three digits, so that what is printed is what was trained.
pub(in crate::meta_reward) fn significant(value: f32) -> f32 {
    format!("{value:.2e}").parse().unwrap_or(value)
}
