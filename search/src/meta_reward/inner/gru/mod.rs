//! A policy that remembers: what it scores depends on the steps before.
//!
//! ```text
//! e(a) = W φ(s, a) + b                              of listed actions: φ the features of an action
//! hₜ = cell([mean over legal a of e(a), e(aₜ₋₁)], hₜ₋₁)      h₀ = 0, e(a₀) = 0
//! score(a) = v · tanh(e(a) + U hₜ)
//!
//! e = W o + b                                       of continuous actions: o what is observed
//! hₜ = cell([e, aₜ₋₁], hₜ₋₁)                         aₜ₋₁ clipped to [-1, 1], as the world clips it
//! mean = V tanh(e + U hₜ) + d
//! ```
//!
//! So the state of the cell has seen what was possible, and what was done, at every step so far. The gradient goes back through all steps
//! of an episode, and is exact. Weights, one behind the other, with H = hidden: W (inputs, H), b (H,); A (X, 3H), c (3H,) and B (H, 3H) of
//! the cell, X = 2H or H + dimension; U (H, H); then v (H,), or V (H, dimension), d (dimension,) and a log-deviation for each number.

mod cell;
mod gradient;

use std::ops::Range;

use hatchery_engine::ParamSpec;
use hatchery_engine::world::{Controls, Features};

pub(super) use self::gradient::Back;

use self::cell::{Cell, Record};
use super::vectors::{add_product, add_sparse_product, bend};

/// A recurrent policy without its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recurrent {
    /// What is decided.
    pub controls: Controls,
    /// Width of the state and of all layers.
    pub hidden: usize,
}

/// What a policy remembers of an episode, and what the gradient has to know of it. One without a memory of its own keeps its units here.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    record: Record,
    /// e of what was done last, or its numbers: the second half of x.
    previous: Vec<f32>,
    /// e of the rows of the step at hand, (rows, hidden).
    embedded: Vec<f32>,
    /// U h of the step at hand, (hidden,).
    from_state: Vec<f32>,
    /// tanh(e + U h) of all rows of all steps, (rows, hidden), or of the steps; of a perceptron both layers of each step, (steps, 2 hidden).
    pub(super) units: Vec<f32>,
}

/// Where the parts of the weights lie.
struct Places {
    embedding: Range<usize>,
    inputs: Range<usize>,
    states: Range<usize>,
    /// U.
    from_state: Range<usize>,
    /// v, or V and d.
    output: Range<usize>,
}

impl Recurrent {
    /// Numbers of φ or o.
    fn inputs(&self) -> usize {
        match self.controls {
            Controls::Listed { features } => features,
            Controls::Continuous { observations, .. } => observations,
        }
    }

    /// Numbers of an action; none of a listed one.
    fn dimension(&self) -> usize {
        match self.controls {
            Controls::Listed { .. } => 0,
            Controls::Continuous { dimension, .. } => dimension,
        }
    }

    /// Numbers of what was done last.
    fn previous(&self) -> usize {
        match self.controls {
            Controls::Listed { .. } => self.hidden,
            Controls::Continuous { dimension, .. } => dimension,
        }
    }

    fn places(&self) -> Places {
        let h = self.hidden;
        let output = match self.dimension() {
            0 => h,
            dimension => (h + 1) * dimension,
        };
        let mut end = 0;
        let mut next = |length: usize| {
            end += length;
            end - length..end
        };
        Places {
            embedding: next((self.inputs() + 1) * h),
            inputs: next((h + self.previous() + 1) * 3 * h),
            states: next(3 * h * h),
            from_state: next(h * h),
            output: next(output),
        }
    }

    /// Number of weights.
    pub fn weights(&self) -> usize {
        self.places().output.end + self.dimension()
    }

    /// Parts of the weights that are drawn at first, with the number of their inputs and a scale.
    pub(super) fn drawn(&self) -> [(Range<usize>, usize, f64); 5] {
        let (h, dimension) = (self.hidden, self.dimension());
        let Places { embedding, inputs, states, from_state, output } = self.places();
        let entries = self.inputs() * h;
        // A row of features has few that are not zero, of size 1.
        let of_row = if dimension == 0 { 4 } else { self.inputs() };
        let last = output.start + h * dimension.max(1);
        [
            (embedding.start..entries, of_row, 1.0),
            (inputs.start..inputs.end - 3 * h, h + self.previous(), 1.0),
            (states, h, 1.0),
            (from_state, h, 1.0),
            (output.start..last, h, 0.1),
        ]
    }

    /// Names and shapes of the parts, in their order.
    pub(super) fn specs(&self) -> Vec<ParamSpec> {
        let (h, dimension) = (self.hidden, self.dimension());
        let mut specs = vec![
            ParamSpec::embedding("embedding.weight", self.inputs(), h),
            ParamSpec::vector("embedding.bias", h),
            ParamSpec::embedding("cell.inputs", h + self.previous(), 3 * h),
            ParamSpec::vector("cell.bias", 3 * h),
            ParamSpec::embedding("cell.states", h, 3 * h),
            ParamSpec::embedding("state", h, h),
        ];
        if dimension == 0 {
            specs.push(ParamSpec::vector("output.weight", h));
        } else {
            specs.push(ParamSpec::embedding("output.weight", h, dimension));
            specs.push(ParamSpec::vector("output.bias", dimension));
            specs.push(ParamSpec::vector("log_deviation", dimension));
        }
        specs
    }

    /// Forgets everything: an episode begins.
    pub(super) fn begin(&self, memory: &mut Memory) {
        memory.record.clear(self.hidden);
        memory.units.clear();
        memory.previous.clear();
        memory.previous.resize(self.previous(), 0.0);
    }

    /// One step with listed actions: appends the scores of the rows.
    pub(super) fn scores(
        &self,
        theta: &[f32],
        features: &Features,
        rows: Range<usize>,
        memory: &mut Memory,
        scores: &mut Vec<f32>,
    ) {
        let (h, places) = (self.hidden, self.places());
        let (table, bias) = theta[places.embedding.clone()].split_at(self.inputs() * h);
        memory.embedded.clear();
        let share = 1.0 / rows.len() as f32;
        let from = memory.record.inputs.len();
        memory.record.inputs.resize(from + h, 0.0);
        let mean = &mut memory.record.inputs[from..];
        for (number, row) in rows.enumerate() {
            memory.embedded.extend_from_slice(bias);
            let embedded = &mut memory.embedded[number * h..];
            add_sparse_product(table, features.row(row), embedded);
            mean.iter_mut().zip(embedded.iter()).for_each(|(mean, e)| *mean += share * e);
        }
        self.look(theta, &places, memory);
        let v = &theta[places.output];
        let units = &memory.units[memory.units.len() - memory.embedded.len()..];
        scores.extend(
            units.chunks_exact(h).map(|row| row.iter().zip(v).map(|(u, v)| u * v).sum::<f32>()),
        );
    }

    /// The row of the step at hand that was chosen.
    pub(super) fn remember_row(&self, number: usize, memory: &mut Memory) {
        let chosen = &memory.embedded[number * self.hidden..][..self.hidden];
        memory.previous.copy_from_slice(chosen);
    }

    /// One step with continuous actions: writes the mean.
    pub(super) fn mean(
        &self,
        theta: &[f32],
        observation: &[f32],
        memory: &mut Memory,
        mean: &mut Vec<f32>,
    ) {
        let (h, places) = (self.hidden, self.places());
        let (weights, bias) = theta[places.embedding.clone()].split_at(self.inputs() * h);
        memory.embedded.clear();
        memory.embedded.extend_from_slice(bias);
        add_product(weights, observation, &mut memory.embedded);
        memory.record.inputs.extend_from_slice(&memory.embedded);
        self.look(theta, &places, memory);
        let (weights, bias) = theta[places.output].split_at(h * self.dimension());
        mean.clear();
        mean.extend_from_slice(bias);
        add_product(weights, &memory.units[memory.units.len() - h..], mean);
    }

    /// The numbers that were done.
    pub(super) fn remember_numbers(&self, numbers: &[f32], memory: &mut Memory) {
        let clipped = numbers.iter().map(|number| number.clamp(-1.0, 1.0));
        memory.previous.iter_mut().zip(clipped).for_each(|(previous, number)| *previous = number);
    }

    /// The step of the cell, whose x lacks what was done last, and the units of all that is embedded.
    fn look(&self, theta: &[f32], places: &Places, memory: &mut Memory) {
        let h = self.hidden;
        memory.record.inputs.extend_from_slice(&memory.previous);
        self.cell(theta, places).step(&mut memory.record);
        let state = &memory.record.states[memory.record.states.len() - h..];
        memory.from_state.clear();
        memory.from_state.resize(h, 0.0);
        add_product(&theta[places.from_state.clone()], state, &mut memory.from_state);
        let from = memory.units.len();
        memory.units.extend_from_slice(&memory.embedded);
        let units = &mut memory.units[from..];
        for row in units.chunks_exact_mut(h) {
            row.iter_mut().zip(&memory.from_state).for_each(|(sum, by)| *sum += by);
        }
        bend(units);
    }

    fn cell<'a>(&self, theta: &'a [f32], places: &Places) -> Cell<'a> {
        Cell {
            inputs: &theta[places.inputs.clone()],
            states: &theta[places.states.clone()],
            hidden: self.hidden,
        }
    }
}
