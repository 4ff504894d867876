//! Control tasks: a policy plays whole episodes, its return is its fitness.

mod cartpole;
pub mod environment;
pub mod rollout;

pub use cartpole::CartPole;
pub use environment::{Actions, Environment, Start};
pub use rollout::{Config, Policy, SharedStarts};
