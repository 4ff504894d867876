//! Members of the language model on GPUs: whole pairs, batch by batch.

use std::ops::Range;

use hatchery_engine::{Int8Perturbed, TaskError};
use hatchery_kernels::Backend;
use hatchery_kernels::cuda::{Cuda, Int8Batch};
use rayon::prelude::*;

use super::task::ByteLm;

/// Members of a voter.
fn halves(population: &Int8Perturbed) -> u32 {
    population.sampling.members_per_direction() as u32
}

impl ByteLm {
    /// The devices of a backend, if they can run the model.
    pub(super) fn devices<'b>(&self, backend: &'b Backend) -> Option<&'b Cuda> {
        let (cuda, model) = (backend.cuda()?, self.model().on_device());
        cuda.devices().iter().all(|device| model.is_for(device)).then_some(cuda)
    }

    /// Members of a batch: as many as fit the memory of a device.
    pub(super) fn batch_of_devices(&self, population: &Int8Perturbed, cuda: &Cuda) -> usize {
        let (model, pairs) = (self.model().on_device(), population.pairs as usize);
        let noise = &population.noise;
        2 * cuda.int8_batch(&model, noise, self.tokens(), (pairs, halves(population)))
    }

    /// Scores `members` on a device that is free. A member whose twin is in another batch is evaluated with it.
    pub(super) fn evaluate_on_device(
        &self,
        cuda: &Cuda,
        population: &Int8Perturbed,
        members: Range<usize>,
        fitness: &mut [f32],
    ) -> Result<(), TaskError> {
        let pairs = members.start / 2..members.end.div_ceil(2);
        let texts: Vec<(Vec<u8>, Vec<u8>)> = pairs
            .clone()
            .into_par_iter()
            .map(|pair| self.read_of_member(population, 2 * pair))
            .collect();
        let (mut inputs, mut targets) = (Vec::new(), Vec::new());
        for (input, target) in &texts {
            inputs.extend_from_slice(input);
            targets.extend_from_slice(target);
        }
        let (state_len, first) = (self.model().state_len(), 2 * pairs.start);
        let mut states = population.carried[first * state_len..2 * pairs.end * state_len].to_vec();
        let batch = Int8Batch {
            pairs: pairs.start as u32..pairs.end as u32,
            halves: halves(population),
            directions: population.directions,
            generation: population.noise_generation,
            sigma_shift: population.sigma_shift,
            inputs: &inputs,
            targets: &targets,
        };
        let sums = {
            let (_, device, _turn) = cuda.turn();
            let centre = population.on_device(device, self.model().on_device())?;
            centre.forward(device, &batch, &mut states)?
        };
        let begin = members.start - first;
        for (fitness, &sum) in fitness.iter_mut().zip(&sums[begin..]) {
            *fitness = sum as f32;
        }
        members.into_par_iter().for_each(|member| {
            let at = (member - first) * state_len;
            population.keep_state(member, &states[at..at + state_len]);
        });
        Ok(())
    }
}
