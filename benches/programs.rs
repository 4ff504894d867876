//! Programs: making them, remembering them, running them, and whole evaluations. One thread, so that numbers are for one core.
//!
//! Where other work runs on the machine: `cargo bench --bench programs --no-run`, then `chrt -f 50` and the path that it prints, with
//! `--bench`, so that only the other core is shared.
//!
//! | group | throughput is in | target |
//! |---|---|---|
//! | `making` | children a second: mutate, check, canonical hash | 300,000 at 30 statements |
//! | `cache` | look-ups a second | 3 million |
//! | `machine` | weights times elementwise operations a second | 5 · 10⁹, that is 0.2 ns each |
//! | `proxy` | training runs of AdamW, one seed, validation included | `m1` 3.5 ms, `n1` 22 ms |
//! | `evaluation` | programs a second that were never seen, failures included, on `m1` and `n1` | 25 |
//! | `checks` | nothing: counts that are too large for tests are printed | no invalid child, no collision |

use std::cell::LazyCell;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hatchery::engine::{Part, Trainable};
use hatchery::search::program::evolve::Cache;
use hatchery::search::program::interpret::{Leaves, Machine, Plan};
use hatchery::search::program::training::{
    Candidate, Limits, Outcome, ProxyTraining, Suite, train,
};
use hatchery::search::program::{Dice, Graph, Mutator, Program, Signature, mutate, start};
use hatchery::tasks::proxy;

fn signature() -> Signature {
    Signature::optimizer(false)
}

fn mutator() -> Mutator {
    Mutator::new(signature(), mutate::Config::default())
}

fn named(name: &str) -> Program {
    start::named(name, &signature()).expect("it is one of the named")
}

fn graph(program: &Program) -> Option<Graph> {
    Graph::of(program, &signature()).ok()
}

fn plan(name: &str) -> Plan {
    Plan::compile(&graph(&named(name)).expect("it is finite"), &signature())
}

/// Programs of so many statements: AdamW with mutations, as a search makes them.
fn population(statements: usize, members: u64) -> Vec<Program> {
    let mutator = mutator();
    let adamw = named("adamw");
    let one = |member| {
        let mut dice = Dice::new(17, member, 0);
        let mut program = adamw.clone();
        while program.statements.len() < statements {
            program = mutator.grow(&program, 1, &mut dice);
            program = mutator.mutate(&program, &mut dice).0;
        }
        program
    };
    (0..members).map(one).collect()
}

fn making(c: &mut Criterion) {
    let mut group = c.benchmark_group("making");
    group.throughput(Throughput::Elements(1));
    for statements in [9, 30, 60] {
        let (mutator, parents) = (mutator(), LazyCell::new(|| population(statements, 256)));
        let mut ticket = 0;
        let mut next = || {
            ticket += 1;
            (&parents[ticket as usize % parents.len()], Dice::new(3, ticket, 0))
        };
        let signature = mutator.signature();
        group.bench_function(BenchmarkId::new("child", statements), |b| {
            b.iter(|| {
                let (parent, mut dice) = next();
                let (child, _) = mutator.mutate(parent, &mut dice);
                child.check(signature).expect("children are valid");
                Graph::of(&child, signature).map(|graph| graph.hash)
            });
        });
        group.bench_function(BenchmarkId::new("mutate", statements), |b| {
            b.iter(|| {
                let (parent, mut dice) = next();
                mutator.mutate(parent, &mut dice)
            });
        });
        group.bench_function(BenchmarkId::new("check", statements), |b| {
            b.iter(|| next().0.check(signature));
        });
        group.bench_function(BenchmarkId::new("hash", statements), |b| {
            b.iter(|| Graph::of(next().0, signature));
        });
    }
    group.finish();
}

/// Two thousand graphs, as if just made, half of them among ten thousand that are known.
fn cache(c: &mut Criterion) {
    let mut group = c.benchmark_group("cache");
    group.throughput(Throughput::Elements(1));
    group.bench_function(BenchmarkId::new("get", 10_000), |b| {
        let graphs: Vec<Graph> = population(30, 12_000).iter().filter_map(graph).collect();
        let mut cache = Cache::default();
        for graph in &graphs[1000..] {
            cache.put(graph, Outcome::Scored(1.0), None);
        }
        let mut turn = 0;
        b.iter(|| {
            turn = (turn + 1) % 2000;
            cache.get(black_box(&graphs[turn]))
        });
    });
    group.finish();
}

fn machine(c: &mut Criterion) {
    let mut group = c.benchmark_group("machine");
    for (id, name) in
        [("m1", "adamw"), ("m1", "lion"), ("m1", "sgd-momentum"), ("n1:width=128", "adamw")]
    {
        let proxy = proxy::named(id).expect("it exists");
        let (plan, size) = (plan(name), proxy.dimension());
        group.throughput(Throughput::Elements((size * plan.tree_operations()) as u64));
        let mut machine = Machine::new(plan, Leaves::of_sizes(proxy.leaves()));
        let (mut weights, mut states) = (proxy.init(1), vec![vec![0.0; size]; 2]);
        let gradient = proxy.init(2);
        group.bench_function(BenchmarkId::new(name, size), |b| {
            b.iter(|| machine.step(&mut weights, black_box(&gradient), &mut states, &[1e-3]));
        });
    }
    group.finish();
}

fn proxies(c: &mut Criterion) {
    let mut group = c.benchmark_group("proxy");
    group.sample_size(20);
    for id in proxy::ids() {
        let proxy = proxy::named(id).expect("it exists");
        for name in ["adamw", "lion"] {
            let plan = plan(name);
            let run = |seed| {
                let limits = Limits::default();
                train(&plan, &signature(), proxy.as_ref(), seed, Part::Validation, &limits)
            };
            group.bench_function(BenchmarkId::new(id, name), |b| b.iter(|| run(1)));
        }
    }
    group.finish();
}

/// The default search: programs along lines of descent from AdamW that the cache does not know.
fn evaluation(c: &mut Criterion) {
    let mut group = c.benchmark_group("evaluation");
    group.sample_size(20).throughput(Throughput::Elements(1));
    let task = LazyCell::new(|| {
        let proxies: Vec<Arc<dyn Trainable>> =
            ["m1", "n1"].map(|id| Arc::from(proxy::named(id).expect("it exists"))).to_vec();
        let suite = Suite::new(proxies, signature(), Limits::default());
        suite.prepare();
        ProxyTraining::new(Arc::new(suite), 1)
    });
    let outcome = |graph: &Arc<Graph>| task.score(&Candidate::new(graph.clone(), 1, None));
    // The closure is called for each measurement.
    static SAID: std::sync::Once = std::sync::Once::new();
    group.bench_function("m1,n1/all", |b| {
        let mut known: HashMap<u128, Graph> = HashMap::new();
        for program in population(20, 400) {
            if let Some(graph) = graph(&program) {
                known.entry(graph.hash).or_insert(graph);
            }
        }
        let mut graphs: Vec<Arc<Graph>> = known.into_values().map(Arc::new).collect();
        graphs.sort_by_key(|graph| graph.hash);
        let scored = graphs.iter().filter(|graph| matches!(outcome(graph), Outcome::Scored(_)));
        SAID.call_once(|| {
            println!(
                "evaluation: {} of {} programs train to the end",
                scored.count(),
                graphs.len()
            );
        });
        let mut turn = 0;
        b.iter(|| {
            turn = (turn + 1) % graphs.len();
            outcome(&graphs[turn])
        });
    });
    group.bench_function("m1,n1/adamw", |b| {
        let adamw = Arc::new(graph(&named("adamw")).expect("it is finite"));
        b.iter(|| outcome(&adamw));
    });
    group.finish();
}

/// A million children of each program to begin with, along lines of a hundred: all valid. And a million pairs of
/// text and hash: what has one hash computes the same.
fn checks(_: &mut Criterion) {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let filter = words.iter().find(|word| !word.starts_with('-') && word.parse::<f64>().is_err());
    if words.iter().any(|word| word == "--test") || filter.is_some_and(|word| word != "checks") {
        return;
    }
    let mutator = mutator();
    let began = Instant::now();
    let mut invalid = 0_u32;
    for name in start::names() {
        let ancestor = named(name);
        for line in 0..10_000 {
            let mut program = ancestor.clone();
            let mut dice = Dice::new(line, 2, 0);
            for _ in 0..100 {
                program = mutator.mutate(&program, &mut dice).0;
                invalid += u32::from(program.check(&signature()).is_err());
            }
        }
    }
    println!("checks: {invalid} of 6,000,000 children invalid ({:.0?})", began.elapsed());
    assert_eq!(invalid, 0, "every child must be valid");
    let (began, mut seen, mut collisions) = (Instant::now(), HashMap::new(), 0_u32);
    let mut dice = Dice::new(5, 3, 0);
    let mut program = named("adamw");
    let mut looked_at = 0_u32;
    while looked_at < 1_000_000 {
        program = mutator.mutate(&program, &mut dice).0;
        let Some(graph) = graph(&program) else { continue };
        looked_at += 1;
        let mut hasher = DefaultHasher::new();
        graph.words().hash(&mut hasher);
        let words = hasher.finish();
        collisions += u32::from(*seen.entry(graph.hash).or_insert(words) != words);
    }
    println!(
        "checks: {collisions} of {} different graphs share a hash ({:.0?})",
        seen.len(),
        began.elapsed()
    );
    assert_eq!(collisions, 0, "different graphs must have different hashes");
}

criterion_group!(benches, making, cache, machine, proxies, evaluation, checks);
criterion_main!(benches);
