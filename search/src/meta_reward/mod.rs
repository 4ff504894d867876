//! DERL: the search for the reward that trains a policy (arXiv 2512.13399).
#![doc = include_str!("README.md")]

pub mod expression;
pub mod inner;
mod interval;
pub mod outer;

pub use interval::Interval;
