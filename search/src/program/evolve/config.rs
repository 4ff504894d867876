//! Settings of the evolution.

use serde::{Deserialize, Serialize};

use crate::program::mutate;

/// Where children come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Mutated copies of winners of tournaments.
    #[default]
    Evolution,
    /// Random programs: the baseline.
    Random,
}

/// What happens after the last run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Restart {
    /// Nothing.
    #[default]
    None,
    /// One run more, from the best program of all runs.
    Best,
}

/// When the oldest leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DropOrder {
    /// After the children have entered: the oldest can be parents once more.
    #[default]
    After,
    /// Before parents are drawn.
    Before,
}

/// Settings of the evolution; the defaults are those of Chen et al. 2023, sized for one machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Evolution, or random programs.
    pub method: Method,
    /// Births of one run.
    pub births: u64,
    /// Runs from the program to begin with.
    pub runs: u32,
    /// What happens after them.
    pub restart: Restart,
    /// Births without a better program after which a run begins again from its best; 0 = never.
    pub stagnation: u64,
    /// Members of an island (P).
    pub population: u32,
    /// Members drawn for a parent (T).
    pub tournament: u32,
    /// Draw them with replacement.
    pub replacement: bool,
    /// Chance that the best of those drawn wins; else the next best with the same chance, and so on.
    pub winner_chance: f64,
    /// When the oldest leave.
    pub drop: DropOrder,
    /// Chance of a copy without mutation.
    pub copies: f64,
    /// Mutate again until the program computes something else.
    pub effective: bool,
    /// Chance that a child is the head of one parent and the tail of another, before it is mutated.
    pub crossover: f64,
    /// Temperature at the beginning of a run, falling linearly to 0: a child that is worse than its parent by d enters with chance
    /// exp(−d/temperature), else a copy of the parent does. 0 = every child enters.
    pub annealing: f64,
    /// Births from one snapshot of the queue (W).
    pub window: u32,
    /// Islands: queues of their own.
    pub islands: u32,
    /// Births between two migrations along the ring of islands.
    pub migrate_every: u64,
    /// Members that go from each island to the next.
    pub migrants: u32,
    /// Births after which other seeds are trained with, and the cache begins anew; 0 = never.
    pub rotate: u64,
    /// Do not evaluate what computes the same as a program before.
    pub cache: bool,
    /// Nor what behaves the same in the first steps of training; counted apart.
    pub fingerprint: bool,
    /// Share of the population whose result on the first proxy a program must reach to be trained on the others; 0 = no hurdle.
    pub hurdle: f64,
    /// Best programs that are kept beside the queue.
    pub archive: u32,
    /// Statements of a random program, at most.
    pub random_length: u32,
    /// How programs are changed.
    pub mutation: mutate::Config,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            method: Method::Evolution,
            births: 250_000,
            runs: 1,
            restart: Restart::None,
            stagnation: 0,
            population: 1000,
            tournament: 2,
            replacement: true,
            winner_chance: 1.0,
            drop: DropOrder::After,
            copies: 0.0,
            effective: false,
            crossover: 0.0,
            annealing: 0.0,
            window: 64,
            islands: 1,
            migrate_every: 1000,
            migrants: 10,
            rotate: 0,
            cache: true,
            fingerprint: false,
            hurdle: 0.0,
            archive: 1000,
            random_length: 20,
            mutation: mutate::Config::default(),
        }
    }
}

/// A setting that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key} {reason}")]
pub struct ConfigError {
    /// Which one.
    pub key: &'static str,
    /// What it must be.
    pub reason: String,
}

impl Config {
    /// Whether the settings make sense.
    ///
    /// # Errors
    /// [`ConfigError`] for the first that does not.
    pub fn check(&self) -> Result<(), ConfigError> {
        let whole = |key, value: u64, low: u64, high: u64| {
            let reason = format!("must be from {low} to {high}, found {value}");
            if (low..=high).contains(&value) { Ok(()) } else { Err(ConfigError { key, reason }) }
        };
        let chance = |key, value: f64| {
            let reason = format!("must be from 0 to 1, found {value}");
            if (0.0..=1.0).contains(&value) { Ok(()) } else { Err(ConfigError { key, reason }) }
        };
        whole("births", self.births, 1, 1 << 31)?;
        whole("runs", u64::from(self.runs), 1, 1000)?;
        whole("population", u64::from(self.population), 2, 1_000_000)?;
        whole("tournament", u64::from(self.tournament), 1, u64::from(self.population))?;
        whole("window", u64::from(self.window), 1, 100_000)?;
        whole("islands", u64::from(self.islands), 1, 1000)?;
        whole("migrants", u64::from(self.migrants), 0, u64::from(self.population))?;
        whole("archive", u64::from(self.archive), 1, 1_000_000)?;
        whole("random_length", u64::from(self.random_length), 1, 1000)?;
        whole("mutation.length_max", self.mutation.length_max as u64, 1, 5000)?;
        if self.islands > 1 {
            whole("migrate_every", self.migrate_every, 1, u64::MAX)?;
        }
        chance("winner_chance", self.winner_chance)?;
        chance("copies", self.copies)?;
        chance("crossover", self.crossover)?;
        chance("hurdle", self.hurdle)?;
        chance("mutation.replace_constant", self.mutation.replace_constant)?;
        let positive = |value: f64| value.is_finite() && value >= 0.0;
        if !positive(self.annealing) {
            let reason = format!("must be 0 or more, found {}", self.annealing);
            return Err(ConfigError { key: "annealing", reason });
        }
        let mutate::Config { insert, delete, modify, .. } = self.mutation;
        if ![insert, delete, modify].into_iter().all(positive) || insert + delete + modify <= 0.0 {
            let reason = "weights insert, delete and modify must be 0 or more, and one above 0";
            return Err(ConfigError { key: "mutation", reason: reason.into() });
        }
        Ok(())
    }

    /// Runs, the one from the best included.
    pub fn runs_in_all(&self) -> u32 {
        self.runs + u32::from(self.restart == Restart::Best)
    }
}
