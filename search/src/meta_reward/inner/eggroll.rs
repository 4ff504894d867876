//! An update by the evolution strategy with low-rank noise: no gradient of the policy, only what its perturbations earn.
//!
//! ```text
//! a generation:  M members θ ± σ E, all from the same S starts, with the same dice for their choices
//!                fitness of a member = mean of R over its S episodes          M S = B G episodes, as many as an update of GRPO
//!                θ ← Adam(θ, gradient of `crate::eggroll` from centred ranks)
//! ```
//!
//! S is a quarter of B (16 tasks × 8 rollouts: 32 members from 4 starts): directions are what an evolution strategy lacks, and starts that all
//! share compare them well. The starts are the first S of each B that GRPO uses with this seed. Matrices get noise of rank 1; vectors, and so
//! all of a linear policy, dense noise. Ranks see no scale and no offset, so that here too a reward and its positive affine images train the same
//! policy, unless rounding makes or breaks a tie.

use std::cmp::Ordering;

use hatchery_engine::world::{Action, Split, World};
use hatchery_engine::{Fitness, Params, Perturbed, Population, Strategy};
use hatchery_kernels::{Backend, LayerNoise};

use super::episode::Episode;
use super::train::{RewardFunction, Trained, Trainer};
use crate::eggroll::{Config, Eggroll, Variant};

impl<W: World> Trainer<'_, W> {
    /// Trains weights.
    pub(super) fn by_eggroll(
        &mut self,
        reward: &mut dyn RewardFunction,
        seed: u64,
        theta: Vec<f32>,
    ) -> Trained {
        let params = Params { layout: self.policy.layout().into(), values: theta };
        let config = Config {
            pairs: (self.config.members() / 2) as u32,
            sigma: self.config.sigma,
            learning_rate: self.config.learning_rate,
            ..Config::default()
        };
        let mut eggroll = Eggroll::try_new(Variant::Eggroll, config, params, seed)
            .expect("the configuration of trainings was checked");
        let backend = Backend::cpu();
        let mut members = Members::default();
        let (mut steps, mut told, mut generations) = (0, 0_u64, 0_u64);
        let mut capped = false;
        for update in 0..self.config.updates {
            capped = self.is_capped(steps);
            if capped {
                break;
            }
            let Ok(population) = eggroll.ask(update) else { break };
            members.draw(&population);
            let progress = update as f32 / self.config.updates as f32;
            let mut values = vec![0.0; population.len()];
            for (member, value) in values.iter_mut().enumerate() {
                let theta = members.weights(&population, member);
                *value = self.mean_reward(reward, seed, update, progress, theta, &mut steps);
            }
            generations += 1;
            told += u64::from(
                values.iter().any(|value| value.total_cmp(&values[0]) != Ordering::Equal),
            );
            // What is refused is an update whose weights are no numbers; the weights before it stay.
            let _ = eggroll.tell(population, &Fitness::new(values, None), &backend);
        }
        let theta = eggroll.params().values.clone();
        Trained { theta, steps, told: told as f64 / generations.max(1) as f64, capped }
    }

    /// Mean reward of one policy from the starts of an update.
    fn mean_reward(
        &mut self,
        reward: &mut dyn RewardFunction,
        seed: u64,
        update: u32,
        progress: f32,
        theta: &[f32],
        steps: &mut u64,
    ) -> f32 {
        let Self { world, config, policy, episodes, scratch } = self;
        let split = Split::Training;
        let mut sum = 0.0;
        for start in 0..config.starts() as u64 {
            let number = u64::from(update) * config.tasks as u64 + start;
            let mut state = world.reset(split, &mut split.dice(seed, number));
            let mut dice = Episode::choices(split, seed, number * config.rollouts as u64);
            let watch = &mut |_: &W::State, _: Action<'_>| {};
            let episode = &mut episodes[0];
            episode.play(*world, policy, theta, &mut state, &mut dice, 1.0, scratch, watch);
            let worth = reward.reward(&episode.primitives, episode.trace(*world), progress);
            sum += if worth.is_finite() { f64::from(worth) } else { 0.0 };
            *steps += episode.steps() as u64;
        }
        (sum / config.starts() as f64) as f32
    }
}

/// The members of a generation, written out one by one.
#[derive(Default)]
struct Members {
    /// Noise of each tensor, of all directions.
    noise: Vec<LayerNoise>,
    theta: Vec<f32>,
}

impl Members {
    fn draw(&mut self, population: &Perturbed) {
        let tensors = population.theta.layout.specs().len();
        self.noise.resize_with(tensors, LayerNoise::default);
        for (tensor, noise) in self.noise.iter_mut().enumerate() {
            noise.draw(&population.tensor_noise(tensor), 0..population.directions);
        }
    }

    fn weights(&mut self, population: &Perturbed, member: usize) -> &[f32] {
        self.theta.clear();
        self.theta.extend_from_slice(&population.theta.values);
        let direction = population.direction(member) as usize;
        let scale = population.sign(member) * population.sigma;
        for (tensor, noise) in self.noise.iter().enumerate() {
            let range = population.theta.layout.range(tensor);
            noise.add_to(direction, scale, &mut self.theta[range]);
        }
        &self.theta
    }
}
