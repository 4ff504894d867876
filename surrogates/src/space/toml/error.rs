//! Faults of a space file, each with its line.

use crate::space::{SpaceError, hint};

/// A space file that cannot be used: where, what is wrong, what to do.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpaceFileError {
    /// No TOML, or a value of another type than the key has.
    #[error("space file, line {line}: {reason}")]
    Syntax {
        /// From 1.
        line: usize,
        /// What the reader says.
        reason: String,
    },
    /// A key or a name of a kind or direction that does not exist.
    #[error("space file, line {line}: {found:?} is not known here; {hint}")]
    Unknown {
        /// From 1.
        line: usize,
        /// What was written.
        found: String,
        /// The nearest one, or all.
        hint: String,
    },
    /// A key that a column of this kind does not have.
    #[error("space file, column {column:?}: {key} does not belong to a column of kind {kind}")]
    Foreign {
        /// The column.
        column: String,
        /// The key.
        key: &'static str,
        /// Its kind.
        kind: &'static str,
    },
    /// A key that is needed.
    #[error("space file, column {column:?}: {key} is missing")]
    Missing {
        /// The column.
        column: String,
        /// The key.
        key: &'static str,
    },
    /// A linear limit without a bound.
    #[error("space file: the [[linear]] limit number {number} needs at_most or at_least")]
    NoBound {
        /// Which of the limits, from 1.
        number: usize,
    },
    /// The columns and constraints make no space.
    #[error(transparent)]
    Space(#[from] SpaceError),
}

/// The reader's error with the line, and with the nearest name instead of a list of all.
pub(super) fn explain(text: &str, error: &::toml::de::Error) -> SpaceFileError {
    let start = error.span().map_or(0, |span| span.start.min(text.len()));
    let line = text.as_bytes()[..start].iter().filter(|&&byte| byte == b'\n').count() + 1;
    let message = error.message();
    let names: Vec<String> = message.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    let is_unknown = message.starts_with("unknown field") || message.starts_with("unknown variant");
    match names.split_first() {
        Some((found, known)) if is_unknown => {
            let (found, hint) = (found.clone(), hint(found, known));
            SpaceFileError::Unknown { line, found, hint }
        }
        _ => SpaceFileError::Syntax { line, reason: in_toml(text, line, message) },
    }
}

/// What the reader says, in words of TOML and not of its types.
fn in_toml(text: &str, line: usize, message: &str) -> String {
    let written = text.lines().nth(line - 1).unwrap_or("").trim();
    if message.contains("untagged enum Scalar") {
        return "one value is expected here: a text in quotes, a number, true or false".into();
    }
    let is_table = written.starts_with('[') && !written.starts_with("[[");
    if is_table && message.starts_with("invalid type: map") {
        return format!("{written} is one of several: write [{written}]");
    }
    let words = [("a sequence", "a list in brackets"), ("map", "table"), ("\n", " ")];
    words.iter().fold(message.to_owned(), |text, (theirs, ours)| text.replace(theirs, ours))
}
