//! Networks as surrogates: a perceptron with exact gradients, what its outputs mean, and how it is trained.
//!
//! | file | what |
//! |---|---|
//! | `real.rs` | `f32` for work, `f64` for checks |
//! | `mlp.rs`, `activation.rs` | the perceptron: shape, first weights, units |
//! | `pass.rs` | forward, backward in weights and in inputs |
//! | `head.rs` | prediction alone or with a deviation; losses of rows |
//! | `ranking.rs` | losses of lists: ListNet, RankCosine, RankNet |
//! | `trainee.rs` | a network on a batch, as what can be regularised |
//! | `conservative.rs` | a term against promises beyond the data (COMs) |
//! | `adam.rs` | the optimizer |
//! | `train.rs` | epochs, bootstrap, validation |

mod activation;
mod adam;
mod conservative;
mod head;
mod mlp;
mod pass;
mod ranking;
mod real;
mod train;
mod trainee;

pub use activation::{Activation, LEAK};
pub use adam::Adam;
pub use conservative::{Conservatism, Conservative};
pub use head::Head;
pub use mlp::Mlp;
pub use pass::Tape;
pub use ranking::Ranking;
pub use real::{Real, View};
pub use train::{EpochRow, Plan, Trained, train};
pub use trainee::{Batch, Loss, Network, OnBatch, Scratch};

#[cfg(test)]
mod tests;
