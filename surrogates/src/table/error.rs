//! Why a table cannot be read.

use crate::space::{SpaceError, SpaceFileError};

/// The first fault of a table: where, what, what to do.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// There are no columns.
    #[error("the table has no columns; its first line must name them")]
    NoHeader,
    /// A column has no name.
    #[error("column {position} of the header has no name")]
    EmptyName {
        /// From 1.
        position: usize,
    },
    /// Two columns share a name.
    #[error("two columns are named {name:?}; give each its own name")]
    DuplicateColumn {
        /// The name.
        name: String,
    },
    /// More columns than any search here is meant for.
    #[error("the table has {found} columns, at most {most} are possible; is it transposed?")]
    TooManyColumns {
        /// How many.
        found: usize,
        /// How many there may be.
        most: usize,
    },
    /// A row has more or fewer cells than there are columns.
    #[error("line {line} has {found} cells, {expected} expected as in the header")]
    Ragged {
        /// From 1.
        line: u64,
        /// Cells of the header.
        expected: usize,
        /// Cells of the row.
        found: usize,
    },
    /// Nobody says which column is the score.
    #[error("which column holds the scores? name it with --target; {hint}")]
    NoTarget {
        /// The columns.
        hint: String,
    },
    /// A name that no column has.
    #[error("{place}: there is no column {wanted:?}; {hint}")]
    NoSuchColumn {
        /// Who asks for it.
        place: &'static str,
        /// The name.
        wanted: String,
        /// The nearest one, or all.
        hint: String,
    },
    /// One column is to be two things.
    #[error("column {column:?} cannot be both {first} and {second}")]
    TwoRoles {
        /// The column.
        column: String,
        /// The one.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
    /// Nothing can be learned from so little.
    #[error("the table has {rows} rows{}; at least {rows_min} are needed", if *.dropped > 0 { format!(" after {dropped} with missing cells were dropped") } else { String::new() })]
    TooFewRows {
        /// What is left.
        rows: usize,
        /// What was dropped.
        dropped: usize,
        /// What is needed.
        rows_min: usize,
    },
    /// A cell is empty or says that there is no value.
    #[error("line {line}, column {column:?}: {} ({cells} such cells in all); fill it in, or drop such rows with --missing drop", if .text.is_empty() { "the cell is empty".to_owned() } else { format!("{text:?} is no value") })]
    MissingCell {
        /// From 1.
        line: u64,
        /// The column.
        column: String,
        /// What is there.
        text: String,
        /// How many such cells there are.
        cells: usize,
    },
    /// No cell of a column has a value.
    #[error("column {column:?} has no value in any row; leave it out with --ignore {column}")]
    EmptyColumn {
        /// The column.
        column: String,
    },
    /// No row has a score.
    #[error(
        "column {column:?} is to hold the scores and has no value in any row; append rows that were measured, or name another with --target"
    )]
    NoScores {
        /// The column.
        column: String,
    },
    /// A cell is not a number.
    #[error("line {line}, column {column:?}: {text:?} is not a number{hint}")]
    NotANumber {
        /// From 1.
        line: u64,
        /// The column.
        column: String,
        /// What is there.
        text: String,
        /// What may help, with its own separator.
        hint: String,
    },
    /// A cell is NaN or infinite.
    #[error(
        "line {line}, column {column:?}: {text:?} is not finite; give a number, or leave the row out"
    )]
    NotFinite {
        /// From 1.
        line: u64,
        /// The column.
        column: String,
        /// What is there.
        text: String,
    },
    /// A cell is no value of its column.
    #[error("line {line}, column {column:?}: {reason}")]
    Cell {
        /// From 1.
        line: u64,
        /// The column.
        column: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A standard deviation below 0.
    #[error(
        "line {line}, column {column:?}: the noise {found} must be a standard deviation of at least 0"
    )]
    NegativeNoise {
        /// From 1.
        line: u64,
        /// The column.
        column: String,
        /// What is there.
        found: f64,
    },
    /// All scores are equal.
    #[error(
        "column {column:?}: all scores are {value}, from line {first} to line {last}: nothing to learn; is it the right column?"
    )]
    ConstantTarget {
        /// The column.
        column: String,
        /// The score.
        value: f64,
        /// First line.
        first: u64,
        /// Last line.
        last: u64,
    },
    /// Scores whose squares are no finite numbers.
    #[error(
        "column {column:?}: scores reach {value:e}, which no model can square; is the unit right? divide them"
    )]
    HugeTarget {
        /// The column.
        column: String,
        /// The score that is farthest from 0.
        value: f64,
    },
    /// No column is left for designs.
    #[error("no column is left for the design besides the scores in {target:?}{}", if *.ignored > 0 { format!(" and {ignored} ignored") } else { String::new() })]
    NoColumns {
        /// The column of scores.
        target: String,
        /// Columns left out.
        ignored: usize,
    },
    /// All columns are constant or fixed.
    #[error(
        "nothing can be searched: each of the {columns} columns of a design is constant or fixed"
    )]
    NothingVaries {
        /// How many there are.
        columns: usize,
    },
    /// Text that is neither a category nor a word of fixed length.
    #[error(
        "column {column:?} has {distinct} different texts in {rows} rows, such as {example:?}: no category; leave it out with --ignore {column}, or say in the space file what it is"
    )]
    FreeText {
        /// The column.
        column: String,
        /// How many.
        distinct: usize,
        /// In how many rows.
        rows: usize,
        /// One of them.
        example: String,
    },
    /// An ordinal whose order nobody gives.
    #[error(
        "column {column:?} is ordinal, and its values are no numbers: list its levels in their order in the space file"
    )]
    NoOrder {
        /// The column.
        column: String,
    },
    /// The space file cannot be used.
    #[error(transparent)]
    File(#[from] SpaceFileError),
    /// Columns and constraints make no space.
    #[error(transparent)]
    Space(#[from] SpaceError),
}
