//! `y = x W` for a block of members, with W stored `(inputs, outputs)`.

use super::forward::{Layer, Weights};
use super::{Input, Lanes, LayerNoise, Packed};
use crate::KernelError;

/// Arguments of the transposed linear layer of a block.
///
/// `y[o][row][l] = Σᵢ W[i][o] x[i][row][l] + s σ/√r Σₖ B[k][o][d] Σᵢ A[k][i][d] x[i][row][l]`: the noise is that of the
/// stored matrix.
#[derive(Clone, Copy, Debug)]
pub struct TransposedLinear<'a> {
    /// W, `(inputs, outputs)` row-major.
    pub weights: &'a [f32],
    /// The same W, packed as transposed; without it the layer packs its weights anew in each call.
    pub packed: Option<&'a Packed>,
    /// Rows of W.
    pub inputs: usize,
    /// Columns of W.
    pub outputs: usize,
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
pub(crate) fn transposed_linear(
    call: &TransposedLinear<'_>,
    y: &mut [f32],
) -> Result<(), KernelError> {
    let layer = Layer {
        op: "transposed_linear",
        weights: Weights { plain: call.weights, packed: call.packed, transposed: true },
        outputs: call.outputs,
        inputs: call.inputs,
        bias: None,
        noise: call.noise,
        lanes: call.lanes,
        x: call.x,
        rows: call.rows,
    };
    layer.run(y)
}
