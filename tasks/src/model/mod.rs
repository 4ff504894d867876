//! Models whose members never exist in memory.
//!
//! A [`MemberBlock`] holds the noise of some neighbouring members and answers for their layers: linear, transposed
//! linear, embedding, vector. A network is a walk over those. Values lie with the lanes (members) contiguous:
//! `(features, rows, lanes)`.

pub mod activation;
mod block;
pub(crate) mod device;
pub mod head;
pub mod layer_norm;
pub mod mlp;

pub use activation::Activation;
pub use block::MemberBlock;
pub use mlp::Mlp;
