//! A shortlist of designs from a table of past experiments: what `hatchery design` does between its words and its files.
//!
//! [`Source`] is the table as text, [`Search`] names what searches the model, [`next`] proposes the next experiment of a series, and
//! [`Record`] is what stays: `shortlist.csv`, `design.json`, the summary.

mod components;
mod in_box;
mod next;
mod record;
mod search;
mod source;

pub(crate) use next::next;
pub(crate) use record::{COLUMNS, Record, short};
pub(crate) use search::Search;
pub(crate) use source::Source;
