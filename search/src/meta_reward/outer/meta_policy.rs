//! What writes rewards token by token, and learns: a distribution over trees.
//!
//! ```text
//! logit of a production = ln prior + b + E[parent, operand] + S[left sibling] + D[depth] + L[nodes left / 4]
//! ```
//!
//! Every table begins at zero, so that an untrained policy is the prior of [`Grammar::prior`], and what is illegal has no chance ever.
//! Source: the policy `tree` of the specification; the prior as a base is ours.

use hatchery_kernels::Dice;
use serde::{Deserialize, Serialize};

use crate::meta_reward::expression::{Context, Grammar, Node, Operator, Reward, Vocabulary};

/// Rows of the tables of depth and of nodes left; what is beyond the last counts as the last.
const DEPTHS: usize = 7;
const LEFTS: usize = 4;

/// A reward as it was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The production of each token.
    pub productions: Vec<u16>,
    /// The logarithm of its chance when it was written.
    pub logs: Vec<f64>,
}

/// A distribution over rewards with weights in tables.
#[derive(Clone, Debug)]
pub struct MetaPolicy {
    vocabulary: Vocabulary,
    operators: Vec<Operator>,
    /// (rows, productions): b, then the tables.
    weights: Vec<f32>,
}

/// Chances of the next token, and the rows of the tables that made them.
#[derive(Clone, Debug, Default)]
pub(super) struct Next {
    pub(super) rows: [usize; 5],
    /// 0 for what is illegal.
    pub(super) chances: Vec<f64>,
    /// Of the prior.
    pub(super) prior: Vec<f64>,
}

impl MetaPolicy {
    /// The prior of a vocabulary.
    pub fn new(vocabulary: Vocabulary) -> Self {
        let mut operators = Vec::new();
        for production in vocabulary.productions() {
            if let Node::Call(operator) = production {
                operators.push(*operator);
            }
        }
        let productions = vocabulary.productions().len();
        let rows = 1 + (2 * operators.len() + 1) + (productions + 1) + DEPTHS + LEFTS;
        Self { vocabulary, operators, weights: vec![0.0; rows * productions] }
    }

    /// The weights, (rows, productions).
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// The weights, to be changed.
    pub fn weights_mut(&mut self) -> &mut [f32] {
        &mut self.weights
    }

    /// The vocabulary.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// A reward, and how it was written.
    pub fn sample(&self, dice: &mut Dice) -> (Reward, Sample) {
        self.write(|chances| dice.weighted(chances))
    }

    /// The reward of the likeliest token each time.
    pub fn mode(&self) -> Reward {
        let likeliest = |chances: &[f64]| {
            let better =
                |best: usize, at: usize| if chances[at] > chances[best] { at } else { best };
            (0..chances.len()).fold(0, better)
        };
        self.write(likeliest).0
    }

    fn write(&self, mut choose: impl FnMut(&[f64]) -> usize) -> (Reward, Sample) {
        let mut grammar = Grammar::new(&self.vocabulary);
        let mut next = Next::default();
        let mut sample = Sample { productions: Vec::new(), logs: Vec::new() };
        while !grammar.finished() {
            self.next(&grammar, &mut next);
            let production = choose(&next.chances);
            sample.productions.push(production as u16);
            sample.logs.push(next.chances[production].ln());
            if grammar.push(production).is_err() {
                debug_assert!(false, "what is illegal has no chance");
                break;
            }
        }
        (grammar.take().unwrap_or_else(Reward::outcome), sample)
    }

    /// Calls `visit` with the chances before each token of a sample, and the token.
    pub(super) fn replay(&self, sample: &Sample, mut visit: impl FnMut(usize, &Next, usize)) {
        let mut grammar = Grammar::new(&self.vocabulary);
        let mut next = Next::default();
        for (at, &production) in sample.productions.iter().enumerate() {
            self.next(&grammar, &mut next);
            visit(at, &next, usize::from(production));
            if grammar.push(usize::from(production)).is_err() {
                return;
            }
        }
    }

    fn next(&self, grammar: &Grammar<'_>, next: &mut Next) {
        let productions = self.vocabulary.productions().len();
        next.prior.resize(productions, 0.0);
        grammar.prior(&mut next.prior);
        let Some(context) = grammar.context() else { return };
        next.rows = self.rows(&context);
        let logit = |at: usize| {
            let learnt: f32 =
                next.rows.iter().map(|row| self.weights[row * productions + at]).sum();
            next.prior[at].ln() + f64::from(learnt)
        };
        next.chances.clear();
        next.chances.extend((0..productions).map(logit));
        let largest = next.chances.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut sum = 0.0;
        for chance in &mut next.chances {
            *chance = libm::exp(*chance - largest);
            sum += *chance;
        }
        next.chances.iter_mut().for_each(|chance| *chance /= sum);
    }

    fn rows(&self, context: &Context) -> [usize; 5] {
        let number = |operator| self.operators.iter().position(|o| *o == operator).unwrap_or(0);
        let parent = context.parent.map_or(0, |o| 1 + 2 * number(o) + context.operand);
        let production = |node| self.vocabulary.production(node).map_or(0, |at| at + 1);
        let sibling = context.sibling.map_or(0, production);
        let siblings = 1 + 2 * self.operators.len() + 1;
        let depths = siblings + self.vocabulary.productions().len() + 1;
        let lefts = depths + DEPTHS;
        [
            0,
            1 + parent,
            siblings + sibling,
            depths + context.depth.min(DEPTHS - 1),
            lefts + (context.remaining / 4).min(LEFTS - 1),
        ]
    }
}
