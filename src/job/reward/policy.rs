//! The policy that a search for a reward keeps: how often it succeeds, and how it does so.

use anyhow::{Result, ensure};
use hatchery_engine::world::{Split, World};
use hatchery_search::meta_reward::inner::{Config, Policy, evaluate, watch_episode};

use super::RewardJob;

/// A policy in its world, by its weights.
pub(crate) trait RewardPolicy {
    /// Share of fresh episodes of L0, L1, L2 that reach the outcome.
    ///
    /// # Errors
    /// If the weights are those of another policy.
    fn success(&self, theta: &[f32], episodes: u32, seed: u64) -> Result<[f64; 3]>;

    /// Plays an episode of L0; returns its scenes.
    ///
    /// # Errors
    /// If the weights are those of another policy.
    fn scenes(&self, theta: &[f32], seed: u64) -> Result<Vec<Scene>>;
}

/// What is to be seen at one step.
pub(crate) struct Scene {
    /// A picture in characters.
    pub(crate) picture: String,
    /// What is done next, or how it ended.
    pub(crate) words: String,
}

impl<W: World> RewardPolicy for RewardJob<W> {
    fn success(&self, theta: &[f32], episodes: u32, seed: u64) -> Result<[f64; 3]> {
        let policy = self.policy(theta)?;
        let config = Config { episodes: episodes as usize, ..self.task.config.clone() };
        let world = &self.task.world;
        Ok(Split::REPORTED
            .map(|split| evaluate(world, &policy, theta, split, seed, &config).success))
    }

    fn scenes(&self, theta: &[f32], seed: u64) -> Result<Vec<Scene>> {
        self.policy(theta)?;
        let world = &self.task.world;
        let mut scenes = Vec::new();
        let watched = watch_episode(world, &self.task.config, theta, Split::L0, seed, 0, |frame| {
            let words = frame.action.map_or_else(String::new, |action| {
                format!("step {}: {}", frame.step + 1, world.say(frame.state, action))
            });
            scenes.push(Scene { picture: world.draw(frame.state), words });
        });
        if let Some(last) = scenes.last_mut() {
            let how = if watched.primitives[0] > 0.5 { "reached" } else { "not reached" };
            last.words = format!("the outcome is {how} after {} steps", watched.steps);
        }
        Ok(scenes)
    }
}

impl<W: World> RewardJob<W> {
    fn policy(&self, theta: &[f32]) -> Result<Policy> {
        let config = &self.task.config;
        let policy = Policy::new(self.task.world.controls(), config.policy, config.hidden);
        ensure!(
            theta.len() == policy.weights(),
            "the policy has {} weights, the file has {}",
            policy.weights(),
            theta.len()
        );
        Ok(policy)
    }
}
