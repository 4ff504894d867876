//! What was typed.

use hatchery::search::meta_reward::outer::Config;
use serde_json::Value;

/// Methods, the ones without a search last.
pub(crate) const METHODS: [&str; 11] = [
    "derl", "aging", "gp", "cma", "random", "derl-pop", "pbt", "one-step", "outcome", "average",
    "hand",
];
/// How many of them search for one reward.
pub(crate) const SEARCHES: usize = 5;
/// Those whose policies inherit weights, and the same without inheritance.
pub(crate) const INHERITED: [&str; 3] = ["derl-pop", "pbt", "one-step"];
/// What is run if nothing else is asked for.
const USUAL: [&str; 8] = ["derl", "aging", "gp", "cma", "random", "outcome", "average", "hand"];

const USAGE: &str = "--env --methods --budget --trainings --group --updates --seeds --first --fresh --primitives --set --json --threads";

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
    pub(crate) json: Option<String>,
    pub(crate) threads: usize,
}

impl Args {
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut args = Self {
            env: "tidy-hard".into(),
            methods: USUAL.map(str::to_owned).to_vec(),
            budget: 200,
            trainings: 2,
            group: 8,
            updates: 60,
            seeds: 10,
            first: 0,
            fresh: 8,
            primitives: "full".into(),
            sets: Vec::new(),
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

    /// The search by a method.
    pub(crate) fn config(&self, method: &str) -> Result<Config, String> {
        let words = |error: serde_json::Error| error.to_string();
        let mut value = serde_json::to_value(Config::default()).map_err(words)?;
        value["method"] = method.into();
        value["budget"] = self.budget.into();
        value["group"] = self.group.into();
        value["trainings"] = self.trainings.into();
        for set in &self.sets {
            let (key, text) =
                set.split_once('=').ok_or_else(|| format!("--set {set}: expected KEY=VALUE"))?;
            let pointer = format!("/{}", key.replace('.', "/"));
            let place = value.pointer_mut(&pointer);
            let place = place.ok_or_else(|| format!("--set {set}: there is no '{key}'"))?;
            *place = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
        }
        let config: Config = serde_json::from_value(value).map_err(words)?;
        config.check().map_err(|error| format!("{}: {}", error.key, error.reason))?;
        Ok(config)
    }
}

fn number<T: std::str::FromStr>(flag: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{flag} needs a whole number, found '{value}'"))
}
