//! Networks and members as devices take them.

use std::ops::Range;

use hatchery_engine::Perturbed;
use hatchery_kernels::KernelError;
use hatchery_kernels::cuda::{Centred, Cuda, Members, NoiseSource, Pass, Prepared, Tensor};

use super::Mlp;

/// The members of these directions. With the number of a device, θ is taken from there if it is there.
pub(crate) fn members(
    population: &Perturbed,
    directions: Range<u32>,
    device: Option<usize>,
) -> Members<'_> {
    let theta = &population.theta;
    let resident = population.resident.as_ref().filter(|there| Some(there.device) == device);
    let tensor = |index: usize| Tensor {
        values: match resident {
            Some(there) => Centred::Device(&there.theta, theta.layout.range(index).start),
            None => Centred::Host(theta.tensor(index)),
        },
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

/// A network over a batch of members, for tasks that make their inputs on the host.
#[derive(Debug)]
pub(crate) struct DevicePass<'a> {
    pub network: &'a Mlp,
    pub population: &'a Perturbed,
    /// Inputs per member.
    pub rows: usize,
    /// Whether all members see the same rows.
    pub shared_input: bool,
}

impl DevicePass<'_> {
    fn with<R>(
        &self,
        directions: Range<u32>,
        device: Option<usize>,
        work: impl FnOnce(&Pass<'_>) -> R,
    ) -> R {
        let (network, members) =
            (self.network.device_network(), members(self.population, directions, device));
        let &Self { rows, shared_input, .. } = self;
        let noise = NoiseSource::choose(&network, &members, rows, 1);
        work(&Pass { network: &network, members: &members, rows, shared_input, noise })
    }

    /// Members per batch.
    pub(crate) fn batch(&self, cuda: &Cuda) -> usize {
        let footprint = self.with(0..1, None, |pass| pass.footprint());
        let directions = cuda.batch(footprint, self.population.directions as usize);
        directions * self.population.sampling.members_per_direction()
    }

    /// Runs the members of a range, pairs completed: `input` gives what member and row see, `(members, rows, inputs)` or
    /// `(rows, inputs)` if they share it; `score` turns outputs into one number per member, of which the range gets its own.
    pub(crate) fn evaluate(
        &self,
        range: Range<usize>,
        cuda: &Cuda,
        input: impl FnOnce(Range<usize>) -> Vec<f32>,
        score: impl FnOnce(&Prepared<'_>) -> Result<Vec<f32>, KernelError>,
        fitness: &mut [f32],
    ) -> Result<(), KernelError> {
        let directions = self.population.directions_of(&range);
        let halves = self.population.sampling.members_per_direction();
        let first = directions.start as usize * halves;
        let x = input(first..directions.end as usize * halves);
        let scores = {
            let (number, device, _turn) = cuda.turn();
            self.with(directions, Some(number), |pass| {
                let prepared = device.prepare(pass)?;
                prepared.write(&x)?;
                prepared.run()?;
                score(&prepared)
            })?
        };
        fitness.copy_from_slice(&scores[range.start - first..range.end - first]);
        Ok(())
    }
}
