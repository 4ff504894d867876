#![doc = include_str!("README.md")]

mod config;
mod strategy;

pub use config::{Config, Scaling, Variant};
pub use strategy::{Eggroll, State};
