//! From fitness to utility: what the update weighs each member's perturbation by.
//!
//! | kind            | utility of member m                              | `group` g > 0                      |
//! |-----------------|--------------------------------------------------|------------------------------------|
//! | `z-score`       | `(f − mean f) / sqrt(var f + 1e-5)`              | mean of the group, global variance |
//! | `centred-ranks` | `rank/(N−1) − 1/2`, rank 0 the worst             | ranks within the group             |
//! | `sign-of-pair`  | `sign(f − f of its twin)`                        | no difference                      |
//! | `centred`       | `f − mean f`                                     | mean of the group                  |
//! | `leave-one-out` | `f − mean of the others = N/(N−1) (f − mean f)`  | within the group                   |
//! | `raw`           | `f`                                              | no difference                      |
//! | `baseline`      | `(f − f₀) / (std f + 1e-8)`, members 0 and 1: 0  | all of it within the group         |
//!
//! Here `N` is the number of members that are compared: the population, or one group. Variances are
//! those of a population (divided by `N`). Groups are contiguous runs of `g` members, used with one
//! question, prompt or data point for each group; `g = 0` makes one group of the whole population.
//!
//! **Failed members.** A fitness that is not finite (`NaN` by the engine's rule) counts as failed. The
//! kinds that only compare (`centred-ranks`, `sign-of-pair`) place it below every number; the others
//! give it the worst finite fitness of its own generation, so that one failure cannot dwarf all
//! differences. If nothing is finite, which the evaluator reports as an error, all utilities are 0.
//!
//! All arithmetic is in `f64`, in the order of the members (more than 4096 of them in chunks of so many), and only the
//! result is rounded.
//!
//! Source: the EGGROLL reference's `convert_fitnesses` (`z-score`, group mean with **global**
//! deviation) and its baseline-subtracting variant; centred ranks after Salimans et al., *Evolution
//! Strategies as a Scalable Alternative to Reinforcement Learning* (2017), arXiv:1703.03864, section
//! 2.1. Departures: tied members share the mean of the ranks that they occupy (there, the order of the
//! members decides), since integer rewards tie often and a utility should not depend on a position.

use hatchery_kernels::cuda::{SUM_CHUNK, Utility};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Added to the variance inside the root of `z-score`: equal scores give 0 and not `NaN`.
pub const VARIANCE_FLOOR: f64 = 1e-5;

/// Added to the deviation of `baseline`.
pub const DEVIATION_FLOOR: f64 = 1e-8;

/// How fitness becomes utility; the table is at the top of the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shaping {
    /// Mean 0, variance 1; the default, as in the reference code.
    #[default]
    ZScore,
    /// Ranks spread evenly over [-0.5, 0.5]: blind to the size of a difference, hence to outliers.
    CentredRanks,
    /// Which twin of an antithetic pair was better: `(1, -1)`, `(-1, 1)` or, if tied, `(0, 0)`. One
    /// ternary digit per pair, cheap to send. The direction's weight `u₊ − u₋` is `2 sign(f₊ − f₋)`.
    SignOfPair,
    /// Only the mean is taken away: the scale of the fitness is kept.
    Centred,
    /// Each member against the mean of all others: the unbiased weights of one-sided sampling, with
    /// half the squared error of antithetic sampling on an affine fitness at equal evaluations.
    LeaveOneOut,
    /// The fitness as it is.
    Raw,
    /// Against the unperturbed centre: members 0 and 1 of each group are evaluated with zero noise,
    /// member 0 is the baseline, and neither of the two has any weight in the update.
    Baseline,
}

/// Why a shaping does not fit a population.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ShapingError {
    /// The population is not a whole number of groups.
    #[error("a population of {members} is not a whole number of groups of {group}")]
    GroupDoesNotDivide {
        /// Members of one group.
        group: usize,
        /// Members of the population.
        members: usize,
    },
    /// A pair would be split between two groups, or the last member has no twin.
    #[error("antithetic pairs need an even number of members, but `{what}` is {got}")]
    SplitPair {
        /// `group` or `members`.
        what: &'static str,
        /// Its value.
        got: usize,
    },
    /// The shaping compares twins, but sampling is one-sided.
    #[error("shaping `sign-of-pair` needs antithetic sampling; choose another shaping or sampling")]
    NoPairs,
    /// Too few members are compared with each other for the utilities to differ.
    #[error("each group needs at least {expected} members to compare, but it has {got}")]
    TooFew {
        /// The least number of members of a group.
        expected: usize,
        /// The members of a group.
        got: usize,
    },
}

impl Shaping {
    /// Whether this shaping fits a population of `members` in groups of `group` (0: one group), where
    /// `paired` says that members `2k` and `2k + 1` are antithetic twins.
    ///
    /// # Errors
    /// The group must divide the population; with pairs, both must be even, so that no pair is split;
    /// a group must have at least two members (`baseline`: four with pairs, else three).
    pub fn check(self, group: usize, members: usize, paired: bool) -> Result<(), ShapingError> {
        if group > 0 && !members.is_multiple_of(group) {
            return Err(ShapingError::GroupDoesNotDivide { group, members });
        }
        if paired {
            for (what, got) in [("group", group), ("members", members)] {
                if !got.is_multiple_of(2) {
                    return Err(ShapingError::SplitPair { what, got });
                }
            }
        } else if self == Self::SignOfPair {
            return Err(ShapingError::NoPairs);
        }
        let compared = if group == 0 { members } else { group };
        let expected = match (self, paired) {
            (Self::Baseline, true) => 4,
            (Self::Baseline, false) => 3,
            _ => 2,
        };
        if compared < expected {
            return Err(ShapingError::TooFew { expected, got: compared });
        }
        Ok(())
    }
}

/// The shaping of a population without failed members as a device does it; none for groups and for what is compared with a baseline.
pub fn on_device(kind: Shaping, group: usize, members: usize) -> Option<Utility> {
    if group != 0 && group != members {
        return None;
    }
    Some(match kind {
        Shaping::ZScore => Utility::ZScore { floor: VARIANCE_FLOOR },
        Shaping::CentredRanks => Utility::CentredRanks,
        Shaping::SignOfPair => Utility::SignOfPair,
        Shaping::Centred => Utility::Centred { factor: 1.0 },
        Shaping::LeaveOneOut => {
            Utility::Centred { factor: members as f64 / (members as f64 - 1.0).max(1.0) }
        }
        Shaping::Raw => Utility::Raw,
        Shaping::Baseline => return None,
    })
}

/// The utilities of `fitness`, `(members,)`, one for each member, shaped by `kind` in groups of `group`
/// contiguous members (0: the population is one group). Called once per generation, by a strategy.
///
/// ```
/// use hatchery_engine::shaping::{Shaping, shape};
///
/// let fitness = [3.0, 1.0, 0.5, 2.0];
/// assert_eq!(shape(Shaping::CentredRanks, 0, &fitness), [0.5, -1.0 / 6.0, -0.5, 1.0 / 6.0]);
/// assert_eq!(shape(Shaping::SignOfPair, 0, &fitness), [1.0, -1.0, -1.0, 1.0]);
/// ```
///
/// # Panics
/// If `group` does not divide the population, or if `sign-of-pair` is given an odd one:
/// [`Shaping::check`] finds both before a run starts.
pub fn shape(kind: Shaping, group: usize, fitness: &[f32]) -> Vec<f32> {
    let group = if group == 0 { fitness.len().max(1) } else { group };
    assert!(
        fitness.len().is_multiple_of(group),
        "a population of {} is not a whole number of groups of {group}",
        fitness.len()
    );
    // A comparison only needs failed members below all others; a mean needs a number to work with.
    let scores = match kind {
        Shaping::CentredRanks | Shaping::SignOfPair => numbers(fitness, |_| f64::NEG_INFINITY),
        _ => numbers(fitness, |worst| worst),
    };
    let Some(scores) = scores else { return vec![0.0; fitness.len()] };
    let utilities = match kind {
        Shaping::ZScore => z_scores(&scores, group),
        Shaping::CentredRanks => by_group(&scores, group, centred_ranks),
        Shaping::SignOfPair => signs_of_pairs(&scores),
        Shaping::Centred => by_group(&scores, group, |members| centred(members, 1.0)),
        Shaping::LeaveOneOut => {
            // One member alone has no others: its difference from the mean is 0, at any scale.
            let scale = group as f64 / (group as f64 - 1.0).max(1.0);
            by_group(&scores, group, |members| centred(members, scale))
        }
        Shaping::Raw => scores,
        Shaping::Baseline => by_group(&scores, group, against_baseline),
    };
    utilities.into_iter().map(|u| u as f32).collect()
}

/// The utilities of members that each answered every one of `questions` questions: `scores` is
/// `(questions, members)`; from each question its mean is taken away, everything is divided by one
/// global deviation, and the questions are averaged. [EGGROLL paper, section 6.3]
///
/// Up to one positive factor per generation this equals summing each member's scores over the
/// questions and taking the `z-score` of the sums, which is what the reference code does.
///
/// # Panics
/// If `questions` is 0 or does not divide the number of scores.
pub fn per_question(questions: usize, scores: &[f32]) -> Vec<f32> {
    assert!(
        questions > 0 && scores.len().is_multiple_of(questions),
        "{} scores are not {questions} rows of equal length",
        scores.len()
    );
    let members = scores.len() / questions;
    let Some(finite) = numbers(scores, |worst| worst) else { return vec![0.0; members] };
    let mut sums = vec![0.0_f64; members];
    for row in z_scores(&finite, members).chunks_exact(members) {
        for (sum, utility) in sums.iter_mut().zip(row) {
            *sum += utility;
        }
    }
    sums.into_iter().map(|sum| (sum / questions as f64) as f32).collect()
}

/// How many antithetic pairs scored the same, so that their direction has no weight. A high share
/// says that `sigma` is too small to change the outcome. Two failed twins are tied as well.
pub fn tied_pairs(fitness: &[f32]) -> usize {
    let tied = |pair: &[f32]| pair[0] == pair[1] || !(pair[0].is_finite() || pair[1].is_finite());
    fitness.chunks_exact(2).filter(|pair| tied(pair)).count()
}

/// The fitness as numbers: failed members get `failed(worst finite fitness)`. None if all failed.
fn numbers(fitness: &[f32], failed: impl Fn(f64) -> f64) -> Option<Vec<f64>> {
    let finite = fitness.iter().filter(|f| f.is_finite()).map(|&f| f64::from(f));
    let failed = failed(finite.reduce(f64::min)?);
    Some(fitness.iter().map(|&f| if f.is_finite() { f64::from(f) } else { failed }).collect())
}

fn z_scores(scores: &[f64], group: usize) -> Vec<f64> {
    let deviation = (variance(scores) + VARIANCE_FLOOR).sqrt();
    by_group(scores, group, |members| centred(members, 1.0 / deviation))
}

fn mean(scores: &[f64]) -> f64 {
    sum(scores, |f| f) / scores.len() as f64
}

fn variance(scores: &[f64]) -> f64 {
    let mean = mean(scores);
    sum(scores, |f| (f - mean) * (f - mean)) / scores.len() as f64
}

/// Chunks are summed in the order of the members, and then the sums of the chunks: the same bits on any number of threads,
/// and on devices.
fn sum(scores: &[f64], of: impl Fn(f64) -> f64 + Sync) -> f64 {
    let chunk = |chunk: &[f64]| chunk.iter().map(|&f| of(f)).sum::<f64>();
    if scores.len() <= SUM_CHUNK {
        return chunk(scores);
    }
    let sums: Vec<f64> = scores.par_chunks(SUM_CHUNK).map(chunk).collect();
    sums.iter().sum()
}

fn by_group(scores: &[f64], group: usize, shape: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    scores.chunks_exact(group).flat_map(shape).collect()
}

fn centred(scores: &[f64], scale: f64) -> Vec<f64> {
    let mean = mean(scores);
    scores.iter().map(|f| (f - mean) * scale).collect()
}

fn centred_ranks(scores: &[f64]) -> Vec<f64> {
    // Ties share a rank, so that it does not matter in which order a sort leaves them.
    let mut order: Vec<(i64, u32)> =
        scores.iter().enumerate().map(|(member, &f)| (order_of(f), member as u32)).collect();
    order.par_sort_unstable();
    let last = (scores.len() - 1) as f64;
    let mut utilities = vec![0.0; scores.len()];
    let mut first_rank = 0;
    for tied in order.chunk_by(|a, b| scores[a.1 as usize] == scores[b.1 as usize]) {
        // Twice the mean rank is a whole number, so mirrored ranks get exactly opposite utilities.
        let twice_rank = (2 * first_rank + tied.len() - 1) as f64;
        for &(_, member) in tied {
            utilities[member as usize] = (twice_rank - last) / (2.0 * last).max(1.0);
        }
        first_rank += tied.len();
    }
    utilities
}

/// A whole number that is larger for a larger score, as `f64::total_cmp` orders them.
fn order_of(score: f64) -> i64 {
    let bits = score.to_bits() as i64;
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

fn signs_of_pairs(scores: &[f64]) -> Vec<f64> {
    assert!(scores.len().is_multiple_of(2), "{} members are not pairs", scores.len());
    let sign = |a: f64, b: f64| f64::from(a > b) - f64::from(a < b);
    scores.chunks_exact(2).flat_map(|p| [sign(p[0], p[1]), sign(p[1], p[0])]).collect()
}

fn against_baseline(scores: &[f64]) -> Vec<f64> {
    let deviation = variance(scores).sqrt() + DEVIATION_FLOOR;
    let utility = |(m, f): (usize, &f64)| if m < 2 { 0.0 } else { (f - scores[0]) / deviation };
    scores.iter().enumerate().map(utility).collect()
}

#[cfg(test)]
mod tests;
