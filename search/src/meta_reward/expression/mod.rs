//! Rewards as expressions: the genotype of the search, and all that is done to it without training.
//!
//! A [`Vocabulary`] says what rewards of one world are made of. A [`Reward`] is a tree over it: read from infix ([`Reward::parse`]) and
//! written ([`Reward::text`]), evaluated ([`Reward::evaluate`], [`Evaluator`]), generated token by token so that it cannot be invalid
//! ([`Grammar`], [`Reward::random`]), varied ([`Reward::mutated`], [`Reward::crossed`]), compared ([`Reward::canonical`]), made short
//! ([`Reward::simplified`]) and judged ([`Reward::analyse`]).
//!
//! ```
//! use hatchery_engine::world::{Primitive, PrimitiveSet};
//! use hatchery_search::meta_reward::expression::{Inputs, Operators, Reward, Vocabulary};
//!
//! let primitives = [Primitive::unit("g1", "done"), Primitive::unit("found", "target seen")];
//! let set = PrimitiveSet { name: "both", primitives: &["g1", "found"], signals: &[] };
//! let vocabulary = Vocabulary::try_new(&primitives, &[], &set, Operators::Derl4)?;
//!
//! let reward = Reward::parse("g1 + 0.25*found", &vocabulary)?;
//! let inputs = Inputs { primitives: &[0.0, 1.0], reduced: &[], progress: 0.0 };
//! assert_eq!(reward.evaluate(&inputs, vocabulary.division())?, 0.25);
//! assert_eq!(reward.text(&vocabulary), "g1 + 0.25*found");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Source: arXiv 2512.13399 (DERL), with a typed grammar in the place of its set of tokens.

mod analysis;
mod canonical;
mod effects;
mod evaluate;
mod evaluator;
mod grammar;
mod graph;
mod interval;
mod lex;
mod linear;
mod mutate;
mod node;
mod parse;
mod polynomial;
mod print;
mod prior;
mod render;
mod reward;
mod simplify;
mod symbol;
mod tokens;
mod vocabulary;

pub use analysis::{Analysis, Class};
pub use canonical::{Canonical, Invariance};
pub use evaluate::{Inputs, Undefined};
pub use evaluator::Evaluator;
pub use grammar::{Context, Grammar, Illegal};
pub use lex::ParseError;
pub(super) use mutate::significant;
pub use node::{Division, Node, Operator};
pub use prior::PRIOR_NODES_MAX;
pub use reward::{DEPTH_MAX, Malformed, NODES_MAX, Reward};
pub use symbol::{Symbol, VocabularyError};
pub use tokens::{END, Invalid, tokens, validate};
pub use vocabulary::{CONSTANTS, Limits, Operators, Vocabulary};

#[cfg(test)]
mod tests;
