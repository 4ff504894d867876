//! What a search has tried so far, for files and pages.

use std::collections::BTreeMap;

use hatchery_engine::world::World;
use hatchery_search::meta_reward::Interval;
use hatchery_search::meta_reward::expression::{Class, Invariance, Reward, Vocabulary};
use hatchery_search::meta_reward::outer::{InnerRuns, Record, Seeds, Verdict};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::RewardJob;

/// Rewards that are listed.
const LISTED: usize = 20;

/// One outer step.
#[derive(Debug, Default, Serialize)]
struct Step {
    step: u32,
    /// Mean success of each reward, as they were proposed.
    values: Vec<f64>,
    expressions: Vec<String>,
    stable: usize,
    unstable: usize,
    adversarial: usize,
    /// Mean effect of each primitive, the strongest of a reward being 1.
    effects: Vec<f64>,
}

impl<W: World> RewardJob<W> {
    /// What was tried, and how it went from step to step.
    pub(super) fn found(&self) -> Value {
        let best: Vec<Value> =
            self.strategy.archive().best(LISTED).into_iter().map(|r| self.record(r)).collect();
        let names: Vec<&str> =
            self.all.primitives().iter().map(|symbol| symbol.name.as_str()).collect();
        json!({
            "environment": self.task.world.name(),
            "method": self.config.method,
            "primitives": names,
            "rewards": self.strategy.archive().len(),
            "best": best,
            "steps": steps(&self.task, &self.all),
        })
    }

    fn record(&self, record: &Record) -> Value {
        json!({
            "expression": self.short(&record.reward).text(&self.all),
            "written": record.reward.text(&self.all),
            "mean": record.mean(),
            "values": record.values,
        })
    }

    /// The form that people read.
    pub(super) fn short(&self, reward: &Reward) -> Reward {
        reward.simplified(&self.all, Invariance::Affine)
    }
}

/// How the search went from step to step, by the log.
pub(super) fn steps<W: World>(task: &InnerRuns<W>, all: &Vocabulary) -> Value {
    let trainings = task.journal.as_ref().map(|j| j.trainings()).unwrap_or_default();
    let mut steps: BTreeMap<u32, BTreeMap<u32, (String, Vec<f64>)>> = BTreeMap::new();
    for training in trainings {
        let Seeds::Search(step) = training.seeds else { continue };
        let member = steps.entry(step).or_default().entry(training.member).or_default();
        member.0 = training.expression;
        member.1.extend(training.success.first());
    }
    let steps = steps.into_iter().map(|(number, members)| step(number, members, all));
    json!(steps.collect::<Vec<_>>())
}

fn step(step: u32, members: BTreeMap<u32, (String, Vec<f64>)>, all: &Vocabulary) -> Step {
    let mut one = Step { step, ..Step::default() };
    one.effects = vec![0.0; all.primitives().len()];
    let share = 1.0 / members.len().max(1) as f64;
    for (expression, values) in members.into_values() {
        one.values.push(values.iter().sum::<f64>() / values.len().max(1) as f64);
        if let Ok(reward) = Reward::parse(&expression, all) {
            match reward.analyse(all).class {
                Class::Stable => one.stable += 1,
                Class::Unstable => one.unstable += 1,
                Class::Adversarial => one.adversarial += 1,
            }
            let effects = reward.effects(all);
            for (mean, effect) in one.effects.iter_mut().zip(effects) {
                *mean += share * f64::from(effect);
            }
        }
        one.expressions.push(expression);
    }
    one
}

/// Mean and interval of each split, with the values.
pub(super) fn of_splits(verdict: &Verdict) -> Map<String, Value> {
    let intervals = verdict.intervals();
    let splits = verdict.splits().into_iter().zip(intervals);
    splits
        .filter_map(|((name, values), interval)| {
            let Interval { mean, low, high } = interval?;
            let split = json!({ "mean": mean, "low": low, "high": high, "values": values });
            Some((name.to_owned(), split))
        })
        .collect()
}
