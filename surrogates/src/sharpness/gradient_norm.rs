//! One training gradient with the gradient norm of the mean prediction in it.
//!
//! min L(w) subject to ρ ‖∇h(w)‖ ≤ ε      T = ∇L(w) + λ (ρ/r) (∇h(w + r a/N) − a)      λ ← max(0, λ + η (ρN − ε))
//!
//! | symbol | code | meaning |
//! |---|---|---|
//! | h | mean of a [`Trainee`] | mean prediction over the rows of a batch |
//! | a, N | `a`, [`Step::norm`] | ∇h(w) and its norm over all weights together |
//! | b | `b` | ∇h at the perturbed weights |
//! | ρ, r, λ, η, ε | `rho`, `radius`, multiplier, `step_size`, `bound` | published values in [`Sharpness::ignite`] |
//!
//! (b − a)/r tends to the Hessian times a/N, which is the gradient of N: T is the gradient of L + λρN up to O(r).
//!
//! Source: Dao et al., NeurIPS 2024 (IGNITE). Departures: the multiplier is kept at or above 0 unless told otherwise (published code lets it become
//! negative, which rewards sharpness); weights are never moved and moved back, which drifts; the gradient b is left out while λ is 0.

use hatchery_kernels::simd::{Kernel, dispatch};
use hatchery_kernels::{Domain, NoiseAddress, NoiseStream};
use rayon::prelude::*;

use super::{At, Trainee};
use crate::SurrogateError;
use crate::network::Real;

/// Weights that are summed as one part, so that sums have the same bits on any number of threads.
const BLOCK: usize = 1 << 14;

/// How the multiplier moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Multiplier {
    /// It does not: IGNITE-2.
    Constant,
    /// Up while ρN is above the bound, down while below, never below 0.
    Projected {
        /// η.
        step_size: f64,
        /// ε.
        bound: f64,
    },
    /// The same without the floor, as published.
    Unprojected {
        /// η.
        step_size: f64,
        /// ε.
        bound: f64,
    },
}

/// Which weights are in N and are perturbed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// All. N is then at least 1: the slope of h in the bias of the output.
    #[default]
    All,
    /// All but the bias of the outputs.
    NoOutputBias,
}

/// Where the weights are moved to for the second gradient.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Along a/N.
    #[default]
    Gradient,
    /// Along |w|² a / ‖|w| a‖ elementwise, which rescaling a layer does not change; N is ‖|w| a‖.
    Adaptive,
    /// Along a random unit vector: a placebo, for experiments.
    Random,
}

/// What is added to a training gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sharpness {
    /// ρ > 0: radius of the sharpness that is bounded.
    pub rho: f64,
    /// r > 0: how far the weights are moved for the second gradient.
    pub radius: f64,
    /// λ at the start.
    pub start: f64,
    /// How λ moves.
    pub multiplier: Multiplier,
    /// Which weights.
    pub scope: Scope,
    /// Which way.
    pub direction: Direction,
}

impl Sharpness {
    /// IGNITE with the published constants, and a multiplier that stays at or above 0.
    pub const fn ignite() -> Self {
        let multiplier = Multiplier::Projected { step_size: 0.001, bound: 0.1 };
        let (scope, direction) = (Scope::All, Direction::Gradient);
        Self { rho: 0.05, radius: 0.05, start: 0.001, multiplier, scope, direction }
    }

    /// IGNITE-2 with the published constants.
    pub const fn ignite2() -> Self {
        let multiplier = Multiplier::Constant;
        let (scope, direction) = (Scope::All, Direction::Gradient);
        Self { rho: 0.2, radius: 0.2, start: 0.01, multiplier, scope, direction }
    }

    /// Checks the constants.
    ///
    /// # Errors
    /// A number that is not finite or too small, and a bound that cannot be met.
    pub fn check(&self) -> Result<(), SurrogateError> {
        let wrong = |name: &'static str, found: f64, wanted: &'static str| {
            Err(SurrogateError::Setting { name, found, wanted })
        };
        if !(self.rho.is_finite() && self.rho >= 0.0) {
            return wrong("rho", self.rho, "a number from 0");
        }
        if !(self.radius.is_finite() && self.radius > 0.0) {
            return wrong("radius", self.radius, "a number above 0");
        }
        if !self.start.is_finite() {
            return wrong("the first multiplier", self.start, "a finite number");
        }
        if let Multiplier::Projected { step_size, bound }
        | Multiplier::Unprojected { step_size, bound } = self.multiplier
        {
            if !(step_size.is_finite() && step_size >= 0.0) {
                return wrong("the step size of the multiplier", step_size, "a number from 0");
            }
            if !(bound.is_finite() && bound > 0.0) {
                return wrong("the bound of the sharpness", bound, "a number above 0");
            }
            if self.scope == Scope::All && self.direction != Direction::Adaptive && bound < self.rho
            {
                return Err(SurrogateError::InfeasibleBound { bound, rho: self.rho });
            }
        }
        Ok(())
    }
}

/// What one step saw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Loss and mean prediction at the weights.
    pub at: At,
    /// N.
    pub norm: f64,
    /// λ that this step used.
    pub multiplier: f64,
    /// ‖b − a‖/r, the norm of the gradient of N; 0 where it was not needed.
    pub curvature: f64,
}

/// The state of [`Sharpness`]: the multiplier, and memory.
#[derive(Clone, Debug)]
pub(super) struct GradientNorm<T> {
    config: Sharpness,
    multiplier: f64,
    steps: u64,
    seed: u64,
    a: Vec<T>,
    b: Vec<T>,
    moved: Vec<T>,
    /// A random direction, for [`Direction::Random`] only.
    normals: Vec<f32>,
}

impl<T: Real> GradientNorm<T> {
    pub(super) fn new(config: Sharpness, weights: usize, seed: u64) -> Self {
        let zeros = vec![T::default(); weights];
        let (a, b, moved) = (zeros.clone(), zeros.clone(), zeros);
        let normals = Vec::new();
        Self { config, multiplier: config.start, steps: 0, seed, a, b, moved, normals }
    }

    /// Writes T into `gradient` and moves the multiplier.
    pub(super) fn step(
        &mut self,
        trainee: &mut impl Trainee<T>,
        weights: &[T],
        gradient: &mut [T],
    ) -> Step {
        let Sharpness { rho, radius, multiplier: rule, scope, direction, .. } = self.config;
        let at = trainee.loss(weights, gradient, Some(&mut self.a));
        let left_out = if scope == Scope::NoOutputBias { trainee.output_bias() } else { 0..0 };
        self.a[left_out.clone()].fill(T::default());
        self.point(weights, direction);
        let norm = match direction {
            Direction::Gradient | Direction::Random => norm(&self.a),
            Direction::Adaptive => norm(&self.moved),
        };
        let mut step = Step { at, norm, multiplier: self.multiplier, curvature: 0.0 };
        let weight = self.multiplier * rho / radius;
        let length = if direction == Direction::Random { self::norm(&self.moved) } else { norm };
        if weight != 0.0 && length > 0.0 {
            self.perturb(weights, direction, radius / length);
            trainee.mean(&self.moved, &mut self.b);
            self.b[left_out].fill(T::default());
            step.curvature = add_difference(gradient, &self.b, &self.a, weight) / radius;
        }
        if let Multiplier::Projected { step_size, bound }
        | Multiplier::Unprojected { step_size, bound } = rule
        {
            self.multiplier += step_size * (rho * norm - bound);
            if matches!(rule, Multiplier::Projected { .. }) {
                self.multiplier = self.multiplier.max(0.0);
            }
        }
        self.steps += 1;
        step
    }

    pub(super) fn multiplier(&self) -> f64 {
        self.multiplier
    }

    /// Writes a direction that is not a itself, before its length is known, into `moved`: |w| a, or random numbers.
    fn point(&mut self, weights: &[T], direction: Direction) {
        match direction {
            Direction::Gradient => {}
            Direction::Adaptive => {
                for ((to, w), a) in self.moved.iter_mut().zip(weights).zip(&self.a) {
                    *to = T::of(w.wide().abs()) * *a;
                }
            }
            Direction::Random => {
                // A network has more weights than anything else draws: the noise of evolution strategies is made for that.
                let stream = NoiseStream::new(self.seed).domain(Domain::Perturb);
                let (low, high) = (self.steps as u32, (self.steps >> 32) as u32);
                let at = NoiseAddress { generation: low, pair: high, layer: 0, block: 0 };
                self.normals.resize(self.moved.len(), 0.0);
                stream.fill_normals(at, &mut self.normals);
                let both = self.moved.iter_mut().zip(&self.normals);
                both.for_each(|(to, normal)| *to = T::of(f64::from(*normal)));
            }
        }
    }

    /// `moved ← weights + scale · direction`.
    fn perturb(&mut self, weights: &[T], direction: Direction, scale: f64) {
        let scale = T::of(scale);
        let blocks = self.moved.par_chunks_mut(BLOCK).zip(weights.par_chunks(BLOCK));
        blocks.zip(self.a.par_chunks(BLOCK)).for_each(|((moved, weights), a)| {
            for ((to, w), a) in moved.iter_mut().zip(weights).zip(a) {
                let along = match direction {
                    Direction::Gradient => *a,
                    Direction::Adaptive => T::of(w.wide().abs()) * *to,
                    Direction::Random => *to,
                };
                *to = *w + scale * along;
            }
        });
    }
}

/// ‖values‖, by parts, so that its bits do not depend on threads.
pub(super) fn norm<T: Real>(values: &[T]) -> f64 {
    sum_of_parts(values.par_chunks(BLOCK).map(|part| dispatch(Squares(part)))).sqrt()
}

/// `gradient ← gradient + weight (b − a)`; returns ‖b − a‖.
fn add_difference<T: Real>(gradient: &mut [T], b: &[T], a: &[T], weight: f64) -> f64 {
    let weight = T::of(weight);
    let parts = gradient.par_chunks_mut(BLOCK).zip(b.par_chunks(BLOCK)).zip(a.par_chunks(BLOCK));
    let squares =
        parts.map(|((gradient, b), a)| dispatch(AddDifference { gradient, b, a, weight }));
    sum_of_parts(squares).sqrt()
}

fn sum_of_parts(parts: impl IndexedParallelIterator<Item = f64>) -> f64 {
    parts.collect::<Vec<f64>>().iter().sum()
}

struct Squares<'a, T>(&'a [T]);

impl<T: Real> Kernel for Squares<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        let mut lanes = [0.0; 8];
        let (blocks, rest) = self.0.as_chunks::<8>();
        for block in blocks {
            for (sum, v) in lanes.iter_mut().zip(block) {
                *sum += v.wide() * v.wide();
            }
        }
        lanes.iter().sum::<f64>() + rest.iter().map(|v| v.wide() * v.wide()).sum::<f64>()
    }
}

struct AddDifference<'a, T> {
    gradient: &'a mut [T],
    b: &'a [T],
    a: &'a [T],
    weight: T,
}

impl<T: Real> Kernel for AddDifference<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        let mut lanes = [0.0; 8];
        for (i, ((g, b), a)) in self.gradient.iter_mut().zip(self.b).zip(self.a).enumerate() {
            let difference = *b - *a;
            *g += self.weight * difference;
            lanes[i % 8] += difference.wide() * difference.wide();
        }
        lanes.iter().sum()
    }
}
