//! What there is of CUDA: whether this machine could run it.
//!
//! The kernels themselves run on the CPU. [`probe()`] lets a program say why, in one sentence.

pub mod probe;

pub use probe::{CudaStatus, probe};
