//! The update contraction: `Σ_d w_d E_d` of one tensor, with the noise drawn again.
//!
//! Directions are cut into chunks whose size depends on the tensor's shape alone. Each chunk draws its noise, folds the
//! weights into one factor and contracts; partial sums are added in chunk order. The bits therefore do not depend
//! on the number of threads.

use rayon::prelude::*;

use super::layer_noise::Kind;
use super::product::{Matrix, WEIGHTS_MAX_TILED, product};
use super::{LayerNoise, Perturbation};
use crate::simd::{Kernel, dispatch};
use crate::{KernelError, NoiseStream};

/// Which noise a tensor had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GradientKind {
    /// `A Bᵀ/√rank`, or `sign(A) sign(B)ᵀ/√rank`.
    LowRank {
        /// Columns of A and B.
        rank: u32,
        /// Whether the signs of the factors are used instead of the factors.
        signs: bool,
    },
    /// Every entry.
    Dense,
    /// Entries at random places.
    Sparse,
}

/// Arguments of the update contraction of one tensor.
#[derive(Clone, Copy, Debug)]
pub struct GradientCall<'a> {
    /// Which noise.
    pub kind: GradientKind,
    /// The stream it was drawn from.
    pub stream: NoiseStream,
    /// Generation word of its addresses.
    pub generation: u32,
    /// Layer word of its addresses.
    pub layer: u32,
    /// Rows of the tensor.
    pub outputs: usize,
    /// Columns of the tensor.
    pub inputs: usize,
    /// One weight per direction, from direction 0.
    pub weights: &'a [f32],
}

/// Adds `Σ_d w_d E_d` to `out`, `(outputs, inputs)` row-major; E is without σ.
pub(crate) fn gradient(call: &GradientCall<'_>, out: &mut [f32]) -> Result<(), KernelError> {
    KernelError::check_len("gradient", "out", call.outputs * call.inputs, out.len())?;
    let chunk = call.directions_per_chunk();
    let chunks: Vec<usize> = (0..call.weights.len()).step_by(chunk).collect();
    for wave in chunks.chunks(rayon::current_num_threads().max(1)) {
        let partials: Vec<Vec<f32>> = wave
            .par_iter()
            .map(|&first| {
                let mut partial = vec![0.0; call.outputs * call.inputs];
                call.add_chunk(first, (first + chunk).min(call.weights.len()), &mut partial);
                partial
            })
            .collect();
        for partial in partials {
            out.iter_mut().zip(&partial).for_each(|(sum, value)| *sum += value);
        }
    }
    Ok(())
}

/// Values of noise that a chunk draws, at most about: one megabyte.
const CHUNK_VALUES: usize = 1 << 18;

impl GradientCall<'_> {
    fn directions_per_chunk(&self) -> usize {
        let per_direction = match self.kind {
            GradientKind::LowRank { rank, .. } => rank as usize * (self.outputs + self.inputs),
            GradientKind::Dense => self.outputs * self.inputs,
            GradientKind::Sparse => 2 * self.outputs.max(self.inputs),
        };
        (CHUNK_VALUES / per_direction.max(1)).clamp(1, 256)
    }

    fn add_chunk(&self, first: usize, end: usize, out: &mut [f32]) {
        let weights = &self.weights[first..end];
        if weights.iter().all(|w| *w == 0.0) {
            return;
        }
        let mut noise = LayerNoise::default();
        let kind = match self.kind {
            GradientKind::LowRank { rank, .. } => Perturbation::LowRank { rank },
            GradientKind::Dense => Perturbation::Dense,
            GradientKind::Sparse => Perturbation::Sparse,
        };
        let directions = first as u32..end as u32;
        let (o, i) = (self.outputs, self.inputs);
        noise.draw(kind, self.stream, self.generation, directions, self.layer, o, i);
        match self.kind {
            GradientKind::LowRank { rank, signs } => {
                self.add_low_rank(rank as usize, signs, weights, &mut noise, out);
            }
            GradientKind::Dense => dispatch(Dots { rows: noise.values(), weights, out }),
            GradientKind::Sparse => add_sparse(&noise, weights, out),
        }
    }

    fn add_low_rank(
        &self,
        rank: usize,
        signs: bool,
        weights: &[f32],
        noise: &mut LayerNoise,
        out: &mut [f32],
    ) {
        if signs {
            noise.values_mut().iter_mut().for_each(|v| *v = v.signum());
        }
        let share = 1.0 / (rank as f32).sqrt();
        let scaled: Vec<f32> = weights.iter().map(|w| w * share).collect();
        for row in noise.a_all_mut(rank).chunks_exact_mut(weights.len()) {
            row.iter_mut().zip(&scaled).for_each(|(a, w)| *a *= w);
        }
        for k in 0..rank {
            let (a, b) = (noise.a(rank, k), noise.b(k));
            if out.len() > WEIGHTS_MAX_TILED {
                let (rows, cols, inner) = (self.outputs, self.inputs, weights.len());
                let left = Matrix { data: a, rows, cols: inner, transposed: false };
                let right = Matrix { data: b, rows: inner, cols, transposed: true };
                product(left, right, 1.0, out);
            } else {
                for (a, out) in a.chunks_exact(weights.len()).zip(out.chunks_exact_mut(self.inputs))
                {
                    dispatch(Dots { rows: b, weights: a, out });
                }
            }
        }
    }
}

fn add_sparse(noise: &LayerNoise, weights: &[f32], out: &mut [f32]) {
    let Kind::Sparse { entries } = noise.kind else { return };
    for (d, weight) in weights.iter().enumerate() {
        for entry in 0..entries {
            let at = entry * weights.len() + d;
            out[noise.places()[at] as usize] += weight * noise.values()[at];
        }
    }
}

/// `out[e] += Σ_d rows[e][d] weights[d]`, sixteen partial sums folded in a fixed order.
struct Dots<'a> {
    rows: &'a [f32],
    weights: &'a [f32],
    out: &'a mut [f32],
}

impl Kernel for Dots<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        const WIDTH: usize = 16;
        let Self { rows, weights, out } = self;
        for (out, row) in out.iter_mut().zip(rows.chunks_exact(weights.len())) {
            let mut sums = [0.0_f32; WIDTH];
            let (row, row_rest) = row.as_chunks::<WIDTH>();
            let (w, w_rest) = weights.as_chunks::<WIDTH>();
            for (row, w) in row.iter().zip(w) {
                for l in 0..WIDTH {
                    sums[l] = row[l].mul_add(w[l], sums[l]);
                }
            }
            for (l, (row, w)) in row_rest.iter().zip(w_rest).enumerate() {
                sums[l] = row.mul_add(*w, sums[l]);
            }
            let mut width = WIDTH;
            while width > 1 {
                width /= 2;
                for l in 0..width {
                    sums[l] += sums[l + width];
                }
            }
            *out += sums[0];
        }
    }
}
