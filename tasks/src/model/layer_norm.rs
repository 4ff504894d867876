//! Layer norm with a weight and a bias that every member perturbs for itself.

use hatchery_kernels::{Backend, KernelError};

use super::MemberBlock;
use super::activation::normalise;

/// `x ← w ⊙ (x − mean)/√(variance + ε) + b` for every column of `x`, shape `(features, rows, lanes)`.
///
/// `weight` and `bias` are positions in the layout, vectors of `features` values.
///
/// # Errors
/// [`KernelError::ShapeMismatch`] if they have another length.
pub fn apply(
    block: &MemberBlock<'_>,
    weight: usize,
    bias: usize,
    rows: usize,
    backend: &Backend,
    x: &mut [f32],
) -> Result<(), KernelError> {
    let lanes = block.lanes().len();
    normalise(x, rows * lanes);
    let mut w = vec![0.0; x.len() / rows.max(1)];
    let mut b = w.clone();
    block.vector(weight, backend, &mut w)?;
    block.vector(bias, backend, &mut b)?;
    let per_feature = x.chunks_exact_mut(rows * lanes);
    for ((feature, w), b) in per_feature.zip(w.chunks_exact(lanes)).zip(b.chunks_exact(lanes)) {
        for row in feature.chunks_exact_mut(lanes) {
            for ((x, w), b) in row.iter_mut().zip(w).zip(b) {
                *x = *x * w + b;
            }
        }
    }
    Ok(())
}
