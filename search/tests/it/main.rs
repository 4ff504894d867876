//! Strategies on real tasks: the invariants of the house, the statistics of the method, convergence.

mod convergence;
mod inner_training;
mod interpreter;
mod invariants;
mod reward_checkpoints;
mod reward_search;
mod statistics;
