//! The policy that a search for a reward keeps: how often it succeeds, and how it does so.

use anyhow::{Result, ensure};
use hatchery_engine::world::{Split, World};
use hatchery_engine::{Layout, ParamSpec, Params};
use hatchery_search::meta_reward::inner::{Config, Policy, evaluate, watch_episode};
use hatchery_search::meta_reward::outer::InnerRuns;

use crate::run_dir::RunDir;

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

impl<W: World> RewardPolicy for InnerRuns<W> {
    fn success(&self, theta: &[f32], episodes: u32, seed: u64) -> Result<[f64; 3]> {
        let policy = policy_of(self, theta)?;
        let config = Config { episodes: episodes as usize, ..self.config.clone() };
        let world = &self.world;
        Ok(Split::REPORTED
            .map(|split| evaluate(world, &policy, theta, split, seed, &config).success))
    }

    fn scenes(&self, theta: &[f32], seed: u64) -> Result<Vec<Scene>> {
        policy_of(self, theta)?;
        let world = &self.world;
        let mut scenes = Vec::new();
        let watched = watch_episode(world, &self.config, theta, Split::L0, seed, 0, |frame| {
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

/// The policy of trainings, if the weights are of one.
fn policy_of<W: World>(runs: &InnerRuns<W>, theta: &[f32]) -> Result<Policy> {
    let Config { policy, hidden, .. } = runs.config;
    let policy = Policy::new(runs.world.controls(), policy, hidden);
    let (expected, found) = (policy.weights(), theta.len());
    ensure!(found == expected, "the policy has {expected} weights, the file has {found}");
    Ok(policy)
}

/// Writes the policy that is kept.
///
/// # Errors
/// If the file system refuses.
pub(super) fn write_policy(theta: Vec<f32>, dir: &RunDir) -> Result<()> {
    let spec = ParamSpec::vector("policy", theta.len());
    dir.write_parameters(&Params { layout: Layout::new(vec![spec]).into(), values: theta })
}
