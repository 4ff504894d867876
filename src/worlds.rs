//! The world of an id, or a sentence that says which there are.

use anyhow::{Result, anyhow};
use hatchery_tasks::worlds::{WORLDS, WithWorld};

use crate::config::nearest;

/// Does something with the world of an id.
///
/// # Errors
/// An unknown id, with the nearest and all known ones.
pub(crate) fn with_world<V: WithWorld>(id: &str, action: V) -> Result<V::Output> {
    hatchery_tasks::worlds::with_world(id, action).ok_or_else(|| anyhow!(unknown(id)))
}

/// What is wrong with an id that is none.
pub(crate) fn unknown(id: &str) -> String {
    let names = || WORLDS.iter().map(|(name, _)| *name);
    let hint = nearest(id, names()).map_or(String::new(), |near| format!("; {near}"));
    let known: Vec<&str> = names().collect();
    format!("there is no environment '{id}'{hint} Known are {}", known.join(", "))
}
