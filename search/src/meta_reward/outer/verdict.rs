//! What a reward is worth in the end: fresh trainings, judged where nothing was trained or chosen.

use hatchery_engine::world::{Split, World};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::task::{InnerRuns, Seeds};
use crate::meta_reward::Interval;
use crate::meta_reward::expression::Reward;

/// Where a fresh training is judged.
const SPLITS: [Split; 4] = [Split::Validation, Split::L0, Split::L1, Split::L2];

/// Success of fresh trainings with one reward, a value each.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// On the validation part, by which the policy that is kept is chosen.
    pub validation: Vec<f64>,
    /// As trained.
    pub l0: Vec<f64>,
    /// In new surroundings.
    pub l1: Vec<f64>,
    /// On held-out kinds of task.
    pub l2: Vec<f64>,
}

impl Verdict {
    /// The reported splits, with their names.
    pub fn splits(&self) -> [(&'static str, &[f64]); 3] {
        [("l0", &self.l0), ("l1", &self.l1), ("l2", &self.l2)]
    }

    /// Mean and interval on each reported split.
    pub fn intervals(&self) -> [Option<Interval>; 3] {
        self.splits().map(|(_, values)| Interval::of(values))
    }

    /// Mean and interval of the differences to another reward that was trained with the same seeds.
    pub fn minus(&self, other: &Self) -> [Option<Interval>; 3] {
        let (own, others) = (self.splits(), other.splits());
        [0, 1, 2].map(|at| {
            let pairs = own[at].1.iter().zip(others[at].1);
            Interval::of(&pairs.map(|(a, b)| a - b).collect::<Vec<_>>())
        })
    }

    /// The training with the best policy on the validation part.
    pub fn best(&self) -> Option<u32> {
        let all = 0..self.validation.len();
        let best = all.reduce(|a, b| if self.validation[b] > self.validation[a] { b } else { a });
        best.map(|number| number as u32)
    }
}

/// Trains with each reward and `fresh` seeds that no search and no race has used, the same for all. Nothing if it was asked to stop.
pub fn retrain<W: World>(
    task: &InnerRuns<W>,
    rewards: &[Reward],
    fresh: u32,
) -> Option<Vec<Verdict>> {
    let jobs: Vec<(usize, u32)> =
        (0..rewards.len()).flat_map(|at| (0..fresh).map(move |n| (at, n))).collect();
    let run = |&(at, number): &(usize, u32)| {
        task.success(&rewards[at], Seeds::Report, at as u32, number, &SPLITS)
    };
    let success: Vec<Vec<f64>> = jobs.par_iter().map(run).collect::<Option<_>>()?;
    let mut verdicts = vec![Verdict::default(); rewards.len()];
    for (&(at, _), values) in jobs.iter().zip(success) {
        let Verdict { validation, l0, l1, l2 } = &mut verdicts[at];
        for (list, value) in [validation, l0, l1, l2].into_iter().zip(values) {
            list.push(value);
        }
    }
    Some(verdicts)
}
