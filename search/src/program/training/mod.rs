//! Scores programs: each trains models, and its fitness is how well they ended up.
//!
//! fitness = −mean over proxies of (mean loss over seeds / mean loss of the reference over the same seeds); −1 is as good as the
//! reference, 0 would be no loss at all.
//!
//! | file | what |
//! |---|---|
//! | `run` | one training run: schedule, early stops, typed failures |
//! | `suite` | several proxies with their references; seeds by purpose |
//! | `task` | [`ProxyTraining`], the [`Task`](hatchery_engine::Task) that a search runs on |

mod run;
mod suite;
mod task;

pub use run::{Failure, Limits, rate, train};
pub use suite::{Outcome, Purpose, Suite};
pub use task::{Candidate, Hurdle, ProxyTraining, WORST};

#[cfg(test)]
mod tests;
