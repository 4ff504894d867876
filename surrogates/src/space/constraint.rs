//! What the values of several columns must meet together.

/// Columns whose values have a given sum.
#[derive(Debug, Clone, PartialEq)]
pub struct Sum {
    /// Names of real or integer columns; no column is in two sums.
    pub columns: Vec<String>,
    /// What they sum to.
    pub total: f64,
    /// How far off a design may be, ≥ 0; rounding of 1e-9 is always allowed.
    pub tolerance: f64,
}

/// A weighted sum of columns that must not exceed a bound.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear {
    /// Names of real or integer columns, each with its weight.
    pub terms: Vec<(String, f64)>,
    /// The bound.
    pub at_most: f64,
}

/// Values that must not come together.
#[derive(Debug, Clone, PartialEq)]
pub struct Forbidden {
    /// Names of columns, each with the text of a value; reals and sequences have none that could be named.
    pub values: Vec<(String, String)>,
}

/// All constraints of a space.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Constraints {
    /// Sums.
    pub sums: Vec<Sum>,
    /// Linear limits.
    pub limits: Vec<Linear>,
    /// Forbidden combinations.
    pub forbidden: Vec<Forbidden>,
}

/// A sum or a limit by sites: `Σ weight · x[site]` is, or is at most, `bound`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// Site and weight; no site twice, no weight 0.
    pub(super) terms: Vec<(usize, f64)>,
    pub(super) bound: f64,
    pub(super) tolerance: f64,
    pub(super) is_sum: bool,
}

impl Row {
    /// The weighted sum of a design.
    pub(super) fn value(&self, x: &[f64]) -> f64 {
        self.terms.iter().map(|&(site, weight)| weight * x[site]).sum()
    }

    /// By how much a design misses it: 0 within the tolerance.
    pub(super) fn excess(&self, x: &[f64]) -> f64 {
        let over = self.value(x) - self.bound;
        let miss = if self.is_sum { over.abs() } else { over };
        if miss > self.tolerance { miss } else { 0.0 }
    }

    /// The weight of a site, 0 if it is not in it.
    pub(super) fn weight(&self, site: usize) -> f64 {
        self.terms.iter().find(|term| term.0 == site).map_or(0.0, |term| term.1)
    }

    /// Least and greatest value within bounds.
    pub(super) fn reach(&self, bounds: &[(f64, f64)]) -> (f64, f64) {
        self.terms.iter().fold((0.0, 0.0), |(least, most), &(site, weight)| {
            let (lower, upper) = bounds[site];
            let ends = (weight * lower, weight * upper);
            (least + ends.0.min(ends.1), most + ends.0.max(ends.1))
        })
    }
}

/// The allowance for rounding: 1e-9, or what 64-bit numbers of this size cannot be without.
pub(super) fn rounding(scale: f64) -> f64 {
    (64.0 * f64::EPSILON * scale).max(1e-9)
}
