//! Each member's own copy of a vector.

use super::layer_noise::Kind;
use super::{Lanes, LayerNoise};
use crate::KernelError;

/// Arguments of a vector of a block: `y[e][l] = p[e] + s σ E[e][d]`.
#[derive(Clone, Copy, Debug)]
pub struct VectorCall<'a> {
    /// p, the centre's values.
    pub values: &'a [f32],
    /// Its noise, dense or none.
    pub noise: &'a LayerNoise,
    /// The members.
    pub lanes: &'a Lanes,
}

/// Writes the vectors; `y` is `(elements, lanes)`.
pub(crate) fn vector(call: &VectorCall<'_>, y: &mut [f32]) -> Result<(), KernelError> {
    const OP: &str = "vector";
    let (lanes, directions) = (call.lanes.len(), call.lanes.directions);
    KernelError::check_len(OP, "y", call.values.len() * lanes, y.len())?;
    call.lanes.check(OP)?;
    call.noise.check(OP, directions, (call.values.len(), 1))?;
    for (element, (out, &p)) in y.chunks_exact_mut(lanes).zip(call.values).enumerate() {
        out.fill(p);
        if call.noise.kind == Kind::Dense {
            let noise = &call.noise.values()[element * directions..][..directions];
            let signs = call.lanes.signs.chunks_exact(directions);
            for (out, signs) in out.chunks_exact_mut(directions).zip(signs) {
                for ((value, sign), e) in out.iter_mut().zip(signs).zip(noise) {
                    *value = (sign * call.lanes.sigma).mul_add(*e, *value);
                }
            }
        }
    }
    Ok(())
}
