//! What was typed.

use hatchery::search::meta_reward::inner;
use hatchery::search::meta_reward::outer::Config;
use serde_json::{Value, json};

/// Methods, the ones without a search last.
pub(crate) const METHODS: [&str; 13] = [
    "derl",
    "aging-slots",
    "aging",
    "gp",
    "cma",
    "random-slots",
    "random",
    "derl-pop",
    "pbt",
    "one-step",
    "outcome",
    "average",
    "hand",
];
/// How many of them search for one reward.
pub(crate) const SEARCHES: usize = 7;
/// Those whose policies inherit weights, and the same without inheritance.
pub(crate) const INHERITED: [&str; 3] = ["derl-pop", "pbt", "one-step"];
const USAGE: &str = "--env --methods --budget --trainings --group --updates --seeds --first --fresh --primitives --set --inner --json --threads";

#[derive(Clone, Debug)]
pub(crate) struct Args {
    pub(crate) env: String,
    pub(crate) methods: Vec<String>,
    /// Inner trainings of a search, the race included.
    pub(crate) budget: u32,
    /// Trainings of each proposal.
    pub(crate) trainings: u32,
    /// Proposals of an outer step.
    pub(crate) group: u32,
    pub(crate) updates: u32,
    pub(crate) seeds: u64,
    pub(crate) first: u64,
    /// Fresh trainings with the winner.
    pub(crate) fresh: u32,
    /// Set of primitives.
    pub(crate) primitives: String,
    /// Further settings of the search, `KEY=VALUE` with dots.
    pub(crate) sets: Vec<String>,
    /// Settings of inner trainings, `KEY=VALUE`.
    pub(crate) inner: Vec<String>,
    pub(crate) json: Option<String>,
    pub(crate) threads: usize,
}

impl Args {
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let usual = METHODS.into_iter().filter(|method| !INHERITED.contains(method));
        let mut args = Self {
            env: "tidy-hard".into(),
            methods: usual.map(str::to_owned).collect(),
            budget: 200,
            trainings: 1,
            group: 16,
            updates: 60,
            seeds: 10,
            first: 0,
            fresh: 8,
            primitives: "full".into(),
            sets: Vec::new(),
            inner: Vec::new(),
            json: None,
            threads: 0,
        };
        while let Some(word) = words.next() {
            let value = words.next().ok_or_else(|| format!("'{word}' needs a value"))?;
            match word.as_str() {
                "--env" => args.env = value,
                "--methods" => args.methods = value.split(',').map(str::to_owned).collect(),
                "--budget" => args.budget = number(&word, &value)?,
                "--trainings" => args.trainings = number(&word, &value)?,
                "--group" => args.group = number(&word, &value)?,
                "--updates" => args.updates = number(&word, &value)?,
                "--seeds" => args.seeds = number(&word, &value)?,
                "--first" => args.first = number(&word, &value)?,
                "--fresh" => args.fresh = number(&word, &value)?,
                "--primitives" => args.primitives = value,
                "--set" => args.sets.push(value),
                "--inner" => args.inner.push(value),
                "--json" => args.json = Some(value),
                "--threads" => args.threads = number(&word, &value)?,
                _ => return Err(format!("there is no flag '{word}': {USAGE}")),
            }
        }
        if args.updates == 0 || args.fresh == 0 {
            return Err("--updates and --fresh are at least 1".into());
        }
        if let Some(other) = args.methods.iter().find(|method| !METHODS.contains(&method.as_str()))
        {
            return Err(format!("there is no method '{other}': {}", METHODS.join(", ")));
        }
        for method in
            args.methods.iter().filter(|method| METHODS[..SEARCHES].contains(&method.as_str()))
        {
            args.config(method)?;
        }
        Ok(args)
    }

    /// What a cell depends on but method and seed: cells of other settings may lie in the same file.
    pub(crate) fn settings(&self) -> Value {
        json!({
            "env": self.env, "budget": self.budget, "trainings": self.trainings, "group": self.group,
            "updates": self.updates, "fresh": self.fresh, "primitives": self.primitives,
            "set": self.sets, "inner": self.inner,
        })
    }

    /// Inner trainings, from what suits the world.
    pub(crate) fn training(&self, suited: inner::Config) -> Result<inner::Config, String> {
        let words = |error: serde_json::Error| error.to_string();
        let mut value = serde_json::to_value(suited).map_err(words)?;
        value["updates"] = self.updates.into();
        for set in &self.inner {
            put(&mut value, "--inner", set)?;
        }
        let config: inner::Config = serde_json::from_value(value).map_err(words)?;
        config.check().map_err(|(key, reason)| format!("{key}: {reason}"))?;
        Ok(config)
    }

    /// The search by a method.
    pub(crate) fn config(&self, method: &str) -> Result<Config, String> {
        let words = |error: serde_json::Error| error.to_string();
        let mut value = serde_json::to_value(Config::default()).map_err(words)?;
        let (name, space) = match method.strip_suffix("-slots") {
            Some(name) => (name, "slots"),
            None => (method, "grammar"),
        };
        value["method"] = name.into();
        for method in ["aging", "random"] {
            value[method]["space"] = space.into();
        }
        value["budget"] = self.budget.into();
        value["group"] = self.group.into();
        value["trainings"] = self.trainings.into();
        for set in &self.sets {
            put(&mut value, "--set", set)?;
        }
        let config: Config = serde_json::from_value(value).map_err(words)?;
        config.check().map_err(|error| format!("{}: {}", error.key, error.reason))?;
        Ok(config)
    }
}

/// Puts the value of `KEY=VALUE` where the key, with dots, says.
fn put(value: &mut Value, flag: &str, set: &str) -> Result<(), String> {
    let (key, text) =
        set.split_once('=').ok_or_else(|| format!("{flag} {set}: expected KEY=VALUE"))?;
    let place = value.pointer_mut(&format!("/{}", key.replace('.', "/")));
    let place = place.ok_or_else(|| format!("{flag} {set}: there is no '{key}'"))?;
    *place = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
    Ok(())
}

fn number<T: std::str::FromStr>(flag: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{flag} needs a whole number, found '{value}'"))
}
