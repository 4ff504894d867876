//! What a run is: the TOML file, its defaults, its checks.
//!
//! A file becomes a [`RunConfig`] in three steps: parse, lay `--set` values over it, read each table into the
//! struct of the task or strategy it names. Every mistake is one message with place, key and the nearest valid name.

mod error;
mod formulas;
mod language;
mod layers;
mod programs;
mod rewards;
mod rule;
mod search;
mod sections;

use std::path::Path;

use hatchery_search::program::select;
use hatchery_tasks::model::mlp;
use serde::Serialize;
use toml::Table;

pub(crate) use error::ConfigError;
pub(crate) use error::nearest;
pub(crate) use formulas::FormulaTaskConfig;
pub(crate) use language::LanguageConfig;
pub(crate) use layers::Layers;
pub(crate) use programs::{EvolutionConfig, OptimizerSearchConfig};
pub(crate) use rewards::RewardTaskConfig;
pub(crate) use search::{STRATEGIES, SearchConfig};
pub(crate) use sections::{BudgetConfig, OutputConfig, TASKS, TaskConfig};

/// A complete, checked configuration.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RunConfig {
    /// Name of the run: the preset's or the file's.
    pub(crate) name: String,
    /// Seed of everything random.
    pub(crate) seed: u64,
    /// What is scored.
    pub(crate) task: TaskConfig,
    /// The network, for tasks that have one.
    pub(crate) model: Option<mlp::Config>,
    /// Which strategy, and its settings.
    pub(crate) search: SearchConfig,
    /// How what was found is judged, for tasks that find programs.
    pub(crate) selection: Option<select::Config>,
    /// What ends the run.
    pub(crate) budget: BudgetConfig,
    /// What is written.
    pub(crate) output: OutputConfig,
}

impl RunConfig {
    /// Reads a preset by name, or a file.
    ///
    /// # Errors
    /// [`ConfigError`] with the place of the first mistake.
    pub(crate) fn load(preset_or_file: &str, overrides: &[String]) -> Result<Self, ConfigError> {
        if let Some(preset) = crate::presets::find(preset_or_file) {
            let place = format!("preset {}", preset.name);
            return Self::read(Layers::new(preset.name, place, preset.text, overrides)?);
        }
        let path = Path::new(preset_or_file);
        let looks_like_file = preset_or_file.contains(['/', '\\', '.']) || path.exists();
        if !looks_like_file {
            return Err(ConfigError::no_preset(preset_or_file));
        }
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::unreadable(preset_or_file, &source))?;
        let name =
            path.file_stem().map_or_else(|| "run".into(), |s| s.to_string_lossy().into_owned());
        Self::read(Layers::new(&name, preset_or_file.to_owned(), &text, overrides)?)
    }

    /// Reads a text, called `place` in messages, with overrides laid over it.
    ///
    /// # Errors
    /// [`ConfigError`] with the place of the first mistake.
    pub(crate) fn of_text(
        name: &str,
        place: &str,
        text: &str,
        overrides: &[String],
    ) -> Result<Self, ConfigError> {
        Self::read(Layers::new(name, place.to_owned(), text, overrides)?)
    }

    /// Reads the text that [`to_toml`](Self::to_toml) wrote.
    ///
    /// # Errors
    /// [`ConfigError`] with the place of the first mistake.
    pub(crate) fn parse(place: &str, text: &str) -> Result<Self, ConfigError> {
        Self::read(Layers::new("run", place.to_owned(), text, &[])?)
    }

    fn read(layers: Layers) -> Result<Self, ConfigError> {
        sections::read(&layers)
    }

    /// Whether anything at all ends the run.
    ///
    /// # Errors
    /// If the budget is empty.
    pub(crate) fn check_bounded(&self) -> Result<(), ConfigError> {
        let budget = &self.budget;
        let bounded = budget.generations.is_some()
            || budget.evaluations.is_some()
            || budget.seconds.is_some()
            || budget.stagnation.is_some()
            || self.search.ends();
        if bounded {
            return Ok(());
        }
        let reason = "nothing ends this run; give generations, evaluations, seconds or stagnation";
        Err(ConfigError {
            place: self.name.clone(),
            key: Some("budget".into()),
            reason: reason.into(),
        })
    }

    /// The complete configuration as a file that can be run as it is.
    pub(crate) fn to_toml(&self) -> String {
        let mut file = Table::new();
        file.insert("name".into(), self.name.clone().into());
        file.insert("seed".into(), (self.seed as i64).into());
        file.insert("task".into(), table_of(&self.task).into());
        if let Some(model) = &self.model {
            file.insert("model".into(), table_of(model).into());
        }
        file.insert("search".into(), self.search.to_table().into());
        if let Some(selection) = &self.selection {
            file.insert("selection".into(), table_of(selection).into());
        }
        file.insert("budget".into(), table_of(&self.budget).into());
        file.insert("output".into(), table_of(&self.output).into());
        file.insert("hatchery".into(), env!("CARGO_PKG_VERSION").into());
        tidy(&mut file);
        toml::to_string_pretty(&file).expect("a table of plain values")
    }
}

/// A struct of a configuration as a table.
fn table_of<T: Serialize>(value: &T) -> Table {
    Table::try_from(value).expect("configuration structs have string keys and plain values")
}

/// Numbers that were f32 print with f32's digits: 0.05, not 0.05000000074505806.
fn tidy(table: &mut Table) {
    for (_, value) in table.iter_mut() {
        match value {
            toml::Value::Float(x) => {
                let short = (*x as f32).to_string().parse().unwrap_or(*x);
                if (short as f32) == (*x as f32) && f64::from(*x as f32) == *x {
                    *x = short;
                }
            }
            toml::Value::Table(inner) => tidy(inner),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
