//! Networks and members as devices take them.

use std::ops::Range;

use hatchery_engine::Perturbed;
use hatchery_kernels::cuda::{Members, Tensor};

/// The members of these directions, for a device.
pub(crate) fn members(population: &Perturbed, directions: Range<u32>) -> Members<'_> {
    let theta = &population.theta;
    let tensor = |index: usize| Tensor {
        values: theta.tensor(index),
        noise: population.tensor_noise(index),
    };
    Members {
        tensors: (0..theta.layout.specs().len()).map(tensor).collect(),
        directions,
        halves: population.sampling.members_per_direction(),
        sigma: population.sigma,
        baseline_group: population.baseline_group,
        precision: population.packed.precision(),
    }
}

/// Hands the members of a range their values, given in the order `(halves, directions)` for whole directions.
pub(crate) fn scatter(
    population: &Perturbed,
    members: Range<usize>,
    fitness: &mut [f32],
    of: impl Fn(usize) -> f32,
) {
    let directions = population.directions_of(&members);
    let halves = population.sampling.members_per_direction();
    for (slot, member) in fitness.iter_mut().zip(members) {
        let direction = member / halves - directions.start as usize;
        *slot = of((member % halves) * directions.len() + direction);
    }
}
