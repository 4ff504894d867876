//! The outer loop: rewards are proposed, each trains policies, and what these reach is what the proposer learns from.
//!
//! [`InnerRuns`] is the task: a member of a generation is a [`Reward`](super::expression::Reward), its fitness the mean validation
//! success of some trainings, whose seeds all members of a generation share. [`Outer`] is the strategy: it keeps the [`Archive`] and
//! asks a [`Proposer`], which is all that methods differ in. [`race`] chooses at the end.

mod aging;
mod archive;
mod derl;
mod meta_policy;
mod proposer;
mod race;
mod random;
mod screen;
mod strategy;
mod task;

pub use aging::{Aging, AgingConfig};
pub use archive::{Archive, Record};
pub use derl::{Baseline, Derl, DerlConfig, DerlState, Estimator, Ratio};
pub use meta_policy::{Chances, Form, Gru, MetaPolicy, Sample, Slots, Start, Text, Tree};
pub use proposer::Proposer;
pub use race::{Raced, race};
pub use random::Random;
pub use screen::{Choice, ScreenConfig, Screened, ScreenedState, ValueModel};
pub use strategy::{Outer, OuterState};
pub use task::{InnerRuns, Seeds};

#[cfg(test)]
mod comparison;
#[cfg(test)]
mod hidden;
