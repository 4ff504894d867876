//! Searches for the reward that trains a policy in a household where the outcome alone teaches nothing.
//!
//! `cargo run --release --example 09_evolve_a_reward`

use hatchery::engine::world::{Split, World};
use hatchery::prelude::*;
use hatchery::search::meta_reward::expression::{
    Division, Invariance, Operators, Reward, Vocabulary,
};
use hatchery::search::meta_reward::inner;
use hatchery::search::meta_reward::outer::{Derl, DerlConfig, InnerRuns, Outer, Seeds, race};
use hatchery::tasks::worlds::tidy;

/// What rewards are made of: the outcome, and the steps on the way to it.
const PRIMITIVES: &str = "sub";
/// Rewards of an outer step: what the proposer learns from is which of them were better than the others.
const GROUP: usize = 8;
/// Outer steps. A search that means it takes hundreds of rewards, and some seeds for each.
const STEPS: usize = 5;
/// Updates of a policy with each reward.
const UPDATES: u32 = 60;
/// Rewards that meet again at the end with new seeds: the best value of a search is luck for the most part.
const FINALISTS: usize = 3;
/// Trainings behind each number that is printed.
const FRESH: u32 = 3;
/// Names all random numbers.
const SEED: u64 = 2;

/// Prints a line for each outer step.
struct Lines;

impl Observer for Lines {
    fn on_generation(&mut self, report: &GenerationReport) -> Result<(), ObserverError> {
        let stats = &report.stats;
        println!("step {}  mean {:.3}  best {:.3}", report.generation, stats.mean, stats.best);
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let world = tidy::Config::default().world();
    let set =
        world.sets().iter().find(|set| set.name == PRIMITIVES).ok_or("there is no such set")?;
    let vocabulary =
        Vocabulary::try_new(world.primitives(), world.signals(), set, Operators::Derl4)?;
    let config = inner::Config { updates: UPDATES, ..inner::Config::default() };
    let task = InnerRuns::new(world, config, SEED, 1, Division::Safe);

    let derl = Derl::new(vocabulary.clone(), DerlConfig::default(), SEED, STEPS as u32);
    let mut search = Outer::new(derl, vocabulary.clone(), GROUP, GROUP * STEPS);
    let evaluator = Evaluator::new(Backend::cpu());
    run(&mut search, &task, &evaluator, &RunPlan::default(), &mut [&mut Lines])?;

    let raced = race(&task, &search.finalists(FINALISTS), 4).ok_or("it was asked to stop")?;
    let found = raced.first().ok_or("no reward could be trained with")?.reward.clone();

    // What each reaches in episodes that no part of the search has seen: of new starts, rooms and kinds of task.
    for (name, reward) in [
        ("outcome", Reward::outcome()),
        ("average", Reward::average(&vocabulary)),
        ("found", found.simplified(&vocabulary, Invariance::Affine)),
    ] {
        let mut success = [0.0; 3];
        for number in 0..FRESH {
            let seed = Seeds::Report.seed(SEED, number);
            let (each, _) = task.train(&reward, seed, &Split::REPORTED);
            success.iter_mut().zip(each).for_each(|(sum, one)| *sum += one / f64::from(FRESH));
        }
        let [l0, l1, l2] = success;
        println!("{name}: {l0:.2} {l1:.2} {l2:.2}  {}", reward.text(&vocabulary));
    }
    Ok(())
}
