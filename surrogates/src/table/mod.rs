//! Past experiments as a table of a [`Space`]: what each column is, which faults it has.
//!
//! [`Table::read`] takes the text of a table, cell by cell, with the line of each row; whoever has a file reads it
//! first. What the [`SpaceFile`] does not say about a column is inferred:
//!
//! | cells of a column | kind |
//! |---|---|
//! | all whole numbers, written without a point | integer, bounds from the table |
//! | all numbers | real, bounds from the table |
//! | words of one length (at least 4) over at most 26 letters, more than 26 or half of the rows different | sequence |
//! | other text, at most half of the rows different (in short tables up to 12) | categorical |
//! | other text | refused: it is no part of a design, or needs a word in the space file |
//!
//! Whatever makes a result less than it looks is a [`Note`]: bounds that rows contradict, sums that they do not meet,
//! repeats and what they say about noise, constant and duplicate columns, leakage, clipped scores, too few rows.
//!
//! ```
//! use hatchery_surrogates::table::{Options, Table};
//!
//! let names = ["solvent", "temperature", "yield"].map(String::from);
//! let row = |k: usize| [["DMF", "THF"][k % 2].into(), (20 + 5 * k).to_string(), (k * k % 7).to_string()];
//! let cells: Vec<Vec<String>> = (0..10).map(|k| row(k).to_vec()).collect();
//! let lines: Vec<u64> = (2..12).collect();
//! let options = Options { target: Some("yield".into()), maximize: Some(true), ..Options::default() };
//! let table = Table::read(&names, &cells, &lines, &options)?;
//! assert_eq!(table.describe()[1], "temperature: integer, 20 to 65 (from the table)");
//! assert_eq!((&table.designs[1][..], table.scores[1]), (&[1.0, 25.0][..], 1.0));
//! # Ok::<(), hatchery_surrogates::table::TableError>(())
//! ```

mod error;
mod infer;
mod note;
mod read;
mod review;
#[cfg(test)]
mod tests;

pub use error::TableError;
pub use note::{Finding, Note, Severity};

use crate::design::weights;
use crate::space::{Design, Kind, Space, SpaceFile};
use crate::{Rows, SurrogateError};

/// Fewest rows of a table.
pub const ROWS_MIN: usize = 8;
/// Most columns of a table.
pub const COLUMNS_MAX: usize = 10_000;

/// How a table is to be read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Options {
    /// The column of scores, unless the space file names it.
    pub target: Option<String>,
    /// Whether larger scores are better, unless the space file says it. Neither: smaller ones are.
    pub maximize: Option<bool>,
    /// What is known about the columns.
    pub space: Option<SpaceFile>,
    /// What becomes of rows with missing cells.
    pub missing: Missing,
    /// Columns that are no part of a design, besides those of the space file.
    pub ignore: Vec<String>,
}

/// What becomes of rows with missing cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Missing {
    /// The first is an error.
    #[default]
    Refuse,
    /// They are left out, with a note.
    Drop,
}

/// Past experiments, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// What designs are. Rows of the table need not be valid in it: then there is a note.
    pub space: Space,
    /// One a row.
    pub designs: Vec<Design>,
    /// One a row, larger is better: a column that is to be minimised is negated.
    pub scores: Vec<f64>,
    /// Standard deviation of each score, if there is a column for it.
    pub noise: Option<Vec<f64>>,
    /// Line of each row in the file.
    pub lines: Vec<u64>,
    /// Names of the columns of a design, in order.
    pub names: Vec<String>,
    /// Of each, whether the space file says something about it.
    pub declared: Vec<bool>,
    /// Name of the column of scores.
    pub target: String,
    /// Whether larger values of that column are better; else `scores` are negated.
    pub maximize: bool,
    /// What the user should know, the worst first.
    pub notes: Vec<Note>,
}

impl Table {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.scores.len()
    }

    /// How much each row says, by the noise of its score; nothing where no column says, or all are the same.
    ///
    /// # Errors
    /// As [`weights`].
    pub fn weights(&self) -> Result<Vec<f64>, SurrogateError> {
        let rows = Rows::new(&self.designs, &self.scores);
        self.noise.as_ref().map_or(Ok(Vec::new()), |noise| weights(&self.space, rows, noise))
    }

    /// Designs, scores and weights.
    pub fn weighted<'a>(&'a self, weights: &'a [f64]) -> Rows<'a> {
        Rows { weights, ..Rows::new(&self.designs, &self.scores) }
    }

    /// A score as the column has it: negated again if smaller is better.
    pub fn shown_score(&self, score: f64) -> f64 {
        if self.maximize { score } else { -score }
    }

    /// One line a column: what it is, what it is fixed at, and whether that was inferred.
    pub fn describe(&self) -> Vec<String> {
        let columns = self.space.fields().iter().zip(&self.declared);
        columns
            .map(|(field, &declared)| {
                let is_fixed = |site: usize| self.space.fixed(site).is_some();
                let values = match &field.kind {
                    Kind::Real { lower, upper } | Kind::Integer { lower, upper } => {
                        format!("{lower} to {upper}")
                    }
                    Kind::Ordinal { levels } | Kind::Categorical { levels } => few(levels),
                    Kind::Sequence { alphabet, length } => {
                        let letters: String = alphabet.iter().collect();
                        format!("{length} letters of {letters}")
                    }
                };
                let fixed = match field.sites.clone().filter(|&site| is_fixed(site)).count() {
                    0 => String::new(),
                    count if count == field.sites.len() => {
                        let values: Vec<f64> =
                            field.sites.clone().filter_map(|s| self.space.fixed(s)).collect();
                        format!(", fixed at {}", field.show(&values))
                    }
                    count => format!(", {count} of them fixed"),
                };
                let origin = if declared { "" } else { " (from the table)" };
                format!("{}: {}, {values}{fixed}{origin}", field.name, field.kind.name())
            })
            .collect()
    }
}

/// The first few of many names, long ones cut.
fn few(names: &[String]) -> String {
    let cut = |name: &String| match name.char_indices().nth(24) {
        Some((end, _)) => format!("{}...", &name[..end]),
        None => name.clone(),
    };
    let shown = names.iter().take(8).map(cut).collect::<Vec<_>>().join(", ");
    if names.len() > 8 { format!("{} levels: {shown}, ...", names.len()) } else { shown }
}
