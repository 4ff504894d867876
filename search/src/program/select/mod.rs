//! From what a search found to what may be claimed: equal tuning for all, larger proxies, paired comparisons.
//!
//! A search sees small proxies and few seeds, and its best program fits both. So before anything is said of it:
//!
//! | step | file | what |
//! |---|---|---|
//! | rescoring | `rescore` | the best of the archive on fresh seeds |
//! | meta-validation | `validate` | the best programs over the births, scored on larger proxies: where does the curve turn? |
//! | funnel | `funnel` | stage by stage on larger proxies: only what beats the tuned baseline goes on |
//! | report | `report` | on proxies that nothing has seen, by test data, against baselines tuned with the same budget |
//! | tuning | `tune` | the same number of draws of its literals for every rule |
//! | comparison | `paired` | mean difference over the same seeds with its 95 % interval |
//!
//! Seeds of search, selection and report are disjoint ([`Purpose`](super::training::Purpose)).
//!
//! Source: Chen et al. 2023, arXiv 2302.06675, on meta-overfitting and the funnel. Departures: the sizes, which are of one
//! machine; equal tuning of candidates and baselines; intervals.

mod baseline;
mod config;
mod funnel;
mod paired;
mod report;
mod rescore;
mod tune;
mod validate;

pub use baseline::{Rule, baselines};
pub use config::{Config, SelectionError};
pub use funnel::{Contender, Stage, Standing, funnel};
pub use paired::{Paired, paired};
pub use report::{Row, Table, report};
pub use rescore::rescore;
pub use tune::{Tuned, Tuning, tune};
pub use validate::{Point, turning, validate};

use hatchery_engine::StopFlag;

/// Someone asked to stop before the selection was through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

/// # Errors
/// [`Interrupted`] if the flag is raised.
fn go_on(stop: &StopFlag) -> Result<(), Interrupted> {
    if stop.is_raised() { Err(Interrupted) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
