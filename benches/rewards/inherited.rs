//! Policies that inherit weights: DERL-pop. and population based training, against the same updates without inheritance.

use std::time::Instant;

use hatchery::engine::world::{Split, World};
use hatchery::prelude::*;
use hatchery::search::meta_reward::expression::Vocabulary;
use hatchery::search::meta_reward::inner;
use hatchery::search::meta_reward::outer::{
    DerlPop, DerlPopConfig, InheritedRuns, InnerRuns, Lineage, Method, Pbt, PbtConfig, Seeds,
};

use super::args::Args;
use super::searches::Found;

/// Slices of a training.
const SLICES: u32 = 10;
/// Members of a step.
const MEMBERS: usize = 8;

/// One of `derl-pop`, `pbt` and `one-step`: eight members each, with `updates` updates a member, in ten slices or in one. The chain's policy is
/// judged as it is, by `fresh` seeds of episodes.
pub(crate) fn inherited<W: World>(
    runs: InnerRuns<W>,
    method: &str,
    vocabulary: &Vocabulary,
    args: &Args,
) -> Result<Found, String> {
    let began = Instant::now();
    let seed = runs.seed;
    let steps = if method == "one-step" { 1 } else { SLICES };
    let config = inner::Config { updates: (args.updates / steps).max(1), ..runs.config.clone() };
    let task = InheritedRuns { runs: InnerRuns { config, seeds: 1, ..runs }, steps };
    let (evaluator, plan) = (Evaluator::new(Backend::cpu()), RunPlan::default());
    let lineage = match method {
        "pbt" => {
            let config = PbtConfig { members: MEMBERS, steps, ..PbtConfig::default() };
            let mut pbt = Pbt::new(vocabulary.clone(), config, seed);
            run(&mut pbt, &task, &evaluator, &plan, &mut []).map_err(|error| error.to_string())?;
            pbt.best().clone()
        }
        _ => {
            let name = task.runs.world.name();
            let proposer = Method::try_new(&args.config("derl")?, vocabulary, &name, seed, None)
                .map_err(|error| error.to_string())?;
            let config = DerlPopConfig { group: MEMBERS, steps };
            let mut derl = DerlPop::new(proposer, vocabulary.clone(), config);
            run(&mut derl, &task, &evaluator, &plan, &mut []).map_err(|error| error.to_string())?;
            derl.lineage().clone()
        }
    };
    let seeds: Vec<u64> = (0..args.fresh).map(|n| Seeds::Report.seed(seed, n)).collect();
    let success = task.score(&lineage.policies, &Split::REPORTED, &seeds);
    let mean = |split: usize| success[split].iter().sum::<f64>() / seeds.len() as f64;
    Ok(Found {
        method: method.to_owned(),
        seed,
        expression: last(&lineage, vocabulary),
        seen: lineage.value().map(f64::from),
        quarters: None,
        invalid: None,
        weights: None,
        fresh: [mean(0), mean(1), mean(2)],
        consensus: None,
        trainings: MEMBERS,
        elapsed_s: began.elapsed().as_secs_f64(),
    })
}

/// The reward of the last slice, of which the others were forerunners.
fn last(lineage: &Lineage, vocabulary: &Vocabulary) -> String {
    lineage.links.last().map_or_else(String::new, |link| link.reward.text(vocabulary))
}
