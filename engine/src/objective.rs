//! Plain functions of a vector as tasks.

use std::ops::Range;
use std::sync::Arc;

use hatchery_kernels::{Backend, LayerNoise};

use crate::{Explicit, Layout, ParamSpec, Params, Perturbed, Task, TaskError};

/// A function of a real vector; larger is better.
///
/// ```
/// use hatchery_engine::Objective;
///
/// struct Sphere;
/// impl Objective for Sphere {
///     fn dimension(&self) -> usize { 3 }
///     fn value(&self, x: &[f32]) -> f32 { -x.iter().map(|v| v * v).sum::<f32>() }
/// }
/// assert_eq!(Sphere.value(&[1.0, 2.0, 0.0]), -5.0);
/// ```
pub trait Objective: Sync {
    /// Length of the vector.
    fn dimension(&self) -> usize;

    /// The value at `x` (length [`dimension`](Self::dimension)); larger is better, NaN means failed.
    fn value(&self, x: &[f32]) -> f32;

    /// Short name for reports.
    fn name(&self) -> &str {
        "objective"
    }
}

/// Scores explicit vectors with an [`Objective`].
#[derive(Debug, Clone)]
pub struct Points<O>(pub O);

impl<O: Objective> Task for Points<O> {
    type Population = Explicit<Vec<f32>>;

    fn name(&self) -> &str {
        self.0.name()
    }

    fn evaluate(
        &self,
        population: &Self::Population,
        members: Range<usize>,
        _backend: &Backend,
        fitness: &mut [f32],
    ) -> Result<(), TaskError> {
        for (slot, x) in fitness.iter_mut().zip(&population.members[members]) {
            *slot = self.0.value(x);
        }
        Ok(())
    }
}

/// Scores perturbations of a centre with an [`Objective`]: each member's vector is written out, one at a time.
///
/// This is the adapter for evolution strategies over plain functions; the tensors of the centre, end to end, are
/// the vector.
#[derive(Debug, Clone)]
pub struct PerturbedPoints<O>(pub O);

impl<O: Objective> PerturbedPoints<O> {
    /// A layout with one vector tensor named `x` of the objective's dimension.
    pub fn layout(&self) -> Arc<Layout> {
        Arc::new(Layout::new(vec![ParamSpec::vector("x", self.0.dimension())]))
    }
}

impl<O: Objective> Task for PerturbedPoints<O> {
    type Population = Perturbed;

    fn name(&self) -> &str {
        self.0.name()
    }

    fn evaluate(
        &self,
        population: &Self::Population,
        members: Range<usize>,
        _backend: &Backend,
        fitness: &mut [f32],
    ) -> Result<(), TaskError> {
        let dimension = population.theta.values.len();
        if dimension != self.0.dimension() {
            return Err(TaskError::msg(format!(
                "the objective has dimension {}, the centre has {dimension} values",
                self.0.dimension()
            )));
        }
        let mut x = Params::zeros(population.theta.layout.clone());
        let mut noise = LayerNoise::default();
        for (slot, member) in fitness.iter_mut().zip(members) {
            write_member(population, member, &mut noise, &mut x);
            *slot = self.0.value(&x.values);
        }
        Ok(())
    }
}

/// Writes the parameters of one member, θ + s σ E, into `out`.
///
/// This is the slow, plain road for objectives that want a vector; population forward passes never take it.
pub fn write_member(
    population: &Perturbed,
    member: usize,
    noise: &mut LayerNoise,
    out: &mut Params,
) {
    out.values.copy_from_slice(&population.theta.values);
    let direction = population.direction(member);
    let scale = population.sign(member) * population.sigma;
    for tensor in 0..population.theta.layout.specs().len() {
        noise.draw(&population.tensor_noise(tensor), direction..direction + 1);
        noise.add_to(0, scale, out.tensor_mut(tensor));
    }
}
