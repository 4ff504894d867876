//! How often a policy reaches the true outcome.

use hatchery_engine::world::{Action, Split, World};

use super::config::Config;
use super::episode::Episode;
use super::policy::{Policy, Scratch};

/// A success rate, and what it was measured with.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Share of episodes with outcome 1.
    pub success: f64,
    /// Means of all primitives, (primitives,).
    pub primitives: Vec<f64>,
    /// Steps in the world.
    pub steps: u64,
}

/// Plays `config.episodes` episodes of a split, a function of split, seed and weights.
pub fn evaluate<W: World>(
    world: &W,
    policy: &Policy,
    theta: &[f32],
    split: Split,
    seed: u64,
    config: &Config,
) -> Evaluation {
    let (mut episode, mut scratch) = (Episode::default(), Scratch::default());
    let mut sums = vec![0.0; world.primitives().len()];
    let mut steps = 0;
    for number in 0..config.episodes as u64 {
        let mut state = world.reset(split, &mut split.dice(seed, number));
        let mut dice = Episode::choices(split, seed, number);
        let watch = &mut |_: &W::State, _: Action<'_>| {};
        let temperature = config.temperature;
        episode.play(world, policy, theta, &mut state, &mut dice, temperature, &mut scratch, watch);
        steps += episode.steps() as u64;
        sums.iter_mut().zip(&episode.primitives).for_each(|(sum, &p)| *sum += f64::from(p));
    }
    let primitives: Vec<f64> = sums.iter().map(|sum| sum / config.episodes as f64).collect();
    Evaluation { success: primitives.first().copied().unwrap_or(0.0), primitives, steps }
}
