//! The tables of a file and the structs they become.

use hatchery_engine::{Budget, TargetStatistic};
use hatchery_tasks::model::mlp;
use hatchery_tasks::toys::FunctionName;
use hatchery_tasks::{classify, control, external};
use serde::{Deserialize, Serialize};
use toml::Value;

use super::formulas::FormulaTaskConfig;
use super::language::LanguageConfig;
use super::layers::{kind, unknown};
use super::programs::{OptimizerSearchConfig, read_selection};
use super::rewards::RewardTaskConfig;
use super::search::SearchConfig;
use super::{ConfigError, Layers, RunConfig};

/// The `[task]` table: a name, and the options of the task it names.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "name", rename_all = "kebab-case")]
pub(crate) enum TaskConfig {
    Cartpole(control::Config),
    Acrobot(control::Config),
    MountainCar(control::Config),
    MountainCarContinuous(control::Config),
    Pendulum(control::Config),
    DoorKey(control::Config),
    Digits(classify::Config),
    AlwaysTwo(AlwaysTwoConfig),
    Regression(RegressionConfig),
    Sphere(FunctionConfig),
    Rosenbrock(FunctionConfig),
    Rastrigin(FunctionConfig),
    External(external::Config),
    OptimizerSearch(OptimizerSearchConfig),
    Formula(FormulaTaskConfig),
    Language(LanguageConfig),
    Reward(RewardTaskConfig),
}

/// Options of "always two".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AlwaysTwoConfig {
    /// Fresh inputs per member and generation.
    pub(crate) examples: u32,
}

impl Default for AlwaysTwoConfig {
    fn default() -> Self {
        Self { examples: 1 }
    }
}

/// Options of the regression of x² + x + 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RegressionConfig {
    /// Neighbouring members that see the same point; even.
    pub(crate) group: u32,
}

impl Default for RegressionConfig {
    fn default() -> Self {
        Self { group: 128 }
    }
}

/// Options of the test functions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FunctionConfig {
    /// Length of the argument.
    pub(crate) dimension: u32,
}

impl Default for FunctionConfig {
    fn default() -> Self {
        Self { dimension: 10 }
    }
}

/// The `[budget]` table: what ends a run, whichever comes first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct BudgetConfig {
    /// Generations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) generations: Option<u32>,
    /// Evaluations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) evaluations: Option<u64>,
    /// Wall-clock seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seconds: Option<f64>,
    /// Fitness to reach.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<f64>,
    /// What is held against the target: the best member or the mean of the population.
    pub(crate) target_statistic: TargetStatistic,
    /// Generations without improvement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stagnation: Option<u32>,
}

impl BudgetConfig {
    /// As the engine takes it.
    pub(crate) fn budget(&self) -> Budget {
        Budget {
            generations: self.generations,
            evaluations: self.evaluations,
            seconds: self.seconds,
            target: self.target,
            target_statistic: self.target_statistic,
            stagnation: self.stagnation,
        }
    }
}

/// The `[output]` table: what a run writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct OutputConfig {
    /// Run directory; without it `runs/<name>-seed<seed>`, numbered if that exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dir: Option<String>,
    /// Generations between checkpoints; 0 = by time alone.
    pub(crate) checkpoint_every: u32,
    /// Seconds between checkpoints.
    pub(crate) checkpoint_seconds: f64,
    /// Checkpoints that are kept.
    pub(crate) keep: u32,
    /// Whether a TensorBoard event file is written.
    pub(crate) tensorboard: bool,
    /// Whether `report.html` is written at the end.
    pub(crate) report: bool,
    /// Whether every fitness is kept in `fitness.log`, from which `hatchery verify` rebuilds the run.
    pub(crate) log_fitness: bool,
}

impl Default for OutputConfig {
    fn default() -> Self {
        Self {
            dir: None,
            checkpoint_every: 0,
            checkpoint_seconds: 30.0,
            keep: 3,
            tensorboard: true,
            report: true,
            log_fitness: false,
        }
    }
}

/// Names of all tasks.
pub(crate) const TASKS: [&str; 17] = [
    "cartpole",
    "acrobot",
    "mountain-car",
    "mountain-car-continuous",
    "pendulum",
    "door-key",
    "digits",
    "always-two",
    "regression",
    "sphere",
    "rosenbrock",
    "rastrigin",
    "external",
    "optimizer-search",
    "formula",
    "language",
    "reward",
];

const TOP: [&str; 8] = ["name", "seed", "task", "model", "search", "selection", "budget", "output"];

impl TaskConfig {
    /// The test function, if the task is one.
    pub(crate) fn function(&self) -> Option<(FunctionName, &FunctionConfig)> {
        match self {
            Self::Sphere(config) => Some((FunctionName::Sphere, config)),
            Self::Rosenbrock(config) => Some((FunctionName::Rosenbrock, config)),
            Self::Rastrigin(config) => Some((FunctionName::Rastrigin, config)),
            _ => None,
        }
    }

    /// Whether a network plays, and `[model]` has a meaning.
    fn has_network(&self) -> bool {
        let own = matches!(
            self,
            Self::OptimizerSearch(_) | Self::Formula(_) | Self::Language(_) | Self::Reward(_)
        );
        self.function().is_none() && !matches!(self, Self::External(_)) && !own
    }

    /// Names of the strategies that fit, the usual one first.
    pub(super) fn strategies(&self) -> &'static [&'static str] {
        match self {
            Self::OptimizerSearch(_) => &["evolution"],
            Self::Formula(_) => &["symbolic-regression"],
            Self::Language(_) => &["egg"],
            Self::Reward(_) => &["reward"],
            _ if self.function().is_some() => {
                &["eggroll", "open-es", "sign-update", "sparse", "cma-es"]
            }
            _ => &["eggroll", "open-es", "sign-update", "sparse"],
        }
    }

    fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let name = string(layers, "task", "name", &TASKS)?;
        let at = "task";
        let without = &["name"];
        Ok(match name.as_str() {
            "cartpole" => Self::Cartpole(layers.section(at, without)?),
            "acrobot" => Self::Acrobot(layers.section(at, without)?),
            "mountain-car" => Self::MountainCar(layers.section(at, without)?),
            "mountain-car-continuous" => Self::MountainCarContinuous(layers.section(at, without)?),
            "pendulum" => Self::Pendulum(layers.section(at, without)?),
            "door-key" => Self::DoorKey(layers.section(at, without)?),
            "digits" => Self::Digits(layers.section(at, without)?),
            "always-two" => Self::AlwaysTwo(layers.section(at, without)?),
            "regression" => Self::Regression(layers.section(at, without)?),
            "sphere" => Self::Sphere(layers.section(at, without)?),
            "rosenbrock" => Self::Rosenbrock(layers.section(at, without)?),
            "rastrigin" => Self::Rastrigin(layers.section(at, without)?),
            "external" => Self::External(layers.section(at, without)?),
            "optimizer-search" => Self::OptimizerSearch(layers.section(at, without)?),
            "formula" => Self::Formula(layers.section(at, without)?),
            "language" => Self::Language(layers.section(at, without)?),
            "reward" => Self::Reward(RewardTaskConfig::read(layers)?),
            other => {
                let names = TASKS.iter().copied();
                return Err(layers.error("task.name", unknown("task", other, names)));
            }
        })
    }

    fn check(&self, layers: &Layers) -> Result<(), ConfigError> {
        let range = |key: &str, value: u32, low: u32, high: u32| {
            if (low..=high).contains(&value) {
                return Ok(());
            }
            let reason = format!("must be from {low} to {high}, found {value}");
            Err(layers.error(&format!("task.{key}"), reason))
        };
        match self {
            Self::Cartpole(c)
            | Self::Acrobot(c)
            | Self::MountainCar(c)
            | Self::MountainCarContinuous(c)
            | Self::Pendulum(c)
            | Self::DoorKey(c) => range("episodes", c.episodes, 1, 10_000),
            Self::Digits(c) => range("images", c.images, 1, 1_438),
            Self::AlwaysTwo(c) => range("examples", c.examples, 1, 100_000),
            Self::Regression(c) if c.group % 2 == 1 => {
                let reason =
                    format!("must be even, so that pairs share a point; found {}", c.group);
                Err(layers.error("task.group", reason))
            }
            Self::Regression(c) => range("group", c.group, 2, 1 << 20),
            Self::Sphere(c) | Self::Rosenbrock(c) | Self::Rastrigin(c) => {
                range("dimension", c.dimension, 1, 10_000_000)
            }
            Self::External(c) => {
                c.check().map_err(|(key, reason)| layers.error(&format!("task.{key}"), reason))
            }
            Self::OptimizerSearch(c) => c.check(layers),
            Self::Formula(c) => c.check(layers),
            Self::Language(c) => c.check(layers),
            // It was checked while it was read.
            Self::Reward(_) => Ok(()),
        }
    }
}

pub(super) fn string(
    layers: &Layers,
    section: &str,
    key: &str,
    names: &[&str],
) -> Result<String, ConfigError> {
    let dotted = format!("{section}.{key}");
    match layers.section_table(section)?.remove(key) {
        Some(Value::String(text)) => Ok(text),
        Some(other) => {
            Err(layers.error(&dotted, format!("expected a string, found {}", kind(&other))))
        }
        None => Err(layers.error(&dotted, format!("is missing; one of: {}", names.join(", ")))),
    }
}

/// Reads and checks all tables.
pub(super) fn read(layers: &Layers) -> Result<RunConfig, ConfigError> {
    for key in layers.table.keys() {
        // A resolved file says which version wrote it.
        if !TOP.contains(&key.as_str()) && key != "hatchery" {
            return Err(layers.error(key, unknown("key", key, TOP.iter().copied())));
        }
    }
    let name = match layers.table.get("name") {
        None => layers.name.clone(),
        Some(Value::String(name)) if is_plain(name) => name.clone(),
        Some(Value::String(_)) => {
            return Err(layers.error("name", "may hold letters, digits, `-`, `_` and `.` only"));
        }
        Some(other) => {
            return Err(layers.error("name", format!("expected a string, found {}", kind(other))));
        }
    };
    let seed = match layers.table.get("seed") {
        None => 0,
        Some(Value::Integer(seed)) if *seed >= 0 => *seed as u64,
        Some(_) => return Err(layers.error("seed", "expected a whole number from 0 to 2^63 - 1")),
    };
    let task = TaskConfig::read(layers)?;
    task.check(layers)?;
    let model = read_model(layers, &task)?;
    let search = SearchConfig::read(layers, &task)?;
    let selection = match task {
        TaskConfig::OptimizerSearch(_) => Some(read_selection(layers)?),
        _ if layers.table.contains_key("selection") => {
            return Err(layers.error("selection", "this task has none; leave the table out"));
        }
        _ => None,
    };
    let budget = read_budget(layers)?;
    let output = read_output(layers)?;
    Ok(RunConfig { name, seed, task, model, search, selection, budget, output })
}

fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    !name.is_empty() && !name.starts_with('.') && name.chars().all(plain)
}

fn read_model(layers: &Layers, task: &TaskConfig) -> Result<Option<mlp::Config>, ConfigError> {
    if !task.has_network() {
        if layers.table.contains_key("model") {
            return Err(layers.error("model", "this task has no network; leave the table out"));
        }
        return Ok(None);
    }
    let model: mlp::Config = layers.section("model", &[])?;
    model.check().map_err(|reason| layers.error("model.hidden", reason))?;
    Ok(Some(model))
}

fn read_budget(layers: &Layers) -> Result<BudgetConfig, ConfigError> {
    let budget: BudgetConfig = layers.section("budget", &[])?;
    let positive = |key: &str, value: Option<f64>| match value {
        Some(value) if !(value.is_finite() && value > 0.0) => {
            Err(layers.error(&format!("budget.{key}"), format!("must be above 0, found {value}")))
        }
        _ => Ok(()),
    };
    positive("generations", budget.generations.map(f64::from))?;
    positive("evaluations", budget.evaluations.map(|n| n as f64))?;
    positive("seconds", budget.seconds)?;
    positive("stagnation", budget.stagnation.map(f64::from))?;
    if budget.target.is_some_and(f64::is_nan) {
        return Err(layers.error("budget.target", "must be a number, found nan"));
    }
    Ok(budget)
}

fn read_output(layers: &Layers) -> Result<OutputConfig, ConfigError> {
    let output: OutputConfig = layers.section("output", &[])?;
    if output.keep == 0 {
        return Err(layers.error("output.keep", "must be at least 1, found 0"));
    }
    let seconds = output.checkpoint_seconds;
    if !(seconds.is_finite() && seconds > 0.0) {
        let reason = format!("must be above 0, found {seconds}");
        return Err(layers.error("output.checkpoint_seconds", reason));
    }
    Ok(output)
}
