//! What methods of reward search differ in.

use hatchery_engine::{Metrics, StrategyError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::meta_reward::expression::Reward;

/// Proposes rewards and learns from what they reach.
pub trait Proposer {
    /// Everything it has learnt.
    type State: Serialize + DeserializeOwned;

    /// Name of the method in configurations and reports.
    fn name(&self) -> &'static str;

    /// Rewards of one outer step, at most `count`. Called once a step, in order; again for the same step if it proposed none, since
    /// fewer than asked for are allowed but a step needs one.
    ///
    /// # Errors
    /// Whatever keeps it from proposing, such as a child process that is gone.
    fn propose(&mut self, step: u32, count: usize) -> Result<Vec<Reward>, StrategyError>;

    /// Learns from the values of what it has proposed last, success rates in [0, 1]; NaN where a training failed. The rewards come in the
    /// order in which they were proposed; some may be missing, if they were screened out. Adds to `metrics` what is worth a curve.
    ///
    /// # Errors
    /// Whatever keeps it from learning.
    fn learn(
        &mut self,
        step: u32,
        rewards: &[Reward],
        values: &[f32],
        metrics: &mut Metrics,
    ) -> Result<(), StrategyError>;

    /// The one reward that all that was learnt speaks for, if there is such a thing: the mode of a distribution, the consensus of a
    /// population.
    fn consensus(&self) -> Option<Reward>;

    /// A copy of what it has learnt.
    fn state(&self) -> Self::State;

    /// Puts it back.
    ///
    /// # Errors
    /// [`StrategyError::StateMismatch`] for a state of another configuration.
    fn restore(&mut self, state: Self::State) -> Result<(), StrategyError>;
}
