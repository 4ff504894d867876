//! What is wrong with a table or a fit, as data.

use std::fmt;
use std::path::PathBuf;

/// Where in a table something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Line of a file, from 1, the header included.
    Line(u64),
    /// Row of an array, from 0.
    Row(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Row(row) => write!(f, "row {row}"),
        }
    }
}

/// A table cannot be learned from, or a model cannot be fitted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SurrogateError {
    /// A file cannot be opened.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The text is not CSV, or reading it failed.
    #[error("the table cannot be read: {0}")]
    Csv(csv::Error),
    /// The header has no such column.
    #[error("no column {wanted:?} in the header; it has {found:?}")]
    NoSuchColumn {
        /// The column that was asked for.
        wanted: String,
        /// The columns that there are.
        found: Vec<String>,
    },
    /// Two columns share a name.
    #[error("two columns are named {name:?}; give each its own name")]
    DuplicateColumn {
        /// The name.
        name: String,
    },
    /// A row has more or fewer cells than there are columns.
    #[error("{place} has {found} cells, {expected} expected")]
    Ragged {
        /// Where.
        place: Place,
        /// Number of columns.
        expected: usize,
        /// Number of cells.
        found: usize,
    },
    /// A cell is not a number.
    #[error("{place}, column {column:?}: {found:?} is not a number")]
    NotANumber {
        /// Where.
        place: Place,
        /// Name of the column.
        column: String,
        /// What the cell says.
        found: String,
    },
    /// A cell is NaN or infinite.
    #[error("{place}, column {column:?}: {found} is not finite; leave failed experiments out")]
    NotFinite {
        /// Where.
        place: Place,
        /// Name of the column.
        column: String,
        /// The value.
        found: f64,
    },
    /// All values of a column are equal, from the first row to the last.
    #[error("column {column:?} is {value} from {first} to {last}: nothing to learn; leave it out")]
    Constant {
        /// Name of the column.
        column: String,
        /// Its only value.
        value: f64,
        /// The first row.
        first: Place,
        /// The last row.
        last: Place,
    },
    /// There are too few rows, or no columns but the score.
    #[error(
        "the table has {rows} rows and {columns} design columns; at least {rows_min} and 1 are needed"
    )]
    TooSmall {
        /// Rows.
        rows: usize,
        /// Columns besides the score.
        columns: usize,
        /// Least number of rows.
        rows_min: usize,
    },
    /// The ridge is not above 0.
    #[error("the ridge must be a number above 0, found {found}")]
    Ridge {
        /// The value given.
        found: f64,
    },
    /// The normal equations could not be solved.
    #[error("the normal equations are not positive definite in f64; use a ridge above {ridge}")]
    Singular {
        /// The ridge that was not enough.
        ridge: f64,
    },
    /// There are more rows than the model can take.
    #[error("the model takes {rows_max} rows, found {rows}; take the best and some of the others")]
    RowsBeyond {
        /// Rows.
        rows: usize,
        /// Most rows.
        rows_max: usize,
    },
    /// Lists that belong together do not fit.
    #[error("{found} {what}, {expected} expected")]
    Shape {
        /// What was counted.
        what: &'static str,
        /// How many there should be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A covariance matrix has no root, even with jitter on its diagonal.
    #[error(
        "the covariance of the rows is not positive definite in f64; rescale the columns or allow for more noise"
    )]
    Covariance,
    /// A setting that cannot be used.
    #[error("{name} must be {wanted}, found {found}")]
    Setting {
        /// Its name.
        name: &'static str,
        /// What was given.
        found: f64,
        /// What it may be.
        wanted: &'static str,
    },
    /// A bound of the sharpness that no network with a free output bias can meet.
    #[error(
        "the bound of the sharpness {bound} is below rho {rho}: the gradient norm of the mean prediction is never below 1, \
         so the multiplier would grow for ever; raise the bound, lower rho, or leave the output bias out"
    )]
    InfeasibleBound {
        /// ε.
        bound: f64,
        /// ρ.
        rho: f64,
    },
    /// Training left the finite numbers.
    #[error("the loss of epoch {epoch} is not finite; lower the step size or rescale the columns")]
    Diverged {
        /// From 0.
        epoch: u32,
    },
    /// A search, a model and a space that do not fit together.
    #[error("{what} needs {needs}")]
    Unsuited {
        /// Which search or model.
        what: &'static str,
        /// What it needs.
        needs: &'static str,
    },
    /// A search of a surrogate failed.
    #[error("the search of the surrogate failed: {reason}")]
    Search {
        /// What went wrong.
        reason: String,
    },
}
