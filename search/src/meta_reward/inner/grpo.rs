//! An update by the gradient of the policy, groups of episodes being compared; the equations are on the [module page](super).

use hatchery_engine::update::{Adam, UpdateRule};
use hatchery_engine::world::{Action, Split, World};

use super::advantage::group_advantages;
use super::episode::Episode;
use super::train::{RewardFunction, Trained, Trainer};
use super::weight::Weight;

impl<W: World> Trainer<'_, W> {
    /// Trains weights.
    pub(super) fn by_grpo(
        &mut self,
        reward: &mut dyn RewardFunction,
        seed: u64,
        mut theta: Vec<f32>,
    ) -> Trained {
        let mut adam = Adam::new(theta.len(), 0.9, 0.999, 1e-8);
        let mut gradient = vec![0.0; theta.len()];
        let mut returns = vec![0.0; self.config.rollouts];
        let (mut steps, mut told, mut groups) = (0, 0_u64, 0_u64);
        let split = Split::Training;
        let mut capped = false;
        for update in 0..self.config.updates {
            capped = self.is_capped(steps);
            if capped {
                break;
            }
            let Self { world, config, policy, episodes, scratch } = self;
            let progress = update as f32 / config.updates as f32;
            gradient.fill(0.0);
            groups += config.tasks as u64;
            for task in 0..config.tasks as u64 {
                let number = u64::from(update) * config.tasks as u64 + task;
                let start = world.reset(split, &mut split.dice(seed, number));
                for (rollout, (episode, value)) in
                    episodes.iter_mut().zip(returns.iter_mut()).enumerate()
                {
                    let number = number * config.rollouts as u64 + rollout as u64;
                    let mut dice = Episode::choices(split, seed, number);
                    let mut state = start.clone();
                    let watch = &mut |_: &W::State, _: Action<'_>| {};
                    episode
                        .play(*world, policy, &theta, &mut state, &mut dice, 1.0, scratch, watch);
                    let trace = episode.trace(*world);
                    let worth = reward.reward(&episode.primitives, trace, progress);
                    *value = if worth.is_finite() { worth } else { 0.0 };
                    steps += episode.steps() as u64;
                }
                let tells = group_advantages(&mut returns, 0.0);
                told += u64::from(tells);
                if !tells && config.entropy == 0.0 {
                    continue;
                }
                let share = -1.0 / (config.tasks * config.rollouts) as f32;
                for (episode, &advantage) in episodes.iter().zip(&returns) {
                    let weight =
                        Weight { done: share * advantage, entropy: share * config.entropy };
                    policy.add_gradient(&theta, episode, weight, &mut gradient, scratch);
                }
            }
            adam.step(&mut theta, &gradient, config.learning_rate, u64::from(update) + 1);
        }
        Trained { theta, steps, told: told as f64 / groups.max(1) as f64, capped }
    }
}
