//! How much is spent on selection.

use serde::{Deserialize, Serialize};

/// Settings of everything that follows a search: the `[selection]` table. Proxies are named as in
/// [`ProxyTraining`](crate::program::training::ProxyTraining), with their size knobs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Proxies of meta-validation; none = no validation.
    pub validation: Vec<String>,
    /// Best-so-far programs that are validated, at geometric distances of births.
    pub validation_points: u32,
    /// Seeds of each.
    pub validation_seeds: u32,
    /// Proxies of each stage of the funnel; none = no funnel, and the best program of the search goes on.
    pub stages: Vec<Vec<String>>,
    /// Programs that enter the first stage, at most.
    pub candidates: u32,
    /// Draws of literals that every rule is tuned with, on each stage and each proxy of the report.
    pub draws: u32,
    /// Seeds of a draw.
    pub tuning_seeds: u32,
    /// Seeds of the comparison at the end of a stage.
    pub seeds: u32,
    /// Proxies of the report, which nothing before has seen; none = no report.
    pub report: Vec<String>,
    /// Seeds of the report.
    pub report_seeds: u32,
    /// Largest relative loss of quality for which a statement is dropped from the program that is reported; 0 = only what changes
    /// nothing is dropped.
    pub tolerance: f64,
}

impl Default for Config {
    fn default() -> Self {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            validation: names(&["m1:stage=b", "n1:width=64,steps=400"]),
            validation_points: 10,
            validation_seeds: 2,
            stages: vec![names(&["c1", "m2"]), names(&["n1:width=128,steps=500"])],
            candidates: 8,
            draws: 24,
            tuning_seeds: 2,
            seeds: 8,
            report: names(&["t1", "q1", "m1:stage=c", "n1:width=96,steps=600"]),
            report_seeds: 16,
            tolerance: 0.001,
        }
    }
}

/// A setting that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key} {reason}")]
pub struct SelectionError {
    /// Which one.
    pub key: &'static str,
    /// What it must be.
    pub reason: String,
}

impl Config {
    /// Whether the counts make sense; the names of proxies are checked by whoever knows them.
    ///
    /// # Errors
    /// [`SelectionError`] for the first that does not.
    pub fn check(&self) -> Result<(), SelectionError> {
        let counts = [
            ("validation_points", self.validation_points, 1_000),
            ("validation_seeds", self.validation_seeds, 10_000),
            ("candidates", self.candidates, 10_000),
            ("draws", self.draws, 100_000),
            ("tuning_seeds", self.tuning_seeds, 10_000),
            ("seeds", self.seeds, 10_000),
            ("report_seeds", self.report_seeds, 10_000),
        ];
        for (key, value, high) in counts {
            if !(1..=high).contains(&value) {
                let reason = format!("must be from 1 to {high}, found {value}");
                return Err(SelectionError { key, reason });
            }
        }
        if !(0.0..=1.0).contains(&self.tolerance) {
            let reason = format!("must be from 0 to 1, found {}", self.tolerance);
            return Err(SelectionError { key: "tolerance", reason });
        }
        Ok(())
    }

    /// Every proxy that is named, with the key that names it.
    pub fn proxies(&self) -> impl Iterator<Item = (&'static str, &String)> {
        let of = |key: &'static str| move |name| (key, name);
        let stages = self.stages.iter().flatten().map(of("stages"));
        self.validation
            .iter()
            .map(of("validation"))
            .chain(stages)
            .chain(self.report.iter().map(of("report")))
    }
}
