//! `hatchery reward score`: fresh trainings with a reward, judged where nothing was trained or chosen.

use std::time::Instant;

use anyhow::{Result, anyhow};
use hatchery_engine::world::{Split, World};
use hatchery_search::meta_reward::Interval;
use hatchery_search::meta_reward::expression::{
    Division, Invariance, Operators, Reward, Vocabulary,
};
use hatchery_search::meta_reward::inner::Config;
use hatchery_search::meta_reward::outer::{InnerRuns, Seeds};
use hatchery_tasks::worlds::WithWorld;
use rayon::prelude::*;
use serde_json::json;

use super::print;
use crate::cli::args::RewardScoreArgs;
use crate::cli::{Outcome, usage};
use crate::worlds::with_world;

pub(super) fn run(args: &RewardScoreArgs) -> Result<Outcome> {
    with_world(&args.env, Score(args)).map_err(usage)??;
    Ok(Outcome::Done)
}

struct Score<'a>(&'a RewardScoreArgs);

impl WithWorld for Score<'_> {
    type Output = Result<()>;

    fn with<W: World>(self, world: W) -> Result<()> {
        let args = self.0;
        let (reward, vocabulary) = reward(&world, args).map_err(usage)?;
        let config = Config {
            updates: args.updates,
            episodes: args.episodes as usize,
            ..Config::of(&world)
        };
        let name = world.name();
        let task = InnerRuns::new(world, config, args.seed, 1, Division::Safe);
        let began = Instant::now();
        let train = |number: u32| {
            let seed = Seeds::Report.seed(args.seed, number);
            task.train(&reward, seed, &Split::REPORTED)
        };
        let trained: Vec<(Vec<f64>, u64)> = (0..args.seeds).into_par_iter().map(train).collect();
        let elapsed_s = began.elapsed().as_secs_f64();
        let steps: u64 = trained.iter().map(|(_, steps)| steps).sum();
        let text = reward.text(&vocabulary);
        let analysis = reward.analyse(&vocabulary);
        let hash = format!("{:016x}", reward.canonical_hash(&vocabulary, Invariance::Affine));
        let mut object = json!({
            "expression": text,
            "hash": hash,
            "class": analysis.class,
            "sign": analysis.sign,
            "veto": analysis.veto,
            "env": name,
            "seeds": args.seeds,
            "updates": args.updates,
            "steps": steps,
            "elapsed_s": elapsed_s,
        });
        let mut table = format!(
            "reward      {text}\nclass       {}\nenvironment {name}, {} trainings of {} updates\n",
            analysis.description, args.seeds, args.updates
        );
        for (at, split) in Split::REPORTED.iter().enumerate() {
            let values: Vec<f64> = trained.iter().map(|(success, _)| success[at]).collect();
            let Some(interval) = Interval::of(&values) else { continue };
            let Interval { mean, low, high } = interval;
            object[split.name()] =
                json!({ "mean": mean, "low": low, "high": high, "values": values });
            let what = ["as trained", "new surroundings", "held-out kinds of task"][at];
            table +=
                &format!("{}          {mean:.3} ({low:.3} to {high:.3}) {what}\n", split.name());
        }
        table += &format!("time        {elapsed_s:.1} s, {steps} steps");
        print(&if args.json { object.to_string() } else { table })
    }
}

/// The reward that was asked for, over all that the environment knows.
fn reward<W: World>(world: &W, args: &RewardScoreArgs) -> Result<(Reward, Vocabulary)> {
    let all = Vocabulary::everything(world.primitives(), world.signals())?;
    let parse = |text: &str| {
        Reward::parse(text, &all).map_err(|error| anyhow!("the reward '{text}': {error}"))
    };
    let reward = match args.expression.as_str() {
        "outcome_only" => Reward::outcome(),
        "hand_made" => parse(world.hand_made())?,
        "average" => {
            let set = world.sets().iter().find(|set| set.name == args.primitives);
            let names: Vec<&str> = world.sets().iter().map(|set| set.name).collect();
            let set = set.ok_or_else(|| {
                anyhow!(
                    "there are no primitives '{}'; known are {}",
                    args.primitives,
                    names.join(", ")
                )
            })?;
            let chosen =
                Vocabulary::try_new(world.primitives(), world.signals(), set, Operators::Derl4)?;
            Reward::average(&chosen)
        }
        text => parse(text)?,
    };
    Ok((reward, all))
}
