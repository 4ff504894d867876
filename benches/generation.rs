//! Whole generations: ask, evaluate, tell, on all threads. Throughput is in members a second.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hatchery::prelude::*;
use hatchery::tasks::classify::{Classifier, Config as Images, digits};
use hatchery::tasks::control::{CartPole, Config as Episodes, Policy};

const SEED: u64 = 1;

fn search(pairs: u32, start: Params) -> Eggroll {
    let config = eggroll::Config { pairs, sigma: 0.3, learning_rate: 0.1, ..Default::default() };
    Eggroll::try_new(eggroll::Variant::Eggroll, config, start, SEED).expect("it is valid")
}

fn generation<T: Task<Population = Perturbed>>(
    task: &T,
    search: &mut Eggroll,
    evaluator: &Evaluator,
    number: Generation,
) {
    let population = search.ask(number).expect("it asks");
    let fitness = evaluator.evaluate(task, &population).expect("it evaluates");
    search.tell(population, &fitness, &evaluator.backend).expect("it tells");
}

/// The same generation again and again: the strategy is put back before each.
fn repeat<T: Task<Population = Perturbed>>(
    c: &mut Criterion,
    id: BenchmarkId,
    task: &T,
    search: &mut Eggroll,
    members: u32,
) {
    let mut group = c.benchmark_group("generation");
    group.throughput(Throughput::Elements(u64::from(members))).sample_size(20);
    let evaluator = Evaluator::new(Backend::cpu());
    let state = search.state().expect("read");
    group.bench_function(id, |b| {
        b.iter(|| {
            search.restore(state.clone()).expect("its own state");
            generation(task, search, &evaluator, 1000);
        });
    });
    group.finish();
}

/// With fresh parameters episodes are short; with trained ones all of them last 500 steps.
fn cartpole(c: &mut Criterion) {
    let (hidden, pairs) = (32, 128);
    let model = mlp::Config { hidden: vec![hidden], ..mlp::Config::default() };
    let task = Policy::new(CartPole, Episodes::default(), &model, SEED);
    let mut search = search(pairs, task.init(SEED));
    let size = format!("h{hidden}_r1_m{}", 2 * pairs);
    let fresh = BenchmarkId::new("cartpole_fresh", &size);
    repeat(c, fresh, &task, &mut search, 2 * pairs);
    let evaluator = Evaluator::new(Backend::cpu());
    for number in 0..60 {
        generation(&task, &mut search, &evaluator, number);
    }
    repeat(c, BenchmarkId::new("cartpole_trained", &size), &task, &mut search, 2 * pairs);
}

fn handwritten(c: &mut Criterion) {
    let (hidden, pairs, images) = (64, 256, 128);
    let (train, _) = digits::load().expect("the table is embedded");
    let model = mlp::Config { hidden: vec![hidden], ..mlp::Config::default() };
    let config = Images { images, ..Images::default() };
    let task = Classifier::new(train, config, &model, SEED);
    let mut search = search(pairs, task.init(SEED));
    let size = format!("h{hidden}_r1_images{images}_m{}", 2 * pairs);
    repeat(c, BenchmarkId::new("digits", size), &task, &mut search, 2 * pairs);
}

criterion_group!(benches, cartpole, handwritten);
criterion_main!(benches);
