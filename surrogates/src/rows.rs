//! Past experiments, as models are fitted to them.

use crate::SurrogateError;
use crate::space::Design;
use crate::statistics;

/// Designs, their scores, and how much each of them says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rows<'a> {
    /// What was tried.
    pub designs: &'a [Design],
    /// What came of each; larger is better.
    pub scores: &'a [f64],
    /// A measurement of row i has the variance s²/wᵢ, with one s for all of a model's rows; wᵢ > 0. Nothing if all say the same. Losses of lists
    /// (ListNet and the like) take rows alike.
    pub weights: &'a [f64],
}

impl<'a> Rows<'a> {
    /// Rows that all say the same.
    pub const fn new(designs: &'a [Design], scores: &'a [f64]) -> Self {
        Self { designs, scores, weights: &[] }
    }

    /// Number of rows.
    pub const fn count(&self) -> usize {
        self.scores.len()
    }

    /// The weight of a row.
    pub fn weight(&self, row: usize) -> f64 {
        self.weights.get(row).copied().unwrap_or(1.0)
    }

    /// Some of them, in a given order.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn take(&self, rows: &[usize]) -> SomeRows {
        SomeRows {
            designs: rows.iter().map(|row| self.designs[*row].clone()).collect(),
            scores: rows.iter().map(|row| self.scores[*row]).collect(),
            weights: match self.weights {
                [] => Vec::new(),
                weights => rows.iter().map(|row| weights[*row]).collect(),
            },
        }
    }

    /// Σ w f / Σ w over all rows.
    pub(crate) fn mean_of(&self, f: impl Fn(usize) -> f64) -> f64 {
        if self.weights.is_empty() {
            return statistics::mean(&(0..self.count()).map(f).collect::<Vec<f64>>());
        }
        let sum = |f: &dyn Fn(usize) -> f64| (0..self.count()).map(f).sum::<f64>();
        sum(&|row| self.weight(row) * f(row)) / sum(&|row| self.weight(row))
    }

    /// s² = Σ w e² / rows: the variance that a measurement of weight 1 has about what was predicted with errors e.
    pub(crate) fn variance_of(&self, error: impl Fn(usize) -> f64) -> f64 {
        let squares = (0..self.count()).map(|row| self.weight(row) * error(row).powi(2));
        statistics::mean(&squares.collect::<Vec<f64>>())
    }

    /// # Errors
    /// If there is no row, lists differ in length, or a weight is not above 0.
    pub(crate) fn check(&self) -> Result<(), SurrogateError> {
        let (expected, found) = (self.designs.len(), self.scores.len());
        if expected != found {
            return Err(SurrogateError::Shape { what: "scores", expected, found });
        }
        if found == 0 {
            return Err(SurrogateError::Shape { what: "rows", expected: 1, found });
        }
        let (expected, found) = (found, self.weights.len());
        if found > 0 && found != expected {
            return Err(SurrogateError::Shape { what: "weights of rows", expected, found });
        }
        match self.weights.iter().find(|weight| !(**weight > 0.0 && weight.is_finite())) {
            Some(&found) => {
                let (name, wanted) = ("weight of a row", "finite and above 0");
                Err(SurrogateError::Setting { name, found, wanted })
            }
            None => Ok(()),
        }
    }
}

/// Rows of one's own.
#[derive(Clone, Debug, Default)]
pub struct SomeRows {
    /// What was tried.
    pub designs: Vec<Design>,
    /// What came of each.
    pub scores: Vec<f64>,
    /// As [`Rows::weights`].
    pub weights: Vec<f64>,
}

impl SomeRows {
    /// To be looked at.
    pub fn rows(&self) -> Rows<'_> {
        Rows { designs: &self.designs, scores: &self.scores, weights: &self.weights }
    }
}
