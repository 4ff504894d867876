//! Why there is no such space of designs.

use super::Fault;

/// A space that cannot be: which column or constraint, what is wrong, what to do.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpaceError {
    /// There is nothing to choose.
    #[error("a space needs at least one column")]
    NoColumns,
    /// More sites than any search here is meant for.
    #[error("designs of {sites} numbers are too long; at most {sites_max} are possible")]
    TooManySites {
        /// How many.
        sites: usize,
        /// How many there may be.
        sites_max: usize,
    },
    /// Two columns share a name.
    #[error("two columns are named {name:?}; give each its own name")]
    DuplicateColumn {
        /// The name.
        name: String,
    },
    /// Bounds are NaN, infinite, or wider than a number can say.
    #[error("column {column:?}: bounds {lower} to {upper} must be finite numbers")]
    InfiniteBounds {
        /// The column.
        column: String,
        /// The lower.
        lower: f64,
        /// The upper.
        upper: f64,
    },
    /// The lower bound is above the upper, or they are equal and the column is not fixed.
    #[error("column {column:?}: the lower bound {lower} must be below the upper bound {upper}")]
    ReversedBounds {
        /// The column.
        column: String,
        /// The lower.
        lower: f64,
        /// The upper.
        upper: f64,
    },
    /// Bounds of an integer with a fraction, or too large to count.
    #[error(
        "column {column:?}: bounds of an integer must be whole and below 2^53, found {lower} to {upper}"
    )]
    NotWholeBounds {
        /// The column.
        column: String,
        /// The lower.
        lower: f64,
        /// The upper.
        upper: f64,
    },
    /// No levels, or no letters.
    #[error("column {column:?} has no levels; list the values that it may take")]
    NoLevels {
        /// The column.
        column: String,
    },
    /// A level or a letter is there twice.
    #[error("column {column:?}: level {level:?} is listed twice")]
    DuplicateLevel {
        /// The column.
        column: String,
        /// The level.
        level: String,
    },
    /// A sequence without letters.
    #[error("column {column:?}: a sequence must have at least one letter")]
    EmptySequence {
        /// The column.
        column: String,
    },
    /// The fixed value is none that the column takes.
    #[error("column {column:?}: the fixed value {value:?} is not possible; {expected}")]
    Fixed {
        /// The column.
        column: String,
        /// The value.
        value: String,
        /// What would be.
        expected: String,
    },
    /// A cost that is not finite, or of a column without numbers.
    #[error("column {column:?}: only a real or integer column has a cost, a finite number a unit")]
    Cost {
        /// The column.
        column: String,
    },
    /// A constraint names a column that is not there.
    #[error("{constraint} names column {wanted:?}, which is not there; {hint}")]
    NoSuchColumn {
        /// The constraint.
        constraint: String,
        /// The name.
        wanted: String,
        /// The nearest name, or all.
        hint: String,
    },
    /// A sum or limit over a column without numbers.
    #[error(
        "{constraint}: column {column:?} is {kind}; only real and integer columns can be summed"
    )]
    NotANumberColumn {
        /// The constraint.
        constraint: String,
        /// The column.
        column: String,
        /// What it is.
        kind: &'static str,
    },
    /// A column is twice in one constraint.
    #[error("{constraint} names column {column:?} twice")]
    Twice {
        /// The constraint.
        constraint: String,
        /// The column.
        column: String,
    },
    /// A column is in two sums.
    #[error(
        "column {column:?} is in two sums; write the second one as two [[linear]] limits, at_most and at_least"
    )]
    TwoSums {
        /// The column.
        column: String,
    },
    /// A constraint of no or too few columns.
    #[error("{constraint} needs at least {least} columns")]
    TooFewColumns {
        /// The constraint.
        constraint: String,
        /// How many it needs.
        least: usize,
    },
    /// A weight, total, bound or tolerance that is NaN, infinite, or negative where that has no meaning.
    #[error("{constraint}: {what} must be a finite number{}, found {found}", if *.what == "the tolerance" { " of at least 0" } else { "" })]
    NotFinite {
        /// The constraint.
        constraint: String,
        /// Which number.
        what: &'static str,
        /// The number.
        found: f64,
    },
    /// The bounds of the columns do not allow the sum.
    #[error(
        "{constraint} cannot be met: within their bounds these columns sum to {least} .. {most}"
    )]
    SumUnreachable {
        /// The constraint.
        constraint: String,
        /// The least sum.
        least: f64,
        /// The greatest sum.
        most: f64,
    },
    /// All members are whole numbers, the total is not.
    #[error("{constraint} cannot be met: all its columns are integers")]
    SumNotWhole {
        /// The constraint.
        constraint: String,
    },
    /// The bounds of the columns do not allow the limit.
    #[error("{constraint} cannot be met: within their bounds these columns give at least {least}")]
    LimitUnreachable {
        /// The constraint.
        constraint: String,
        /// The least value.
        least: f64,
    },
    /// A real or a sequence in a forbidden combination.
    #[error(
        "{constraint}: column {column:?} is {kind}; only values of integer, ordinal and categorical columns can be forbidden"
    )]
    NotForbiddable {
        /// The constraint.
        constraint: String,
        /// The column.
        column: String,
        /// What it is.
        kind: &'static str,
    },
    /// A forbidden combination names a value that the column does not have.
    #[error("{constraint}: column {column:?} has no value {value:?}; {hint}")]
    NoSuchValue {
        /// The constraint.
        constraint: String,
        /// The column.
        column: String,
        /// The value.
        value: String,
        /// The nearest, or all.
        hint: String,
    },
    /// Each constraint can be met, but no design was found that meets them all.
    #[error(
        "no design meets all {constraints} constraints together ({starts} starting points tried); loosen a bound, a sum or a limit"
    )]
    Contradiction {
        /// How many there are.
        constraints: usize,
        /// From how many points a design was looked for.
        starts: usize,
    },
}

impl Fault {
    /// What is wrong with `text`, as the end of a sentence.
    pub(crate) fn reason(&self, text: &str, known: &[String]) -> String {
        match self {
            Self::NotANumber => format!("{text:?} is not a finite number"),
            Self::NotWhole => format!("{text:?} is not a whole number"),
            Self::UnknownLevel => format!("{text:?} is none of its levels; {}", hint(text, known)),
            Self::Length { found } => format!("{text:?} has {found} letters"),
            Self::Letter { found, position } => {
                format!(
                    "{text:?} has the letter {found:?} at position {position}, which is not in the alphabet"
                )
            }
        }
    }
}

/// "did you mean …" for the nearest of some names, or all of them.
pub(crate) fn hint(wrong: &str, names: &[String]) -> String {
    let likeness =
        |name: &String| strsim::jaro_winkler(&wrong.to_lowercase(), &name.to_lowercase());
    let best = names.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    match best {
        Some(name) if likeness(name) > 0.8 => format!("did you mean {name:?}?"),
        _ => {
            let shown: Vec<&str> = names.iter().take(12).map(String::as_str).collect();
            let more = if names.len() > 12 { ", ..." } else { "" };
            format!("there are: {}{more}", shown.join(", "))
        }
    }
}
