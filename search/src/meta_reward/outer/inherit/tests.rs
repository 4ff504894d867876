use std::ops::Range;

use hatchery_engine::world::Split;
use hatchery_engine::{Evaluator, Explicit, Fitness, Strategy, StrategyError, Task};
use hatchery_kernels::{Backend, Cpu};

use super::*;
use crate::meta_reward::expression::{Division, Operators, Reward, Vocabulary};
use crate::meta_reward::inner::{Config, Trainer};
use crate::meta_reward::outer::{Derl, DerlConfig, InnerRuns, Random, RandomConfig, Seeds};
use world::{Levers, vocabulary};

mod world;

fn derl4() -> Vocabulary {
    vocabulary(Operators::Derl4)
}

fn task(steps: u32) -> InheritedRuns<Levers> {
    let config = Config { updates: 2, tasks: 4, rollouts: 8, episodes: 64, ..Config::default() };
    let runs = InnerRuns::new(Levers, config, 3, 2, Division::Safe);
    InheritedRuns { runs, steps }
}

fn derl_pop(steps: u32) -> DerlPop<Derl> {
    let derl = Derl::new(derl4(), DerlConfig::default(), 1, steps);
    DerlPop::new(derl, derl4(), DerlPopConfig { group: 4, steps })
}

fn pbt(steps: u32) -> Pbt {
    Pbt::new(derl4(), PbtConfig { members: 6, steps, ..PbtConfig::default() }, 1)
}

/// Some outer steps; how many trainings they took, and the fitness of each step.
fn run<S: Strategy<Population = Explicit<Heir>>>(
    strategy: &mut S,
    task: &InheritedRuns<Levers>,
    steps: Range<u32>,
    batch: usize,
) -> Vec<Vec<f32>> {
    let evaluator = Evaluator::new(Backend::Cpu(Cpu)).with_batch(batch);
    let mut all = Vec::new();
    for step in steps {
        let population = strategy.ask(step).expect("it proposes");
        if population.members.is_empty() {
            break;
        }
        let fitness = evaluator.evaluate(task, &population).expect("it trains");
        strategy.tell(population, &fitness, &evaluator.backend).expect("it learns");
        all.push(fitness.values);
    }
    all
}

fn best(values: &[f32]) -> f32 {
    values.iter().copied().fold(0.0, f32::max)
}

#[test]
fn chains_get_better_than_their_first_slice_and_end_with_their_budget() {
    let task = task(12);
    let (mut chain, mut population) = (derl_pop(12), pbt(12));
    let values = [run(&mut chain, &task, 0..99, 1), run(&mut population, &task, 0..99, 1)];
    assert_eq!(values.each_ref().map(|v| v.concat().len()), [12 * 4, 12 * 6]);
    assert_eq!(task.updates(6), 12 * 6 * 2 * 2);
    for (values, line) in values.iter().zip([chain.lineage(), population.best()]) {
        let (first, last) = (best(&values[0]), best(&values[11]));
        assert!(last > 0.9 && last > first + 0.3, "{first} to {last}");
        assert_eq!(line.value(), Some(last));
        assert_eq!((line.links.len(), line.policies.len()), (12, 2));
        let steps: Vec<u32> = line.links.iter().map(|link| link.step).collect();
        assert_eq!(steps, Vec::from_iter(0..12));
        // On starts and choices that no search has seen.
        let seeds = [0, 1, 2].map(|number| Seeds::Report.seed(3, number));
        let scores = task.score(&line.policies, &[Split::L0, Split::L2], &seeds);
        assert_eq!(scores.iter().map(Vec::len).collect::<Vec<_>>(), [6, 6]);
        assert!(scores.concat().iter().all(|success| *success > 0.75), "{scores:?}");
    }
}

#[test]
fn the_next_slice_starts_from_the_best_of_the_last() {
    let task = task(5);
    let mut chain = derl_pop(5);
    for step in 0..3 {
        let population = chain.ask(step).expect("it proposes");
        assert!(population.members.iter().all(|heir| heir.start == chain.lineage().policies));
        let mut fitness = [0.0; 4];
        task.evaluate(&population, 0..4, &Backend::Cpu(Cpu), &mut fitness).expect("it trains");
        let values = vec![0.25, f32::NAN, 0.75, 0.75];
        let expected = population.members[2].trained().expect("it was trained").to_vec();
        let reward = population.members[2].reward.clone();
        chain.tell(population, &Fitness::new(values, None), &Backend::Cpu(Cpu)).expect("it learns");
        assert_eq!(chain.lineage().policies, expected);
        assert_eq!(chain.lineage().links[step as usize].reward, reward);
    }
    let text = chain.lineage().text(&derl4());
    assert_eq!(text.lines().count(), 3);
    assert!(text.contains(&chain.lineage().digest().expect("it has one").to_string()), "{text}");
}

fn resumes_to_the_bit<S: Strategy<Population = Explicit<Heir>>>(make: impl Fn() -> S) {
    let task = task(6);
    let state = |strategy: &S| {
        serde_json::to_string(&strategy.state().expect("it has one")).expect("it is written")
    };
    let mut unbroken = make();
    let all = run(&mut unbroken, &task, 0..6, 1);
    let mut first = make();
    let mut values = run(&mut first, &task, 0..3, 1);
    let mut second = make();
    second.restore(first.state().expect("it has one")).expect("it fits");
    values.extend(run(&mut second, &task, 3..6, 1));
    assert_eq!(values, all);
    assert!(state(&second) == state(&unbroken), "what was learnt differs");
    assert_eq!(second.digest(), unbroken.digest());
}

#[test]
fn a_resumed_run_equals_an_unbroken_one() {
    resumes_to_the_bit(|| derl_pop(6));
    resumes_to_the_bit(|| pbt(6));
    let mut long = derl_pop(8);
    run(&mut long, &task(8), 0..7, 1);
    assert!(derl_pop(6).restore(long.state().expect("it has one")).is_err());
    let few = Pbt::new(derl4(), PbtConfig::default(), 1).state().expect("it has one");
    assert!(pbt(6).restore(few).is_err());
}

#[test]
fn threads_and_batches_change_nothing() {
    let task = task(4);
    let of = |threads: usize, batch: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| {
            let (mut chain, mut population) = (derl_pop(4), pbt(4));
            run(&mut chain, &task, 0..4, batch);
            run(&mut population, &task, 0..4, batch);
            (chain.lineage().clone(), population.members().to_vec())
        })
    };
    let one = of(1, 8);
    assert_eq!(one, of(3, 1));
    assert_eq!(one, of(2, 3));
}

#[test]
fn the_worst_take_over_the_best_and_change_the_reward() {
    let task = task(4);
    let config = PbtConfig { members: 8, steps: 4, share: 0.25 };
    let mut population = Pbt::new(derl4(), config, 1);
    let tell = |population: &mut Pbt, step: u32, values: &[f32]| {
        let heirs = population.ask(step).expect("it proposes");
        let mut fitness = [0.0; 8];
        task.evaluate(&heirs, 0..8, &Backend::Cpu(Cpu), &mut fitness).expect("it trains");
        let trained: Vec<_> =
            heirs.members.iter().map(|h| h.trained().map(<[_]>::to_vec)).collect();
        let rewards: Vec<Reward> = heirs.members.iter().map(|heir| heir.reward.clone()).collect();
        let fitness = Fitness::new(values.to_vec(), None);
        let metrics = population.tell(heirs, &fitness, &Backend::Cpu(Cpu)).expect("it learns");
        (rewards, trained, metrics.get("replaced").expect("it is counted"))
    };
    let values = [0.1, 0.8, 0.3, 0.4, f32::NAN, 0.5, 0.9, 0.2];
    let (rewards, trained, replaced) = tell(&mut population, 0, &values);
    assert_eq!(replaced, 2.0);
    for (m, member) in population.members().iter().enumerate() {
        if [0, 4].contains(&m) {
            let donor = [1, 6]
                .into_iter()
                .find(|donor| trained[*donor].as_deref() == Some(&member.lineage.policies[..]));
            let donor = donor.expect("it inherits from one of the best");
            assert_eq!(member.lineage.links[0].reward, rewards[donor]);
            assert_ne!(member.reward, rewards[donor]);
        } else {
            assert_eq!(member.reward, rewards[m]);
            assert_eq!(trained[m].as_deref(), Some(&member.lineage.policies[..]));
        }
    }
    let best = population.best().clone();
    assert_eq!((best.value(), &best.policies), (Some(0.9), trained[6].as_ref().expect("trained")));
    // Nobody is worse than the best, and after the last slice nobody is replaced.
    let (rewards, _, replaced) = tell(&mut population, 1, &[0.0; 8]);
    assert_eq!(replaced, 0.0);
    assert!(population.members().iter().zip(&rewards).all(|(m, reward)| m.reward == *reward));
    assert_eq!(tell(&mut population, 2, &values).2, 2.0);
    assert_eq!(tell(&mut population, 3, &values).2, 0.0);
    assert!(population.ask(4).expect("it is over").members.is_empty());
}

#[test]
fn progress_runs_through_all_slices() {
    let vocabulary = vocabulary(Operators::Full);
    let reward = Reward::parse("ramp(right, neg(right))", &vocabulary).expect("a reward");
    let mut task = task(2);
    task.runs.config.updates = 20;
    let train = |step, start| {
        let population =
            Explicit { generation: step, members: vec![Heir::new(reward.clone(), start)] };
        let mut value = [0.0];
        task.evaluate(&population, 0..1, &Backend::Cpu(Cpu), &mut value).expect("it trains");
        (value[0], population.members[0].trained().expect("it was trained").to_vec())
    };
    // In the first half of the whole training the reward is for what it is against in the second.
    let (value, policies) = train(0, Vec::new());
    assert!(value > 0.9, "{value}");
    let (value, _) = train(1, policies);
    assert!(value < 0.6, "{value}");
}

#[test]
fn weights_that_do_not_fit_are_an_error() {
    let task = task(2);
    for start in [vec![vec![0.0; 3]; 2], vec![vec![0.0; 4]]] {
        let members = vec![Heir::new(Reward::outcome(), start)];
        let population = Explicit { generation: 0, members };
        let outcome = task.evaluate(&population, 0..1, &Backend::Cpu(Cpu), &mut [0.0]);
        let text = outcome.expect_err("it does not fit").to_string();
        assert!(text.starts_with("expected 2 policies of 4 weights to inherit"), "{text}");
    }
    let weights = Trainer::new(&task.runs.world, &task.runs.config).policy().weights();
    assert_eq!(weights, 4);
}

#[test]
fn a_task_that_hands_nothing_back_is_an_error_and_changes_nothing() {
    let random = Random::new(derl4(), &RandomConfig::default(), 1);
    let mut chain = DerlPop::new(random, derl4(), DerlPopConfig { group: 2, steps: 3 });
    let population = chain.ask(0).expect("it proposes");
    let fitness = Fitness::new(vec![0.5, 0.6], None);
    let error = chain.tell(population, &fitness, &Backend::Cpu(Cpu)).expect_err("no weights");
    assert!(matches!(error, StrategyError::Proposer { name: "derl-pop", .. }), "{error}");
    assert_eq!(chain.lineage(), &Lineage::default());
}

#[test]
fn settings_that_make_no_sense_are_refused_one_by_one() {
    let chain = DerlPopConfig::default;
    let population = PbtConfig::default;
    let refused = [
        (DerlPopConfig { group: 1, ..chain() }.check(), "group: must be at least 2, found 1"),
        (DerlPopConfig { steps: 0, ..chain() }.check(), "steps: must be at least 1, found 0"),
        (PbtConfig { members: 1, ..population() }.check(), "members: must be at least 2, found 1"),
        (PbtConfig { steps: 0, ..population() }.check(), "steps: must be at least 1, found 0"),
        (PbtConfig { share: 0.0, ..population() }.check(), "share: must be above 0"),
        (PbtConfig { share: 0.6, ..population() }.check(), "share: must be above 0"),
        (PbtConfig { share: f64::NAN, ..population() }.check(), "share"),
    ];
    for (outcome, expected) in refused {
        let error = outcome.expect_err("is refused").to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    assert_eq!((chain().check(), population().check()), (Ok(()), Ok(())));
    assert!(serde_json::from_str::<PbtConfig>(r#"{"population": 3}"#).is_err());
    assert!(serde_json::from_str::<DerlPopConfig>(r#"{"members": 3}"#).is_err());
}
