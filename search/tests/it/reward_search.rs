//! The outer loop of reward search, in a household, with trainings that are much too short to learn anything.

use hatchery_engine::world::World;
use hatchery_engine::{Evaluator, Fitness, Strategy};
use hatchery_kernels::{Backend, Cpu};
use hatchery_search::meta_reward::expression::{Division, Operators, Vocabulary};
use hatchery_search::meta_reward::inner::Config;
use hatchery_search::meta_reward::outer::{
    Aging, AgingConfig, Belief, Derl, DerlConfig, Entrant, InnerRuns, Journal, Outer, Proposer,
    Random, RandomConfig, race, race_trainings,
};
use hatchery_tasks::worlds::{Rooms, tidy};

fn task() -> InnerRuns<Rooms> {
    let config = Config { updates: 2, tasks: 2, rollouts: 4, episodes: 8, ..Config::default() };
    let world = tidy::Config::default().world();
    InnerRuns::new(world, config, 3, 2, Division::Safe)
}

fn vocabulary() -> Vocabulary {
    let world = tidy::Config::default().world();
    let set = &world.sets()[0];
    Vocabulary::try_new(world.primitives(), world.signals(), set, Operators::Derl4)
        .expect("the world has names")
}

/// Some outer steps; values are replaced by ones that differ, since so short a training reaches nothing. The texts of all proposals.
fn proposals<P: Proposer>(outer: &mut Outer<P>, steps: std::ops::Range<u32>) -> Vec<String> {
    let mut texts = Vec::new();
    for step in steps {
        let population = outer.ask(step).expect("it proposes");
        let values: Vec<f32> =
            population.members.iter().map(|r| r.nodes().len() as f32 / 20.0).collect();
        texts.extend(population.members.iter().map(|reward| reward.text(&vocabulary())));
        outer.tell(population, &Fitness::new(values, None), &Backend::Cpu(Cpu)).expect("it learns");
    }
    texts
}

fn a_resumed_search_goes_on<P: Proposer>(make: impl Fn() -> P) {
    let outer = || Outer::new(make(), vocabulary(), 4, 30);
    let mut unbroken = outer();
    let all = proposals(&mut unbroken, 0..8);
    assert_eq!(all.len(), 30, "the budget is spent, not more");
    let mut first = outer();
    let mut texts = proposals(&mut first, 0..3);
    let mut second = outer();
    second.restore(first.state().expect("it has one")).expect("it fits");
    texts.extend(proposals(&mut second, 3..8));
    assert_eq!(texts, all);
    assert_eq!(second.archive(), unbroken.archive());
}

#[test]
fn a_resumed_reward_search_proposes_the_same() {
    a_resumed_search_goes_on(|| Derl::new(vocabulary(), DerlConfig::default(), 1, 8));
    let aging = AgingConfig { population: 8, tournament: 3, ..AgingConfig::default() };
    a_resumed_search_goes_on(|| Aging::new(vocabulary(), aging.clone(), 1));
    a_resumed_search_goes_on(|| Random::new(vocabulary(), &RandomConfig::default(), 1));
}

#[test]
fn the_value_of_a_reward_depends_on_no_thread_and_no_batch() {
    let mut outer =
        Outer::new(Random::new(vocabulary(), &RandomConfig::default(), 5), vocabulary(), 5, 5);
    let population = outer.ask(0).expect("it proposes");
    let values = |threads: usize, batch: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let evaluator = Evaluator::new(Backend::Cpu(Cpu)).with_batch(batch);
        pool.install(|| evaluator.evaluate(&task(), &population).expect("it trains").values)
    };
    let one = values(1, 1);
    assert_eq!(one, values(2, 3));
    assert_eq!(one, values(3, 5));
}

#[test]
fn a_race_counts_its_trainings_and_repeats() {
    let mut outer =
        Outer::new(Random::new(vocabulary(), &RandomConfig::default(), 7), vocabulary(), 5, 5);
    let rewards = outer.ask(0).expect("it proposes").members;
    let rewards: Vec<Entrant> = rewards.into_iter().map(Entrant::from).collect();
    let mut task = task();
    task.journal = Some(Journal::new(vocabulary()));
    let raced = race(&task, &rewards, 8).expect("nobody stops it");
    let trainings = || task.journal.as_ref().expect("it is there").len();
    assert_eq!((raced.len(), trainings()), (5, race_trainings(5, 8)));
    assert_eq!(raced[0].values.len(), 2 + 4 + 8);
    assert!(raced[0].mean() >= raced[1].mean());
    assert_eq!(race(&task, &rewards, 8), Some(raced));
    assert_eq!(trainings(), race_trainings(5, 8), "the second time all come from the journal");
    // Who is believed in beyond all that a race can show wins it.
    let mut believed = rewards.clone();
    believed[4].belief = Some(Belief { mean: 2.0, variance: 1e-9, noise: 1.0 });
    let winner = race(&task, &believed, 8).expect("nobody stops it").swap_remove(0);
    assert!(winner.reward == rewards[4].reward && (winner.estimate() - 2.0).abs() < 1e-6);
    task.stop.raise();
    task.journal = None;
    assert_eq!(race(&task, &rewards, 8), None);
}
