//! One inner training.

use hatchery_engine::world::{Split, Trace, World};

use super::config::{Config, TrainerName};
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
    /// Share of groups, or of the generations of EGGROLL, whose rewards differed: of the others nothing was learnt.
    pub told: f64,
    /// Whether it met [`Config::steps_max`] before its last update.
    pub capped: bool,
}

/// Trains policies in one world, and keeps buffers from one training to the next.
#[derive(Debug)]
pub struct Trainer<'a, W: World> {
    pub(super) world: &'a W,
    pub(super) config: &'a Config,
    pub(super) policy: Policy,
    pub(super) episodes: Vec<Episode>,
    pub(super) scratch: Scratch,
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
        let theta = from.map_or_else(|| self.policy.init(seed), <[f32]>::to_vec);
        assert_eq!(theta.len(), self.policy.weights(), "weights are those of another policy");
        match self.config.trainer {
            TrainerName::Grpo => self.by_grpo(reward, seed, theta),
            TrainerName::Eggroll => self.by_eggroll(reward, seed, theta),
        }
    }

    /// How often a trained policy reaches the true outcome, see [`evaluate`].
    pub fn evaluate(&self, theta: &[f32], split: Split, seed: u64) -> Evaluation {
        evaluate(self.world, &self.policy, theta, split, seed, self.config)
    }

    /// Whether no further update may begin after so many steps in the world.
    pub(super) fn is_capped(&self, steps: u64) -> bool {
        self.config.steps_max > 0 && steps >= self.config.steps_max
    }
}
