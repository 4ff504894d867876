//! One search, its race, and fresh trainings with what it chose.

use std::time::Instant;

use hatchery::engine::world::{Split, World};
use hatchery::engine::{Fitness, Strategy, Task};
use hatchery::kernels::{Backend, Cpu};
use hatchery::search::meta_reward::expression::{Division, Operators, Reward, Vocabulary};
use hatchery::search::meta_reward::inner::Config;
use hatchery::search::meta_reward::outer::{
    Aging, AgingConfig, Derl, DerlConfig, InnerRuns, Outer, Proposer, Random, Seeds, race,
};
use serde_json::{Value, json};

use super::args::Args;

/// Rewards of the race, and trainings that the last two of it get in its last round.
const RACE: usize = 5;
const RACE_SEEDS: usize = 8;
/// Trainings that a race of five takes: 5 x 2, 3 x 4, 2 x 8.
const RACE_TRAININGS: usize = 38;

/// What one method found for one outer seed.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) method: String,
    pub(crate) seed: u64,
    expression: String,
    /// Largest value that was seen during the search.
    pub(crate) seen: Option<f64>,
    /// Mean value of the first and of the last quarter of outer steps.
    pub(crate) quarters: Option<[f64; 2]>,
    /// Mean success of fresh trainings on L0, L1, L2.
    pub(crate) fresh: [f64; 3],
    /// The same for what all that was learnt speaks for.
    pub(crate) consensus: Option<(String, [f64; 3])>,
    trainings: usize,
    elapsed_s: f64,
}

impl Found {
    pub(crate) fn line(&self) -> String {
        let [l0, l1, l2] = self.fresh;
        format!("{l0:.3} {l1:.3} {l2:.3} in {:.0} s, {}", self.elapsed_s, self.expression)
    }

    pub(crate) fn json(&self) -> Value {
        let consensus = self.consensus.as_ref();
        json!({
            "method": self.method, "seed": self.seed, "expression": self.expression, "seen": self.seen,
            "quarters": self.quarters, "l0": self.fresh[0], "l1": self.fresh[1], "l2": self.fresh[2],
            "consensus": consensus.map(|(text, fresh)| json!({ "expression": text, "fresh": fresh })),
            "trainings": self.trainings, "elapsed_s": self.elapsed_s,
        })
    }
}

pub(crate) fn search<W: World + Clone>(
    world: &W,
    method: &str,
    seed: u64,
    args: &Args,
) -> Result<Found, String> {
    let began = Instant::now();
    let words = |error: &dyn std::fmt::Display| error.to_string();
    let set = world.sets().iter().find(|set| set.name == args.primitives);
    let set = set.ok_or_else(|| format!("there are no primitives '{}'", args.primitives))?;
    let vocabulary =
        Vocabulary::try_new(world.primitives(), world.signals(), set, Operators::Derl4)
            .map_err(|error| words(&error))?;
    let all = Vocabulary::everything(world.primitives(), world.signals())
        .map_err(|error| words(&error))?;
    let config = Config { updates: args.updates, ..Config::default() };
    let task = InnerRuns {
        world: world.clone(),
        config,
        seed,
        seeds: args.trainings,
        division: Division::Safe,
    };
    let budget = args.budget.saturating_sub(RACE_TRAININGS) / args.trainings as usize;
    let steps = budget.div_ceil(args.group) as u32;
    let searched = match method {
        "outcome" => None,
        "average" => return Ok(fixed(&task, method, Reward::average(&vocabulary), &all, args)),
        "hand" => {
            let reward = Reward::parse(world.hand_made(), &all).map_err(|error| words(&error))?;
            return Ok(fixed(&task, method, reward, &all, args));
        }
        "random" => {
            Some(run(&task, Random::new(vocabulary.clone(), seed), &vocabulary, budget, args)?)
        }
        "aging" => {
            let aging = Aging::new(vocabulary.clone(), AgingConfig::default(), seed);
            Some(run(&task, aging, &vocabulary, budget, args)?)
        }
        _ => {
            let derl = Derl::new(vocabulary.clone(), DerlConfig::default(), seed, steps);
            Some(run(&task, derl, &vocabulary, budget, args)?)
        }
    };
    let Some(mut searched) = searched else {
        return Ok(fixed(&task, method, Reward::outcome(), &all, args));
    };
    let (raced, trainings) = race(&task, &searched.best, RACE_SEEDS);
    let winner = raced.first().map_or_else(Reward::outcome, |raced| raced.reward.clone());
    let mut found = fixed(&task, method, winner, &all, args);
    found.seen = Some(searched.seen);
    found.quarters = Some(searched.quarters);
    found.consensus = searched.consensus.take().map(|reward| {
        let fresh = fresh(&task, &reward, args);
        (reward.text(&all), fresh)
    });
    found.trainings = trainings + budget * args.trainings as usize;
    found.elapsed_s = began.elapsed().as_secs_f64();
    Ok(found)
}

struct Searched {
    best: Vec<Reward>,
    seen: f64,
    quarters: [f64; 2],
    consensus: Option<Reward>,
}

fn run<W: World, P: Proposer>(
    task: &InnerRuns<W>,
    proposer: P,
    vocabulary: &Vocabulary,
    budget: usize,
    args: &Args,
) -> Result<Searched, String> {
    let mut outer = Outer::new(proposer, vocabulary.clone(), args.group, budget);
    let backend = Backend::Cpu(Cpu);
    let (mut seen, mut means) = (0.0_f64, Vec::new());
    for generation in 0.. {
        let population = outer.ask(generation).map_err(|error| error.to_string())?;
        let count = population.members.len();
        if count == 0 {
            break;
        }
        let mut values = vec![0.0; count];
        task.evaluate(&population, 0..count, &backend, &mut values)
            .map_err(|error| error.to_string())?;
        seen = values.iter().fold(seen, |seen, &value| seen.max(f64::from(value)));
        means.push(values.iter().map(|&value| f64::from(value)).sum::<f64>() / count as f64);
        outer
            .tell(population, &Fitness::new(values, None), &backend)
            .map_err(|error| error.to_string())?;
    }
    let quarter = means.len().div_ceil(4).max(1);
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len().max(1) as f64;
    Ok(Searched {
        best: outer.archive().best(RACE).iter().map(|record| record.reward.clone()).collect(),
        seen,
        quarters: [
            mean(&means[..quarter.min(means.len())]),
            mean(&means[means.len().saturating_sub(quarter)..]),
        ],
        consensus: outer.proposer().consensus(),
    })
}

/// What a reward reaches that nobody searched for, or that was chosen already.
fn fixed<W: World>(
    task: &InnerRuns<W>,
    method: &str,
    reward: Reward,
    vocabulary: &Vocabulary,
    args: &Args,
) -> Found {
    let began = Instant::now();
    let fresh = fresh(task, &reward, args);
    Found {
        method: method.to_owned(),
        seed: task.seed,
        expression: reward.text(vocabulary),
        seen: None,
        quarters: None,
        fresh,
        consensus: None,
        trainings: 0,
        elapsed_s: began.elapsed().as_secs_f64(),
    }
}

fn fresh<W: World>(task: &InnerRuns<W>, reward: &Reward, args: &Args) -> [f64; 3] {
    let mut sums = [0.0; 3];
    for number in 0..args.fresh {
        let seed = Seeds::Report.seed(task.seed, number);
        let (success, _) = task.train(reward, seed, &Split::REPORTED);
        sums.iter_mut().zip(success).for_each(|(sum, success)| *sum += success);
    }
    sums.map(|sum| sum / f64::from(args.fresh))
}
