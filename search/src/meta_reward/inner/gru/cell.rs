//! One step of a gated recurrent unit, forth and back.
//!
//! ```text
//! (z, r) = σ(A x + B h + c)      n = tanh(A x + c + r ∘ (B h))      h' = (1 − z) ∘ n + z ∘ h
//! ```
//!
//! each with its own third of the columns of A (inputs, 3 hidden), B (hidden, 3 hidden) and c (3 hidden,), in the order z, r, n.
//!
//! Source: Cho et al., *Learning Phrase Representations using RNN Encoder-Decoder* (2014), arXiv:1406.1078, section 2.3. Departure: r
//! comes after the product with h, so that one product serves all three gates.

use super::super::vectors::{add_product, add_slopes, bend, squash};

/// What the gradient has to know of the steps, one behind the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    /// x, (steps, inputs).
    pub(super) inputs: Vec<f32>,
    /// h before the first step and after each, (steps + 1, hidden).
    pub(super) states: Vec<f32>,
    /// z, r, n, (steps, 3 hidden).
    gates: Vec<f32>,
    /// B h of the gate n, (steps, hidden).
    proposals: Vec<f32>,
    /// B h of the step at hand, (3 hidden,).
    sums: Vec<f32>,
}

/// The weights of a cell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell<'a> {
    /// A, then c.
    pub(super) inputs: &'a [f32],
    /// B.
    pub(super) states: &'a [f32],
    pub(super) hidden: usize,
}

/// Slopes of the weights of a cell, and buffers.
#[derive(Debug)]
pub(super) struct Slopes<'a> {
    pub(super) inputs: &'a mut [f32],
    pub(super) states: &'a mut [f32],
    /// By the sums of A x + c and of B h, (3 hidden,) each.
    pub(super) by_sums: &'a mut [Vec<f32>; 2],
}

impl Record {
    /// Before the first step h is 0.
    pub(super) fn clear(&mut self, hidden: usize) {
        for list in [&mut self.inputs, &mut self.states, &mut self.gates, &mut self.proposals] {
            list.clear();
        }
        self.states.resize(hidden, 0.0);
    }
}

impl Cell<'_> {
    /// One step more; its x is already the last of the inputs.
    pub(super) fn step(&self, record: &mut Record) {
        let Self { inputs, states, hidden } = *self;
        let width = 3 * hidden;
        let (a, c) = inputs.split_at(inputs.len() - width);
        let before = record.states.len() - hidden;
        let x = &record.inputs[record.inputs.len() - a.len() / width..];
        let from = record.gates.len();
        record.gates.extend_from_slice(c);
        let gates = &mut record.gates[from..];
        add_product(a, x, gates);
        let by_state = &mut record.sums;
        by_state.clear();
        by_state.resize(width, 0.0);
        add_product(states, &record.states[before..], by_state);
        let (zr, n) = gates.split_at_mut(2 * hidden);
        let (zr_by, n_by) = by_state.split_at(2 * hidden);
        zr.iter_mut().zip(zr_by).for_each(|(sum, by)| *sum += by);
        squash(zr);
        let (z, r) = zr.split_at(hidden);
        n.iter_mut().zip(r).zip(n_by).for_each(|((sum, r), by)| *sum += r * by);
        bend(n);
        record.proposals.extend_from_slice(n_by);
        for at in 0..hidden {
            let h = record.states[before + at];
            record.states.push((1.0 - z[at]) * n[at] + z[at] * h);
        }
    }

    /// Back through step `step`: adds to the slopes of the weights, writes those of x, and turns the slopes of h' in `by_state` into those of h.
    pub(super) fn back(
        &self,
        record: &Record,
        step: usize,
        by_state: &mut [f32],
        by_x: &mut [f32],
        slopes: Slopes<'_>,
    ) {
        let Self { inputs, states, hidden } = *self;
        let width = 3 * hidden;
        let (a, _) = inputs.split_at(inputs.len() - width);
        let x = &record.inputs[step * by_x.len()..][..by_x.len()];
        let h = &record.states[step * hidden..][..hidden];
        let gates = &record.gates[step * width..][..width];
        let proposals = &record.proposals[step * hidden..][..hidden];
        let [by_a, by_b] = slopes.by_sums;
        by_a.resize(width, 0.0);
        by_b.resize(width, 0.0);
        for at in 0..hidden {
            let (z, r, n) = (gates[at], gates[hidden + at], gates[2 * hidden + at]);
            let by_n = by_state[at] * (1.0 - z) * (1.0 - n * n);
            by_a[at] = by_state[at] * (h[at] - n) * z * (1.0 - z);
            by_a[hidden + at] = by_n * proposals[at] * r * (1.0 - r);
            by_a[2 * hidden + at] = by_n;
            by_b[at] = by_a[at];
            by_b[hidden + at] = by_a[hidden + at];
            by_b[2 * hidden + at] = by_n * r;
            by_state[at] *= z;
        }
        let (by_weights, by_bias) = slopes.inputs.split_at_mut(a.len());
        by_bias.iter_mut().zip(by_a.iter()).for_each(|(sum, slope)| *sum += slope);
        by_x.fill(0.0);
        add_slopes(a, x, by_a, by_weights, by_x);
        add_slopes(states, h, by_b, slopes.states, by_state);
    }
}
