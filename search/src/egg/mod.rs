#![doc = include_str!("README.md")]

mod config;
mod schedule;
mod strategy;

pub use config::{Config, NoiseKind};
pub use schedule::{Alpha, quantile};
pub use strategy::{Egg, State, votes};
