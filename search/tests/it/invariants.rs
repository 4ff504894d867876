//! The invariants of the house that need a whole search.

use hatchery_engine::{Evaluator, Perturbed, Strategy, Task};
use hatchery_kernels::Backend;
use hatchery_search::eggroll::{Config, Eggroll, Variant};
use hatchery_tasks::classify::{self, Classifier, digits};
use hatchery_tasks::control::{self, CartPole, DoorKey, Pendulum, Policy};
use hatchery_tasks::model::Activation;
use hatchery_tasks::model::mlp;

fn model() -> mlp::Config {
    mlp::Config { hidden: vec![9, 6], activation: Activation::Tanh, layer_norm: true }
}

fn config() -> Config {
    Config { pairs: 21, rank: 2, ..Config::default() }
}

/// Digest after three generations with a given batch size and number of threads.
fn digest<T: Task<Population = Perturbed>>(
    task: &T,
    theta: &hatchery_engine::Params,
    variant: Variant,
    batch: Option<usize>,
    threads: usize,
) -> String {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
    pool.install(|| {
        let mut strategy =
            Eggroll::try_new(variant, config(), theta.clone(), 11).expect("a valid configuration");
        let mut evaluator = Evaluator::new(Backend::cpu());
        if let Some(members) = batch {
            evaluator = evaluator.with_batch(members);
        }
        for generation in 0..3 {
            let population = strategy.ask(generation).expect("asks");
            let fitness = evaluator.evaluate(task, &population).expect("evaluates");
            assert_eq!(fitness.failures, 0, "{:?}", fitness.first_error);
            strategy.tell(population, &fitness, &evaluator.backend).expect("learns");
        }
        strategy.params().digest().to_string()
    })
}

fn same_for_any_batch_and_threads<T: Task<Population = Perturbed>>(
    task: &T,
    theta: &hatchery_engine::Params,
) {
    for variant in [Variant::Eggroll, Variant::OpenEs, Variant::Sparse] {
        let one = digest(task, theta, variant, None, 1);
        for (batch, threads) in [(Some(1), 1), (Some(7), 3), (Some(128), 2), (None, 3)] {
            let other = digest(task, theta, variant, batch, threads);
            assert_eq!(one, other, "{variant:?}, batch {batch:?}, {threads} threads");
        }
    }
}

/// Invariant 4 of the house, on policies with greedy, categorical and Gaussian heads.
#[test]
fn a_run_is_a_function_of_config_and_seed() {
    let greedy = Policy::new(CartPole, control::Config::default(), &model(), 3);
    same_for_any_batch_and_threads(&greedy, &greedy.init(3));
    let sampled =
        control::Config { episodes: 2, sample_actions: true, ..control::Config::default() };
    let categorical = Policy::new(DoorKey, sampled.clone(), &model(), 3);
    same_for_any_batch_and_threads(&categorical, &categorical.init(3));
    let gaussian = Policy::new(Pendulum, sampled, &model(), 3);
    same_for_any_batch_and_threads(&gaussian, &gaussian.init(3));
}

/// Invariant 4 of the house, on a classifier whose first layer is large enough for the packed product.
#[test]
fn a_classifier_run_is_a_function_of_config_and_seed() {
    let (train, _) = digits::load().expect("the table is sound");
    let model = mlp::Config { hidden: vec![300], activation: Activation::Pqn, layer_norm: false };
    let options = classify::Config { images: 5, ..classify::Config::default() };
    let task = Classifier::new(train, options, &model, 3);
    same_for_any_batch_and_threads(&task, &task.init(3));
}

/// Checklist row 19: what the mean parameters score does not depend on sigma.
#[test]
fn evaluation_of_the_mean_does_not_depend_on_sigma() {
    let task = Policy::new(Pendulum, control::Config::default(), &model(), 3);
    let theta = std::sync::Arc::new(task.init(3));
    let evaluator = Evaluator::new(Backend::cpu());
    let with = |sigma| {
        let population = Perturbed { sigma, ..Perturbed::mean(theta.clone(), 5) };
        evaluator.evaluate(&task, &population).expect("evaluates").values
    };
    assert_eq!(with(0.0), with(3.0));
}
