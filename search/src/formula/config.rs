//! Settings of the search for formulas.

use serde::{Deserialize, Serialize};

use super::{Complexity, NODES_MAX, Selection, Weights};
use crate::ConfigError;
use crate::program::{Action, Operation, Operations};

/// Settings of the search for formulas.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Births after which the search is over, for each target; 0 = never.
    pub births: u64,
    /// Queues of their own.
    pub islands: u32,
    /// Members of an island.
    pub population: u32,
    /// Births of each island from one state of its queue, evaluated at the same time.
    pub window: u32,
    /// Members drawn for a parent.
    pub tournament: u32,
    /// Chance that the best of those drawn wins; else the next best with the same chance, and so on.
    pub winner_chance: f64,
    /// Chance that a child has a subtree of a second parent, instead of a mutation.
    pub crossover: f64,
    /// Operations that formulas are made of.
    pub operations: Operations,
    /// Use the protected forms of division, logarithm and root, which are finite almost everywhere.
    pub protected: bool,
    /// Most nodes of a formula.
    pub nodes_max: u32,
    /// Weights of nodes in a formula's complexity.
    pub complexity: Complexity,
    /// Chance that a new leaf is a constant.
    pub constant_chance: f64,
    /// Fit offset and slope of every formula: `offset + slope · f`.
    pub scaling: bool,
    /// Steps of the method of Levenberg and Marquardt on the constants of a child; 0 = none.
    pub steps: u32,
    /// Chance that a child's constants are fitted.
    pub fit_chance: f64,
    /// What a unit of complexity costs in a tournament, in relative loss.
    pub parsimony: f64,
    /// Tournaments go by loss · exp(this · share of the formulas of late that are as complex), so that all sizes are searched; 0 = off.
    pub adaptive_parsimony: f64,
    /// Generations between two migrations.
    pub migrate_every: u32,
    /// Share of an island that comes from the others at each.
    pub migrants: f64,
    /// Share of an island that comes from the front at each.
    pub migrants_front: f64,
    /// Formulas kept of each complexity.
    pub keep: u32,
    /// Relative loss (1 − R²) at which the search is over; by default that of rounding errors in single precision.
    pub enough: f64,
    /// At the end, leave out of the formulas of the front what the data do not ask for, and round constants to whole numbers where
    /// the data cannot tell the difference: where the loss grows by less than a factor n^(1/n), n rows (the criterion of Schwarz).
    pub trim: bool,
    /// Which formula of the front is preferred: `best`, `accuracy` or `description-length`.
    pub select: Selection,
    /// How formulas change.
    pub mutation: Weights,
}

/// What is used if nothing else is said.
pub fn default_operations() -> Operations {
    use Operation::{Add, Cos, Exp, Ln, Multiply, Quotient, Root, Sin, Square, Subtract};
    Operations::of(&[Add, Subtract, Multiply, Quotient, Sin, Cos, Exp, Ln, Root, Square])
}

impl Default for Config {
    fn default() -> Self {
        Self {
            births: 0,
            islands: 8,
            population: 100,
            window: 32,
            tournament: 8,
            winner_chance: 0.95,
            crossover: 0.4,
            operations: default_operations(),
            protected: false,
            nodes_max: 30,
            complexity: Complexity::default(),
            constant_chance: 0.25,
            scaling: true,
            steps: 5,
            fit_chance: 1.0,
            parsimony: 0.0,
            adaptive_parsimony: 300.0,
            migrate_every: 10,
            migrants: 0.05,
            migrants_front: 0.05,
            keep: 5,
            enough: 1e-12,
            trim: true,
            select: Selection::default(),
            mutation: Weights::default(),
        }
    }
}

impl Config {
    /// The operations after [`Self::protected`] has been applied.
    pub fn operations_used(&self) -> Vec<Operation> {
        let protect = |operation: &Operation| match operation {
            Operation::Quotient if self.protected => Operation::Divide,
            Operation::Ln if self.protected => Operation::Log,
            Operation::Root if self.protected => Operation::Sqrt,
            other => *other,
        };
        self.operations.as_slice().iter().map(protect).collect()
    }

    /// Whether the settings make sense.
    ///
    /// # Errors
    /// [`ConfigError`] for the first that does not.
    pub fn check(&self) -> Result<(), ConfigError> {
        let whole = |key: &'static str, value: u32, low: u32, high: u32| {
            let reason = format!("must be from {low} to {high}, found {value}");
            if (low..=high).contains(&value) { Ok(()) } else { Err(ConfigError::new(key, reason)) }
        };
        let chance = |key: &'static str, value: f64| {
            let reason = format!("must be from 0 to 1, found {value}");
            if (0.0..=1.0).contains(&value) { Ok(()) } else { Err(ConfigError::new(key, reason)) }
        };
        let positive = |key: &'static str, value: f64| {
            let reason = format!("must be 0 or more, found {value}");
            let right = value.is_finite() && value >= 0.0;
            if right { Ok(()) } else { Err(ConfigError::new(key, reason)) }
        };
        whole("islands", self.islands, 1, 1000)?;
        whole("population", self.population, 2, 100_000)?;
        whole("window", self.window, 1, 10_000)?;
        whole("tournament", self.tournament, 1, self.population.min(64))?;
        whole("nodes_max", self.nodes_max, 3, NODES_MAX as u32 / 2)?;
        whole("steps", self.steps, 0, 1000)?;
        whole("migrate_every", self.migrate_every, 1, u32::MAX)?;
        whole("keep", self.keep, 1, 1000)?;
        chance("winner_chance", self.winner_chance)?;
        chance("crossover", self.crossover)?;
        chance("constant_chance", self.constant_chance)?;
        chance("fit_chance", self.fit_chance)?;
        chance("migrants", self.migrants)?;
        chance("migrants_front", self.migrants_front)?;
        positive("parsimony", self.parsimony)?;
        positive("adaptive_parsimony", self.adaptive_parsimony)?;
        positive("enough", self.enough)?;
        let weights = self.mutation.all();
        for weight in weights {
            positive("mutation", weight)?;
        }
        if weights.iter().sum::<f64>() <= 0.0 {
            return Err(ConfigError::new("mutation", "one weight at least must be above 0"));
        }
        let used = self.operations_used();
        let row_by_row = |op: &&Operation| matches!(op.action(), Action::One(_) | Action::Two(_));
        if let Some(other) = used.iter().find(|op| !row_by_row(op)) {
            let reason = format!("'{}' does not work row by row on numbers", other.name());
            return Err(ConfigError::new("operations", reason));
        }
        if !used.iter().any(|op| op.args() == 2) {
            return Err(ConfigError::new("operations", "one at least must take two arguments"));
        }
        if let Err(name) = self.complexity.weighing() {
            let reason = format!("there is no operation '{name}'");
            return Err(ConfigError::new("complexity.operations", reason));
        }
        Ok(())
    }
}
