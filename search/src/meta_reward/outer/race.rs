//! The final choice: the best of a search meet again with fresh seeds, and the worse half leaves after each round.

use hatchery_engine::world::{Split, World};
use rayon::prelude::*;

use super::task::{InnerRuns, Seeds};
use crate::meta_reward::expression::Reward;

/// A reward after the race.
#[derive(Clone, Debug, PartialEq)]
pub struct Raced {
    /// The reward.
    pub reward: Reward,
    /// Validation success of each training with a fresh seed.
    pub values: Vec<f64>,
}

impl Raced {
    /// Mean over the trainings.
    pub fn mean(&self) -> f64 {
        self.values.iter().sum::<f64>() / self.values.len().max(1) as f64
    }
}

/// Trains with each reward and two seeds, keeps the better half and doubles the seeds, until one is left or two have `seeds_max`. Best
/// first, those that left early behind; with the number of trainings. All of a round share its seeds, and nothing depends on threads.
pub fn race<W: World>(
    task: &InnerRuns<W>,
    rewards: &[Reward],
    seeds_max: usize,
) -> (Vec<Raced>, usize) {
    let mut standing: Vec<Raced> =
        rewards.iter().map(|r| Raced { reward: r.clone(), values: Vec::new() }).collect();
    let (mut left, mut seeds, mut trainings, mut round) = (Vec::new(), 2, 0, 0);
    loop {
        let fresh = if standing.len() <= 2 { seeds_max.max(2) } else { seeds };
        let jobs: Vec<(usize, u64)> = (0..standing.len())
            .flat_map(|at| (0..fresh as u32).map(move |n| (at, n)))
            .map(|(at, n)| (at, Seeds::Race(round).seed(task.seed, n)))
            .collect();
        let run = |&(at, seed): &(usize, u64)| {
            task.train(&standing[at].reward, seed, &[Split::Validation]).0[0]
        };
        let values: Vec<f64> = jobs.par_iter().map(run).collect();
        trainings += jobs.len();
        for (&(at, _), value) in jobs.iter().zip(values) {
            standing[at].values.push(value);
        }
        // Stable: of equals the one that came first stays first.
        standing.sort_by(|a, b| b.mean().total_cmp(&a.mean()));
        if fresh >= seeds_max || standing.len() <= 2 {
            break;
        }
        let stay = standing.len().div_ceil(2).max(2);
        left.splice(0..0, standing.drain(stay..));
        (seeds, round) = (seeds * 2, round + 1);
    }
    standing.extend(left);
    (standing, trainings)
}
