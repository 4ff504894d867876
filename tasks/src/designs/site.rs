//! The columns of a design.

use super::draw::{Draws, Purpose};

/// What a column holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A number.
    Real {
        /// The smallest that is allowed.
        lower: f64,
        /// The largest that is allowed.
        upper: f64,
    },
    /// One of several things without an order, held as its index.
    Categorical {
        /// Their names.
        levels: Vec<String>,
    },
}

/// A column of a design.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
}

impl Site {
    /// A column of numbers.
    pub fn real(name: impl Into<String>, lower: f64, upper: f64) -> Self {
        Self { name: name.into(), kind: Kind::Real { lower, upper } }
    }

    /// A column of levels.
    pub fn categorical<L: Into<String>>(
        name: impl Into<String>,
        levels: impl IntoIterator<Item = L>,
    ) -> Self {
        let levels = levels.into_iter().map(Into::into).collect();
        Self { name: name.into(), kind: Kind::Categorical { levels } }
    }

    /// Number of levels; `None` for a column of numbers.
    pub fn levels(&self) -> Option<usize> {
        match &self.kind {
            Kind::Real { .. } => None,
            Kind::Categorical { levels } => Some(levels.len()),
        }
    }

    /// Whether a value is allowed: within the bounds, or the index of a level.
    pub fn contains(&self, value: f64) -> bool {
        match &self.kind {
            Kind::Real { lower, upper } => (*lower..=*upper).contains(&value),
            Kind::Categorical { levels } => {
                value >= 0.0 && value < levels.len() as f64 && value.fract() == 0.0
            }
        }
    }

    /// The allowed value that is nearest; the lowest one for NaN.
    pub fn clip(&self, value: f64) -> f64 {
        match &self.kind {
            Kind::Real { lower, .. } if value.is_nan() => *lower,
            Kind::Real { lower, upper } => value.clamp(*lower, *upper),
            Kind::Categorical { levels } => {
                value.round().max(0.0).min(levels.len().saturating_sub(1) as f64)
            }
        }
    }

    /// The difference as a share of the range, or 0 and 1 for equal and different levels.
    fn difference(&self, a: f64, b: f64) -> f64 {
        match &self.kind {
            Kind::Real { lower, upper } if upper > lower => (a - b) / (upper - lower),
            Kind::Real { .. } => 0.0,
            Kind::Categorical { .. } => f64::from(u8::from(a != b)),
        }
    }
}

/// Whether a design has a value for each column, all allowed.
pub fn contains(sites: &[Site], design: &[f64]) -> bool {
    design.len() == sites.len() && sites.iter().zip(design).all(|(s, v)| s.contains(*v))
}

/// The distance of two designs: root mean square over the columns of differences as shares of the range, where different
/// levels differ by 1. From 0 to 1.
pub fn distance(sites: &[Site], a: &[f64], b: &[f64]) -> f64 {
    let square = |((site, a), b): ((&Site, &f64), &f64)| site.difference(*a, *b).powi(2);
    let sum: f64 = sites.iter().zip(a).zip(b).map(square).sum();
    (sum / sites.len().max(1) as f64).sqrt()
}

/// The design number `index` of a seed, uniform in the box of the columns.
pub fn random_design(sites: &[Site], seed: u64, index: usize) -> Vec<f64> {
    let mut draws = Draws::new(seed, Purpose::Points, index);
    let draw = |site: &Site| match &site.kind {
        Kind::Real { lower, upper } => draws.between(*lower, *upper),
        Kind::Categorical { levels } => draws.below(levels.len()) as f64,
    };
    sites.iter().map(draw).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sites() -> [Site; 2] {
        [Site::real("dose", -1.0, 3.0), Site::categorical("base", ["A", "C", "G"])]
    }

    #[test]
    fn values_are_checked_and_clipped() {
        let sites = sites();
        assert!(contains(&sites, &[3.0, 2.0]));
        for wrong in [[3.1, 2.0], [f64::NAN, 2.0], [0.0, 3.0], [0.0, 0.5], [0.0, -1.0]] {
            assert!(!contains(&sites, &wrong), "{wrong:?}");
            let clipped: Vec<f64> = sites.iter().zip(wrong).map(|(s, v)| s.clip(v)).collect();
            assert!(contains(&sites, &clipped), "{clipped:?}");
        }
        assert!(!contains(&sites, &[0.0]));
    }

    #[test]
    fn distances_are_shares_of_the_range() {
        let d = distance(&sites(), &[-1.0, 0.0], &[1.0, 0.0]);
        assert!((d - 0.125_f64.sqrt()).abs() < 1e-15);
        assert_eq!(distance(&sites(), &[-1.0, 0.0], &[3.0, 2.0]), 1.0);
    }

    #[test]
    fn random_designs_fill_the_box() {
        let sites = sites();
        let designs: Vec<Vec<f64>> = (0..4000).map(|i| random_design(&sites, 3, i)).collect();
        assert!(designs.iter().all(|design| contains(&sites, design)));
        let mean = |column: usize| designs.iter().map(|d| d[column]).sum::<f64>() / 4000.0;
        // Standard errors 0.018 and 0.013.
        assert!((mean(0) - 1.0).abs() < 0.08 && (mean(1) - 1.0).abs() < 0.06);
        assert_eq!(designs[5], random_design(&sites, 3, 5));
        assert_ne!(designs[5], random_design(&sites, 4, 5));
    }
}
