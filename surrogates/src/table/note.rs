//! What a user should know about a table before believing anything that was learned from it.

use std::fmt;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Proposals are likely to be worthless unless something is corrected.
    Alarm,
    /// Something is probably not as it was meant.
    Warning,
    /// Good to know.
    Remark,
}

/// A finding and how much it matters.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// How much.
    pub severity: Severity,
    /// What.
    pub finding: Finding,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Alarm => "alarm",
            Severity::Warning => "warning",
            Severity::Remark => "note",
        };
        write!(f, "{severity}: {}", self.finding)
    }
}

/// What was found; its text is one sentence.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the sentence of each says what its numbers are")]
pub enum Finding {
    /// Rows that were dropped for missing cells.
    DroppedRows { rows: usize, of: usize, first_line: u64 },
    /// Rows outside of the bounds of the space file.
    OutsideBounds {
        column: String,
        lower: f64,
        upper: f64,
        least: f64,
        most: f64,
        rows: usize,
        of: usize,
        first_line: u64,
    },
    /// Rows that miss a sum of the space file.
    SumMissed {
        columns: Vec<String>,
        total: f64,
        least: f64,
        most: f64,
        rows: usize,
        of: usize,
        first_line: u64,
    },
    /// Rows that break a limit of the space file.
    LimitBroken { number: usize, rows: usize, of: usize, first_line: u64 },
    /// Rows with a forbidden combination.
    ForbiddenSeen { number: usize, rows: usize, first_line: u64 },
    /// Columns whose sum is the same in every row, up to rounding, which no constraint says.
    SumFound { columns: Vec<String>, total: f64, off: f64 },
    /// Designs that are there more than once. `noise` is the pooled standard deviation of their scores.
    Repeats { rows: usize, distinct: usize, differing: usize, noise: f64 },
    /// A column with one value.
    ConstantColumn { column: String, value: String },
    /// Places of a word with one letter.
    ConstantLetters { column: String, positions: Vec<usize> },
    /// A column that says the same as another.
    DuplicateColumn { column: String, other: String },
    /// A fixed value that no row has.
    FixedUnseen { column: String, value: String },
    /// A column that orders the rows as the scores do.
    Leakage { column: String, correlation: f64 },
    /// A column that counts the rows.
    RowNumber { column: String },
    /// Levels whose names differ in capitals or blanks alone.
    LikeLevels { column: String, levels: [String; 2] },
    /// Nobody says which scores are better.
    Undirected { target: String },
    /// A score far from all others.
    FarScore { value: f64, line: u64, next: f64 },
    /// There are two scores only.
    TwoScores { values: [f64; 2], rows: usize, of: usize },
    /// Many scores are equal to the greatest or least.
    Clipped { value: f64, is_greatest: bool, rows: usize, of: usize },
    /// Fewer rows than five for each number of a design.
    FewRows { rows: usize, sites: usize },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DroppedRows { rows, of, first_line } => write!(
                f,
                "{rows} of {of} rows have missing cells and were dropped, the first in line {first_line}"
            ),
            Self::OutsideBounds { column, lower, upper, least, most, rows, of, first_line } => {
                write!(
                    f,
                    "column {column:?} is declared {lower} to {upper}, but {} outside, the first in line {first_line}; the table has {least} to {most}: correct the bounds or the column",
                    of_rows(*rows, *of, "lies", "lie")
                )
            }
            Self::SumMissed { columns, total, least, most, rows, of, first_line } => write!(
                f,
                "{} is declared to be {total}, but {} it, the first in line {first_line}; sums run from {least:.6} to {most:.6}: correct the sum or the columns",
                columns.join(" + "),
                of_rows(*rows, *of, "misses", "miss")
            ),
            Self::LimitBroken { number, rows, of, first_line } => write!(
                f,
                "linear limit number {number} is broken by {rows} of {of} rows, the first in line {first_line}"
            ),
            Self::ForbiddenSeen { number, rows, first_line } => write!(
                f,
                "forbidden combination number {number} was tried in {rows} rows, the first in line {first_line}"
            ),
            Self::SumFound { columns, total, off } => {
                let about = if *off > 0.0 { format!(" (up to {off})") } else { String::new() };
                write!(
                    f,
                    "{} is {total} in every row{about}; if a design must keep that, declare it as a [[sum]] in the space file",
                    columns.join(" + ")
                )
            }
            Self::Repeats { rows, distinct, differing: 0, .. } => write!(
                f,
                "the {rows} rows hold {distinct} distinct designs, and repeats always have the same score: they look like copied rows, and say nothing about noise"
            ),
            Self::Repeats { rows, distinct, differing, noise } => write!(
                f,
                "the {rows} rows hold {distinct} distinct designs; {differing} of them have different scores, with a standard deviation of {noise:.4}: the noise of the experiment"
            ),
            Self::ConstantColumn { column, value } => write!(
                f,
                "column {column:?} is {value} in every row: it is kept there and not searched"
            ),
            Self::ConstantLetters { column, positions } => {
                let shown: Vec<String> = positions.iter().take(12).map(usize::to_string).collect();
                let more = if positions.len() > 12 { ", ..." } else { "" };
                write!(
                    f,
                    "column {column:?} has one letter only at position {}{more}: it is kept there and not searched",
                    shown.join(", ")
                )
            }
            Self::DuplicateColumn { column, other } => write!(
                f,
                "column {column:?} says the same as column {other:?} in every row: a model cannot tell them apart; leave one out with --ignore"
            ),
            Self::FixedUnseen { column, value } => write!(
                f,
                "column {column:?} is to be fixed at {value}, which no row has: predictions there are guesses"
            ),
            Self::Leakage { column, correlation } => write!(
                f,
                "column {column:?} orders the rows as the scores do (rank correlation {correlation:.4}): was it measured together with them? then leave it out with --ignore"
            ),
            Self::RowNumber { column } => write!(
                f,
                "column {column:?} counts the rows: if it is no setting, leave it out with --ignore"
            ),
            Self::LikeLevels { column, levels: [one, other] } => write!(
                f,
                "column {column:?} has the levels {one:?} and {other:?}: if they are the same, spell them alike"
            ),
            Self::Undirected { target } => {
                write!(f, "smaller {target} is taken as better; if larger is, say --maximize")
            }
            Self::FarScore { value, line, next } => write!(
                f,
                "the score {value} in line {line} is far from all others, the nearest is {next}: is it a slip of the pen?"
            ),
            Self::TwoScores { values: [worse, better], rows, of } => write!(
                f,
                "there are two scores only, {worse} and {better} ({rows} of {of} rows): a model of numbers says little about successes; a measured amount would say more"
            ),
            Self::Clipped { value, is_greatest, rows, of } => write!(
                f,
                "{rows} of {of} scores are exactly {value}, the {}: they look clipped, and models rank such rows badly",
                if *is_greatest { "greatest" } else { "least" }
            ),
            Self::FewRows { rows, sites } => write!(
                f,
                "{rows} rows are few for designs of {sites} free numbers; five times as many, {}, would be better",
                5 * sites
            ),
        }
    }
}

/// "every row lies", "3 of 20 rows lie".
fn of_rows(rows: usize, of: usize, one: &str, many: &str) -> String {
    match rows {
        rows if rows == of => format!("every row {one}"),
        1 => format!("1 of {of} rows {one}"),
        _ => format!("{rows} of {of} rows {many}"),
    }
}
