//! `hatchery reward score`: fresh trainings with a reward, judged where nothing was trained or chosen.

use std::time::Instant;

use anyhow::{Result, anyhow};
use hatchery_engine::world::World;
use hatchery_search::meta_reward::Interval;
use hatchery_search::meta_reward::expression::{
    Division, Invariance, Operators, Reward, Vocabulary,
};
use hatchery_search::meta_reward::inner::Config;
use hatchery_search::meta_reward::outer::{InnerRuns, Journal, retrain};
use hatchery_tasks::worlds::WithWorld;
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
        let config = config(&world, args)?;
        let policy = json!(config.policy);
        let name = world.name();
        let mut task = InnerRuns::new(world, config, args.seed, 1, Division::Safe);
        task.journal = Some(Journal::new(vocabulary.clone()));
        let began = Instant::now();
        let verdicts = retrain(&task, std::slice::from_ref(&reward), args.seeds);
        let verdict = verdicts.and_then(|verdicts| verdicts.into_iter().next()).unwrap_or_default();
        let elapsed_s = began.elapsed().as_secs_f64();
        let trainings = task.journal.iter().flat_map(Journal::trainings);
        let (steps, capped) = trainings.fold((0, 0), |(steps, capped), training| {
            (steps + training.steps, capped + u32::from(training.capped))
        });
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
            "policy": policy,
            "trainer": args.trainer,
            "entropy": args.entropy,
            "capped": capped,
            "steps": steps,
            "elapsed_s": elapsed_s,
        });
        let mut table = format!(
            "reward      {text}\nclass       {}\nenvironment {name}, {} trainings of {} updates\n",
            analysis.description, args.seeds, args.updates
        );
        let about = ["as trained", "new surroundings", "held-out kinds of task"];
        for ((split, values), what) in verdict.splits().into_iter().zip(about) {
            let Some(interval) = Interval::of(values) else { continue };
            let Interval { mean, low, high } = interval;
            object[split] = json!({ "mean": mean, "low": low, "high": high, "values": values });
            table += &format!("{split}          {mean:.3} ({low:.3} to {high:.3}) {what}\n");
        }
        if capped > 0 {
            table += &format!("capped      {capped} trainings, by --steps-max\n");
        }
        table += &format!("time        {elapsed_s:.1} s, {steps} steps");
        print(&if args.json { object.to_string() } else { table })
    }
}

/// How policies are trained: what suits the environment, but for what was asked for.
fn config<W: World>(world: &W, args: &RewardScoreArgs) -> Result<Config> {
    let trainer = serde_json::from_value(json!(args.trainer))?;
    let policy = match &args.policy {
        None => Config::of(world).policy,
        Some(policy) => serde_json::from_value(json!(policy))?,
    };
    let (updates, episodes) = (args.updates, args.episodes as usize);
    let suited = Config::suited(world, policy, trainer);
    let (steps_max, entropy) = (args.steps_max, args.entropy);
    let config = Config { updates, episodes, steps_max, entropy, ..suited };
    config.check().map_err(|(key, reason)| usage(anyhow!("--{key} {reason}")))?;
    Ok(config)
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
