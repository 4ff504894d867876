//! Runs programs over trees of numbers.
//!
//! All leaves of a tree lie one behind the other in one slice; only norms and values of kind L need to know where each
//! begins. A [`Plan`] is compiled once a program: its tree operations are cut into *phases* at the places where a sum over the
//! whole tree must be known, and each phase goes over the tree once, in blocks of [`BLOCK`] numbers, all its operations on one
//! block before the next, so that what lies between them stays in the nearest cache. Scalars are computed once, before the
//! phase that needs them.
//!
//! Sums are in `f64`, by blocks in their order, so results do not depend on anything but the program and its inputs.

mod machine;
mod plan;

pub use machine::{Leaves, Machine};
pub use plan::Plan;

/// Numbers of a tree that are worked on at a time.
pub const BLOCK: usize = 1024;

#[cfg(test)]
pub(crate) mod tests;
