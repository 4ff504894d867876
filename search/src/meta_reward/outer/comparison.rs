//! Which settings find most in twenty steps of eight.

use rayon::prelude::*;

use super::hidden::{Course, Hidden};
use super::*;
use crate::meta_reward::expression::Vocabulary;

const STEPS: u32 = 20;

/// The same search for each of some hidden rewards.
fn courses<P: Proposer>(seeds: u64, make: impl Fn(Vocabulary, u64) -> P + Sync) -> Vec<Course> {
    let search = |seed| {
        let hidden = Hidden::new(seed);
        hidden.search(make(hidden.vocabulary.clone(), seed), STEPS)
    };
    (0..seeds).into_par_iter().map(search).collect()
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len();
    values.sum::<f64>() / count as f64
}

/// True values of the first and the last quarter of proposals, of the choice, and of the consensus.
fn columns(course: &Course) -> [f64; 4] {
    let quarter = STEPS as usize / 4;
    let of = |part: &[f64]| mean(part.iter().copied());
    let (early, late) = (&course.means[..quarter], &course.means[course.means.len() - quarter..]);
    [of(early), of(late), course.choice, course.consensus]
}

#[test]
fn a_learned_distribution_moves_its_samples_more_than_evolution_does() {
    let aging = |vocabulary, seed| Aging::new(vocabulary, AgingConfig::default(), seed);
    let derl = |vocabulary, seed| Derl::new(vocabulary, DerlConfig::default(), seed, STEPS);
    let [aging, derl] = [courses(10, aging), courses(10, derl)]
        .map(|courses| [1, 3].map(|at| mean(courses.iter().map(|course| columns(course)[at]))));
    assert!(derl[0] > 3.0 * aging[0] && derl[1] > aging[1], "{derl:?} {aging:?}");
}

/// Mean and standard error.
fn line<P: Proposer>(name: &str, make: impl Fn(Vocabulary, u64) -> P + Sync) {
    const SEEDS: u64 = 40;
    let courses = courses(SEEDS, make);
    let mut text = format!("{name:40}");
    for column in 0..4 {
        let values: Vec<f64> = courses.iter().map(|course| columns(course)[column]).collect();
        let mean = mean(values.iter().copied());
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let error = (squares / (SEEDS * (SEEDS - 1)) as f64).sqrt();
        text += &format!("  {mean:.3} ±{error:.3}");
    }
    println!("{text}");
}

/// Without screening, and with it.
fn lines<P: Proposer>(name: &str, make: impl Fn(Vocabulary, u64) -> P + Sync) {
    for screen in [1, 8] {
        let config = ScreenConfig { screen, ..ScreenConfig::default() };
        line(&format!("{name}, screen {screen}"), |vocabulary, seed| {
            Screened::new(make(vocabulary.clone(), seed), vocabulary, config.clone(), seed)
        });
    }
}

#[test]
#[ignore = "a table, not a test: with --nocapture it prints mean true values, 40 hidden rewards each, in two minutes"]
fn settings_side_by_side() {
    println!("{:40}  first quarter last quarter  choice        consensus", "");
    lines("random", Random::new);
    lines("aging", |vocabulary, seed| Aging::new(vocabulary, AgingConfig::default(), seed));
    let base = DerlConfig::default();
    let estimators =
        [Estimator::Grpo, Estimator::Reinforce, Estimator::DrGrpo, Estimator::Risk, Estimator::Pqt];
    for policy in [Form::Slots, Form::Tree, Form::Gru] {
        let derl = |name: &str, config: DerlConfig| {
            config.check().expect("it makes sense");
            lines(name, |vocabulary, seed| Derl::new(vocabulary, config.clone(), seed, STEPS));
        };
        for estimator in estimators {
            let config = DerlConfig { policy, estimator, ..base.clone() };
            derl(&format!("{policy:?} {estimator:?}"), config);
        }
        for baseline in [Baseline::Ema, Baseline::LeaveOneOut] {
            let config = DerlConfig { policy, baseline, ..base.clone() };
            derl(&format!("{policy:?} {baseline:?}"), config);
        }
        for estimator in [Estimator::Grpo, Estimator::Pqt] {
            let config = DerlConfig { policy, mix: 0.5, estimator, ..base.clone() };
            derl(&format!("{policy:?} {estimator:?} mix 0.5"), config);
        }
    }
    for choice in [Choice::Thompson, Choice::Ucb] {
        for bonus in [0.0, 0.5, 2.0] {
            let config = ScreenConfig { screen: 8, choice, bonus };
            line(&format!("{choice:?} {bonus}"), |vocabulary, seed| {
                let inner = Derl::new(vocabulary.clone(), base.clone(), seed, STEPS);
                Screened::new(inner, vocabulary, config.clone(), seed)
            });
        }
    }
}
