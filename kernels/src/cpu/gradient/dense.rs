//! Dense noise: each number is drawn, weighted and forgotten.

use std::marker::PhantomData;

use rayon::prelude::*;

use super::GradientCall;
use crate::Distribution;
use crate::cpu::layer_noise::draw_lanes;
use crate::noise::distribution::{Deviates, Normals, Uniforms};
use crate::simd::{Kernel, LANES, dispatch};

/// Blocks of numbers that one task works on.
const BLOCKS_PER_TASK: usize = 16;
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
        let mut at = call.noise.at(0);
        at.block = first_block;
        for out in out.chunks_mut(D::PER_BLOCK) {
            let mut sums = [[0.0_f32; LANES]; 16];
            let mut first = 0;
            while first < weights.len() {
                let count = LANES.min(weights.len() - first);
                let mut w = [0.0_f32; LANES];
                w[..count].copy_from_slice(&weights[first..first + count]);
                let drawn = draw_lanes::<D>(call.noise.stream, at, first);
                for (sums, drawn) in sums.iter_mut().zip(drawn.as_ref()) {
                    for l in 0..LANES {
                        sums[l] = w[l].mul_add(drawn[l], sums[l]);
                    }
                }
                first += LANES;
            }
            for (out, sums) in out.iter_mut().zip(&mut sums) {
                *out += fold(sums);
            }
            at.block = at.block.wrapping_add(1);
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
