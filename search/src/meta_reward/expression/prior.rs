//! What an untrained proposer writes: short trees that look at the outcome.

use hatchery_kernels::Dice;

use super::{Grammar, Node, Operator, Reward, Vocabulary};

/// Most nodes of a sample from the prior; the fewest are 3, where there is an operator of two operands.
pub const PRIOR_NODES_MAX: usize = 11;

impl Reward {
    /// A sample from the prior: 3 to 11 nodes, the outcome in at least four of five, positive constants twice as often as negative ones.
    /// It takes the place of the paper's cold start.
    pub fn random(vocabulary: &Vocabulary, dice: &mut Dice) -> Self {
        let mut grammar = Grammar::new(vocabulary);
        let mut weights = vec![0.0; vocabulary.productions().len()];
        while !grammar.finished() {
            grammar.sample(PRIOR_NODES_MAX, &mut weights, dice);
        }
        grammar.take().unwrap_or_else(Self::outcome)
    }
}

impl Grammar<'_> {
    /// The chance of each production to come next, into `weights` (productions,): 0 for what is not legal, and with a sum of 1. The
    /// logarithms are where the logits of an untrained proposer begin.
    pub fn prior(&self, weights: &mut [f64]) {
        self.weights(PRIOR_NODES_MAX, weights);
    }

    /// Writes one token of the prior.
    pub(super) fn sample(&mut self, nodes_max: usize, weights: &mut [f64], dice: &mut Dice) {
        self.weights(nodes_max, weights);
        let production = dice.weighted(weights);
        let legal = self.push(production);
        debug_assert!(legal.is_ok(), "the prior gives no weight to what is illegal");
    }

    /// The prior of trees with at most so many nodes.
    pub(crate) fn weights(&self, nodes_max: usize, weights: &mut [f64]) {
        let mut mask = vec![false; weights.len()];
        self.legal(&mut mask);
        weights.fill(0.0);
        let Some(context) = self.context() else { return };
        let productions = self.vocabulary().productions();
        let taken = self.nodes().len() + context.open;
        let is_last_chance = context.open == 1 && !context.outcome;
        let reduced = count(productions, |node| matches!(node, Node::Reduced(..)));
        let primitives = count(productions, |node| matches!(node, Node::Primitive(_)));
        for ((weight, &node), legal) in weights.iter_mut().zip(productions).zip(mask) {
            *weight = match node {
                _ if !legal => 0.0,
                // At the root an operator of two, so that there are three nodes.
                Node::Call(operator) if taken + operator.arity() > nodes_max => 0.0,
                Node::Call(operator) if context.depth == 0 && operator.arity() == 1 => 0.0,
                Node::Call(operator) => popularity(operator),
                Node::Primitive(0) if context.outcome => 0.5,
                Node::Primitive(0) => 1.0,
                Node::Primitive(_) => 1.0,
                Node::Reduced(..) => 0.5 * primitives / reduced,
                Node::Constant(_) => 1.0,
            };
        }
        // Three shares, each spread by the weights within it: operators, constants, and what speaks of the episode.
        let operators = share(weights, productions, |node| matches!(node, Node::Call(_)));
        let constants = share(weights, productions, Node::is_constant);
        let grounded = share(weights, productions, Node::is_grounded);
        let operator = match context.depth {
            0 => 1.0,
            1 => 0.6,
            2 => 0.4,
            3 => 0.2,
            _ => 0.1,
        };
        let constant = match (context.parent, context.operand) {
            // A constant in the last place of a tree without the outcome would seal its absence.
            _ if is_last_chance && grounded > 0.0 => 0.0,
            (Some(Operator::Multiply), 0) => 0.55,
            (Some(Operator::Multiply | Operator::Divide), 1) => 0.3,
            (Some(Operator::Min | Operator::Max), _) => 0.15,
            _ => 0.08,
        };
        let operator = if operators == 0.0 { 0.0 } else { operator };
        let operator = if constants + grounded == 0.0 { 1.0 } else { operator };
        let constant = if constants == 0.0 { 0.0 } else { constant };
        let constant = if grounded == 0.0 { 1.0 } else { constant };
        let leaf = 1.0 - operator;
        let outcome = if is_last_chance { 0.85 } else { 0.35 };
        let others = grounded - outcome_weight(weights, productions);
        for (weight, node) in weights.iter_mut().zip(productions) {
            *weight *= match node {
                Node::Call(_) => operator / operators.max(f64::MIN_POSITIVE),
                Node::Constant(_) => leaf * constant / constants.max(f64::MIN_POSITIVE),
                _ if context.outcome || others == grounded || others == 0.0 => {
                    leaf * (1.0 - constant) / grounded.max(f64::MIN_POSITIVE)
                }
                Node::Primitive(0) => leaf * (1.0 - constant) * outcome,
                _ => leaf * (1.0 - constant) * (1.0 - outcome) / others,
            };
        }
    }
}

fn count(productions: &[Node], belongs: impl Fn(&Node) -> bool) -> f64 {
    productions.iter().filter(|node| belongs(node)).count() as f64
}

fn share(weights: &[f64], productions: &[Node], belongs: impl Fn(Node) -> bool) -> f64 {
    let belonging = weights.iter().zip(productions).filter(|(_, node)| belongs(**node));
    belonging.map(|(weight, _)| weight).sum()
}

fn outcome_weight(weights: &[f64], productions: &[Node]) -> f64 {
    share(weights, productions, |node| node == Node::Primitive(0))
}

/// Sums of weighted primitives first: the form of what works in the paper.
fn popularity(operator: Operator) -> f64 {
    match operator {
        Operator::Add => 4.0,
        Operator::Multiply => 3.0,
        Operator::Subtract => 1.5,
        Operator::Divide => 0.7,
        Operator::Gate | Operator::Ramp => 0.5,
        Operator::Min | Operator::Max => 0.4,
        Operator::Clip | Operator::Tanh => 0.3,
        Operator::Negate => 0.1,
    }
}
