//! The integer language model on a device: noise of a batch of pairs, and a forward pass of all their members.
//!
//! | file | what |
//! |---|---|
//! | [`model`] | sizes, tensors, and where their noise lies |
//! | [`pack`] | weights in the order in which lanes of a warp want them |
//! | [`centre`] | centre and source of noise in the memory of a device |
//! | [`noise`] | factors and perturbed vectors; source `int8_noise.cu`, twin [`int8::noise`](crate::int8::noise) |
//! | [`forward`] | the pass; source `int8_forward.cu`, twins [`int8`](crate::int8) and `language/forward.rs` of the tasks |

mod centre;
mod forward;
mod model;
mod noise;
mod pack;
#[cfg(all(test, feature = "emulate"))]
mod tests;

pub use centre::Int8Centre;
pub use forward::Int8Batch;
pub use model::Int8Model;

#[cfg(feature = "emulate")]
pub(super) use forward::source as forward_source;
#[cfg(feature = "emulate")]
pub(super) use noise::source as noise_source;
