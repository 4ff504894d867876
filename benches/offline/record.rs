//! One finished cell of a comparison.

use hatchery::surrogates::model::Surrogate;
use serde::{Deserialize, Serialize};

use super::arena::Arena;
use super::measures::Measures;

/// A method on a task with a seed, and what came of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) task: String,
    pub(crate) searcher: String,
    /// `-` where there is no network.
    pub(crate) arm: String,
    pub(crate) seed: u64,
    /// None if nothing was proposed; then `failure` says why.
    pub(crate) measures: Option<Measures>,
    pub(crate) failure: Option<String>,
    pub(crate) figures: Figures,
    pub(crate) train_seconds: f64,
    pub(crate) search_seconds: f64,
    /// A remark for the reader.
    pub(crate) note: Option<String>,
}

/// What is told of a model.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// Rank correlation on hidden rows, and on the best tenth of them.
    pub(crate) correlation: Option<f64>,
    pub(crate) correlation_top: Option<f64>,
    /// N on visible rows: mean of members, and the first of them.
    pub(crate) norm: Option<f64>,
    pub(crate) norm_first: Option<f64>,
    /// N on the proposals.
    pub(crate) norm_proposals: Option<f64>,
    /// λ at the end.
    pub(crate) multiplier: Option<f64>,
    pub(crate) weight_decay: Option<f64>,
    /// Trainings that matching took.
    pub(crate) matches: Option<u32>,
}

impl Record {
    /// The name of a cell.
    pub(crate) fn cell(
        experiment: &str,
        task: &str,
        searcher: &str,
        arm: &str,
        seed: u64,
    ) -> String {
        format!("{experiment}/{task}/{searcher}/{arm}/{seed:03}")
    }

    /// A cell without figures yet.
    pub(crate) fn new(arena: &Arena, searcher: &str, arm: &str) -> Self {
        Self {
            task: arena.name.clone(),
            searcher: searcher.to_owned(),
            arm: arm.to_owned(),
            seed: arena.seed,
            ..Self::default()
        }
    }

    /// The same name as a cell of an experiment.
    pub(crate) fn name(&self, experiment: &str) -> String {
        Self::cell(experiment, &self.task, &self.searcher, &self.arm, self.seed)
    }
}

impl Figures {
    /// The correlations of a model on hidden rows.
    pub(crate) fn of(arena: &Arena, surrogate: &dyn Surrogate) -> Self {
        let predicted = surrogate.means(&arena.hidden.0);
        let [correlation, correlation_top] = if predicted.iter().all(|p| p.is_finite()) {
            arena.correlations(&predicted)
        } else {
            [None; 2]
        };
        Self { correlation, correlation_top, ..Self::default() }
    }
}
