//! A value of rewards that needs no training, for tests of proposers.

use hatchery_engine::world::{Primitive, PrimitiveSet};
use hatchery_engine::{Fitness, Strategy};
use hatchery_kernels::{Backend, Cpu};

use super::medoid::{agreement, profile};
use super::{Outer, Proposer};
use crate::meta_reward::expression::{Operators, Reward, Vocabulary};

pub(super) fn vocabulary() -> Vocabulary {
    let primitives = ["g1", "g2", "g3", "g4"].map(|name| Primitive::unit(name, "a number"));
    let set = PrimitiveSet { name: "all", primitives: &["g1", "g2", "g3", "g4"], signals: &[] };
    Vocabulary::try_new(&primitives, &[], &set, Operators::Derl4).expect("a vocabulary")
}

pub(super) fn parse(text: &str) -> Reward {
    Reward::parse(text, &vocabulary()).expect("a reward")
}

/// How well rewards go with a target: 1 if they would train the same policy, 0 if they tell nothing or the opposite.
pub(super) fn worth(target: &str) -> impl Fn(&Reward) -> f32 {
    let target = profile(&parse(target), &vocabulary());
    move |reward| agreement(&profile(reward, &vocabulary()), &target).max(0.0) as f32
}

/// The values of the groups of some outer steps.
pub(super) fn groups<P: Proposer>(
    outer: &mut Outer<P>,
    steps: std::ops::Range<u32>,
    worth: impl Fn(&Reward) -> f32,
) -> Vec<Vec<f32>> {
    let group = |step| {
        let population = outer.ask(step).expect("it proposes");
        let values: Vec<f32> = population.members.iter().map(&worth).collect();
        if !values.is_empty() {
            let fitness = Fitness::new(values.clone(), None);
            outer.tell(population, &fitness, &Backend::Cpu(Cpu)).expect("it learns");
        }
        values
    };
    steps.map(group).collect()
}

pub(super) fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len().max(1) as f32
}

/// A resumed search spends the same budget in the same way as an unbroken one.
pub(super) fn resumes_to_the_bit<P: Proposer>(make: impl Fn() -> P) {
    let outer = || Outer::new(make(), vocabulary(), 6, 45);
    let worth = worth("g1 + 0.5*g2 - g3");
    let mut unbroken = outer();
    let all = groups(&mut unbroken, 0..10, &worth);
    let lengths: Vec<usize> = all.iter().map(Vec::len).collect();
    assert_eq!(lengths, [6, 6, 6, 6, 6, 6, 6, 3, 0, 0], "the budget is spent, not more");
    let mut first = outer();
    let mut values = groups(&mut first, 0..5, &worth);
    let mut second = outer();
    second.restore(first.state().expect("it has one")).expect("it fits");
    values.extend(groups(&mut second, 5..10, &worth));
    assert_eq!(values, all);
    assert_eq!(second.archive(), unbroken.archive());
    let state = |outer: &Outer<P>| {
        serde_json::to_string(&outer.state().expect("it has one")).expect("it is written")
    };
    assert!(state(&second) == state(&unbroken), "what was learnt differs");
}
