//! What a design is, which designs are possible, and the moves between them.
//!
//! A [`Space`] is a list of [`Field`]s with [`Constraints`]: sums, linear limits, forbidden combinations, fixed values.
//! It knows nothing of scores. All of its verbs give valid designs only:
//!
//! | verb | what it gives |
//! |---|---|
//! | [`Space::sample`] | a design at random, uniform where that can be had by rejection |
//! | [`Space::repair`] | the valid design near any point, as after a step of a search; `None` if none was found |
//! | [`Space::neighbours`], [`Space::mutate`] | one change: another level, a step of a number, an amount shifted between two members of a sum |
//! | [`Space::crossover`] | a child of two designs |
//! | [`Space::size`], [`Space::enumerate`] | how many there are, and all of them |
//! | [`Space::distance`], [`Nearest`] | Gower's distance, and the designs that are nearest |
//! | [`Encoding`] | features for a model, and back |
//!
//! ```
//! use hatchery_surrogates::Draws;
//! use hatchery_surrogates::space::{Constraints, Field, Kind, Space, Sum};
//!
//! let share = |name| Field::new(name, Kind::Real { lower: 0.0, upper: 0.7 });
//! let columns = ["water", "oil", "salt"].map(String::from).to_vec();
//! let sums = vec![Sum { columns, total: 1.0, tolerance: 0.0 }];
//! let constraints = Constraints { sums, ..Constraints::default() };
//! let space = Space::try_new(["water", "oil", "salt"].map(share).to_vec(), constraints)?;
//!
//! let design = space.sample(&mut Draws::new(7, "start"));
//! assert!(space.is_valid(&design));
//! let repaired = space.repair(&[0.9, 0.2, 0.2]).expect("there is a mixture nearby");
//! assert!((repaired.iter().sum::<f64>() - 1.0).abs() < 1e-12 && repaired[0] == 0.7);
//! # Ok::<(), hatchery_surrogates::space::SpaceError>(())
//! ```

mod check;
mod constraint;
mod crossover;
mod distance;
mod encode;
mod enumerate;
mod error;
mod field;
mod forbid;
mod moves;
mod mutate;
mod nearest;
mod project;
mod repair;
mod sample;
mod settle;
#[cfg(test)]
mod tests;
mod toml;
mod whole;

pub use constraint::{Constraints, Forbidden, Linear, Sum};
pub use encode::Encoding;
pub use enumerate::{Designs, ENUMERATED_MAX};
pub use error::SpaceError;
pub(crate) use error::hint;
pub(crate) use field::number;
pub use field::{Design, Fault, Field, Kind, Site};
pub use nearest::{Nearest, Neighbour};
pub use toml::{
    ColumnFile, Direction, Forbid, KindName, LinearFile, ObjectiveFile, Scalar, SpaceFile,
    SpaceFileError, SumFile,
};

use constraint::Row;

/// Most sites of a design.
pub const SITES_MAX: usize = 10_000;

/// A checked space of designs, with at least one design in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Space {
    fields: Vec<Field>,
    constraints: Constraints,
    /// What each site is.
    sites: Vec<Site>,
    /// Of each site; twice the same number if it is fixed.
    bounds: Vec<(f64, f64)>,
    /// Sums, then limits.
    rows: Vec<Row>,
    /// Which rows each site is in.
    rows_of: Vec<Vec<usize>>,
    /// The free members of each sum.
    members: Vec<Vec<usize>>,
    /// The sum that a site is in.
    sum_of: Vec<Option<usize>>,
    /// Sites that may change, in order.
    free: Vec<usize>,
    /// Combinations of site and value that must not come together.
    forbidden: Vec<Vec<(usize, f64)>>,
    /// One valid design.
    witness: Design,
}

impl Space {
    /// The columns, in order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The constraints, as they were given.
    pub fn constraints(&self) -> &Constraints {
        &self.constraints
    }

    /// What each number of a design is.
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// Whether a site may change.
    pub fn is_free(&self, site: usize) -> bool {
        self.bounds[site].0 < self.bounds[site].1
    }

    /// The sites that may change, in order.
    pub fn free_sites(&self) -> &[usize] {
        &self.free
    }

    /// The value of a site that is fixed.
    pub fn fixed(&self, site: usize) -> Option<f64> {
        let (lower, upper) = self.bounds[site];
        (lower == upper).then_some(lower)
    }

    /// The field of a name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// By how much a design misses what it must meet, in units of the constraint that it misses most: 0 of a valid one,
    /// infinity of one with a forbidden combination, a value between two levels or NaN.
    ///
    /// Sums and limits are met if they are off by their tolerance or by rounding at most: 1e-9, or 64 ulp of the largest
    /// term where that is more.
    ///
    /// # Panics
    /// If the design has another number of sites.
    pub fn violation(&self, design: &[f64]) -> f64 {
        assert_eq!(design.len(), self.sites.len(), "a design has one number a site");
        let mut worst = self.rows.iter().map(|row| row.excess(design)).fold(0.0, f64::max);
        for ((&value, site), &(lower, upper)) in design.iter().zip(&self.sites).zip(&self.bounds) {
            let is_level = matches!(site, Site::Real { .. }) || value.fract() == 0.0;
            if !(value.is_finite() && is_level) {
                return f64::INFINITY;
            }
            worst = worst.max(lower - value).max(value - upper);
        }
        if self.forbidden.iter().any(|rule| forbid::matches(rule, design)) {
            return f64::INFINITY;
        }
        worst
    }

    /// Whether a design is inside all bounds and meets all constraints.
    ///
    /// # Panics
    /// If the design has another number of sites.
    pub fn is_valid(&self, design: &[f64]) -> bool {
        self.violation(design) == 0.0
    }

    /// What is left of each linear limit, in order; negative where it is broken.
    pub fn slacks(&self, design: &[f64]) -> Vec<f64> {
        let limits = self.rows.iter().filter(|row| !row.is_sum);
        limits.map(|row| row.bound - row.value(design)).collect()
    }

    /// Of each sum, in order, by how much a design misses it.
    pub(crate) fn sum_excesses(&self) -> impl Iterator<Item = impl Fn(&[f64]) -> f64> {
        self.rows.iter().filter(|row| row.is_sum).map(|row| |x: &[f64]| row.excess(x))
    }

    /// Of each limit, in order, by how much a design breaks it.
    pub(crate) fn limit_excesses(&self) -> impl Iterator<Item = impl Fn(&[f64]) -> f64> {
        self.rows.iter().filter(|row| !row.is_sum).map(|row| |x: &[f64]| row.excess(x))
    }

    /// Forbidden combinations by site and value.
    pub(crate) fn forbidden_sites(&self) -> &[Vec<(usize, f64)>] {
        &self.forbidden
    }

    /// The cost of a design: of each column with a cost, its value times that.
    pub fn cost(&self, design: &[f64]) -> f64 {
        let cost = |field: &Field| field.cost.map(|cost| cost * design[field.sites.start]);
        self.fields.iter().filter_map(cost).sum()
    }

    /// A design as text, one a field.
    ///
    /// # Panics
    /// If the design has another number of sites, or an index has no level.
    pub fn show(&self, design: &[f64]) -> Vec<String> {
        self.fields.iter().map(|field| field.show(&design[field.sites.clone()])).collect()
    }
}
