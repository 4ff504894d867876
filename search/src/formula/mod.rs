#![doc = include_str!("README.md")]

mod complexity;
mod config;
mod constants;
mod convert;
mod counters;
mod expression;
mod front;
mod machine;
mod mutate;
mod outcome;
mod polish;
mod print;
mod select;
mod simplify;
mod state;
mod strategy;
mod sums;
mod table;
mod task;
mod trim;
mod units;

pub use complexity::{Complexity, Weighing};
pub use config::{Config, default_operations};
pub use constants::CONSTANTS_MAX;
pub use convert::ConvertError;
pub use counters::Counters;
pub use expression::{Expression, Malformed, NODES_MAX, Node};
pub use front::{Entry, Front, Ranked};
pub use machine::{BLOCK, Machine};
pub use mutate::{Change, Variation, Weights};
pub use outcome::{Failure, Outcome, Score};
pub use print::Digits;
pub use select::{Selection, Yardstick};
pub use simplify::Simplifier;
pub use state::{Island, Member, State, TargetState};
pub use strategy::Search;
pub use sums::Moments;
pub use table::{Column, Given, Table, TableError, Target};
pub use task::{Candidate, PENALTY, Regression, Scored};
pub use units::{Dimensions, Unit, UnitError};

#[cfg(test)]
mod tests;
