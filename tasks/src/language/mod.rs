//! Learning to predict the next byte of a text, with a model whose weights, activations and losses are integers.
//!
//! [`Model`] says what the tensors are, [`Corpus`] where text comes from, [`ByteLm`] is the task; [`score`] gives bits per byte of
//! any text, [`Sampler`] writes, [`levels`] is what simple methods reach.

mod corpus;
mod device;
mod forward;
pub mod levels;
mod model;
mod noise;
mod sampler;
mod task;

pub use corpus::{Corpus, CorpusError};
pub use model::{Model, SYMBOLS};
pub use sampler::{Sampler, Sampling};
pub use task::{ByteLm, Score, TOKENS_MAX, score};
