//! Tables over the grammar.
//!
//! ```text
//! learnt = b + E[parent, operand] + S[left sibling] + D[depth] + L[nodes left / 4]
//! ```
//!
//! Source: the policy `tree` of the specification.

use super::tables::Tables;
use super::writer::{Chances, Writer};
use crate::meta_reward::expression::{Context, Grammar, Node, Operator, Reward, Vocabulary};

/// Rows of the tables of depth and of nodes left; what is beyond the last counts as the last.
const DEPTHS: usize = 7;
const LEFTS: usize = 4;

/// A distribution over trees with weights in tables.
#[derive(Clone, Debug)]
pub struct Tree {
    vocabulary: Vocabulary,
    nodes_max: usize,
    operators: Vec<Operator>,
    tables: Tables,
}

impl Tree {
    /// The prior of a vocabulary over trees of at most so many nodes.
    pub fn new(vocabulary: Vocabulary, nodes_max: usize) -> Self {
        let operators = vocabulary.operators().list().to_vec();
        let productions = vocabulary.productions().len();
        let rows = 1 + (2 * operators.len() + 1) + (productions + 1) + DEPTHS + LEFTS;
        Self { vocabulary, nodes_max, operators, tables: Tables::new(rows, productions) }
    }

    /// The weights, (rows, productions): b, then the tables.
    pub fn weights(&self) -> &[f32] {
        &self.tables.weights
    }

    /// The weights, to be changed.
    pub fn weights_mut(&mut self) -> &mut [f32] {
        &mut self.tables.weights
    }

    /// The vocabulary.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    fn rows(&self, context: &Context) -> [usize; 5] {
        let production = |node| self.vocabulary.production(node).map_or(0, |at| at + 1);
        let sibling = context.sibling.map_or(0, production);
        let siblings = 1 + 2 * self.operators.len() + 1;
        let depths = siblings + self.vocabulary.productions().len() + 1;
        let lefts = depths + DEPTHS;
        [
            0,
            1 + parent(&self.operators, context),
            siblings + sibling,
            depths + context.depth.min(DEPTHS - 1),
            lefts + (context.remaining / 4).min(LEFTS - 1),
        ]
    }
}

/// 0 at the root, else a number for each operand of each operator.
pub(super) fn parent(operators: &[Operator], context: &Context) -> usize {
    let number = |operator| operators.iter().position(|o| *o == operator).unwrap_or(0);
    context.parent.map_or(0, |operator| 1 + 2 * number(operator) + context.operand)
}

/// The productions of a reward, a constant as the nearest one of the table.
pub(super) fn productions(vocabulary: &Vocabulary, reward: &Reward) -> Option<Vec<u16>> {
    let production = |node: &Node| vocabulary.production(*node).map(|production| production as u16);
    reward.nodes().iter().map(production).collect()
}

impl Writer for Tree {
    type Draft<'a> = Grammar<'a>;
    type Memory = [usize; 5];

    fn begin(&self) -> Grammar<'_> {
        Grammar::new(&self.vocabulary)
    }

    fn next(&self, draft: &mut Grammar<'_>, chances: &mut Chances) -> Option<[usize; 5]> {
        let rows = self.rows(&draft.context()?);
        chances.prior.resize(self.vocabulary.productions().len(), 0.0);
        draft.weights(self.nodes_max, &mut chances.prior);
        self.tables.set(&rows, chances);
        Some(rows)
    }

    fn push(&self, draft: &mut Grammar<'_>, token: usize) {
        let pushed = draft.push(token);
        debug_assert!(pushed.is_ok(), "what is illegal has no chance");
    }

    fn finish(&self, mut draft: Grammar<'_>) -> Option<Reward> {
        draft.take()
    }

    fn tokens(&self, reward: &Reward) -> Option<Vec<u16>> {
        productions(&self.vocabulary, reward)
    }

    fn pull(&self, memories: &[[usize; 5]], slopes: &[f64], gradient: &mut [f32]) {
        let width = self.vocabulary.productions().len();
        for (rows, slopes) in memories.iter().zip(slopes.chunks(width)) {
            self.tables.pull(rows, slopes, gradient);
        }
    }
}
