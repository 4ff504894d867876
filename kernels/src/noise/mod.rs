#![doc = include_str!("README.md")]

pub mod dice;
pub mod distribution;
pub mod normal;
pub mod philox;
pub mod stream;

pub use dice::{Dice, Order};
pub use distribution::Distribution;
pub use normal::box_muller;
pub use philox::{PhiloxLanes, philox4x32_10, philox4x32_10_lanes};
pub use stream::{Domain, NoiseAddress, NoiseStream};
