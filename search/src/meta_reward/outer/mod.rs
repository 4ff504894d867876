//! The outer loop: rewards are proposed, each trains policies, and what these reach is what the proposer learns from.
//!
//! [`InnerRuns`] is the task: a member of a generation is a [`Reward`](super::expression::Reward), its fitness the mean validation
//! success of some trainings, whose seeds all members of a generation share. [`Outer`] is the strategy: it keeps the [`Archive`] and
//! asks a [`Proposer`], which is all that methods differ in. [`race`] chooses at the end.

mod aging;
mod archive;
mod cma;
mod config;
mod derl;
mod external;
mod genotype;
mod gp;
mod inherit;
mod journal;
mod medoid;
mod meta_policy;
mod method;
mod proposer;
mod race;
mod random;
mod screen;
mod space;
mod strategy;
pub mod synthetic;
mod task;
#[cfg(test)]
mod testing;
mod verdict;

pub use aging::{Aging, AgingConfig};
pub use archive::{Archive, Record};
pub use cma::{Cma, CmaConfig};
pub use config::Config;
pub use derl::{Baseline, Derl, DerlConfig, DerlState, Estimator, Ratio};
pub use external::{External, ExternalConfig, ExternalState, OnFailure};
pub use genotype::Genotype;
pub use gp::{Gp, GpConfig};
pub use inherit::{
    DerlPop, DerlPopConfig, DerlPopState, Heir, InheritConfig, InheritedRuns, Inheriting,
    InheritingState, Lineage, Link, Pbt, PbtConfig, PbtMember,
};
pub use journal::{Journal, Training};
pub use meta_policy::{Chances, Form, Gru, MetaPolicy, Sample, Slots, Start, Text, Tree};
pub use method::{Method, MethodName, MethodState};
pub use proposer::Proposer;
pub use race::{Belief, Entrant, Raced, race, race_trainings};
pub use random::{Random, RandomConfig};
pub use screen::{Choice, ScreenConfig, Screened, ScreenedState, ValueModel};
pub use space::Space;
pub use strategy::{Outer, OuterState};
pub use task::{InnerRuns, Seeds};
pub use verdict::{Verdict, retrain};
