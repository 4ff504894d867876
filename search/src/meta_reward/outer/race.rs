//! The final choice: the best of a search meet again with fresh seeds, and the worse half leaves after each round.

use hatchery_engine::world::{Split, World};
use rayon::prelude::*;

use super::task::{InnerRuns, Seeds};
use crate::meta_reward::expression::Reward;

/// Trainings of each reward in the first round; they double from round to round.
const SEEDS_FIRST: usize = 2;

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
/// first, those that left early behind. All of a round share its seeds, and nothing depends on threads. Nothing if it was asked to stop.
pub fn race<W: World>(
    task: &InnerRuns<W>,
    rewards: &[Reward],
    seeds_max: usize,
) -> Option<Vec<Raced>> {
    let mut standing: Vec<Raced> =
        rewards.iter().map(|r| Raced { reward: r.clone(), values: Vec::new() }).collect();
    let mut left = Vec::new();
    for (round, (entrants, fresh)) in rounds(rewards.len(), seeds_max).into_iter().enumerate() {
        left.splice(0..0, standing.drain(entrants..));
        let seeds = Seeds::Race(round as u32);
        let jobs: Vec<(usize, u32)> =
            (0..entrants).flat_map(|at| (0..fresh as u32).map(move |n| (at, n))).collect();
        let run = |&(at, number): &(usize, u32)| {
            task.success(&standing[at].reward, seeds, at as u32, number, &[Split::Validation])
        };
        let values: Vec<Vec<f64>> = jobs.par_iter().map(run).collect::<Option<_>>()?;
        for (&(at, _), value) in jobs.iter().zip(values) {
            standing[at].values.push(value[0]);
        }
        // Stable: of equals the one that came first stays first.
        standing.sort_by(|a, b| b.mean().total_cmp(&a.mean()));
    }
    standing.extend(left);
    Some(standing)
}

/// Trainings that a race of so many rewards takes.
pub fn race_trainings(entrants: usize, seeds_max: usize) -> usize {
    rounds(entrants, seeds_max).iter().map(|(entrants, fresh)| entrants * fresh).sum()
}

/// Entrants of each round and the trainings that each of them gets.
fn rounds(entrants: usize, seeds_max: usize) -> Vec<(usize, usize)> {
    let (mut standing, mut seeds, mut rounds) = (entrants, SEEDS_FIRST, Vec::new());
    while standing > 0 {
        let fresh = if standing <= 2 { seeds_max.max(SEEDS_FIRST) } else { seeds };
        rounds.push((standing, fresh));
        if fresh >= seeds_max || standing <= 2 {
            break;
        }
        (standing, seeds) = (standing.div_ceil(2).max(2), seeds * 2);
    }
    rounds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worse_half_leaves_and_the_last_two_get_most() {
        assert_eq!(rounds(5, 8), [(5, 2), (3, 4), (2, 8)]);
        assert_eq!(race_trainings(5, 8), 38);
        assert_eq!(rounds(8, 4), [(8, 2), (4, 4)]);
        assert_eq!(rounds(1, 8), [(1, 8)]);
        assert_eq!(rounds(0, 8), []);
    }
}
