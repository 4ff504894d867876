//! Regularised evolution of programs: the youngest live on, whatever their fitness.
//!
//! A queue of P members. Draw T of them, the best is the parent; its mutated copy enters at the young end, the oldest leaves. The best
//! program ever is in general no member any more, so an archive lies beside the queue.
//!
//! | symbol | code | meaning |
//! |---|---|---|
//! | P | [`Config::population`] | members of an island |
//! | T | [`Config::tournament`] | members drawn for a parent |
//! | W | [`Config::window`] | births from one snapshot of the queue, evaluated at the same time |
//!
//! Every birth has a ticket, and every choice is drawn from (seed, ticket); children enter in the order of their tickets. So a run is a
//! function of its configuration and seed, whatever the number of threads.
//!
//! Source: Chen et al. 2023, arXiv 2302.06675 (queue, mutations, cache, restarts); Real et al. 2020, arXiv 2003.03384 (hurdles,
//! fingerprints, islands). Departures: the window W instead of one birth at a time; liveness across steps; seeds that rotate.

mod archive;
mod birth;
mod cache;
mod config;
mod counters;
mod island;
mod lineage;
mod state;
mod strategy;

pub use archive::{Archive, Entry};
pub use cache::{Cache, Fingerprints};
pub use config::{Config, ConfigError, DropOrder, Method, Restart};
pub use counters::Counters;
pub use island::{Island, Member, Origin};
pub use lineage::{Birth, Step};
pub use state::{Improvement, State};
pub use strategy::{Evolution, Fingerprint};

#[cfg(test)]
mod tests;
