//! Searches for rewards: the environment, what rewards are made of, how policies are trained.

use hatchery_engine::world::World;
use hatchery_search::meta_reward::expression::{Division, Operators, Vocabulary};
use hatchery_search::meta_reward::inner::{PolicyKind, TrainerName};
use hatchery_search::meta_reward::{inner, outer};
use hatchery_tasks::worlds::WithWorld;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::layers::unknown;
use super::{ConfigError, Layers, TaskConfig, table_of};
use crate::worlds;

/// Options of the search for a reward.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct RewardTaskConfig {
    /// Where policies are trained: an id of `hatchery reward score --help`.
    pub(crate) environment: String,
    /// A choice of primitives of the environment.
    pub(crate) primitives: String,
    /// Operators of expressions.
    pub(crate) operators: Operators,
    /// How expressions divide.
    pub(crate) division: Division,
    /// How policies are trained.
    pub(crate) inner: inner::Config,
}

/// What is written, but for the training of policies, whose defaults are those of the environment.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    environment: String,
    primitives: Option<String>,
    operators: Operators,
    division: Division,
}

impl Default for Written {
    fn default() -> Self {
        Self {
            environment: "tidy-hard".into(),
            primitives: None,
            operators: Operators::default(),
            division: Division::Safe,
        }
    }
}

impl RewardTaskConfig {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let Written { environment, primitives, operators, division } =
            layers.section("task", &["name", "inner"])?;
        let inner = written_inner(layers)?;
        let known = Known {
            policy: chosen(layers, &inner, "policy")?,
            trainer: chosen(layers, &inner, "trainer")?,
        };
        let of_world = hatchery_tasks::worlds::with_world(&environment, known);
        let (suited, sets) = of_world
            .ok_or_else(|| layers.error("task.environment", worlds::unknown(&environment)))?;
        let primitives = primitives.unwrap_or_else(|| sets[0].clone());
        if !sets.contains(&primitives) {
            let reason =
                unknown("choice of primitives", &primitives, sets.iter().map(String::as_str));
            return Err(layers.error("task.primitives", reason));
        }
        let inner = read_inner(layers, inner, &suited)?;
        inner
            .check()
            .map_err(|(key, reason)| layers.error(&format!("task.inner.{key}"), reason))?;
        Ok(Self { environment, primitives, operators, division, inner })
    }

    /// What rewards are made of, and all that a person may write.
    ///
    /// # Errors
    /// If the world's names cannot be used.
    pub(crate) fn vocabularies<W: World>(&self, world: &W) -> anyhow::Result<[Vocabulary; 2]> {
        let set = world.sets().iter().find(|set| set.name == self.primitives);
        let set =
            set.ok_or_else(|| anyhow::anyhow!("there are no primitives {}", self.primitives))?;
        let (primitives, signals) = (world.primitives(), world.signals());
        let chosen = Vocabulary::try_new(primitives, signals, set, self.operators)?;
        let all = Vocabulary::everything(primitives, signals)?;
        Ok([chosen, all].map(|vocabulary| vocabulary.with_division(self.division)))
    }
}

/// How policies are trained there, with the policy and the trainer that were chosen, and the names of the choices of primitives.
struct Known {
    policy: Option<PolicyKind>,
    trainer: Option<TrainerName>,
}

impl WithWorld for Known {
    type Output = (inner::Config, Vec<String>);

    fn with<W: World>(self, world: W) -> Self::Output {
        let sets = world.sets().iter().map(|set| set.name.to_owned());
        let usual = inner::Config::of(&world);
        let policy = self.policy.unwrap_or(usual.policy);
        let trainer = self.trainer.unwrap_or(usual.trainer);
        (inner::Config::suited(&world, policy, trainer), sets.collect())
    }
}

/// What is written of `[task.inner]`.
fn written_inner(layers: &Layers) -> Result<Table, ConfigError> {
    match layers.section_table("task")?.remove("inner") {
        None => Ok(Table::new()),
        Some(Value::Table(table)) => Ok(table),
        Some(_) => Err(layers.error("task.inner", "expected a table")),
    }
}

/// A key on which the defaults of others depend.
fn chosen<T: DeserializeOwned>(
    layers: &Layers,
    written: &Table,
    key: &str,
) -> Result<Option<T>, ConfigError> {
    let Some(value) = written.get(key) else { return Ok(None) };
    let value = value.clone().try_into();
    value.map(Some).map_err(|error: toml::de::Error| {
        layers.error(&format!("task.inner.{key}"), error.message())
    })
}

/// Lays `[task.inner]` over what suits the environment.
fn read_inner(
    layers: &Layers,
    written: Table,
    suited: &inner::Config,
) -> Result<inner::Config, ConfigError> {
    let mut table = table_of(suited);
    for (key, value) in written {
        let dotted = format!("task.inner.{key}");
        if !table.contains_key(&key) {
            let names = table.keys().map(String::as_str);
            return Err(layers.error(&dotted, unknown("key", &key, names)));
        }
        table.insert(key, value);
        // After each key, so that the message is about it.
        if let Err(error) = Value::Table(table.clone()).try_into::<inner::Config>() {
            return Err(layers.error(&dotted, error.message()));
        }
    }
    Value::Table(table)
        .try_into()
        .map_err(|error: toml::de::Error| layers.error("task.inner", error.message()))
}

/// Reads and checks `[search]`, for a task.
pub(super) fn read_search(
    layers: &Layers,
    task: &TaskConfig,
) -> Result<outer::Config, ConfigError> {
    let config: outer::Config = layers.section("search", &["strategy"])?;
    config.check().map_err(|e| layers.error(&format!("search.{}", e.key), e.reason))?;
    if let TaskConfig::Reward(options) = task
        && config.method.inherits()
        && config.inherit.slices > options.inner.updates
    {
        let (found, most) = (config.inherit.slices, options.inner.updates);
        let reason = format!("must be at most task.inner.updates, {most}; found {found}");
        return Err(layers.error("search.inherit.slices", reason));
    }
    Ok(config)
}
