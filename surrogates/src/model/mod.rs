//! Models that are fitted to a [`Dataset`](crate::Dataset) and searched as objectives.

mod quadratic;

pub use quadratic::{PRODUCTS_MAX, Quadratic};
