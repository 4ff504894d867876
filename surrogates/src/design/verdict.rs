//! A plain word for each candidate, and why.

use std::fmt;

use serde::{Deserialize, Serialize};

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
    /// The rehearsal did no better than chance.
    Rehearsal,
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
            Self::Rehearsal => "the rehearsal did no better than chance",
            Self::FarAway => "farther from the data than 99 of 100 rows",
            Self::MaybeOrdinary => "the interval reaches the median of the table",
            Self::Disagreement => "a second model expects less than the median of the table",
            Self::MaybeNoImprovement => "the lower bound is below the best row",
        }
    }

    /// Whether it stands against building.
    pub(super) fn forbids_building(self) -> bool {
        self != Self::MaybeNoImprovement
    }
}
