//! Searches for formulas: the rows they are fitted to.

use std::collections::BTreeMap;

use hatchery_search::formula::{self, Unit};
use hatchery_tasks::regression::{FORMULAS, Formula, SPEED};
use serde::{Deserialize, Serialize};
use toml::Table;

use super::layers::unknown;
use super::{ConfigError, Layers, table_of, tidy};

/// Options of the search for formulas: a file, or a built-in formula that rows are drawn from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FormulaTaskConfig {
    /// A built-in formula to be found again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) formula: Option<String>,
    /// Rows that are drawn from it; as many as its source has if it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rows: Option<u32>,
    /// Noise that is added to its values, as a part of their root mean square.
    pub(crate) noise: f64,
    /// A file of comma-separated values with a header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<String>,
    /// Digest of that file, so that a search never goes on with another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) digest: Option<String>,
    /// Columns to be explained.
    pub(crate) targets: Vec<String>,
    /// Columns that formulas may use; all others if it is empty.
    pub(crate) features: Vec<String>,
    /// Column with the weights of the rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) weights: Option<String>,
    /// Units of columns.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) units: BTreeMap<String, Unit>,
}

impl FormulaTaskConfig {
    pub(super) fn check(&self, layers: &Layers) -> Result<(), ConfigError> {
        let fails = |key: &str, reason: String| Err(layers.error(&format!("task.{key}"), reason));
        if self.rows.is_some_and(|rows| !(2..=1_000_000).contains(&rows)) {
            return fails("rows", "must be from 2 to 1000000".into());
        }
        if !(self.noise.is_finite() && self.noise >= 0.0) {
            return fails("noise", format!("must be 0 or more, found {}", self.noise));
        }
        match (&self.formula, &self.data) {
            (Some(name), None) => match Formula::named(name) {
                Some(_) => Ok(()),
                None => {
                    let names = FORMULAS.iter().chain(&SPEED).map(|formula| formula.name);
                    fails("formula", unknown("formula", name, names))
                }
            },
            (None, Some(_)) if self.targets.is_empty() => {
                fails("targets", "is empty; name the column to be explained".into())
            }
            (None, Some(_)) => Ok(()),
            _ => fails("data", "give either a file here, or a built-in `formula`".into()),
        }
    }
}

/// Reads and checks the settings of the search.
pub(super) fn read_search(layers: &Layers) -> Result<formula::Config, ConfigError> {
    let config: formula::Config = layers.section("search", &["strategy"])?;
    config.check().map_err(|e| layers.error(&format!("search.{}", e.key), e.reason))?;
    Ok(config)
}

/// The settings of the search as a table.
pub(super) fn search_table(config: &formula::Config) -> Table {
    let mut table = table_of(config);
    table.insert("strategy".into(), "symbolic-regression".into());
    tidy(&mut table);
    table
}
