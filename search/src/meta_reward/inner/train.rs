//! One inner training.

use hatchery_engine::update::{Adam, UpdateRule};
use hatchery_engine::world::{Action, Split, Trace, World};

use super::advantage::group_advantages;
use super::config::Config;
use super::episode::Episode;
use super::evaluate::{Evaluation, evaluate};
use super::policy::{Policy, Scratch};

/// What a whole episode is worth to the policy that is trained.
pub trait RewardFunction {
    /// Reward of an episode from its primitives and signals; `progress` is the share of updates that are done, in [0, 1). What is not
    /// finite counts as 0.
    fn reward(&mut self, primitives: &[f32], trace: Trace<'_>, progress: f32) -> f32;
}

impl<F: FnMut(&[f32], Trace<'_>, f32) -> f32> RewardFunction for F {
    fn reward(&mut self, primitives: &[f32], trace: Trace<'_>, progress: f32) -> f32 {
        self(primitives, trace, progress)
    }
}

/// A trained policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// Its weights.
    pub theta: Vec<f32>,
    /// Steps in the world.
    pub steps: u64,
    /// Share of groups whose rewards differed: of the others nothing was learnt.
    pub told: f64,
}

/// Trains policies in one world, and keeps buffers from one training to the next.
#[derive(Debug)]
pub struct Trainer<'a, W: World> {
    world: &'a W,
    config: &'a Config,
    policy: Policy,
    episodes: Vec<Episode>,
    scratch: Scratch,
}

impl<'a, W: World> Trainer<'a, W> {
    /// A trainer; the configuration must have been checked.
    pub fn new(world: &'a W, config: &'a Config) -> Self {
        let policy = Policy::new(world.controls(), config.policy, config.hidden);
        let episodes = vec![Episode::default(); config.rollouts];
        Self { world, config, policy, episodes, scratch: Scratch::default() }
    }

    /// The policy that is trained.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Trains from first weights, or from others. A function of reward, seed and weights.
    ///
    /// # Panics
    /// If there are not as many weights as the policy has.
    pub fn train(
        &mut self,
        reward: &mut dyn RewardFunction,
        seed: u64,
        from: Option<&[f32]>,
    ) -> Trained {
        let Self { world, config, policy, episodes, scratch } = self;
        let mut theta = from.map_or_else(|| policy.init(seed), <[f32]>::to_vec);
        assert_eq!(theta.len(), policy.weights(), "weights are those of another policy");
        let mut adam = Adam::new(theta.len(), 0.9, 0.999, 1e-8);
        let mut gradient = vec![0.0; theta.len()];
        let mut returns = vec![0.0; config.rollouts];
        let (mut steps, mut told) = (0, 0_u64);
        let split = Split::Training;
        for update in 0..config.updates {
            let progress = update as f32 / config.updates as f32;
            gradient.fill(0.0);
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
                if !group_advantages(&mut returns, 0.0) {
                    continue;
                }
                told += 1;
                let share = -1.0 / (config.tasks * config.rollouts) as f32;
                for (episode, &advantage) in episodes.iter().zip(&returns) {
                    policy.add_gradient(&theta, episode, share * advantage, &mut gradient, scratch);
                }
            }
            adam.step(&mut theta, &gradient, config.learning_rate, u64::from(update) + 1);
        }
        let groups = u64::from(config.updates) * config.tasks as u64;
        Trained { theta, steps, told: told as f64 / groups as f64 }
    }

    /// How often a trained policy reaches the true outcome, see [`evaluate`].
    pub fn evaluate(&self, theta: &[f32], split: Split, seed: u64) -> Evaluation {
        evaluate(self.world, &self.policy, theta, split, seed, self.config)
    }
}
