//! Tests of the built-in tasks against independent references.

mod control;
mod device;
