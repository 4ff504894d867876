#![doc = include_str!("README.md")]

mod config;
mod on_device;
mod strategy;

pub use config::{Config, Scaling, Variant};
pub use strategy::{Eggroll, State};
