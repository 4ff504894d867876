//! Inner trainings of reward search, in a household.

use hatchery_engine::world::{Split, Trace, World};
use hatchery_search::meta_reward::expression::{Division, Evaluator, Reward, Vocabulary};
use hatchery_search::meta_reward::inner::{Config, Trainer};
use hatchery_tasks::worlds::{Rooms, tidy};

fn household() -> Rooms {
    tidy::Config { variant: tidy::Variant::Hard, ..tidy::Config::default() }.world()
}

/// Mean success on L0 after training with a reward, over seeds.
fn success(world: &Rooms, reward: &str, config: &Config, seeds: std::ops::Range<u64>) -> f64 {
    let vocabulary =
        Vocabulary::everything(world.primitives(), world.signals()).expect("the world has names");
    let reward = Reward::parse(reward, &vocabulary).expect("it parses");
    let evaluator = Evaluator::new(&reward, Division::Safe);
    let mut trainer = Trainer::new(world, config);
    let count = seeds.clone().count() as f64;
    let each = seeds.map(|seed| {
        let mut worth = |primitives: &[f32], trace: Trace<'_>, progress: f32| {
            evaluator.of_episode(primitives, trace, progress).unwrap_or(0.0)
        };
        let trained = trainer.train(&mut worth, seed, None);
        trainer.evaluate(&trained.theta, Split::L0, seed).success
    });
    each.sum::<f64>() / count
}

/// Whether a training finds its first success is chance: of the first four seeds, two do.
#[test]
fn the_outcome_alone_teaches_nothing_and_a_shaped_reward_does() {
    let world = household();
    let config = Config { updates: 60, ..Config::default() };
    let outcome = success(&world, "g1", &config, 0..2);
    let shaped = success(&world, world.hand_made(), &config, 0..4);
    assert!(outcome < 0.05, "{outcome}");
    assert!(shaped > 0.2, "{shaped}");
}
