//! Searches in which policies outlive the reward that trained them.
//!
//! A training is cut into slices, one for each outer step, and a slice starts from weights that an earlier one has left. Members of a
//! generation are [`Heir`]s: a reward and weights to start from. [`InheritedRuns`] trains them and hands the new weights back with
//! them; [`DerlPop`] lets all members inherit from the best of the step before, [`Pbt`] lets the worst inherit from the best.
//!
//! What comes out is no reward but a policy, and the sequence of rewards that trained it, its [`Lineage`]. So there is nothing to train
//! afresh: the final score is the success of these very policies ([`InheritedRuns::score`]). With `seeds` trainings of each reward there are
//! as many lines of policies side by side, all trained with the same sequence.
//!
//! `steps` slices of `updates` for each of n members are `n × seeds × steps × updates` updates, and the winner's policy has seen
//! `steps × updates` of them: 10 × 10 where a reward of the other methods trains for 1 × 100. Adam's moments begin anew with each slice.
//! [`Inheriting`] is either search by the name of its method.

mod config;
mod derl_pop;
mod heir;
mod inheriting;
mod lineage;
mod pbt;
mod runs;

pub use config::InheritConfig;
pub use derl_pop::{DerlPop, DerlPopConfig, DerlPopState};
pub use heir::Heir;
pub use inheriting::{Inheriting, InheritingState};
pub use lineage::{Lineage, Link};
pub use pbt::{Pbt, PbtConfig, PbtMember};
pub use runs::InheritedRuns;

#[cfg(test)]
mod tests;
