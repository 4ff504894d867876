//! A configuration that cannot run.

/// A value of a search configuration that is out of its range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {reason}")]
pub struct ConfigError {
    /// Name of the key in the strategy's table.
    pub key: &'static str,
    /// What was expected, and what came.
    pub reason: String,
}

impl ConfigError {
    /// An error about `key`.
    pub fn new(key: &'static str, reason: impl Into<String>) -> Self {
        Self { key, reason: reason.into() }
    }
}
