//! Tests of the built-in tasks against independent references.

mod code;
mod control;
mod device;
