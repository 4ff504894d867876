//! What follows a search: race, fresh trainings of winner and rivals, the policy that is kept.

use anyhow::{Context, Result};
use hatchery_engine::world::World;
use hatchery_engine::{Layout, ParamSpec, Params};
use hatchery_search::meta_reward::expression::{Invariance, Node, Reward, Vocabulary};
use hatchery_search::meta_reward::outer::{Raced, Seeds, Verdict, race, retrain};
use hatchery_search::meta_reward::{Interval, inner};
use serde_json::{Map, Value, json};

use super::found::of_splits;
use super::{FOUND, RewardJob};
use crate::job::{Conclude, Conclusion};

/// What is retrained, in the order of the tables.
const NAMES: [&str; 4] = ["searched", "outcome_only", "average", "hand_made"];

/// The tree of a reward: names and operands.
fn tree(reward: &Reward, vocabulary: &Vocabulary) -> Value {
    fn below(nodes: &mut std::slice::Iter<'_, Node>, vocabulary: &Vocabulary) -> Value {
        let Some(&node) = nodes.next() else { return Value::Null };
        let Node::Call(operator) = node else { return json!({ "name": vocabulary.name_of(node) }) };
        let operands: Vec<Value> =
            (0..operator.arity()).map(|_| below(nodes, vocabulary)).collect();
        json!({ "name": operator.name(), "operands": operands })
    }
    below(&mut reward.nodes().iter(), vocabulary)
}

impl<W: World> RewardJob<W> {
    /// Nothing if it was asked to stop; what was trained until then is in the log.
    pub(super) fn conclude_or_stop(&self, with: &Conclude<'_>) -> Result<Option<Conclusion>> {
        let finalists = self.strategy.finalists(self.config.race as usize);
        (with.say)(&format!("a race of the best {} rewards with fresh seeds", finalists.len()));
        let Some(raced) = race(&self.task, &finalists, self.config.race_seeds as usize) else {
            return Ok(None);
        };
        let winner = raced.first().map_or_else(Reward::outcome, |raced| raced.reward.clone());
        // What is printed is what is trained, so that `hatchery reward score` repeats it to the bit.
        let searched = self.short(&winner);
        let hand_made = Reward::parse(self.task.world.hand_made(), &self.all)
            .context("the reward of the environment that is made by hand")?;
        let rewards = [searched, Reward::outcome(), Reward::average(&self.vocabulary), hand_made];
        let fresh = self.config.fresh;
        (with.say)(&format!("{fresh} fresh trainings with it and with each of three rivals"));
        let Some(verdicts) = retrain(&self.task, &rewards, fresh) else { return Ok(None) };
        self.keep_policy(&rewards[0], &verdicts[0], with)?;
        if let Some(journal) = &self.task.journal {
            journal.check().context("the log of trainings")?;
        }
        let summary = self.summary(&rewards, &verdicts, &raced);
        let mut found = self.found();
        if let Some(object) = found.as_object_mut() {
            object.extend(summary.clone());
        }
        with.dir.write_json(FOUND, &found)?;
        let mut lines = self.lines(&rewards, &verdicts, &raced, &summary);
        lines.push(format!("watch    hatchery eval {} --watch", with.dir.path.display()));
        Ok(Some(Conclusion { lines, summary, interrupted: false }))
    }

    /// Writes the policy that did best on the validation part.
    fn keep_policy(&self, reward: &Reward, verdict: &Verdict, with: &Conclude<'_>) -> Result<()> {
        let seed = Seeds::Report.seed(self.task.seed, verdict.best().unwrap_or(0));
        let theta = self.task.policy(reward, seed);
        let spec = ParamSpec::vector("policy", theta.len());
        let params = Params { layout: Layout::new(vec![spec]).into(), values: theta };
        with.dir.write_parameters(&params)
    }

    fn summary(
        &self,
        rewards: &[Reward; 4],
        verdicts: &[Verdict],
        raced: &[Raced],
    ) -> Map<String, Value> {
        let analysis = rewards[0].analyse(&self.all);
        let hash = rewards[0].canonical_hash(&self.all, Invariance::Affine);
        let seen =
            self.strategy.archive().best(usize::MAX).into_iter().flat_map(|r| r.values.clone());
        let mut summary = Map::new();
        let mut add = |key: &str, value: Value| summary.insert(key.to_owned(), value);
        add("expression", rewards[0].text(&self.all).into());
        add("hash", format!("{hash:016x}").into());
        add("class", json!(analysis.class));
        add("tree", tree(&rewards[0], &self.all));
        add("check", analysis.description.into());
        add("sign", json!(analysis.sign));
        add("veto", json!(analysis.veto));
        for ((name, reward), verdict) in NAMES.iter().zip(rewards).zip(verdicts) {
            let mut object = of_splits(verdict);
            object.insert("expression".into(), reward.text(&self.all).into());
            if *name != NAMES[0] {
                let differences = verdicts[0].minus(verdict);
                for ((split, _), difference) in verdict.splits().into_iter().zip(differences) {
                    if let Some(Interval { mean, low, high }) = difference {
                        let difference = json!({ "mean": mean, "low": low, "high": high });
                        object[split]["searched_minus"] = difference;
                    }
                }
            }
            add(name, object.into());
        }
        add("search_time_maximum", json!(seen.fold(0.0_f32, f32::max)));
        let race: Vec<Value> = raced
            .iter()
            .map(|r| {
                let text = self.short(&r.reward).text(&self.all);
                json!({ "expression": text, "mean": r.mean(), "values": r.values })
            })
            .collect();
        add("race", race.into());
        let trainings = self.task.journal.as_ref().map_or(0, |journal| journal.len());
        add("trainings", trainings.into());
        add("fresh_trainings", self.config.fresh.into());
        summary
    }

    fn lines(
        &self,
        rewards: &[Reward; 4],
        verdicts: &[Verdict],
        raced: &[Raced],
        summary: &Map<String, Value>,
    ) -> Vec<String> {
        let world = self.task.world.name();
        let check = summary["check"].as_str().unwrap_or_default();
        let mut lines = vec![
            String::new(),
            format!("reward   {}", rewards[0].text(&self.all)),
            format!("         {check}"),
            String::new(),
            format!(
                "success in {world} after {} fresh trainings each (mean and 95 % interval)",
                self.config.fresh
            ),
            format!(
                "{:<14}{:<22}{:<22}{:<22}",
                "", "L0 as trained", "L1 new places", "L2 held-out kinds"
            ),
        ];
        for (name, verdict) in NAMES.iter().zip(verdicts) {
            let cells = verdict.intervals().map(|interval| match interval {
                Some(Interval { mean, low, high }) => format!("{mean:.3} ({low:.3}-{high:.3})"),
                None => "-".into(),
            });
            let name = name.replace('_', " ");
            lines.push(
                format!("{name:<14}{:<22}{:<22}{:<22}", cells[0], cells[1], cells[2])
                    .trim_end()
                    .into(),
            );
        }
        lines.push(String::new());
        let seen = summary["search_time_maximum"].as_f64().unwrap_or_default();
        let fresh = verdicts[0].intervals()[0].map_or(0.0, |interval| interval.mean);
        let in_race = raced.first().map_or(0.0, Raced::mean);
        lines.push(format!(
            "largest value seen in the search {seen:.3}, in the race {in_race:.3}, fresh {fresh:.3}: the first is mostly luck"
        ));
        let used = &self.task.config;
        let suited = inner::Config::of(&self.task.world);
        // The command knows no other options of trainings.
        if *used == (inner::Config { updates: used.updates, episodes: used.episodes, ..suited }) {
            lines.push(format!(
                "again    hatchery reward score '{}' --env {world} --updates {} --episodes {} --seeds {} --seed {}",
                rewards[0].text(&self.all),
                used.updates,
                used.episodes,
                self.config.fresh,
                self.task.seed
            ));
        }
        lines
    }
}
