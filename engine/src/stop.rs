//! Budgets: what ends a run.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum StopReason {
    /// The target fitness was reached.
    TargetReached,
    /// The number of generations was reached.
    GenerationLimit,
    /// The number of evaluations was reached.
    EvaluationLimit,
    /// The wall-clock limit was reached.
    TimeLimit,
    /// No improvement for the given number of generations.
    Stagnated,
    /// The strategy has done what it was made for.
    Finished,
    /// Someone asked the run to stop.
    Interrupted,
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TargetReached => "target-reached",
            Self::GenerationLimit => "generation-limit",
            Self::EvaluationLimit => "evaluation-limit",
            Self::TimeLimit => "time-limit",
            Self::Stagnated => "stagnated",
            Self::Finished => "finished",
            Self::Interrupted => "interrupted",
        })
    }
}

/// Which number of a generation is held against the target and watched for stagnation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetStatistic {
    /// The best member: right for deterministic objectives.
    #[default]
    Best,
    /// The mean of the population: right for noisy ones, where the best of many is luck.
    Mean,
}

/// Limits of a run; each is optional, and the first that is met ends it. All count from the start of the run,
/// resumed parts included.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Budget {
    /// Generations.
    pub generations: Option<u32>,
    /// Evaluations; a generation that has begun is finished.
    pub evaluations: Option<u64>,
    /// Wall-clock seconds; a generation that has begun is finished.
    pub seconds: Option<f64>,
    /// Fitness to reach.
    pub target: Option<f64>,
    /// What is held against `target` and watched for stagnation.
    pub target_statistic: TargetStatistic,
    /// Generations without improvement after which to stop.
    pub stagnation: Option<u32>,
}

/// Where a run stands, as far as budgets are concerned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// Generations finished.
    pub generations: u32,
    /// Evaluations made.
    pub evaluations: u64,
    /// Seconds spent.
    pub seconds: f64,
    /// The target statistic of the last generation.
    pub statistic: Option<f64>,
    /// Generations since the target statistic last improved.
    pub generations_since_best: u32,
}

impl Budget {
    /// The first limit that is met, if any. A target met in the last generation counts as reached.
    pub fn spent(&self, now: &Standing) -> Option<StopReason> {
        let met = |limit: Option<f64>, value: f64| limit.is_some_and(|limit| value >= limit);
        if now.statistic.is_some_and(|value| met(self.target, value)) {
            return Some(StopReason::TargetReached);
        }
        if self.generations.is_some_and(|limit| now.generations >= limit) {
            return Some(StopReason::GenerationLimit);
        }
        if self.evaluations.is_some_and(|limit| now.evaluations >= limit) {
            return Some(StopReason::EvaluationLimit);
        }
        if met(self.seconds, now.seconds) {
            return Some(StopReason::TimeLimit);
        }
        if self.stagnation.is_some_and(|limit| now.generations_since_best >= limit) {
            return Some(StopReason::Stagnated);
        }
        None
    }
}

/// A flag that asks a run to finish its generation and stop; clones share it.
#[derive(Debug, Clone, Default)]
pub struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    /// Asks the run to stop. Returns whether it had been asked before.
    pub fn raise(&self) -> bool {
        self.0.swap(true, Ordering::SeqCst)
    }

    /// Whether the run has been asked to stop.
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_limit_met_names_the_reason() {
        let now = Standing {
            generations: 10,
            evaluations: 100,
            seconds: 2.0,
            statistic: Some(5.0),
            generations_since_best: 3,
        };
        let none = Budget::default();
        assert_eq!(none.spent(&now), None);
        let cases = [
            (
                Budget { target: Some(5.0), generations: Some(10), ..none },
                StopReason::TargetReached,
            ),
            (Budget { generations: Some(10), ..none }, StopReason::GenerationLimit),
            (Budget { evaluations: Some(99), ..none }, StopReason::EvaluationLimit),
            (Budget { seconds: Some(1.5), ..none }, StopReason::TimeLimit),
            (Budget { stagnation: Some(3), ..none }, StopReason::Stagnated),
        ];
        for (budget, reason) in cases {
            assert_eq!(budget.spent(&now), Some(reason));
        }
        assert_eq!(Budget { generations: Some(11), target: Some(5.1), ..none }.spent(&now), None);
    }
}
