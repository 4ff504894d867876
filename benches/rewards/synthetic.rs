//! Which settings find most in twenty steps of sixteen, against values that behave like those of trainings.

use hatchery::search::meta_reward::expression::Vocabulary;
use hatchery::search::meta_reward::outer::synthetic::{Course, Plan, Synthetic};
use hatchery::search::meta_reward::outer::{
    Aging, AgingConfig, Baseline, Choice, Derl, DerlConfig, Estimator, Form, Proposer, Random,
    RandomConfig, ScreenConfig, Screened, Space,
};
use rayon::prelude::*;

const USUAL: Plan = Plan { steps: 20, group: 16, trainings: 1 };
const SEEDS: u64 = 40;

/// The same search for each of some hidden rewards.
fn courses<P: Proposer>(
    plan: Plan,
    make: impl Fn(Vocabulary, u64) -> P + Sync,
) -> Result<Vec<Course>, String> {
    let search = |seed| {
        let synthetic = Synthetic::new(seed);
        let proposer = make(synthetic.vocabulary.clone(), seed);
        synthetic.search(proposer, plan).map_err(|error| error.to_string())
    };
    (0..SEEDS).into_par_iter().map(search).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// True values of the first and the last quarter of proposals, of the choice, of the choice by the race alone, and of the consensus.
fn columns(course: &Course) -> [f64; 5] {
    let quarter = course.means.len() / 4;
    let (early, late) = (&course.means[..quarter], &course.means[course.means.len() - quarter..]);
    [mean(early), mean(late), course.choice, course.raced, course.consensus]
}

/// Mean and standard error.
fn line<P: Proposer>(
    name: &str,
    plan: Plan,
    make: impl Fn(Vocabulary, u64) -> P + Sync,
) -> Result<(), String> {
    let courses = courses(plan, make)?;
    let mut text = format!("{name:40}");
    for column in 0..5 {
        let values: Vec<f64> = courses.iter().map(|course| columns(course)[column]).collect();
        let mean = mean(&values);
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let error = (squares / (SEEDS * (SEEDS - 1)) as f64).sqrt();
        text += &format!("  {mean:.3} ±{error:.3}");
    }
    println!("{text}");
    Ok(())
}

/// Without screening, and with it.
fn lines<P: Proposer>(
    name: &str,
    make: impl Fn(Vocabulary, u64) -> P + Sync,
) -> Result<(), String> {
    for screen in [1, 8] {
        let config = ScreenConfig { screen, ..ScreenConfig::default() };
        line(&format!("{name}, screen {screen}"), USUAL, |vocabulary, seed| {
            Screened::new(make(vocabulary.clone(), seed), vocabulary, config.clone(), seed)
        })?;
    }
    Ok(())
}

/// Prints the table, in some minutes.
pub(crate) fn print() -> Result<(), String> {
    println!("true values from 0 to 0.9, mean and standard error of {SEEDS} hidden rewards");
    println!("{:40}  first quarter last quarter  choice        race alone    consensus", "");
    for (ending, space) in [("", Space::Grammar), (", slots", Space::Slots)] {
        let random = RandomConfig { space };
        let aging = AgingConfig { space, ..AgingConfig::default() };
        lines(&format!("random{ending}"), |vocabulary, seed| {
            Random::new(vocabulary, &random, seed)
        })?;
        lines(&format!("aging{ending}"), |vocabulary, seed| {
            Aging::new(vocabulary, aging.clone(), seed)
        })?;
    }
    let base = DerlConfig::default();
    let derl = |name: String, config: DerlConfig| {
        lines(&name, |vocabulary, seed| Derl::new(vocabulary, config.clone(), seed, USUAL.steps))
    };
    let estimators =
        [Estimator::Grpo, Estimator::Reinforce, Estimator::DrGrpo, Estimator::Risk, Estimator::Pqt];
    for policy in [Form::Slots, Form::Tree, Form::Gru] {
        for estimator in estimators {
            let config = DerlConfig { policy, estimator, ..base.clone() };
            derl(format!("{policy:?} {estimator:?}"), config)?;
        }
        for baseline in [Baseline::Ema, Baseline::LeaveOneOut] {
            let config = DerlConfig { policy, baseline, ..base.clone() };
            derl(format!("{policy:?} {baseline:?}"), config)?;
        }
        for estimator in [Estimator::Grpo, Estimator::Pqt] {
            let config = DerlConfig { policy, mix: 0.5, estimator, ..base.clone() };
            derl(format!("{policy:?} {estimator:?} mix 0.5"), config)?;
        }
    }
    for choice in [Choice::Thompson, Choice::Ucb] {
        for bonus in [0.0, 0.5, 2.0] {
            let config = ScreenConfig { screen: 8, choice, bonus };
            line(&format!("{choice:?} {bonus}"), USUAL, |vocabulary, seed| {
                let inner = Derl::new(vocabulary.clone(), base.clone(), seed, USUAL.steps);
                Screened::new(inner, vocabulary, config.clone(), seed)
            })?;
        }
    }
    plans(&base)
}

/// Few rewards and many trainings of each, or many rewards; and step sizes in longer searches.
fn plans(base: &DerlConfig) -> Result<(), String> {
    for (group, trainings) in [(4, 4), (8, 2), (16, 1)] {
        let plan = Plan { group, trainings, ..USUAL };
        let name = |method: &str| format!("{method}, groups of {group}, {trainings} trainings");
        line(&name("random"), plan, |vocabulary, seed| {
            Random::new(vocabulary, &RandomConfig { space: Space::Slots }, seed)
        })?;
        line(&name("aging"), plan, |vocabulary, seed| {
            Aging::new(
                vocabulary,
                AgingConfig { space: Space::Slots, ..AgingConfig::default() },
                seed,
            )
        })?;
        line(&name("Slots"), plan, |vocabulary, seed| {
            Derl::new(vocabulary, base.clone(), seed, plan.steps)
        })?;
    }
    for policy in [Form::Slots, Form::Tree, Form::Gru] {
        for steps in [20, 60, 120] {
            let plan = Plan { steps, ..USUAL };
            let own = DerlConfig { policy, ..base.clone() };
            let full = DerlConfig { learning_rate: Some(policy.learning_rate()), ..own.clone() };
            for (word, config) in [("full", full), ("usual", own)] {
                line(&format!("{policy:?}, {steps} steps, {word} step size"), plan, |v, seed| {
                    Derl::new(v, config.clone(), seed, steps)
                })?;
            }
        }
    }
    Ok(())
}
