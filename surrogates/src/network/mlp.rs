//! A multilayer perceptron with exact gradients in its weights and in its inputs.
//!
//! hₗ = φ(hₗ₋₁ Wₗ + bₗ)      y = h_L W + b
//!
//! | symbol | code | shape |
//! |---|---|---|
//! | h₀ | `x` | (rows, inputs) |
//! | Wₗ, bₗ | parts of `weights`, one after the other | (ins, outs), (outs,) |
//! | y | what [`Mlp::forward`] returns | (rows, outputs) |
//!
//! All weights are one flat slice, so that an optimizer, a perturbation or a norm is a loop.

use std::ops::Range;

use super::{Activation, Real};
use crate::Draws;

/// The shape of a perceptron.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mlp {
    /// Numbers that go in.
    pub inputs: usize,
    /// Units of each hidden layer.
    pub hidden: Vec<usize>,
    /// Numbers that come out.
    pub outputs: usize,
    /// What hidden units do.
    pub activation: Activation,
}

/// Where a layer lies in the weights.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) ins: usize,
    pub(super) outs: usize,
    pub(super) weight: Range<usize>,
    pub(super) bias: Range<usize>,
}

impl Mlp {
    /// Number of weights and biases.
    pub fn weights(&self) -> usize {
        self.layers().last().map_or(0, |layer| layer.bias.end)
    }

    /// Where the bias of the outputs lies.
    pub fn output_bias(&self) -> Range<usize> {
        self.weights() - self.outputs..self.weights()
    }

    pub(super) fn layers(&self) -> Vec<Layer> {
        let widths = [&[self.inputs], self.hidden.as_slice(), &[self.outputs]].concat();
        let mut from = 0;
        widths
            .windows(2)
            .map(|pair| {
                let (ins, outs) = (pair[0], pair[1]);
                let weight = from..from + ins * outs;
                let bias = weight.end..weight.end + outs;
                from = bias.end;
                Layer { ins, outs, weight, bias }
            })
            .collect()
    }

    /// First weights: Glorot's uniform ones, between ±√(6/(ins + outs)); biases 0.
    pub fn first_weights<T: Real>(&self, draws: &mut Draws) -> Vec<T> {
        let mut weights = vec![T::default(); self.weights()];
        for layer in self.layers() {
            let limit = (6.0 / (layer.ins + layer.outs) as f64).sqrt();
            for w in &mut weights[layer.weight] {
                *w = T::of(limit * (2.0 * draws.uniform() - 1.0));
            }
        }
        weights
    }

    pub(super) fn rows<T>(&self, x: &[T]) -> usize {
        assert_eq!(x.len() % self.inputs, 0, "inputs are whole rows");
        x.len() / self.inputs
    }
}
