//! From a table of past experiments to a shortlist worth building.
#![doc = include_str!("README.md")]

mod apart;
mod calibrate;
mod effects;
mod lowered;
mod merged;
mod method;
mod proposed;
mod reach;
mod rehearse;
mod rounded;
mod shortlist;
mod student;
mod support;
mod verdict;
mod weights;

pub use calibrate::{Calibration, Interval, LeftOut};
pub use effects::{Effect, Effects};
pub use method::{Method, Model};
pub use rehearse::{REHEARSED_MIN, Rehearsal};
pub use rounded::rounded;
pub use shortlist::{Candidate, Settings, Shortlist, design};
pub use support::Support;
pub use verdict::{Reason, Verdict};
pub use weights::weights;

#[cfg(test)]
mod tests;
