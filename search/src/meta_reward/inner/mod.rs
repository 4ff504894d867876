//! The inner loop: a policy is trained in a [`World`](hatchery_engine::world::World) with some reward, then asked how often it reaches the true outcome.
//!
//! ```text
//! an update:  B tasks, G rollouts of each, all with the policy π as it is
//!             Aᵢ = (Rᵢ − mean R) / (std R + ε)            over the G rollouts of a task; tasks with std R < 10⁻⁶ are left out
//!             θ ← Adam(θ, −1/(B G) Σᵢ Σₜ (Aᵢ ∇ log π(aₜ | sₜ) + h ∇ H(π(· | sₜ))))
//! ```
//!
//! | symbol | code        | meaning                                                   |
//! |--------|-------------|-----------------------------------------------------------|
//! | B, G   | `tasks`, `rollouts` | starts of an update, episodes from each start     |
//! | R      | `returns`   | reward of a whole episode                                 |
//! | A      | `advantages`| how much better than its group, in deviations of the group|
//! | h, H   | `entropy`   | weight of the entropy of each choice, 0 unless asked for  |
//! | θ, π   | `theta`, [`Policy`] | weights, and what they make likely                |
//!
//! Policies are fresh at each update, so nothing is clipped; there is no critic. Source: Shao et al., *DeepSeekMath* (2024),
//! arXiv:2402.03300, section 4.1, without the pull to a reference policy.
//!
//! With `trainer = "eggroll"` the same policies are trained by the evolution strategy of the house instead, for as many episodes an update.
//! There are four of them: linear, perceptron, Gaussian, and [`Recurrent`].
//!
//! A training is a function of world, reward, [`Config`], seed and first weights: starts and choices are drawn by address, and
//! sums are taken in the order of the rollouts. It runs on one thread; an outer search has many of them.

mod advantage;
mod config;
mod eggroll;
mod episode;
mod evaluate;
mod grpo;
mod gru;
mod policy;
mod train;
mod vectors;
mod watch;
mod weight;

pub use advantage::group_advantages;
pub use config::{Config, PolicyKind, TrainerName};
pub use episode::Episode;
pub use evaluate::{Evaluation, evaluate};
pub use gru::Recurrent;
pub use policy::Policy;
pub use train::{RewardFunction, Trained, Trainer};
pub use watch::{Frame, Watched, watch_episode};

#[cfg(test)]
mod tests;
