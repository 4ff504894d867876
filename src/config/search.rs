//! The `[search]` table: which strategy, and its settings.

use hatchery_search::egg;
use hatchery_search::eggroll::{self, Variant};
use hatchery_search::es::cma;
use hatchery_search::formula;
use hatchery_search::meta_reward::outer;
use toml::{Table, Value};

use super::layers::unknown;
use super::programs::EvolutionConfig;
use super::sections::{TaskConfig, string};
use super::{ConfigError, Layers, table_of, tidy};

/// A strategy by name, with its settings.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SearchConfig {
    /// Evolution strategies around one centre.
    Eggroll(Variant, eggroll::Config),
    /// The evolution strategy of integers.
    Egg(egg::Config),
    /// CMA-ES.
    CmaEs(cma::Config),
    /// Regularised evolution of programs.
    Evolution(EvolutionConfig),
    /// The search for formulas.
    Formula(formula::Config),
    /// The search for rewards.
    Reward(outer::Config),
}

/// Names of all strategies.
pub(crate) const STRATEGIES: [&str; 9] = [
    "eggroll",
    "open-es",
    "sign-update",
    "sparse",
    "cma-es",
    "evolution",
    "symbolic-regression",
    "egg",
    "reward",
];

impl SearchConfig {
    pub(super) fn read(layers: &Layers, task: &TaskConfig) -> Result<Self, ConfigError> {
        let fitting = task.strategies();
        let name = if layers.section_table("search")?.contains_key("strategy") {
            string(layers, "search", "strategy", fitting)?
        } else {
            fitting[0].to_owned()
        };
        if !STRATEGIES.contains(&name.as_str()) {
            let reason = unknown("strategy", &name, fitting.iter().copied());
            return Err(layers.error("search.strategy", reason));
        }
        if !fitting.contains(&name.as_str()) {
            let reason =
                format!("`{name}` does not fit this task; valid are: {}", fitting.join(", "));
            return Err(layers.error("search.strategy", reason));
        }
        if name == "cma-es" {
            let config: cma::Config = layers.section("search", &["strategy"])?;
            config.check().map_err(|e| layers.error(&format!("search.{}", e.key), e.reason))?;
            return Ok(Self::CmaEs(config));
        }
        if name == "egg" {
            let config: egg::Config = layers.section("search", &["strategy"])?;
            config.check().map_err(|e| layers.error(&format!("search.{}", e.key), e.reason))?;
            if let TaskConfig::Language(language) = task {
                language.check_compared(config.compared(), layers)?;
            }
            return Ok(Self::Egg(config));
        }
        if name == "symbolic-regression" {
            return Ok(Self::Formula(super::formulas::read_search(layers)?));
        }
        if name == "reward" {
            return Ok(Self::Reward(super::rewards::read_search(layers, task)?));
        }
        match Value::String(name).try_into::<Variant>() {
            Ok(variant) => Ok(Self::Eggroll(variant, read_eggroll(layers, variant)?)),
            Err(_) => Ok(Self::Evolution(EvolutionConfig::read(layers)?)),
        }
    }

    /// Whether the strategy ends by itself.
    pub(crate) fn ends(&self) -> bool {
        match self {
            Self::Eggroll(..) | Self::CmaEs(_) | Self::Egg(_) => false,
            Self::Evolution(_) | Self::Reward(_) => true,
            Self::Formula(config) => config.births > 0,
        }
    }

    /// Whether it looks for something else than parameters.
    pub(crate) fn finds_programs(&self) -> bool {
        !matches!(self, Self::Eggroll(..) | Self::CmaEs(_) | Self::Egg(_))
    }

    pub(super) fn to_table(&self) -> Table {
        match self {
            Self::Eggroll(variant, config) => {
                let mut table = table_of(config);
                let name = Value::try_from(variant).expect("a variant is a string");
                table.insert("strategy".into(), name);
                if !variant.has_rank() {
                    table.remove("rank");
                }
                tidy(&mut table);
                table
            }
            Self::CmaEs(config) => {
                let mut table = table_of(config);
                table.insert("strategy".into(), "cma-es".into());
                table
            }
            Self::Egg(config) => {
                let mut table = table_of(config);
                table.insert("strategy".into(), "egg".into());
                table
            }
            Self::Evolution(config) => config.to_table(),
            Self::Formula(config) => super::formulas::search_table(config),
            Self::Reward(config) => {
                let mut table = table_of(config);
                table.insert("strategy".into(), "reward".into());
                table
            }
        }
    }
}

fn read_eggroll(layers: &Layers, variant: Variant) -> Result<eggroll::Config, ConfigError> {
    let table = layers.section_table("search")?;
    if !variant.has_rank() && table.contains_key("rank") {
        let name = Value::try_from(variant).expect("a variant is a string");
        let reason = format!("`{}` has no rank; leave it out", name.as_str().unwrap_or_default());
        return Err(layers.error("search.rank", reason));
    }
    let mut config: eggroll::Config =
        layers.section("search", &["strategy", "population_size", "popsize"])?;
    for alias in ["population_size", "popsize"] {
        let Some(value) = table.get(alias) else { continue };
        let key = format!("search.{alias}");
        if table.contains_key("pairs") && !layers.is_override(&key) {
            return Err(layers.error(&key, "give either this or `pairs` (half of it), not both"));
        }
        match value.as_integer() {
            Some(members) if members >= 2 && members % 2 == 0 && members < 1 << 31 => {
                config.pairs = (members / 2) as u32;
            }
            _ => return Err(layers.error(&key, "expected an even whole number of at least 2")),
        }
    }
    if let Some(program) = &mut config.program {
        *program = super::rule::statements(layers, program)?;
    }
    config.check().map_err(|e| layers.error(&format!("search.{}", e.key), e.reason))?;
    Ok(config)
}
