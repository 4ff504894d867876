//! What is always counted.

use serde::{Deserialize, Serialize};

/// Counts of a search.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Counters {
    /// Formulas that were scored.
    pub scored: u64,
    /// Formulas that are infinite or no number in some row.
    pub not_finite: u64,
    /// Formulas whose evaluation crashed.
    pub crashed: u64,
    /// Formulas whose units do not fit.
    pub penalised: u64,
    /// Evaluations of all rows, those for constants included.
    pub evaluations: u64,
    /// Members that came from another island.
    pub migrants: u64,
    /// Members that came from the front.
    pub migrants_front: u64,
    /// Births by island.
    pub island_births: Vec<u64>,
    /// Changes by [`Change::ALL`](super::Change::ALL): how often, and how often the child was better than its parent.
    pub changes: Vec<(u64, u64)>,
}
