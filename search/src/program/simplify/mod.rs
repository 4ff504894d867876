//! Makes programs short enough to be read.
//!
//! | step | what goes | file |
//! |---|---|---|
//! | 1 | statements that no result depends on, across steps | [`Liveness`](super::Liveness) |
//! | 2 | statements whose removal hardly changes the scores, if there are scores | `numeric` |
//! | 3 | longer forms of what is equal, by an e-graph | `rewrite`, with `rules`, `term`, `extract`, `cost` |
//! | 4 | states that are multiples of others | `states` |
//! | | what is left, in words | `explain` |
//!
//! Cost = statements + 2 for each carried state + ½ for each literal; no step makes it larger. Whatever a rewrite gives is run
//! beside the original in double precision on random trees (`reals`: 1e-5 relative, two places in a hundred may lie next to
//! a pole) and thrown away where they differ: the rules are many, so none is trusted. Limits are counts, not times, so the
//! result depends on nothing but the program.
//!
//! Sources: the order of the steps is that of Chen et al. 2023 (arXiv 2302.06675), who did the third by hand; equality saturation
//! is the crate `egg` (Willsey et al. 2021).

mod cost;
mod explain;
mod extract;
mod numeric;
pub(in crate::program) mod reals;
mod rewrite;
mod rules;
mod states;
mod steps;
mod term;

pub use cost::cost;
pub use explain::explain;
pub use numeric::{Removal, Tolerance, reduce, training_scores};
pub(crate) use steps::simplify_formula;
pub use steps::{Effort, Simplified, Step, simplify, simplify_scored};

#[cfg(test)]
mod tests;
