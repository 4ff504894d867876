//! Settings of searches in which policies are inherited.

use serde::{Deserialize, Serialize};

use crate::ConfigError;

/// How a training is cut, and who inherits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InheritConfig {
    /// Outer steps: the slices that the updates of one training are cut into.
    pub slices: u32,
    /// Of `pbt`: share of the members that is replaced after a slice, and of those that are copied; above 0, at most 0.5.
    pub share: f64,
}

impl Default for InheritConfig {
    fn default() -> Self {
        Self { slices: 10, share: 0.25 }
    }
}

impl InheritConfig {
    /// Whether the settings make sense.
    ///
    /// # Errors
    /// For the first key that does not.
    pub fn check(&self) -> Result<(), ConfigError> {
        if !(1..=100_000).contains(&self.slices) {
            let found = format!("must be from 1 to 100000, found {}", self.slices);
            return Err(ConfigError::new("inherit.slices", found));
        }
        if !(self.share > 0.0 && self.share <= 0.5) {
            let found = format!("must be above 0 and at most 0.5, found {}", self.share);
            return Err(ConfigError::new("inherit.share", found));
        }
        Ok(())
    }
}
