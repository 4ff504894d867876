//! The outer loop: rewards are proposed, each trains policies, and what these reach is what the proposer learns from.
//!
//! [`InnerRuns`] is the task: a member of a generation is a [`Reward`](super::expression::Reward), its fitness the mean validation
//! success of some trainings, whose seeds all members of a generation share. [`Outer`] is the strategy: it keeps the [`Archive`] and
//! asks a [`Proposer`], which is all that methods differ in. [`race`] chooses at the end.

mod aging;
mod archive;
mod config;
mod derl;
mod external;
mod journal;
mod meta_policy;
mod method;
mod proposer;
mod race;
mod random;
mod strategy;
mod task;
mod verdict;

pub use aging::{Aging, AgingConfig};
pub use archive::{Archive, Record};
pub use config::Config;
pub use derl::{Derl, DerlConfig, DerlState, Ratio};
pub use external::{External, ExternalConfig, ExternalState, OnFailure};
pub use journal::{Journal, Training};
pub use meta_policy::{MetaPolicy, Sample};
pub use method::{Method, MethodName, MethodState};
pub use proposer::Proposer;
pub use race::{Raced, race, race_trainings};
pub use random::Random;
pub use strategy::{Outer, OuterState};
pub use task::{InnerRuns, Seeds};
pub use verdict::{Verdict, retrain};
