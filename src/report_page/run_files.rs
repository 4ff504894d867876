//! The files of a run directory, as far as they are there.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;
use toml::Table;

use super::design::DesignFiles;
use super::formulas::FormulaFiles;
use super::history::History;
use super::programs::ProgramFiles;
use super::rewards::RewardFiles;

/// What a run left behind.
#[derive(Debug)]
pub(super) struct RunFiles {
    /// The directory, as it was given.
    pub(super) path: PathBuf,
    /// `config.toml` as text; empty without one.
    pub(super) config_text: String,
    /// `config.toml` as a table; empty if it cannot be read as one.
    pub(super) config: Table,
    /// `metrics.jsonl`.
    pub(super) history: History,
    /// `summary.json`, unless the run went on after it was written.
    pub(super) summary: Option<Value>,
    /// What a search for programs found, if it was one.
    pub(super) programs: Option<ProgramFiles>,
    /// What a search for formulas found, if it was one.
    pub(super) formulas: Option<FormulaFiles>,
    /// What a search for a reward found, if it was one.
    pub(super) rewards: Option<RewardFiles>,
    /// The shortlist of designs, if it made one.
    pub(super) design: Option<DesignFiles>,
    /// What is missing or damaged, in sentences.
    pub(super) notes: Vec<String>,
}

impl RunFiles {
    /// Reads a run directory.
    ///
    /// # Errors
    /// If a file is there but cannot be read.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let mut notes = Vec::new();
        let config_text = read_if_there(&path.join("config.toml"))?;
        if config_text.is_none() {
            notes.push("config.toml is missing.".into());
        }
        let config_text = config_text.unwrap_or_default();
        let config = config_text.parse::<Table>().unwrap_or_else(|_| {
            notes.push("config.toml is no TOML.".into());
            Table::new()
        });
        let history = History::read(&path.join("metrics.jsonl"))?;
        match history.unreadable {
            0 => {}
            1 => notes.push("One line of metrics.jsonl is damaged and left out.".into()),
            n => notes.push(format!("{n} lines of metrics.jsonl are damaged and left out.")),
        }
        let summary = summary(path, &history, &mut notes)?;
        let programs = ProgramFiles::read(path, &mut notes)?;
        let formulas = FormulaFiles::read(path, &mut notes)?;
        let rewards = RewardFiles::read(path, &mut notes)?;
        let design = DesignFiles::read(path, &mut notes)?;
        let path = path.to_owned();
        Ok(Self {
            path,
            config_text,
            config,
            history,
            summary,
            programs,
            formulas,
            rewards,
            design,
            notes,
        })
    }

    /// A string of the configuration, by table and key.
    pub(super) fn configured(&self, table: &str, key: &str) -> Option<&toml::Value> {
        self.config.get(table)?.get(key)
    }

    /// A number of the summary.
    pub(super) fn summed_up(&self, key: &str) -> Option<f64> {
        self.summary.as_ref()?.get(key)?.as_f64()
    }

    /// A text of the summary.
    pub(super) fn said(&self, key: &str) -> Option<&str> {
        self.summary.as_ref()?.get(key)?.as_str()
    }
}

fn summary(path: &Path, history: &History, notes: &mut Vec<String>) -> Result<Option<Value>> {
    let Some(text) = read_if_there(&path.join("summary.json"))? else { return Ok(None) };
    let Some(summary) = serde_json::from_str::<Value>(&text).ok().filter(Value::is_object) else {
        notes.push("summary.json is damaged and left out.".into());
        return Ok(None);
    };
    let recorded = history.generations.last().map_or(0.0, |last| last + 1.0);
    let known = summary.get("generations").and_then(Value::as_f64);
    if known.is_some_and(|known| known < recorded) {
        notes.push("summary.json is from before the run was resumed and left out.".into());
        return Ok(None);
    }
    Ok(Some(summary))
}

/// The text of a file; none without it.
///
/// # Errors
/// If it is there but cannot be read.
pub(super) fn read_if_there(path: &Path) -> Result<Option<String>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}
