//! The update contraction: `Σ_d w_d E_d` of one tensor, with the noise drawn again.
//!
//! Every entry of the result is one chain of sums in the order of the directions, wherever and however it is cut into
//! pieces. The bits therefore depend neither on the number of threads nor on any block size.

mod dense;
mod low_rank;

use super::layer_noise::Kind;
use super::{LayerNoise, Perturbation, Precision, TensorNoise};
use crate::KernelError;

/// Arguments of the update contraction of one tensor.
#[derive(Clone, Copy, Debug)]
pub struct GradientCall<'a> {
    /// The noise that the tensor had.
    pub noise: TensorNoise,
    /// Whether `sign(A) sign(B)ᵀ/√r` stands for `A Bᵀ/√r`; only for low-rank noise.
    pub signs: bool,
    /// In what the products of low-rank factors are made.
    pub precision: Precision,
    /// One weight per direction, from direction 0.
    pub weights: &'a [f32],
}

/// Adds `Σ_d w_d E_d` to `out`, `(rows, cols)` row-major; E is without σ.
pub(crate) fn gradient(call: &GradientCall<'_>, out: &mut [f32]) -> Result<(), KernelError> {
    let noise = &call.noise;
    KernelError::check_len("gradient", "out", noise.rows * noise.cols, out.len())?;
    if out.is_empty() {
        return Ok(());
    }
    match noise.perturbation {
        Perturbation::None => {}
        Perturbation::LowRank { rank } => low_rank::add(call, rank as usize, out),
        Perturbation::Dense => dense::add(call, out),
        Perturbation::Sparse => add_sparse(call, out),
    }
    Ok(())
}

/// Directions whose sparse noise is drawn at a time.
const SPARSE_DIRECTIONS: usize = 64;

fn add_sparse(call: &GradientCall<'_>, out: &mut [f32]) {
    let mut noise = LayerNoise::default();
    for (block, weights) in call.weights.chunks(SPARSE_DIRECTIONS).enumerate() {
        let first = (block * SPARSE_DIRECTIONS) as u32;
        noise.draw(&call.noise, first..first + weights.len() as u32);
        let Kind::Sparse { entries } = noise.kind else { return };
        for (d, weight) in weights.iter().enumerate() {
            for entry in 0..entries {
                let at = entry * weights.len() + d;
                out[noise.places()[at] as usize] += weight * noise.values()[at];
            }
        }
    }
}
