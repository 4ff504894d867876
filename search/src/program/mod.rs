#![doc = include_str!("README.md")]

pub mod evolve;
pub mod export;
mod genome;
mod graph;
pub mod interpret;
mod kind;
mod live;
pub mod mutate;
mod operation;
mod parse;
mod print;
mod rule;
pub mod select;
mod signature;
pub mod simplify;
pub mod start;
pub mod training;
mod unparse;

pub use genome::{Argument, Invalid, Program, Statement, Variable};
pub use graph::{Carried, Graph, Node, NotFinite, Origin, Value};
pub use hatchery_kernels::noise::{Dice, Order};
pub use kind::Kind;
pub use live::Liveness;
pub use mutate::{Mutation, Mutator};
pub use operation::{Action, Operation, Operations, Reduction};
pub use parse::{ParseError, parse};
pub use print::{Names, number};
pub use rule::ProgramRule;
pub use signature::{Input, Signature, optimizer};

#[cfg(test)]
mod tests;
