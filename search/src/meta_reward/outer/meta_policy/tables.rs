//! Logits that are sums of rows of a table.

use super::writer::Chances;

/// Weights (rows, width), all 0 at first.
#[derive(Clone, Debug)]
pub(super) struct Tables {
    pub(super) weights: Vec<f32>,
    width: usize,
}

impl Tables {
    pub(super) fn new(rows: usize, width: usize) -> Self {
        Self { weights: vec![0.0; rows * width], width }
    }

    /// Sets the chances of the policy, those of the prior being set.
    pub(super) fn set(&self, rows: &[usize], chances: &mut Chances) {
        chances.set(|at| {
            let learnt: f32 = rows.iter().map(|row| self.weights[row * self.width + at]).sum();
            f64::from(learnt)
        });
    }

    /// See `Writer::pull`; `rows` made the logits of one token.
    pub(super) fn pull(&self, rows: &[usize], slopes: &[f64], gradient: &mut [f32]) {
        for row in rows {
            let row = &mut gradient[row * self.width..][..self.width];
            row.iter_mut().zip(slopes).for_each(|(weight, &slope)| *weight += slope as f32);
        }
    }
}
