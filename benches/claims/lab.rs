//! What the experiments share.

use std::sync::Arc;

use hatchery::engine::{Budget, Evaluator, RunPlan, StopFlag, Trainable, run};
use hatchery::kernels::Backend;
use hatchery::search::program::evolve::{Config, Evolution};
use hatchery::search::program::interpret::Plan;
use hatchery::search::program::select::{Tuning, rescore, tune};
use hatchery::search::program::training::{Limits, ProxyTraining, Purpose, Suite};
use hatchery::search::program::{Graph, Names, Operations, Program, Signature, mutate, start};
use hatchery::tasks::proxy;

/// The signature of all of them.
pub(crate) fn signature() -> Signature {
    Signature::optimizer(false)
}

/// Proxies by name.
pub(crate) fn suite(names: &[&str]) -> Arc<Suite> {
    suite_of(names, signature())
}

/// Proxies by name, for programs of that signature.
pub(crate) fn suite_of(names: &[&str], signature: Signature) -> Arc<Suite> {
    let one =
        |name: &&str| -> Arc<dyn Trainable> { Arc::from(proxy::named(name).expect("it is one")) };
    let suite = Suite::new(names.iter().map(one).collect(), signature, Limits::default());
    suite.prepare();
    Arc::new(suite)
}

/// Mutations with twenty-two operations.
pub(crate) fn small() -> mutate::Config {
    mutate::Config { operations: Operations::small(), ..mutate::Config::default() }
}

/// A program by name.
pub(crate) fn named(name: &str) -> Program {
    start::named(name, &signature()).expect("it is one of the named")
}

/// Mean ratio of a program to the references, on the seeds of a set that no search uses; none if it fails.
pub(crate) fn fresh(program: &Program, suite: &Suite, set: u64, seeds: u32) -> Option<f64> {
    let signature = suite.signature();
    let plan = Plan::compile(&Graph::of(program, signature).ok()?, signature);
    let proxies = suite.proxies().len();
    let ratio = |proxy| suite.ratio(&plan, proxy, Purpose::Selection, set, seeds).ok();
    Some((0..proxies).map(ratio).sum::<Option<f64>>()? / proxies as f64)
}

/// A program with the best of forty draws of its literals.
pub(crate) fn tuned(program: &Program, suite: &Suite) -> Program {
    let score = |program: &Program| fresh(program, suite, 1, 2);
    tune(program, Tuning { draws: 40, seed: 1 }, score).expect("something trains").program
}

/// A search of so many evaluations, or as many births as the configuration has; fitness over so many seeds of each proxy.
pub(crate) fn search(
    config: Config,
    start: &Program,
    suite: &Arc<Suite>,
    seeds: u32,
    seed: u64,
    evaluations: Option<u64>,
) -> Evolution {
    let mut evolution = Evolution::try_new(config, start.clone(), suite.signature().clone(), seed)
        .expect("it makes sense");
    let budget = Budget { evaluations, ..Budget::default() };
    let plan = RunPlan { budget, ..RunPlan::default() };
    let task = ProxyTraining::new(suite.clone(), seeds);
    run(&mut evolution, &task, &Evaluator::new(Backend::cpu()), &plan, &mut []).expect("it runs");
    evolution
}

/// The best fitness that a search came across.
pub(crate) fn best_fitness(evolution: &Evolution) -> f64 {
    evolution.progress().archive.best(1)[0].1.fitness()
}

/// The best program of a search without what does not matter: of the best of its archive the one that is best on fresh seeds, which
/// are neither those of the search nor those of [`fresh`] with other sets. With its ratio there.
pub(crate) fn best(evolution: &Evolution, suite: &Suite) -> (Program, f64) {
    let mut archive = evolution.progress().archive.best(usize::MAX);
    archive.dedup_by_key(|(_, entry)| entry.fitness());
    let programs: Vec<Program> = archive
        .iter()
        .take(64)
        .map(|(_, entry)| entry.program.without_dead(suite.signature()))
        .collect();
    let scored = rescore(&programs, suite, suite.signature(), 16, &StopFlag::default())
        .expect("nobody stops it");
    // What the search likes best, if nothing of it trains on other seeds.
    let first = || (f64::INFINITY, programs[0].clone());
    let (ratio, program) = scored.into_iter().next().unwrap_or_else(first);
    (program, ratio)
}

/// A program as text.
pub(crate) fn text(program: &Program) -> String {
    text_of(program, &signature())
}

/// A program of that signature as text.
pub(crate) fn text_of(program: &Program, signature: &Signature) -> String {
    program.text(signature, &Names::of(signature))
}
