//! The space file: what a user says about the columns of a table, in TOML.

mod column;
mod error;
#[cfg(test)]
mod tests;

pub use column::{ColumnFile, KindName, Scalar};
pub use error::SpaceFileError;

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Constraints, Forbidden, Linear, Space, Sum};
use error::explain;

/// A space file as it was written.
///
/// ```
/// use hatchery_surrogates::space::SpaceFile;
///
/// let text = r#"
///     ignore = ["operator", "date"] # columns that are no part of a design
///
///     [objective]
///     column = "yield"
///     direction = "maximize"      # or minimize
///     noise = "yield_sd"          # column with the standard deviation of each score
///
///     [columns.temperature]
///     kind = "real"               # real | integer | ordinal | categorical | sequence
///     bounds = [20, 120]
///     cost = 0.05                 # of one unit, for the report
///
///     [columns.base]
///     kind = "categorical"
///     levels = ["KOH", "NaH"]
///
///     [columns.solvent]
///     kind = "categorical"
///     levels = ["DMF", "THF"]
///     fixed = "DMF"               # proposals keep it; the table may have others
///
///     [columns.size]
///     kind = "ordinal"            # levels in their order
///     levels = ["small", "medium", "large"]
///
///     [columns.dna]
///     kind = "sequence"
///     alphabet = "ACGT"
///     length = 8
///     fixed = "AC****GT"          # letters are kept, * is free
///
///     [columns.a]
///     kind = "real"
///     bounds = [0, 1]
///
///     [columns.b]
///     kind = "real"
///     bounds = [0, 1]
///
///     [[sum]]
///     columns = ["a", "b"]
///     total = 1.0
///     tolerance = 0.01            # 0 if left out
///
///     [[linear]]
///     terms = { a = 1.0, temperature = 0.1 }
///     at_most = 12.5              # or at_least, or both
///
///     [[forbid]]                  # never all of these together
///     solvent = "THF"
///     base = "NaH"
/// "#;
/// let space = SpaceFile::parse(text)?.space()?;
/// assert_eq!((space.fields().len(), space.sites().len()), (7, 14));
/// # Ok::<(), hatchery_surrogates::space::SpaceFileError>(())
/// ```
///
/// Every key may be left out: what a file does not say about a column of a table, the table does.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SpaceFile {
    /// Columns that are no part of a design.
    pub ignore: Vec<String>,
    /// What the score is.
    pub objective: ObjectiveFile,
    columns: BTreeMap<String, ::toml::Spanned<ColumnFile>>,
    /// Sums.
    pub sum: Vec<SumFile>,
    /// Linear limits.
    pub linear: Vec<LinearFile>,
    /// Forbidden combinations.
    pub forbid: Vec<Forbid>,
}

/// What the score is.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ObjectiveFile {
    /// Its column.
    pub column: Option<String>,
    /// Which way is better.
    pub direction: Option<Direction>,
    /// Column with the standard deviation of each score.
    pub noise: Option<String>,
}

/// Which scores are better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The larger.
    #[serde(alias = "max")]
    Maximize,
    /// The smaller.
    #[serde(alias = "min")]
    Minimize,
}

/// A sum of columns.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SumFile {
    /// Its members.
    pub columns: Vec<String>,
    /// What they sum to.
    pub total: f64,
    /// How far off a design may be.
    #[serde(default)]
    pub tolerance: f64,
}

/// A linear limit.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinearFile {
    /// Columns and their weights.
    pub terms: BTreeMap<String, f64>,
    /// Upper bound of the weighted sum.
    pub at_most: Option<f64>,
    /// Lower bound of the weighted sum.
    pub at_least: Option<f64>,
}

/// Columns and values that must not come together.
pub type Forbid = BTreeMap<String, Scalar>;

impl SpaceFile {
    /// Reads the text of a space file.
    ///
    /// # Errors
    /// [`SpaceFileError`] with the line of the first fault.
    pub fn parse(text: &str) -> Result<Self, SpaceFileError> {
        ::toml::from_str(text).map_err(|error| explain(text, &error))
    }

    /// The columns in the order in which they were written.
    pub fn columns(&self) -> Vec<(&str, &ColumnFile)> {
        let mut columns: Vec<_> = self.columns.iter().collect();
        columns.sort_by_key(|(_, column)| column.span().start);
        columns.into_iter().map(|(name, column)| (name.as_str(), column.get_ref())).collect()
    }

    /// What is said about a column.
    pub fn column(&self, name: &str) -> Option<&ColumnFile> {
        self.columns.get(name).map(::toml::Spanned::get_ref)
    }

    /// The constraints.
    ///
    /// # Errors
    /// [`SpaceFileError::NoBound`].
    pub fn constraints(&self) -> Result<Constraints, SpaceFileError> {
        let sums = self.sum.iter().map(|sum| Sum {
            columns: sum.columns.clone(),
            total: sum.total,
            tolerance: sum.tolerance,
        });
        let mut limits = Vec::new();
        for (at, limit) in self.linear.iter().enumerate() {
            if limit.at_most.is_none() && limit.at_least.is_none() {
                return Err(SpaceFileError::NoBound { number: at + 1 });
            }
            let terms = |sign: f64| limit.terms.iter().map(move |(c, w)| (c.clone(), sign * w));
            let at_most = limit.at_most.map(|bound| (1.0, bound));
            let at_least = limit.at_least.map(|bound| (-1.0, -bound));
            limits.extend(
                [at_most, at_least]
                    .into_iter()
                    .flatten()
                    .map(|(sign, at_most)| Linear { terms: terms(sign).collect(), at_most }),
            );
        }
        let forbidden = self.forbid.iter().map(|rule| Forbidden {
            values: rule
                .iter()
                .map(|(column, value)| (column.clone(), value.to_string()))
                .collect(),
        });
        Ok(Constraints { sums: sums.collect(), limits, forbidden: forbidden.collect() })
    }

    /// The space of a file that says everything, without a table.
    ///
    /// # Errors
    /// [`SpaceFileError`] if something is missing, or makes no space.
    pub fn space(&self) -> Result<Space, SpaceFileError> {
        let field = |(name, column): (&str, &ColumnFile)| column.field(name);
        let fields = self.columns().into_iter().map(field).collect::<Result<_, _>>()?;
        Ok(Space::try_new(fields, self.constraints()?)?)
    }
}
