//! The rows a formula is fitted to.

use std::sync::Arc;

use super::units::Unit;

/// One column to be explained.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// Its unit, if it has one.
    pub unit: Option<Unit>,
    /// Weighted mean.
    pub mean: f64,
    /// Weighted mean square of the deviations from the mean.
    pub variance: f64,
    /// Weighted mean of the deviations: what rounding has left of 0.
    pub(super) rest: f64,
    /// Deviations from the mean, `(rows,)`: what is fitted, so that a large mean costs no precision.
    pub(super) deviations: Vec<f32>,
}

/// One column that formulas may use.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its unit, if it has one.
    pub unit: Option<Unit>,
    /// A number for each row.
    pub values: Vec<f32>,
}

/// Columns, targets and weights of equal length.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    rows: usize,
    columns: Vec<Column>,
    targets: Vec<Target>,
    /// Mean 1.
    weights: Option<Vec<f32>>,
    weight_roots: Option<Vec<f32>>,
    /// Sum of the weights.
    total: f64,
}

/// A table that nothing can be fitted to.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// A column has another number of rows than the first.
    #[error("column '{column}' has {found} rows, expected {expected}")]
    Rows {
        /// Its name.
        column: String,
        /// Rows of the first column.
        expected: usize,
        /// Its rows.
        found: usize,
    },
    /// Fewer than two rows.
    #[error("{rows} rows are too few: at least 2 are needed")]
    TooFew {
        /// How many there are.
        rows: usize,
    },
    /// A value is not finite, also not as a single-precision number.
    #[error("column '{column}', row {row}: {value:?} is not a finite number of single precision")]
    NotFinite {
        /// Its name.
        column: String,
        /// From 1.
        row: usize,
        /// The value.
        value: f64,
    },
    /// All values of a target are the same.
    #[error("target '{column}' is {value} in every row: there is nothing to explain")]
    Constant {
        /// Its name.
        column: String,
        /// The value.
        value: f64,
    },
    /// A weight is negative, or all of them are 0.
    #[error("row {row}: weights must be 0 or more, and not all 0; found {value}")]
    Weight {
        /// From 1.
        row: usize,
        /// The weight.
        value: f64,
    },
    /// No columns, or more than a formula can name.
    #[error("a formula needs 1 to {max} columns, found {found}", max = u16::MAX)]
    Columns {
        /// How many.
        found: usize,
    },
    /// No targets.
    #[error("there is no target")]
    NoTarget,
}

/// A column as it is handed in: name, unit, values.
pub type Given = (String, Option<Unit>, Vec<f64>);

impl Table {
    /// A table; `weights` are for the squared errors of the rows.
    ///
    /// # Errors
    /// [`TableError`] for the first fault.
    pub fn try_new(
        columns: Vec<Given>,
        targets: Vec<Given>,
        weights: Option<Vec<f64>>,
    ) -> Result<Arc<Self>, TableError> {
        if columns.is_empty() || columns.len() > usize::from(u16::MAX) {
            return Err(TableError::Columns { found: columns.len() });
        }
        let rows = targets.first().ok_or(TableError::NoTarget)?.2.len();
        check_columns(columns.iter().chain(&targets), rows)?;
        if rows < 2 {
            return Err(TableError::TooFew { rows });
        }
        let weights = weights.map(|weights| normal_weights(&weights, rows)).transpose()?;
        let columns = columns.into_iter().map(Column::of).collect();
        let sum = |weights: &Vec<f32>| weights.iter().map(|weight| f64::from(*weight)).sum();
        let total = weights.as_ref().map_or(rows as f64, sum);
        let target = |given: Given| Target::try_new(given, weights.as_deref(), total);
        let targets = targets.into_iter().map(target).collect::<Result<_, _>>()?;
        let root = |weights: &Vec<f32>| weights.iter().map(|weight| weight.sqrt()).collect();
        let weight_roots = weights.as_ref().map(root);
        Ok(Arc::new(Self { rows, columns, targets, weights, weight_roots, total }))
    }

    /// A table without targets, for formulas that are only evaluated.
    ///
    /// # Errors
    /// [`TableError`] for the first fault.
    pub fn of_columns(columns: Vec<Given>) -> Result<Arc<Self>, TableError> {
        let rows = columns.first().map_or(0, |(_, _, values)| values.len());
        check_columns(columns.iter(), rows)?;
        let columns = columns.into_iter().map(Column::of).collect();
        let (targets, weights, weight_roots) = (Vec::new(), None, None);
        Ok(Arc::new(Self { rows, columns, targets, weights, weight_roots, total: rows as f64 }))
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// What formulas may use.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// What is to be explained.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// Weights of the rows, of mean 1, if not all are the same.
    pub(super) fn weights(&self) -> Option<&[f32]> {
        self.weights.as_deref()
    }

    /// Sum of the weights.
    pub(super) fn total(&self) -> f64 {
        self.total
    }

    /// Roots of the weights.
    pub(super) fn weight_roots(&self) -> Option<&[f32]> {
        self.weight_roots.as_deref()
    }

    /// Whether any column or target has a unit.
    pub fn has_units(&self) -> bool {
        let columns = self.columns.iter().any(|column| column.unit.is_some());
        columns || self.targets.iter().any(|target| target.unit.is_some())
    }

    /// Names of the columns, for printing.
    pub fn names(&self) -> Vec<&str> {
        self.columns.iter().map(|column| column.name.as_str()).collect()
    }
}

fn check_columns<'a>(
    mut columns: impl Iterator<Item = &'a Given>,
    rows: usize,
) -> Result<(), TableError> {
    columns.try_for_each(|(name, _, values)| {
        if values.len() != rows {
            let (column, found) = (name.clone(), values.len());
            return Err(TableError::Rows { column, expected: rows, found });
        }
        match values.iter().position(|value| !(*value as f32).is_finite()) {
            None => Ok(()),
            Some(row) => {
                let (column, value) = (name.clone(), values[row]);
                Err(TableError::NotFinite { column, row: row + 1, value })
            }
        }
    })
}

impl Column {
    fn of((name, unit, values): Given) -> Self {
        Self { name, unit, values: values.into_iter().map(|value| value as f32).collect() }
    }
}

fn normal_weights(weights: &[f64], rows: usize) -> Result<Vec<f32>, TableError> {
    if weights.len() != rows {
        let column = "weights".to_owned();
        return Err(TableError::Rows { column, expected: rows, found: weights.len() });
    }
    let wrong = weights.iter().position(|weight| !(weight.is_finite() && *weight >= 0.0));
    let total: f64 = weights.iter().sum();
    let wrong = wrong.or((total <= 0.0).then_some(0));
    if let Some(row) = wrong {
        return Err(TableError::Weight { row: row + 1, value: weights[row] });
    }
    Ok(weights.iter().map(|weight| (weight * rows as f64 / total) as f32).collect())
}

impl Target {
    fn try_new(
        (name, unit, values): Given,
        weights: Option<&[f32]>,
        rows: f64,
    ) -> Result<Self, TableError> {
        let weight = |row: usize| weights.map_or(1.0, |weights| f64::from(weights[row]));
        let mean = values.iter().enumerate().map(|(row, y)| weight(row) * y).sum::<f64>() / rows;
        let deviations: Vec<f32> = values.iter().map(|y| (y - mean) as f32).collect();
        let square = |(row, d): (usize, &f32)| weight(row) * f64::from(*d) * f64::from(*d);
        let variance = deviations.iter().enumerate().map(square).sum::<f64>() / rows;
        let deviation = |(row, d): (usize, &f32)| weight(row) * f64::from(*d);
        let rest = deviations.iter().enumerate().map(deviation).sum::<f64>() / rows;
        if variance <= 0.0 || !variance.is_finite() {
            return Err(TableError::Constant { column: name, value: values[0] });
        }
        Ok(Self { name, unit, mean, variance, rest, deviations })
    }

    /// Numbers of the rows.
    pub fn values(&self) -> impl Iterator<Item = f64> + '_ {
        self.deviations.iter().map(|d| f64::from(*d) + self.mean)
    }
}
