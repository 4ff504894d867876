//! Searches for programs: what they are scored on, how they evolve, and how what they find is judged.

use std::path::Path;

use hatchery_search::program::training::Limits;
use hatchery_search::program::{Mutator, Program, Signature, evolve, parse, select, start};
use hatchery_tasks::proxy;
use serde::{Deserialize, Serialize};
use toml::Table;

use super::layers::unknown;
use super::{ConfigError, Layers, table_of, tidy};

/// Options of the search for optimizers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct OptimizerSearchConfig {
    /// Proxies that fitness is made of, with their knobs, as in `n1:width=64`.
    pub(crate) proxies: Vec<String>,
    /// Training runs of each.
    pub(crate) seeds: u32,
    /// Whether programs may read the progress of training: `t` and `log_n`.
    pub(crate) progress: bool,
    /// When a training run is given up.
    pub(crate) limits: Limits,
}

impl Default for OptimizerSearchConfig {
    fn default() -> Self {
        let proxies = vec!["m1".into(), "n1".into()];
        Self { proxies, seeds: 1, progress: false, limits: Limits::default() }
    }
}

impl OptimizerSearchConfig {
    /// What programs take and give.
    pub(crate) fn signature(&self) -> Signature {
        Signature::optimizer(self.progress)
    }

    pub(super) fn check(&self, layers: &Layers) -> Result<(), ConfigError> {
        if self.proxies.is_empty() {
            return Err(layers.error("task.proxies", "is empty; give at least one proxy"));
        }
        for name in &self.proxies {
            proxy::named(name).map_err(|reason| layers.error("task.proxies", reason))?;
        }
        if !(1..=1000).contains(&self.seeds) {
            let reason = format!("must be from 1 to 1000, found {}", self.seeds);
            return Err(layers.error("task.seeds", reason));
        }
        let Limits { diverged, stalled, .. } = self.limits;
        for (key, value) in [("diverged", diverged), ("stalled", stalled)] {
            if value.is_nan() || value <= 1.0 {
                let reason = format!("must be above 1, found {value}");
                return Err(layers.error(&format!("task.limits.{key}"), reason));
            }
        }
        Ok(())
    }
}

/// Settings of the evolution of programs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EvolutionConfig {
    /// The program to begin with: a name, `random:<statements>`, or text. A path in a file becomes the text that is there.
    pub(crate) start: String,
    /// Draws of literals that the program to begin with is tuned with on the proxies of the search; 0 = it is taken as it is.
    pub(crate) tune_start: u32,
    /// The evolution itself.
    pub(crate) evolution: evolve::Config,
}

/// Where a start that names nothing else is looked for.
const STARTS_FILE: &str = ".txt";

impl EvolutionConfig {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        #[derive(Deserialize)]
        #[serde(default)]
        struct Own {
            start: String,
            tune_start: u32,
        }
        impl Default for Own {
            fn default() -> Self {
                Self { start: "adamw".into(), tune_start: 40 }
            }
        }
        let evolution: evolve::Config =
            layers.section("search", &["strategy", "start", "tune_start"])?;
        let of_search = |error: evolve::ConfigError| {
            layers.error(&format!("search.{}", error.key), error.reason)
        };
        evolution.check().map_err(of_search)?;
        let Own { start, tune_start } = layers.section("search", &[])?;
        if tune_start > 10_000 {
            let reason = format!("must be at most 10000, found {tune_start}");
            return Err(layers.error("search.tune_start", reason));
        }
        let start = if start.ends_with(STARTS_FILE) && !start.contains('\n') {
            std::fs::read_to_string(Path::new(&start)).map_err(|error| {
                layers.error("search.start", format!("{start} cannot be read: {error}"))
            })?
        } else {
            start
        };
        Ok(Self { start, tune_start, evolution })
    }

    pub(super) fn to_table(&self) -> Table {
        let mut table = table_of(&self.evolution);
        table.insert("strategy".into(), "evolution".into());
        table.insert("start".into(), self.start.clone().into());
        table.insert("tune_start".into(), i64::from(self.tune_start).into());
        tidy(&mut table);
        table
    }

    /// The program to begin with.
    ///
    /// # Errors
    /// In words, if there is none of that name or the text is no program.
    pub(crate) fn program(&self, signature: &Signature, seed: u64) -> Result<Program, String> {
        let text = self.start.trim();
        if let Some(program) = start::named(text, signature) {
            return Ok(program);
        }
        if let Some(count) = text.strip_prefix("random:") {
            let statements = count.parse::<usize>().ok().filter(|n| (1..=1000).contains(n));
            let statements = statements.ok_or_else(|| {
                format!("`{text}`: expected a number of statements from 1 to 1000")
            })?;
            let empty = start::named("empty", signature).expect("it is one of the named");
            let mutator = Mutator::new(signature.clone(), self.evolution.mutation.clone());
            let mut dice = hatchery_search::program::Dice::new(seed, u64::MAX, 0);
            return Ok(mutator.grow(&empty, statements, &mut dice));
        }
        if !text.contains('=') {
            return Err(unknown("program", text, start::names().chain(["random:20"])));
        }
        parse(text, signature).map(|(program, _)| program).map_err(|error| error.to_string())
    }
}

/// Reads and checks `[selection]`.
pub(super) fn read_selection(layers: &Layers) -> Result<select::Config, ConfigError> {
    let selection: select::Config = layers.section("selection", &[])?;
    let error = |key: &str, reason: String| layers.error(&format!("selection.{key}"), reason);
    selection.check().map_err(|e| error(e.key, e.reason))?;
    for (key, name) in selection.proxies() {
        proxy::named(name).map_err(|reason| error(key, reason))?;
    }
    Ok(selection)
}
