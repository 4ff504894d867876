//! Tasks whose result is a vector of parameters: how they begin and how they are judged.

use std::sync::Arc;

use hatchery_engine::{
    Evaluator, Objective, Params, Perturbed, PerturbedPoints, Points, Task, TaskError,
};
use hatchery_kernels::{Backend, Domain, NoiseAddress, NoiseStream};
use hatchery_tasks::classify::Classifier;
use hatchery_tasks::control::{Environment, Policy};
use hatchery_tasks::external::{Counters, External};
use hatchery_tasks::toys::{AlwaysTwo, Function, Regression};
use serde::Serialize;

/// How good the learned parameters are on what they were not trained on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Evaluation {
    /// Mean fitness: the return of an episode, the accuracy of a classifier, the value of a function.
    pub(crate) mean: f64,
    /// Population standard deviation over episodes; 0 where there is one number only.
    pub(crate) std: f64,
    /// Episodes played, or examples seen, or 1.
    pub(crate) episodes: u64,
    /// Fraction of held-out examples that are classified correctly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) accuracy: Option<f64>,
}

/// A task that knows how to begin and how to be judged.
pub(crate) trait Learner: Task {
    /// Fresh parameters.
    fn init(&self, seed: u64) -> Params;

    /// Judges a centre on fresh episodes or the held-out part.
    ///
    /// # Errors
    /// If the parameters do not fit the task.
    fn judge(
        &self,
        centre: &Params,
        episodes: u32,
        backend: &Backend,
    ) -> Result<Evaluation, TaskError>;

    /// What happened to programs outside, if the task has any.
    fn external(&self) -> Option<Counters> {
        None
    }
}

/// Mean and deviation of what `task` gives to so many copies of the centre.
fn judge_copies<T: Task<Population = Perturbed>>(
    task: &T,
    centre: &Params,
    copies: u32,
    backend: &Backend,
) -> Result<Evaluation, TaskError> {
    let population = Perturbed::mean(Arc::new(centre.clone()), copies);
    let evaluator = Evaluator::new(backend.clone());
    let fitness = evaluator
        .evaluate(task, &population)
        .map_err(|error| TaskError::Message(error.to_string()))?;
    let stats = fitness.stats();
    let (mean, std) = (stats.mean, stats.std);
    Ok(Evaluation { mean, std, episodes: u64::from(copies), accuracy: None })
}

impl<E: Environment> Learner for Policy<E> {
    fn init(&self, seed: u64) -> Params {
        Policy::init(self, seed)
    }

    fn judge(
        &self,
        centre: &Params,
        episodes: u32,
        backend: &Backend,
    ) -> Result<Evaluation, TaskError> {
        judge_copies(self, centre, episodes, backend)
    }
}

impl Learner for External {
    fn init(&self, _: u64) -> Params {
        External::init(self)
    }

    fn judge(
        &self,
        centre: &Params,
        episodes: u32,
        backend: &Backend,
    ) -> Result<Evaluation, TaskError> {
        judge_copies(self, centre, episodes, backend)
    }

    fn external(&self) -> Option<Counters> {
        Some(self.counters())
    }
}

impl Learner for AlwaysTwo {
    fn init(&self, seed: u64) -> Params {
        AlwaysTwo::init(self, seed)
    }

    fn judge(
        &self,
        centre: &Params,
        episodes: u32,
        backend: &Backend,
    ) -> Result<Evaluation, TaskError> {
        judge_copies(self, centre, episodes, backend)
    }
}

impl Learner for Regression {
    fn init(&self, seed: u64) -> Params {
        Regression::init(self, seed)
    }

    fn judge(&self, centre: &Params, _: u32, backend: &Backend) -> Result<Evaluation, TaskError> {
        const POINTS: usize = 201;
        let population = Perturbed::mean(Arc::new(centre.clone()), 1);
        let mean = -self.mean_squared_error(&population, POINTS, backend)?;
        Ok(Evaluation { mean, std: 0.0, episodes: POINTS as u64, accuracy: None })
    }
}

/// Test functions begin near the origin, at normal points of deviation 0.1.
impl Learner for PerturbedPoints<Function> {
    fn init(&self, seed: u64) -> Params {
        let mut centre = Params::zeros(self.layout());
        let stream = NoiseStream::new(seed).domain(Domain::Init);
        stream.fill_normals(NoiseAddress::default(), &mut centre.values);
        centre.values.iter_mut().for_each(|x| *x *= 0.1);
        centre
    }

    fn judge(&self, centre: &Params, _: u32, _: &Backend) -> Result<Evaluation, TaskError> {
        let mean = f64::from(self.0.value(&centre.values));
        Ok(Evaluation { mean, std: 0.0, episodes: 1, accuracy: None })
    }
}

/// The same function for strategies that propose vectors.
impl Learner for Points<Function> {
    fn init(&self, seed: u64) -> Params {
        PerturbedPoints(self.0).init(seed)
    }

    fn judge(
        &self,
        centre: &Params,
        episodes: u32,
        backend: &Backend,
    ) -> Result<Evaluation, TaskError> {
        PerturbedPoints(self.0).judge(centre, episodes, backend)
    }
}

/// A classifier with its held-out part.
#[derive(Debug)]
pub(crate) struct HeldOut {
    /// Sees the training part.
    pub(crate) training: Classifier,
    /// Sees the held-out part.
    pub(crate) held_out: Classifier,
    /// Examples of the held-out part.
    pub(crate) examples: u64,
}

impl Task for HeldOut {
    type Population = Perturbed;

    fn name(&self) -> &str {
        self.training.name()
    }

    fn evaluate(
        &self,
        population: &Perturbed,
        members: std::ops::Range<usize>,
        backend: &Backend,
        fitness: &mut [f32],
    ) -> Result<(), TaskError> {
        self.training.evaluate(population, members, backend, fitness)
    }

    fn batch_hint(&self, population: &Perturbed, backend: &Backend) -> usize {
        self.training.batch_hint(population, backend)
    }
}

impl Learner for HeldOut {
    fn init(&self, seed: u64) -> Params {
        self.training.init(seed)
    }

    fn judge(&self, centre: &Params, _: u32, backend: &Backend) -> Result<Evaluation, TaskError> {
        let population = Perturbed::mean(Arc::new(centre.clone()), 1);
        let accuracy = self.held_out.accuracy(&population, backend)?;
        let std = (accuracy * (1.0 - accuracy)).sqrt();
        Ok(Evaluation { mean: accuracy, std, episodes: self.examples, accuracy: Some(accuracy) })
    }
}
