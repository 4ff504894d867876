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

/// What makes an update of the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TrainerName {
    /// The gradient of the policy, weighted by how much better an episode was than others from its start.
    Grpo,
    /// The evolution strategy with low-rank noise, [`eggroll`](crate::eggroll).
    Eggroll,
}

/// Settings of one inner training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What makes an update.
    pub trainer: TrainerName,
    /// Steps of the optimizer.
    pub updates: u32,
    /// Steps in the world after which no update begins, so that at most one update goes beyond it; 0 for no limit. A training that meets it
    /// is over: the policy so far is the one that is measured.
    pub steps_max: u64,
    /// Starts of an update.
    pub tasks: usize,
    /// Episodes from each start, at least 2.
    pub rollouts: usize,
    /// Step size of Adam.
    pub learning_rate: f32,
    /// Weight of the entropy of each choice, in nats, against advantages; of `grpo`. Above 0 a policy keeps trying.
    pub entropy: f32,
    /// Noise scale σ of `eggroll`, in units of the weights.
    pub sigma: f32,
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
            trainer: TrainerName::Grpo,
            updates: 60,
            steps_max: 0,
            tasks: 16,
            rollouts: 8,
            learning_rate: 0.1,
            entropy: 0.0,
            sigma: 0.1,
            policy: PolicyKind::Linear,
            hidden: 32,
            episodes: 256,
            temperature: 1.0,
        }
    }
}

impl Config {
    /// What suits a world: weights of features where these can play, else a perceptron, trained by GRPO.
    pub fn of<W: World>(world: &W) -> Self {
        let linear = matches!(world.controls(), Controls::Listed { .. }) && world.is_linear();
        let policy = if linear { PolicyKind::Linear } else { PolicyKind::Mlp };
        Self::suited(world, policy, TrainerName::Grpo)
    }

    /// What suits a world, with a policy and a trainer that were chosen: only step size, noise scale and width depend on them.
    pub fn suited<W: World>(world: &W, policy: PolicyKind, trainer: TrainerName) -> Self {
        let listed = matches!(world.controls(), Controls::Listed { .. });
        let linear = listed && policy == PolicyKind::Linear;
        let (learning_rate, sigma) = match trainer {
            TrainerName::Grpo if linear => (0.1, 0.1),
            TrainerName::Grpo => (0.01, 0.1),
            TrainerName::Eggroll if linear => (0.1, 0.5),
            TrainerName::Eggroll if listed => (0.1, 0.3),
            TrainerName::Eggroll => (0.03, 0.1),
        };
        let hidden = if listed { 32 } else { 16 };
        Self { policy, trainer, learning_rate, sigma, hidden, ..Self::default() }
    }

    /// Members of a generation of `eggroll`, an even number. Each plays one episode from each of [`starts`](Self::starts) starts.
    pub fn members(&self) -> usize {
        2 * (self.tasks * self.rollouts / self.starts() / 2).max(1)
    }

    /// Starts of an update: all `tasks` for GRPO, for `eggroll` a quarter of them, so that there can be more members.
    pub fn starts(&self) -> usize {
        match self.trainer {
            TrainerName::Grpo => self.tasks,
            TrainerName::Eggroll => (self.tasks / 4).max(1),
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
        for (key, value) in [
            ("learning_rate", self.learning_rate),
            ("sigma", self.sigma),
            ("temperature", self.temperature),
        ] {
            if !(value.is_finite() && value > 0.0) {
                return Err((key, format!("must be above 0, found {value}")));
            }
        }
        if !(self.entropy.is_finite() && self.entropy >= 0.0) {
            return Err(("entropy", format!("must be at least 0, found {}", self.entropy)));
        }
        if self.entropy > 0.0 && self.trainer != TrainerName::Grpo {
            return Err(("entropy", "needs the trainer grpo".to_owned()));
        }
        Ok(())
    }
}
