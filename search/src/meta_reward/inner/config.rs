//! How a policy is trained.

use hatchery_engine::world::{Controls, World};
use serde::{Deserialize, Serialize};

/// What scores actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PolicyKind {
    /// One weight a feature. Continuous actions always come from a perceptron.
    Linear,
    /// A layer of hyperbolic tangents; two for continuous actions.
    Mlp,
    /// A gated recurrent unit whose state is carried over the steps of an episode, see [`Recurrent`](super::Recurrent).
    Gru,
}

/// Settings of one inner training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Steps of the optimizer.
    pub updates: u32,
    /// Starts of an update.
    pub tasks: usize,
    /// Episodes from each start, at least 2.
    pub rollouts: usize,
    /// Step size of Adam.
    pub learning_rate: f32,
    /// What scores actions.
    pub policy: PolicyKind,
    /// Width of the hidden layers of perceptrons.
    pub hidden: usize,
    /// Episodes that measure a success rate.
    pub episodes: usize,
    /// Divides scores before the softmax when success is measured: 1 samples as in training, near 0 is greedy.
    pub temperature: f32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            updates: 60,
            tasks: 16,
            rollouts: 8,
            learning_rate: 0.1,
            policy: PolicyKind::Linear,
            hidden: 32,
            episodes: 256,
            temperature: 1.0,
        }
    }
}

impl Config {
    /// What suits a world: weights of features where these can play, else a perceptron.
    pub fn of<W: World>(world: &W) -> Self {
        let mlp = Self { policy: PolicyKind::Mlp, learning_rate: 0.01, ..Self::default() };
        match world.controls() {
            Controls::Continuous { .. } => Self { hidden: 16, ..mlp },
            Controls::Listed { .. } if world.is_linear() => Self::default(),
            Controls::Listed { .. } => mlp,
        }
    }

    /// Whether the settings make sense: the key that does not, and why.
    ///
    /// # Errors
    /// For a count of zero, groups of one, and numbers that are not above 0.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let counts = [
            ("updates", self.updates as usize, 1, 1_000_000),
            ("tasks", self.tasks, 1, 65_536),
            ("rollouts", self.rollouts, 2, 4096),
            ("hidden", self.hidden, 1, 4096),
            ("episodes", self.episodes, 1, 1_000_000),
        ];
        for (key, value, least, most) in counts {
            if !(least..=most).contains(&value) {
                return Err((key, format!("must be from {least} to {most}, found {value}")));
            }
        }
        for (key, value) in
            [("learning_rate", self.learning_rate), ("temperature", self.temperature)]
        {
            if !(value.is_finite() && value > 0.0) {
                return Err((key, format!("must be above 0, found {value}")));
            }
        }
        Ok(())
    }
}
