//! Policies that play on a device: the episodes of a batch are one launch, only returns come back.

use std::ops::Range;

use hatchery_engine::{Perturbed, Population, TaskError};
use hatchery_kernels::cuda::{Cuda, Head, Network, Rollout, Source, Starts};

use super::environment::{Actions, Environment};
use super::rollout::{LOG_STD, Policy, SharedStarts};
use crate::model::device::members;

/// A policy whose environment and network a device can run.
pub(super) struct DeviceGame<'a, E> {
    policy: &'a Policy<E>,
    environment: &'static str,
    network: Network,
    scales: Vec<f32>,
}

impl<'a, E: Environment> DeviceGame<'a, E> {
    pub(super) fn new(policy: &'a Policy<E>) -> Option<Self> {
        let environment = policy.environment.cuda()?;
        let network = policy.network.device_network();
        let scales = policy.environment.scales();
        Some(Self { policy, environment, network, scales })
    }

    fn rollout(&self, generation: u32) -> Rollout<'_> {
        let Policy { environment, network, config, data } = self.policy;
        let head = match (environment.actions(), config.sample_actions) {
            (Actions::Discrete(_), false) => Head::Greedy,
            (Actions::Discrete(_), true) => Head::Categorical,
            (Actions::Continuous { low, high, .. }, sampled) => {
                match network.layout.find(LOG_STD) {
                    Some(log_std) if sampled => Head::Gaussian { low, high, log_std },
                    _ => Head::Mean { low, high },
                }
            }
        };
        Rollout {
            environment: self.environment,
            network: &self.network,
            head,
            scales: &self.scales,
            steps_max: environment.steps_max(),
            episodes: config.episodes,
            data: *data,
            generation,
            starts: match config.shared_starts {
                // Copies of one centre would all play the same episode.
                _ if generation == Perturbed::EVALUATION => Starts::Member,
                SharedStarts::Pair => Starts::Pair,
                SharedStarts::Generation => Starts::Generation,
                SharedStarts::Member => Starts::Member,
            },
        }
    }

    pub(super) fn source(&self, population: &Perturbed) -> Source {
        self.rollout(0).source(&members(population, 0..1, None))
    }

    /// Members per batch.
    pub(super) fn batch(&self, population: &Perturbed, cuda: &Cuda) -> usize {
        let rollout = self.rollout(population.generation());
        let footprint = rollout.footprint(&members(population, 0..1, None));
        let directions = cuda.batch(footprint, population.directions as usize);
        directions * population.sampling.members_per_direction()
    }

    /// Mean return of each member.
    pub(super) fn evaluate(
        &self,
        population: &Perturbed,
        range: Range<usize>,
        cuda: &Cuda,
        fitness: &mut [f32],
    ) -> Result<(), TaskError> {
        let rollout = self.rollout(population.generation());
        let returns = {
            let (number, device, _turn) = cuda.turn();
            let directions = population.directions_of(&range);
            let resident = (!rollout.is_narrow()).then_some(number);
            let block = members(population, directions, resident);
            device.rollout(&rollout, &block)?
        };
        let episodes = rollout.episodes as usize;
        let first = population.first_of_block(&range);
        for (slot, member) in fitness.iter_mut().zip(range) {
            let of = &returns[(member - first) * episodes..][..episodes];
            *slot = (of.iter().sum::<f64>() / episodes as f64) as f32;
        }
        Ok(())
    }
}
