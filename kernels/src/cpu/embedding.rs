//! Rows of a table for a block of members.

use super::layer_noise::Kind;
use super::{Lanes, LayerNoise};
use crate::KernelError;

/// Arguments of the embedding lookup of a block.
///
/// `y[j][row][l] = W[t][j] + s σ/√r Σₖ A[k][t][d] B[k][j][d]` with `t = indices[row][l]`.
#[derive(Clone, Copy, Debug)]
pub struct EmbeddingCall<'a> {
    /// W, `(entries, width)` row-major.
    pub table: &'a [f32],
    /// Rows of the table.
    pub entries: usize,
    /// Columns of the table.
    pub width: usize,
    /// Noise of the table.
    pub noise: &'a LayerNoise,
    /// The members.
    pub lanes: &'a Lanes,
    /// Which row, `(rows, lanes)`; each below `entries`.
    pub indices: &'a [u32],
    /// Lookups per member.
    pub rows: usize,
}

/// Looks the rows up; `y` is `(width, rows, lanes)`.
pub(crate) fn embedding(call: &EmbeddingCall<'_>, y: &mut [f32]) -> Result<(), KernelError> {
    const OP: &str = "embedding";
    let (lanes, directions) = (call.lanes.len(), call.lanes.directions);
    let columns = call.rows * lanes;
    KernelError::check_len(OP, "table", call.entries * call.width, call.table.len())?;
    KernelError::check_len(OP, "indices", columns, call.indices.len())?;
    KernelError::check_len(OP, "y", call.width * columns, y.len())?;
    call.lanes.check(OP)?;
    call.noise.check(OP, directions, (call.entries, call.width))?;
    if let Some(&index) = call.indices.iter().find(|&&index| index as usize >= call.entries) {
        let (expected, got) = (call.entries, index as usize + 1);
        return Err(KernelError::ShapeMismatch {
            op: OP,
            what: "table up to an index",
            expected,
            got,
        });
    }
    for (j, out) in y.chunks_exact_mut(columns).enumerate() {
        for (column, (value, &index)) in out.iter_mut().zip(call.indices).enumerate() {
            let index = index as usize;
            *value = call.table[index * call.width + j];
            let lane = column % lanes;
            let d = lane % directions;
            let scale = call.lanes.signs[lane] * call.lanes.sigma;
            match call.noise.kind {
                Kind::None => {}
                Kind::LowRank { rank } => {
                    let mut sum = 0.0_f32;
                    for k in 0..rank {
                        let a = call.noise.a(rank, k)[index * directions + d];
                        sum = a.mul_add(call.noise.b(k)[j * directions + d], sum);
                    }
                    *value = (scale / (rank as f32).sqrt()).mul_add(sum, *value);
                }
                Kind::Dense => {
                    let e = call.noise.values()[(index * call.width + j) * directions + d];
                    *value = scale.mul_add(e, *value);
                }
                Kind::Sparse { entries } => {
                    for entry in 0..entries {
                        let at = entry * directions + d;
                        if call.noise.places()[at] as usize == index * call.width + j {
                            *value = scale.mul_add(call.noise.values()[at], *value);
                        }
                    }
                }
            }
        }
    }
    Ok(())
}
