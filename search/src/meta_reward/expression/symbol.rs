//! Names in expressions, and which cannot be.

use hatchery_engine::world::{Primitive, Reducer};
use serde::{Deserialize, Serialize};

use super::Operator;

/// A primitive or a signal, by its own name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Symbol {
    /// Name in expressions.
    pub name: String,
    /// What it means.
    pub doc: String,
    /// Smallest and largest value.
    pub range: [f32; 2],
}

impl From<&Primitive> for Symbol {
    fn from(primitive: &Primitive) -> Self {
        Self {
            name: primitive.name.to_owned(),
            doc: primitive.doc.to_owned(),
            range: primitive.range,
        }
    }
}

impl Symbol {
    pub(super) fn check(&self, twice: bool) -> Result<(), VocabularyError> {
        let mut chars = self.name.chars();
        let reason = if !chars.next().is_some_and(|first| first.is_ascii_alphabetic()) {
            Some("a name begins with a letter")
        } else if !chars.all(|c| c.is_ascii_alphanumeric() || c == '_') {
            Some("a name has letters, digits and '_' only")
        } else if Operator::function(&self.name).is_some()
            || Reducer::ALL.iter().any(|reducer| reducer.name() == self.name)
        {
            Some("it is the name of a function")
        } else if twice {
            Some("it occurs twice")
        } else {
            None
        };
        if let Some(reason) = reason {
            return Err(VocabularyError::Name { name: self.name.clone(), reason });
        }
        let [low, high] = self.range;
        if low.is_finite() && high.is_finite() && low <= high {
            Ok(())
        } else {
            Err(VocabularyError::Range { name: self.name.clone() })
        }
    }
}

/// A vocabulary that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VocabularyError {
    /// Nothing to speak of.
    #[error("a vocabulary needs a primitive: choose at least one")]
    Empty,
    /// A name that expressions cannot use.
    #[error("'{name}' cannot be used in expressions: {reason}")]
    Name {
        /// The name.
        name: String,
        /// Why not.
        reason: &'static str,
    },
    /// The set speaks of something that the world does not have.
    #[error("the set '{set}' has '{name}', which the world does not: it has {known}")]
    Unknown {
        /// Name of the set.
        set: String,
        /// The name.
        name: String,
        /// What there is.
        known: String,
    },
    /// A range that is empty or not finite.
    #[error("the range of '{name}' must be two finite numbers, the smaller first")]
    Range {
        /// Whose range.
        name: String,
    },
    /// A limit out of its range.
    #[error("{limit} must be {smallest} to {largest}, found {found}")]
    Limit {
        /// Which.
        limit: &'static str,
        /// Least that makes sense.
        smallest: usize,
        /// Most that rewards can have.
        largest: usize,
        /// What came.
        found: usize,
    },
}
