//! What follows a search with inheritance: its policy is measured on fresh episodes, and rivals are trained.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use hatchery_engine::world::{Split, World};
use hatchery_search::meta_reward::expression::{Invariance, Reward};
use hatchery_search::meta_reward::outer::{Lineage, Link, Seeds, Training, Verdict, retrain};
use serde_json::{Map, Value, json};

use super::InheritedJob;
use crate::job::reward::FOUND;
use crate::job::reward::found::steps;
use crate::job::reward::policy::write_policy;
use crate::job::reward::report::Report;
use crate::job::{Conclude, Conclusion};

/// Where the lines of policies are judged: the first chooses the one that is kept.
const SPLITS: [Split; 4] = [Split::Validation, Split::L0, Split::L1, Split::L2];
/// What the key `searched` is here.
const MEASURED: &str = "one policy, trained by a sequence of rewards and measured on fresh episodes; rivals are fresh trainings";

impl<W: World> InheritedJob<W> {
    /// Nothing if it was asked to stop; what was trained until then is in the log.
    pub(super) fn conclude_or_stop(&mut self, with: &Conclude<'_>) -> Result<Option<Conclusion>> {
        let line = self.strategy.best().clone();
        let Some(last) = line.links.last() else { return Ok(Some(Conclusion::default())) };
        let (fresh, seed) = (self.config.fresh, self.task.runs.seed);
        (with.say)(&format!("its policies play fresh episodes, {fresh} times"));
        let seeds: Vec<u64> = (0..fresh).map(|number| Seeds::Report.seed(seed, number)).collect();
        let lines = verdicts(self.task.score(&line.policies, &SPLITS, &seeds), line.policies.len());
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
        let value = |at: &usize| mean(&lines[*at].validation);
        let kept = (0..lines.len()).rev().max_by(|a, b| value(a).total_cmp(&value(b)));
        let kept = kept.unwrap_or(0);
        write_policy(line.policies[kept].clone(), with.dir)?;
        // The search is over: from here on a training is a whole one, even if the policy has not seen all slices; a run that goes on finds the
        // rivals in its log.
        self.task.runs.config.updates = self.updates;
        let hand_made = Reward::parse(self.task.runs.world.hand_made(), &self.all)
            .context("the reward of the environment that is made by hand")?;
        let last = last.reward.simplified(&self.all, Invariance::Affine);
        let rewards = [last, Reward::outcome(), Reward::average(&self.vocabulary), hand_made];
        (with.say)(&format!("{fresh} fresh trainings with each of three rivals"));
        let Some(rivals) = retrain(&self.task.runs, &rewards[1..], fresh) else { return Ok(None) };
        let verdicts: Vec<Verdict> = [lines[kept].clone()].into_iter().chain(rivals).collect();
        if let Some(journal) = &self.task.runs.journal {
            journal.check().context("the log of trainings")?;
        }
        let report = Report { all: &self.all, rewards: &rewards, verdicts: &verdicts };
        let mut summary = report.summary();
        let mut add = |key: &str, value: Value| summary.insert(key.to_owned(), value);
        add("measured", MEASURED.into());
        add("sequence", self.sequence(&line));
        let of_line =
            |v: &Verdict| json!({ "l0": mean(&v.l0), "l1": mean(&v.l1), "l2": mean(&v.l2) });
        add("lines", lines.iter().map(of_line).collect());
        add("kept", kept.into());
        let trainings = self.trainings();
        let searched = trainings.iter().filter(|t| matches!(t.seeds, Seeds::Search(_)));
        let seen = searched.filter_map(|t| t.success.first().copied()).fold(0.0, f64::max);
        add("search_time_maximum", seen.into());
        add("race", json!([]));
        add("trainings", trainings.len().into());
        add("fresh_trainings", fresh.into());
        let mut found = self.found();
        if let Some(object) = found.as_object_mut() {
            object.extend(summary.clone());
        }
        with.dir.write_json(FOUND, &found)?;
        let mut text = self.lines(&line, &report, &summary);
        text.push(format!("watch    hatchery eval {} --watch", with.dir.path.display()));
        Ok(Some(Conclusion { lines: text, summary, interrupted: false }))
    }

    /// What was tried, and how it went from step to step.
    pub(super) fn found(&self) -> Value {
        let line = self.strategy.best();
        let best = line.links.iter().rev().map(|link| {
            let expression = link.reward.simplified(&self.all, Invariance::Affine).text(&self.all);
            let written = link.reward.text(&self.all);
            json!({ "expression": expression, "written": written, "mean": link.value, "values": [link.value] })
        });
        let names: Vec<&str> =
            self.all.primitives().iter().map(|symbol| symbol.name.as_str()).collect();
        let trainings = self.trainings();
        let searched = trainings.iter().filter(|t| matches!(t.seeds, Seeds::Search(_)));
        let rewards: BTreeSet<&str> = searched.map(|training| training.hash.as_str()).collect();
        json!({
            "environment": self.task.runs.world.name(),
            "method": self.config.method,
            "primitives": names,
            "rewards": rewards.len(),
            "best": best.collect::<Vec<_>>(),
            "steps": steps(&self.task.runs, &self.all),
            "sequence": self.sequence(line),
        })
    }

    fn trainings(&self) -> Vec<Training> {
        self.task.runs.journal.as_ref().map(|j| j.trainings()).unwrap_or_default()
    }

    /// The rewards that trained a line, the first one first.
    fn sequence(&self, line: &Lineage) -> Value {
        let link = |link: &Link| {
            json!({
                "step": link.step,
                "expression": link.reward.text(&self.all),
                "value": link.value,
                "weights": link.digest.to_string(),
            })
        };
        line.links.iter().map(link).collect()
    }

    fn lines(
        &self,
        line: &Lineage,
        report: &Report<'_>,
        summary: &Map<String, Value>,
    ) -> Vec<String> {
        let mut lines = vec![String::new(), "sequence of rewards that trained the policy".into()];
        let (slices, updates) = (self.config.inherit.slices, self.updates);
        lines.push("step  weights           value  reward".into());
        lines.extend(line.text(&self.all).lines().map(str::to_owned));
        let (fresh, world) = (self.config.fresh, self.task.runs.world.name());
        lines.push(String::new());
        lines.extend(report.table(format!(
            "success in {world} after {updates} updates, those of the searched policy in {slices} slices (mean and 95 % interval)"
        )));
        let seen = summary["search_time_maximum"].as_f64().unwrap_or_default();
        let l0 = report.verdicts[0].intervals()[0].map_or(0.0, |interval| interval.mean);
        let kept = summary["kept"].as_u64().unwrap_or_default() + 1;
        lines.push(String::new());
        lines.push(format!(
            "searched is one policy (line {kept} of {}), measured {fresh} times on fresh episodes: its interval knows nothing of other searches, \
             those of the rivals are of {fresh} fresh trainings",
            line.policies.len()
        ));
        lines.push(format!(
            "largest value seen in the search {seen:.3}, fresh {l0:.3}: the first is the best of many, luck included"
        ));
        lines
    }
}

/// A verdict for each policy, from (splits, policies × seeds).
fn verdicts(scores: Vec<Vec<f64>>, policies: usize) -> Vec<Verdict> {
    let seeds = scores.first().map_or(0, Vec::len) / policies.max(1);
    let of = |policy: usize| {
        let part = |split: usize| scores[split][policy * seeds..(policy + 1) * seeds].to_vec();
        Verdict { validation: part(0), l0: part(1), l1: part(2), l2: part(3) }
    };
    (0..policies).map(of).collect()
}
