//! What follows a search: race, fresh trainings of winner and rivals, the policy that is kept.

use anyhow::{Context, Result};
use hatchery_engine::world::World;
use hatchery_search::meta_reward::expression::Reward;
use hatchery_search::meta_reward::inner;
use hatchery_search::meta_reward::outer::{Raced, Seeds, Verdict, race, retrain};
use serde_json::{Map, Value, json};

use super::policy::write_policy;
use super::report::Report;
use super::{FOUND, RewardJob};
use crate::job::{Conclude, Conclusion};

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
        write_policy(self.task.policy(reward, seed), with.dir)
    }

    fn summary(
        &self,
        rewards: &[Reward; 4],
        verdicts: &[Verdict],
        raced: &[Raced],
    ) -> Map<String, Value> {
        let seen =
            self.strategy.archive().best(usize::MAX).into_iter().flat_map(|r| r.values.clone());
        let mut summary = Report { all: &self.all, rewards, verdicts }.summary();
        let mut add = |key: &str, value: Value| summary.insert(key.to_owned(), value);
        add("search_time_maximum", json!(seen.fold(0.0_f32, f32::max)));
        let race: Vec<Value> = raced
            .iter()
            .map(|r| {
                let text = self.short(&r.reward).text(&self.all);
                let believed = r.belief.map(|belief| belief.mean);
                json!({
                    "expression": text,
                    "estimate": r.estimate(),
                    "believed": believed,
                    "mean": r.mean(),
                    "values": r.values,
                })
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
        ];
        lines.extend(Report { all: &self.all, rewards, verdicts }.table(format!(
            "success in {world} after {} fresh trainings each (mean and 95 % interval)",
            self.config.fresh
        )));
        lines.push(String::new());
        let seen = summary["search_time_maximum"].as_f64().unwrap_or_default();
        let fresh = verdicts[0].intervals()[0].map_or(0.0, |interval| interval.mean);
        let in_race = raced.first().map_or(0.0, Raced::mean);
        lines.push(format!(
            "largest value seen in the search {seen:.3}, in the race {in_race:.3}, fresh {fresh:.3}: the first is the best of many, luck included"
        ));
        lines.extend(self.again(&rewards[0].text(&self.all)));
        lines
    }

    /// The command that repeats the fresh trainings, which knows not all options.
    fn again(&self, reward: &str) -> Option<String> {
        let (world, used) = (&self.task.world, &self.task.config);
        let inner::Config { updates, episodes, steps_max, entropy, policy, trainer, .. } = *used;
        let suited = inner::Config::suited(world, policy, trainer);
        if *used != (inner::Config { updates, episodes, steps_max, entropy, ..suited }) {
            return None;
        }
        let mut line = format!("again    hatchery reward score '{reward}' --env {}", world.name());
        if policy != inner::Config::of(world).policy {
            line += &format!(" --policy {}", json!(policy).as_str().unwrap_or_default());
        }
        if trainer != inner::TrainerName::Grpo {
            line += &format!(" --trainer {}", json!(trainer).as_str().unwrap_or_default());
        }
        if steps_max > 0 {
            line += &format!(" --steps-max {steps_max}");
        }
        if entropy > 0.0 {
            line += &format!(" --entropy {entropy}");
        }
        let (fresh, seed) = (self.config.fresh, self.task.seed);
        line +=
            &format!(" --updates {updates} --episodes {episodes} --seeds {fresh} --seed {seed}");
        Some(line)
    }
}
