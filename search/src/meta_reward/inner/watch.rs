//! One episode step by step, for people who want to see what a policy does.

use hatchery_engine::world::{Action, Split, World};

use super::config::Config;
use super::episode::Episode;
use super::policy::{Policy, Scratch};

/// One moment of an episode.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a, S> {
    /// Steps made before.
    pub step: usize,
    /// The state, which [`World::draw`] draws.
    pub state: &'a S,
    /// What the policy does in it, which [`World::say`] says; `None` in the last frame, when the episode is over.
    pub action: Option<Action<'a>>,
}

/// How a watched episode has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    /// Primitives, (primitives,); the first is the outcome.
    pub primitives: Vec<f32>,
    /// Steps that were made.
    pub steps: usize,
}

/// Plays an episode of a split as [`evaluate`](super::evaluate()) with the same configuration, weights and seed plays its episode
/// `number`, and calls `each` before every step and after the last. The configuration must have been checked.
///
/// # Panics
/// If there are not as many weights as the policy of this world and configuration has.
pub fn watch_episode<W: World>(
    world: &W,
    config: &Config,
    theta: &[f32],
    split: Split,
    seed: u64,
    number: u64,
    mut each: impl FnMut(Frame<'_, W::State>),
) -> Watched {
    let policy = Policy::new(world.controls(), config.policy, config.hidden);
    assert_eq!(theta.len(), policy.weights(), "weights are those of another policy");
    let (mut episode, mut scratch) = (Episode::default(), Scratch::default());
    let mut state = world.reset(split, &mut split.dice(seed, number));
    let mut dice = Episode::choices(split, seed, number);
    let mut step = 0;
    let watch = &mut |state: &W::State, action: Action<'_>| {
        each(Frame { step, state, action: Some(action) });
        step += 1;
    };
    let temperature = config.temperature;
    episode.play(world, &policy, theta, &mut state, &mut dice, temperature, &mut scratch, watch);
    each(Frame { step, state: &state, action: None });
    Watched { primitives: episode.primitives.clone(), steps: episode.steps() }
}
