//! Names to things that run: the one place that knows every task and every strategy.

use std::path::Path;

use anyhow::anyhow;
use hatchery_engine::{Perturbed, PerturbedPoints, Points};
use hatchery_search::{CmaEs, Eggroll};
use hatchery_tasks::classify::{Classifier, digits};
use hatchery_tasks::control::{
    self, Acrobot, CartPole, DoorKey, Environment, MountainCar, MountainCarContinuous, Pendulum,
    Policy,
};
use hatchery_tasks::external::External;
use hatchery_tasks::toys::{AlwaysTwo, Function, Regression};

use crate::config::{RunConfig, SearchConfig, TaskConfig};
use crate::job::{EsJob, FormulaJob, HeldOut, Job, LanguageJob, Learner, ProgramsJob, reward};

/// Builds the task and the strategy that a configuration names. Episodes and minibatches are drawn from `data_seed`; what
/// a task has to keep besides results goes into folders of `run_dir`.
///
/// # Errors
/// If the strategy refuses its settings, or the embedded data cannot be read.
pub(crate) fn job(
    config: &RunConfig,
    data_seed: u64,
    run_dir: Option<&Path>,
) -> anyhow::Result<Box<dyn Job>> {
    let model = config.model.clone().unwrap_or_default();
    match &config.task {
        TaskConfig::Cartpole(c) => policy(config, CartPole, c, data_seed),
        TaskConfig::Acrobot(c) => policy(config, Acrobot, c, data_seed),
        TaskConfig::MountainCar(c) => policy(config, MountainCar, c, data_seed),
        TaskConfig::MountainCarContinuous(c) => policy(config, MountainCarContinuous, c, data_seed),
        TaskConfig::Pendulum(c) => policy(config, Pendulum, c, data_seed),
        TaskConfig::DoorKey(c) => policy(config, DoorKey, c, data_seed),
        TaskConfig::Digits(c) => {
            let (train, test) = digits::load()?;
            let examples = test.len() as u64;
            let training = Classifier::new(train, c.clone(), &model, data_seed);
            let held_out = Classifier::new(test, c.clone(), &model, data_seed);
            with_strategy(config, HeldOut { training, held_out, examples })
        }
        TaskConfig::AlwaysTwo(c) => {
            with_strategy(config, AlwaysTwo::new(c.examples, &model, data_seed))
        }
        TaskConfig::Regression(c) => {
            with_strategy(config, Regression::new(c.group, &model, data_seed))
        }
        TaskConfig::Sphere(_) | TaskConfig::Rosenbrock(_) | TaskConfig::Rastrigin(_) => {
            let (name, c) = config.task.function().expect("these three are the test functions");
            let function = Function { name, dimension: c.dimension as usize };
            let SearchConfig::CmaEs(search) = &config.search else {
                return with_strategy(config, PerturbedPoints(function));
            };
            let task = Points(function);
            let strategy = CmaEs::try_new(search.clone(), task.init(config.seed), config.seed)?;
            Ok(Box::new(EsJob { task, strategy }))
        }
        TaskConfig::External(c) => {
            let folder = run_dir.map(|dir| dir.join("external"));
            let workers = rayon::current_num_threads();
            with_strategy(config, External::new(c.clone(), data_seed, workers, folder))
        }
        TaskConfig::OptimizerSearch(c) => Ok(Box::new(ProgramsJob::try_new(config, c)?)),
        TaskConfig::Formula(c) => Ok(Box::new(FormulaJob::try_new(config, c)?)),
        TaskConfig::Language(c) => Ok(Box::new(LanguageJob::try_new(config, c)?)),
        TaskConfig::Reward(c) => reward::job(config, c, run_dir),
    }
}

fn policy<E: Environment + 'static>(
    config: &RunConfig,
    environment: E,
    options: &control::Config,
    data_seed: u64,
) -> anyhow::Result<Box<dyn Job>> {
    let model = config.model.clone().unwrap_or_default();
    with_strategy(config, Policy::new(environment, options.clone(), &model, data_seed))
}

fn with_strategy<L: Learner<Population = Perturbed> + 'static>(
    config: &RunConfig,
    task: L,
) -> anyhow::Result<Box<dyn Job>> {
    let SearchConfig::Eggroll(variant, search) = &config.search else {
        return Err(anyhow!("search.strategy: this task is for strategies over parameters"));
    };
    let theta = task.init(config.seed);
    let strategy = Eggroll::try_new(*variant, search.clone(), theta, config.seed)?;
    Ok(Box::new(EsJob { task, strategy }))
}
