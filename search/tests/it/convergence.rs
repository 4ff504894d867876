//! Small problems must be solved within a budget, for every one of a few seeds.

use hatchery_engine::schedule::Schedule;
use hatchery_engine::shaping::Shaping;
use hatchery_engine::update::Optimiser;
use hatchery_engine::{
    Budget, Evaluator, Objective, Params, Perturbed, PerturbedPoints, RunPlan, RunReport,
    StopReason, Strategy, Task, run,
};
use hatchery_kernels::Backend;
use hatchery_search::eggroll::{Config, Eggroll, Variant};
use hatchery_tasks::control::{self, CartPole, Policy};
use hatchery_tasks::model::Activation;
use hatchery_tasks::model::mlp;
use hatchery_tasks::toys::{AlwaysTwo, Function, FunctionName};

fn search<T: Task<Population = Perturbed>>(
    task: &T,
    theta: Params,
    config: Config,
    budget: Budget,
    seed: u64,
) -> (RunReport, Params) {
    let mut strategy =
        Eggroll::try_new(Variant::Eggroll, config, theta, seed).expect("a valid configuration");
    let plan = RunPlan { budget, ..RunPlan::default() };
    let evaluator = Evaluator::new(Backend::cpu());
    let report = run(&mut strategy, task, &evaluator, &plan, &mut []).expect("runs");
    (report, strategy.centre().expect("has a centre").clone())
}

#[test]
fn sphere_reaches_its_target() {
    for seed in 0..5 {
        let function = Function { name: FunctionName::Sphere, dimension: 10 };
        let task = PerturbedPoints(function);
        let config = Config { pairs: 32, ..Config::default() };
        let budget = Budget { generations: Some(300), target: Some(-0.05), ..Budget::default() };
        let (report, _) = search(&task, Params::zeros(task.layout()), config, budget, seed);
        assert_eq!(report.stopped_by, StopReason::TargetReached, "seed {seed}: {report:?}");
    }
}

#[test]
fn rosenbrock_reaches_its_target() {
    for seed in 0..5 {
        let function = Function { name: FunctionName::Rosenbrock, dimension: 4 };
        let task = PerturbedPoints(function);
        let config = Config {
            pairs: 64,
            sigma: 0.05,
            sigma_schedule: Schedule::Exponential { factor: 0.998, floor: 0.002 },
            learning_rate: 0.02,
            learning_rate_schedule: Schedule::Exponential { factor: 0.998, floor: 0.002 },
            ..Config::default()
        };
        let budget = Budget { generations: Some(3000), target: Some(-0.02), ..Budget::default() };
        let (report, theta) = search(&task, Params::zeros(task.layout()), config, budget, seed);
        let left = function.value(&theta.values);
        assert_eq!(report.stopped_by, StopReason::TargetReached, "seed {seed}: {left} left");
    }
}

/// Spec 1.7: the score of the mean goes from about -4 to about -0.8 in ten generations of 64 members.
#[test]
fn always_two_is_learned_in_ten_generations() {
    let model =
        mlp::Config { hidden: vec![16, 16], activation: Activation::Relu, layer_norm: false };
    let score = |task: &AlwaysTwo, theta: &Params| {
        let population = Perturbed::mean(std::sync::Arc::new(theta.clone()), 500);
        Evaluator::new(Backend::cpu()).evaluate(task, &population).expect("evaluates").stats().mean
    };
    let (mut before, mut after) = (0.0, 0.0);
    for seed in 0..5 {
        let task = AlwaysTwo::new(1, &model, seed);
        let config = Config {
            pairs: 32,
            sigma: 0.2,
            rank: 8,
            optimiser: Optimiser::Adamw,
            learning_rate: 0.03,
            shaping: Shaping::ZScore,
            ..Config::default()
        };
        let theta = task.init(seed);
        before += score(&task, &theta) / 5.0;
        let budget = Budget { generations: Some(10), ..Budget::default() };
        let (_, theta) = search(&task, theta, config, budget, seed);
        after += score(&task, &theta) / 5.0;
    }
    assert!(before < -3.0 && after > -1.6, "from {before} to {after}");
}

#[test]
fn cartpole_is_solved() {
    let model = mlp::Config { hidden: vec![16], activation: Activation::Tanh, layer_norm: false };
    let task = Policy::new(CartPole, control::Config::default(), &model, 1);
    let config = Config { pairs: 64, sigma: 0.3, learning_rate: 0.1, ..Config::default() };
    let budget = Budget { generations: Some(60), ..Budget::default() };
    let (_, theta) = search(&task, task.init(1), config, budget, 1);
    let population = Perturbed::mean(std::sync::Arc::new(theta), 50);
    let fitness = Evaluator::new(Backend::cpu()).evaluate(&task, &population).expect("evaluates");
    assert!(fitness.stats().mean > 475.0, "{:?}", fitness.stats());
}
