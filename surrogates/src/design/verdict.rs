//! A plain word for each candidate, and why.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Candidate;
use super::proposed::Proposed;
use super::support::Whereabouts;
use crate::model::Prediction;
use crate::space::Design;

/// What to do with a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Expected to be good, near enough to what was tried.
    Build,
    /// Worth trying to learn from; do not count on the prediction.
    Explore,
    /// The data do not support a proposal.
    Abstain,
}

impl Verdict {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Explore => "explore",
            Self::Abstain => "abstain",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Why a candidate is not simply to be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The rehearsal failed.
    Rehearsal,
    /// The table is too small for a rehearsal.
    TooFewRows,
    /// It lies farther from what was tried than 99 of 100 rows from the others.
    FarAway,
    /// Its 80 % interval reaches down to the median of the table.
    MaybeOrdinary,
    /// A second model expects less than the median of the table.
    Disagreement,
    /// Its lower bound is below the best row: it may well be no improvement.
    MaybeNoImprovement,
}

impl Reason {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Rehearsal => "the rehearsal failed",
            Self::TooFewRows => "too few rows for a rehearsal",
            Self::FarAway => "farther from the data than 99 of 100 rows",
            Self::MaybeOrdinary => "the interval reaches the median of the table",
            Self::Disagreement => "a second model expects less than the median of the table",
            Self::MaybeNoImprovement => "the interval reaches back to the best row",
        }
    }

    /// Whether it stands against building.
    fn forbids_building(self) -> bool {
        self != Self::MaybeNoImprovement
    }
}

/// What candidates are judged by.
pub(super) struct Judge<'a> {
    pub(super) intervals: Proposed<'a>,
    pub(super) best: f64,
    pub(super) median: f64,
    /// Why every verdict is to abstain.
    pub(super) abstains: Option<Reason>,
}

impl Judge<'_> {
    pub(super) fn candidate(
        &self,
        design: Design,
        prediction: Prediction,
        Whereabouts { distance, nearest, percentile }: Whereabouts,
        opinion: Option<f64>,
    ) -> Candidate {
        let interval = |level| self.intervals.interval(prediction, opinion, level);
        let (of_80, of_95) = (interval(0.8), interval(0.95));
        let mut reasons = Vec::new();
        let mut note = |holds: bool, reason| {
            if holds {
                reasons.push(reason);
            }
        };
        if let Some(reason) = self.abstains {
            note(true, reason);
        }
        note(percentile > 0.99, Reason::FarAway);
        note(of_80.low <= self.median, Reason::MaybeOrdinary);
        note(opinion.is_some_and(|o| o <= self.median), Reason::Disagreement);
        note(of_80.low < self.best, Reason::MaybeNoImprovement);
        let verdict = if self.abstains.is_some() {
            Verdict::Abstain
        } else if reasons.iter().any(|reason| reason.forbids_building()) {
            Verdict::Explore
        } else {
            Verdict::Build
        };
        Candidate {
            design,
            predicted: prediction.mean,
            low: of_80.low,
            high: of_80.high,
            low_95: of_95.low,
            high_95: of_95.high,
            deviation: prediction.deviation,
            chance_of_improvement: self.intervals.chance_above(prediction, opinion, self.best),
            distance,
            distance_percentile: percentile,
            nearest,
            second_opinion: opinion,
            verdict,
            reasons,
        }
    }
}
