//! Dense noise: each number is drawn, weighted and forgotten.

use std::marker::PhantomData;

use rayon::prelude::*;

use super::GradientCall;
use crate::Distribution;
use crate::cpu::layer_noise::direction_lanes;
use crate::noise::distribution::{Deviates, Normals, Uniforms};
use crate::simd::{Kernel, LANES, dispatch};

/// Blocks of numbers that one task works on.
const BLOCKS_PER_TASK: usize = 8;
/// Numbers below which threads do not pay.
const SERIAL_MAX: usize = 1 << 14;

/// Adds the weighted sum to `out`. Lanes are directions: sixteen chains of sums per entry, folded in a fixed order.
pub(super) fn add(call: &GradientCall<'_>, out: &mut [f32]) {
    let per_task = BLOCKS_PER_TASK * call.noise.distribution.per_block();
    let one = |(task, out): (usize, &mut [f32])| {
        let first_block = (task * BLOCKS_PER_TASK) as u32;
        match call.noise.distribution {
            Distribution::Normal => {
                dispatch(Add::<Normals> { call, first_block, out, deviates: PhantomData });
            }
            Distribution::Uniform => {
                dispatch(Add::<Uniforms> { call, first_block, out, deviates: PhantomData });
            }
        }
    };
    if out.len() * call.weights.len() <= SERIAL_MAX {
        out.chunks_mut(per_task).enumerate().for_each(one);
    } else {
        out.par_chunks_mut(per_task).enumerate().for_each(one);
    }
}

struct Add<'a, D> {
    call: &'a GradientCall<'a>,
    first_block: u32,
    out: &'a mut [f32],
    deviates: PhantomData<D>,
}

impl<D: Deviates> Kernel for Add<'_, D> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { call, first_block, out, .. } = self;
        let weights = call.weights;
        let at = call.noise.at(0);
        // All blocks of a task at once: the generator of sixteen directions then serves them all.
        let mut sums = [[[0.0_f32; LANES]; 16]; BLOCKS_PER_TASK];
        for (group, weights) in weights.chunks(LANES).enumerate() {
            let mut w = [0.0_f32; LANES];
            w[..weights.len()].copy_from_slice(weights);
            let lanes = direction_lanes(call.noise.stream, at, group * LANES);
            for block in 0..out.len().div_ceil(D::PER_BLOCK) {
                let drawn = D::lanes(&lanes.words(first_block + block as u32));
                for (sums, drawn) in sums[block].iter_mut().zip(drawn.as_ref()) {
                    for l in 0..LANES {
                        sums[l] = w[l].mul_add(drawn[l], sums[l]);
                    }
                }
            }
        }
        for (out, sums) in out.chunks_mut(D::PER_BLOCK).zip(&mut sums) {
            for (out, sums) in out.iter_mut().zip(sums) {
                *out += fold(sums);
            }
        }
    }
}

/// The sum of all lanes, by halves.
#[inline(always)]
fn fold(sums: &mut [f32; LANES]) -> f32 {
    let mut width = LANES;
    while width > 1 {
        width /= 2;
        for l in 0..width {
            sums[l] += sums[l + width];
        }
    }
    sums[0]
}
