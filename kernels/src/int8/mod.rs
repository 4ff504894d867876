//! Arithmetic of the integer language model: layers, layer norm, gates, loss, noise and update in int8.
//!
//! Numbers are int8 from −127 to 127 with four fractional bits, sums are int32, division rounds down. Nothing is rounded
//! otherwise, so that every processor, and every order of summation, gives the same bits.
//!
//! | module | what |
//! |---|---|
//! | [`arithmetic`] | saturation, floor division |
//! | [`noise`] | int8 noise by address: the published table, or a counter |
//! | [`product`], `packed`, `tile` | a layer on the rows of many members, by the widest products of bytes there are |
//! | [`layer_norm`], [`gate`], [`loss`] | the rest of the forward pass |
//! | [`contract`], [`accumulate`] | the update: votes on each weight; steps smaller than a weight can hold |
//!
//! Source: the integer model EGG of arXiv 2511.16652, sections 6.1, G and H.

pub mod accumulate;
pub mod arithmetic;
pub mod contract;
pub mod gate;
pub mod layer_norm;
pub mod loss;
pub mod noise;
mod packed;
pub mod product;
mod tile;

pub use layer_norm::ZeroMean;
pub use noise::Int8Noise;
pub use packed::PackedInt8;
pub use product::{Int8Linear, Int8Scratch, RankOne, int8_linear, int8_linear_with};
pub use tile::Instructions;
