//! The reward that a population speaks for: the member that is closest to all the others.
//!
//! Rewards are compared by what they tell apart, not by how they are written. Each has values at the same points; these lose their mean
//! and their scale, of which an inner training sees nothing either, and the member whose values go best with the mean of all is the
//! medoid.

use hatchery_engine::world::Reducer;
use hatchery_kernels::Dice;

use crate::meta_reward::expression::{Inputs, Reward, Symbol, Vocabulary};

/// Purpose of the dice of the points.
const POINTS: u32 = 0x4d45_444f;
/// Points at which rewards are compared.
const POINTS_COUNT: usize = 128;

/// The member that is closest to all; of equals the first. Nothing if there are no members.
pub(super) fn medoid<'a>(rewards: &[&'a Reward], vocabulary: &Vocabulary) -> Option<&'a Reward> {
    let profiles: Vec<_> = rewards.iter().map(|reward| profile(reward, vocabulary)).collect();
    let mut mean = [0.0; POINTS_COUNT];
    for profile in &profiles {
        mean.iter_mut().zip(profile).for_each(|(sum, value)| *sum += value);
    }
    let mut best = (None, f64::NEG_INFINITY);
    for (&reward, profile) in rewards.iter().zip(&profiles) {
        let closeness = agreement(profile, &mean);
        if closeness > best.1 {
            best = (Some(reward), closeness);
        }
    }
    best.0
}

/// Values of a reward at the points, with mean 0 and length 1; all are 0 if they do not differ. Where it has no value it counts as 0, as in
/// training.
pub(super) fn profile(reward: &Reward, vocabulary: &Vocabulary) -> [f64; POINTS_COUNT] {
    let reductions = reward.reductions();
    let mut values = std::array::from_fn(|point| {
        let mut dice = Dice::new(0, point as u64, POINTS);
        let mut within = |[low, high]: [f32; 2]| low + (high - low) * dice.unit() as f32;
        let mut primitives: Vec<f32> =
            vocabulary.primitives().iter().map(|symbol| within(symbol.range)).collect();
        if let Some(outcome) = primitives.first_mut() {
            *outcome = outcome.round();
        }
        // All that a reward could ask for is drawn, so that what one asks for changes nothing for another.
        let reduced: Vec<f32> = vocabulary
            .signals()
            .iter()
            .flat_map(|signal: &Symbol| Reducer::ALL.map(|_| within(signal.range)))
            .collect();
        let of = |&(reducer, signal): &(Reducer, usize)| {
            reduced[signal * Reducer::ALL.len() + reducer as usize]
        };
        let reduced: Vec<f32> = reductions.iter().map(of).collect();
        let progress = dice.unit() as f32;
        let inputs = Inputs { primitives: &primitives, reduced: &reduced, progress };
        f64::from(reward.evaluate(&inputs, vocabulary.division()).unwrap_or(0.0))
    });
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter_mut().for_each(|value| *value -= mean);
    let length = agreement(&values, &values).sqrt();
    let scale = if length > 1e-6 { 1.0 / length } else { 0.0 };
    values.iter_mut().for_each(|value| *value *= scale);
    values
}

/// The correlation of two profiles, in [-1, 1]; of a profile and a sum of profiles, the sum of the correlations.
pub(super) fn agreement(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, vocabulary};
    use super::*;

    #[test]
    fn the_medoid_is_what_most_members_mean_however_they_write_it() {
        let rewards = [
            "g3 - g1",
            "g1 + 0.5*g2 + 0.3*g4",
            "g1 + 0.5*g2",
            "3*g1 + 2*g2 + 1",
            "g1*g3",
            "0.2*g1",
        ]
        .map(parse);
        let all: Vec<&Reward> = rewards.iter().collect();
        assert_eq!(medoid(&all, &vocabulary()), Some(&rewards[2]));
        assert_eq!(medoid(&[], &vocabulary()), None);
    }

    #[test]
    fn profiles_see_neither_offset_nor_positive_scale() {
        let of = |text: &str| profile(&parse(text), &vocabulary());
        let same = agreement(&of("g1 - 0.3*g2"), &of("20*g1 + 5 - 6*g2"));
        let opposite = agreement(&of("g1 - 0.3*g2"), &of("0.3*g2 - g1"));
        assert!((same - 1.0).abs() < 1e-5 && (opposite + 1.0).abs() < 1e-5, "{same} {opposite}");
        assert!(of("g1 - g1 + 2").iter().all(|value| *value == 0.0));
    }
}
