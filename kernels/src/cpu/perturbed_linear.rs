//! `y = x Wᵀ + b` for a block of members: the product that they share, and what each adds.

use super::forward::{Layer, Weights};
use super::{Input, Lanes, LayerNoise, Packed};
use crate::KernelError;

/// Arguments of the linear layer of a block.
///
/// `y[o][row][l] = Σᵢ W[o][i] x[i][row][l] + b[o] + s σ E_b[o][d] + s σ/√r Σₖ A[k][o][d] Σᵢ B[k][i][d] x[i][row][l]`
/// where lane `l` has sign s and direction d.
#[derive(Clone, Copy, Debug)]
pub struct PerturbedLinear<'a> {
    /// W, `(outputs, inputs)` row-major.
    pub weights: &'a [f32],
    /// The same W, packed; without it the layer packs its weights anew in each call.
    pub packed: Option<&'a Packed>,
    /// Rows of W.
    pub outputs: usize,
    /// Columns of W.
    pub inputs: usize,
    /// b, `(outputs,)`, with its (dense) noise.
    pub bias: Option<(&'a [f32], &'a LayerNoise)>,
    /// Noise of W.
    pub noise: &'a LayerNoise,
    /// The members.
    pub lanes: &'a Lanes,
    /// What goes in.
    pub x: Input<'a>,
    /// Inputs per member.
    pub rows: usize,
}

/// Runs the layer; `y` is `(outputs, rows, lanes)`.
pub(crate) fn perturbed_linear(
    call: &PerturbedLinear<'_>,
    y: &mut [f32],
) -> Result<(), KernelError> {
    let layer = Layer {
        op: "perturbed_linear",
        weights: Weights { plain: call.weights, packed: call.packed, transposed: false },
        outputs: call.outputs,
        inputs: call.inputs,
        bias: call.bias,
        noise: call.noise,
        lanes: call.lanes,
        x: call.x,
        rows: call.rows,
    };
    layer.run(y)
}
