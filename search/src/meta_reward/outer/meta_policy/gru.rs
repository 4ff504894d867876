//! A recurrent network over the grammar.
//!
//! ```text
//! x = [E₁[parent, operand], E₂[left sibling], E₃[last token], depth, open operands, nodes left, whether the outcome occurs]
//! learnt = V h' + c      h' of the cell, from x and the h of the token before
//! ```
//!
//! V and c begin at 0, so that the untrained policy is the prior; the rest begins at random, as it must.
//! Source: the policy `gru` of the specification.

mod cell;

use hatchery_kernels::Dice;

use self::cell::{Cell, Layout};
use super::tree::{parent, productions};
use super::writer::{Chances, Writer};
use crate::meta_reward::expression::{Context, Grammar, Operator, Reward, Vocabulary};

/// Purpose of its dice.
const GRU: u32 = 0x4752_5520;
/// Numbers of an embedding, and of the state.
const EMBEDDING: usize = 16;
const HIDDEN: usize = 32;
const INPUTS: usize = 3 * EMBEDDING + 4;

/// A distribution over trees with a memory of what was written.
#[derive(Clone, Debug)]
pub struct Gru {
    vocabulary: Vocabulary,
    nodes_max: usize,
    operators: Vec<Operator>,
    /// E₁, E₂, E₃, the cell, V, c.
    weights: Vec<f32>,
}

/// The grammar, and h.
#[derive(Clone, Debug)]
pub(super) struct Draft<'a> {
    grammar: Grammar<'a>,
    state: [f64; HIDDEN],
}

/// What the gradient has to know of a token.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    /// Where in the weights the embeddings begin.
    embeddings: [usize; 3],
    cell: Cell<INPUTS, HIDDEN>,
}

impl Gru {
    /// The prior of a vocabulary over trees of at most so many nodes.
    pub fn new(vocabulary: Vocabulary, nodes_max: usize, seed: u64) -> Self {
        let operators = vocabulary.operators().list().to_vec();
        let mut gru = Self { vocabulary, nodes_max, operators, weights: Vec::new() };
        let mut dice = Dice::new(seed, 0, GRU);
        let mut uniform = |bound: f64| (bound * (2.0 * dice.unit() - 1.0)) as f32;
        let bound = 1.0 / (HIDDEN as f64).sqrt();
        gru.weights.extend((0..gru.cell_at()).map(|_| uniform(1.0)));
        gru.weights.extend((gru.cell_at()..gru.output_at()).map(|_| uniform(bound)));
        let outputs = gru.width() * (HIDDEN + 1);
        gru.weights.resize(gru.output_at() + outputs, 0.0);
        gru
    }

    /// The weights: embeddings (rows, 16), the cell, the outputs (productions, 32) and (productions,).
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

    fn width(&self) -> usize {
        self.vocabulary.productions().len()
    }

    fn parents(&self) -> usize {
        2 * self.operators.len() + 1
    }

    /// Where the cell's weights begin.
    fn cell_at(&self) -> usize {
        EMBEDDING * (self.parents() + 2 * (self.width() + 1))
    }

    fn output_at(&self) -> usize {
        self.cell_at() + Layout::<INPUTS, HIDDEN>::WEIGHTS
    }

    fn embeddings(&self, context: &Context) -> [usize; 3] {
        let number = |node| self.vocabulary.production(node).map_or(0, |at| at + 1);
        let (siblings, lasts) = (self.parents(), self.parents() + self.width() + 1);
        [
            parent(&self.operators, context),
            siblings + context.sibling.map_or(0, number),
            lasts + context.last.map_or(0, number),
        ]
        .map(|row| EMBEDDING * row)
    }

    fn inputs(&self, context: &Context, embeddings: [usize; 3]) -> [f64; INPUTS] {
        let mut inputs = [0.0; INPUTS];
        for (part, at) in inputs.chunks_mut(EMBEDDING).zip(embeddings) {
            let row = &self.weights[at..at + EMBEDDING];
            part.iter_mut().zip(row).for_each(|(input, &weight)| *input = f64::from(weight));
        }
        let limits = self.vocabulary.limits();
        inputs[3 * EMBEDDING..].copy_from_slice(&[
            context.depth as f64 / limits.depth as f64,
            context.open as f64 / 4.0,
            context.remaining as f64 / limits.nodes as f64,
            f64::from(u8::from(context.outcome)),
        ]);
        inputs
    }
}

impl Writer for Gru {
    type Draft<'a> = Draft<'a>;
    type Memory = Memory;

    fn begin(&self) -> Draft<'_> {
        Draft { grammar: Grammar::new(&self.vocabulary), state: [0.0; HIDDEN] }
    }

    fn next(&self, draft: &mut Draft<'_>, chances: &mut Chances) -> Option<Memory> {
        let context = draft.grammar.context()?;
        let embeddings = self.embeddings(&context);
        let weights = &self.weights[self.cell_at()..self.output_at()];
        let cell = Cell::forward(weights, self.inputs(&context, embeddings), draft.state);
        draft.state = cell.state();
        chances.prior.resize(self.width(), 0.0);
        draft.grammar.weights(self.nodes_max, &mut chances.prior);
        let (outputs, biases) = self.weights[self.output_at()..].split_at(HIDDEN * self.width());
        chances.set(|at| {
            let row = &outputs[HIDDEN * at..][..HIDDEN];
            let products = row.iter().zip(&draft.state).map(|(&weight, h)| f64::from(weight) * h);
            f64::from(biases[at]) + products.sum::<f64>()
        });
        Some(Memory { embeddings, cell })
    }

    fn push(&self, draft: &mut Draft<'_>, token: usize) {
        let pushed = draft.grammar.push(token);
        debug_assert!(pushed.is_ok(), "what is illegal has no chance");
    }

    fn finish(&self, mut draft: Draft<'_>) -> Option<Reward> {
        draft.grammar.take()
    }

    fn tokens(&self, reward: &Reward) -> Option<Vec<u16>> {
        productions(&self.vocabulary, reward)
    }

    /// Back through the tokens, the last first.
    fn pull(&self, memories: &[Memory], slopes: &[f64], gradient: &mut [f32]) {
        let (width, cell_at, output_at) = (self.width(), self.cell_at(), self.output_at());
        let outputs = &self.weights[output_at..];
        let mut by_state = [0.0; HIDDEN];
        for (memory, slopes) in memories.iter().zip(slopes.chunks(width)).rev() {
            let state = memory.cell.state();
            for (at, &slope) in slopes.iter().enumerate().filter(|(_, slope)| **slope != 0.0) {
                let row = HIDDEN * at..HIDDEN * (at + 1);
                for (by, &weight) in by_state.iter_mut().zip(&outputs[row.clone()]) {
                    *by += slope * f64::from(weight);
                }
                let by_row = &mut gradient[output_at..][row];
                by_row.iter_mut().zip(&state).for_each(|(by, h)| *by += (slope * h) as f32);
                gradient[output_at + HIDDEN * width + at] += slope as f32;
            }
            let (before, by_cell) = gradient[..output_at].split_at_mut(cell_at);
            let weights = &self.weights[cell_at..output_at];
            let (by_inputs, by_before) = memory.cell.backward(weights, by_state, by_cell);
            by_state = by_before;
            for (part, at) in by_inputs.chunks(EMBEDDING).zip(memory.embeddings) {
                let row = &mut before[at..at + EMBEDDING];
                row.iter_mut().zip(part).for_each(|(by, &slope)| *by += slope as f32);
            }
        }
    }
}
