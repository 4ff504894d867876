//! What a variable holds.

use serde::{Deserialize, Serialize};

/// What a variable holds; the order is that of broadcasting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    /// One number.
    Scalar,
    /// One number for each leaf of the tree.
    Leaves,
    /// A number for each weight, or for each row of a table.
    Tree,
}

impl Kind {
    /// S, L or T.
    pub const fn letter(self) -> char {
        match self {
            Self::Scalar => 'S',
            Self::Leaves => 'L',
            Self::Tree => 'T',
        }
    }
}
