#![doc = include_str!("README.md")]

mod config;
mod schedule;
mod strategy;
mod votes;

pub use config::{Config, NoiseKind, UpdateKind};
pub use schedule::{Alpha, quantile};
pub use strategy::{Egg, State};
pub use votes::{of_groups, of_pairs, votes};
