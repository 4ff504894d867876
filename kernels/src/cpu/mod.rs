//! Population operations on the CPU.
#![doc = include_str!("README.md")]

pub mod elementwise;
mod embedding;
mod forward;
mod gradient;
mod lanes;
mod layer_noise;
mod packed;
mod perturbed_linear;
mod product;
mod small_product;
mod tile;
mod transposed;
mod vector;

pub use embedding::EmbeddingCall;
pub use gradient::GradientCall;
pub use lanes::{Input, Lanes};
pub use layer_noise::{LayerNoise, Perturbation, TensorNoise};
pub use packed::{Packed, PackedCache, Precision};
pub use perturbed_linear::PerturbedLinear;
pub use product::{Matrix, product};
pub use small_product::{Left, small_product};
pub use transposed::TransposedLinear;
pub use vector::VectorCall;

pub(crate) use embedding::embedding;
pub(crate) use gradient::gradient;
pub(crate) use perturbed_linear::perturbed_linear;
pub(crate) use transposed::transposed_linear;
pub(crate) use vector::vector;

#[cfg(test)]
mod twin;
