//! What knows the truth of a design, and the designs that are known before.

use std::fmt;

use super::{Protocol, Site};

/// The true score of any design; larger is better.
///
/// A benchmark asks for the pool and the protocol once. Methods must not ask: whoever scores their proposals does, at the end.
pub trait Oracle: fmt::Debug + Send + Sync {
    /// Name of the task.
    fn name(&self) -> &str;

    /// The columns of a design.
    fn sites(&self) -> &[Site];

    /// The score without noise. `None` if the design is outside of its space, infeasible, or was never measured.
    fn truth(&self, design: &[f64]) -> Option<f64>;

    /// The best possible score, if it is known.
    fn optimum(&self) -> Option<f64>;

    /// Designs that have it: one or several, not always all; none if they are unknown.
    fn optima(&self) -> Vec<Vec<f64>>;

    /// All designs of the data set with scores, visible or not. Tables are the same for every seed.
    fn pool(&self, seed: u64) -> Pool;

    /// Which rows of the pool are usually visible.
    fn protocol(&self) -> Protocol;
}

/// A data set: designs with scores.
#[derive(Clone, PartialEq)]
pub struct Pool {
    /// The columns of a design.
    pub columns: Vec<Site>,
    /// `(rows, columns)`: numbers, or indices of levels.
    pub designs: Vec<Vec<f64>>,
    /// What was observed in each row, with noise if there is any; larger is better. NaN: infeasible.
    pub scores: Vec<f64>,
    /// The same without noise.
    pub truths: Vec<f64>,
}

impl fmt::Debug for Pool {
    /// Sizes only: pools have thousands of rows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pool({} designs of {} columns)", self.designs.len(), self.columns.len())
    }
}

impl Pool {
    /// Designs with the scores of an oracle, without noise.
    pub fn score<O: Oracle + ?Sized>(oracle: &O, designs: Vec<Vec<f64>>) -> Self {
        let truth = |design: &Vec<f64>| oracle.truth(design).unwrap_or(f64::NAN);
        let truths: Vec<f64> = designs.iter().map(truth).collect();
        Self { columns: oracle.sites().to_vec(), designs, scores: truths.clone(), truths }
    }

    /// Number of designs.
    pub fn len(&self) -> usize {
        self.designs.len()
    }

    /// Whether there are no designs.
    pub fn is_empty(&self) -> bool {
        self.designs.is_empty()
    }
}
