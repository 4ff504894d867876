//! How the program is started, and what becomes of a search whose program fails.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ConfigError;

/// What is done when the program has failed too often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// A proposer of the house goes on in its place.
    #[default]
    Fallback,
    /// The search ends with an error, and can be resumed from its last checkpoint.
    Stop,
}

/// Settings of an external proposer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExternalConfig {
    /// The program and its arguments; no shell is involved.
    pub command: Vec<String>,
    /// Seconds that it may take for each answer, and to become ready; at most a day.
    pub timeout_s: f64,
    /// Times in a search that it is started again after it died or took too long.
    pub restarts: u32,
    /// What is done after that.
    pub on_failure: OnFailure,
    /// Past rewards that it is shown with each request, the latest of all.
    pub history: usize,
    /// Environment variables that it may see besides PATH and HOME.
    pub env: Vec<String>,
}

impl Default for ExternalConfig {
    fn default() -> Self {
        Self {
            command: Vec::new(),
            timeout_s: 60.0,
            restarts: 1,
            on_failure: OnFailure::Fallback,
            history: 64,
            env: Vec::new(),
        }
    }
}

impl ExternalConfig {
    /// Whether the settings make sense.
    ///
    /// # Errors
    /// For the first key that does not.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.command.first().is_none_or(String::is_empty) {
            let reason =
                "must be the program and its arguments, as in [\"python3\", \"propose.py\"]";
            return Err(ConfigError::new("command", reason));
        }
        if !(self.timeout_s > 0.0 && self.timeout_s <= 86_400.0) {
            let found = format!("must be above 0, at most 86400 (a day), found {}", self.timeout_s);
            return Err(ConfigError::new("timeout_s", found));
        }
        if self.history > 10_000 {
            let found = format!("must be at most 10000, found {}", self.history);
            return Err(ConfigError::new("history", found));
        }
        let wrong = |name: &&String| name.is_empty() || name.contains(['=', '\0']);
        if let Some(wrong) = self.env.iter().find(wrong) {
            let found = format!("must hold names of variables, found '{wrong}'");
            return Err(ConfigError::new("env", found));
        }
        Ok(())
    }

    pub(super) fn timeout(&self) -> Duration {
        Duration::from_secs_f64(self.timeout_s)
    }
}
