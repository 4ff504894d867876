//! Centre and moments of a search in the memory of a device.

use std::sync::Arc;

use hatchery_engine::Perturbed;
use hatchery_engine::update::clip_factor;
use hatchery_kernels::cuda::{Contraction, Cuda, Memory, Resident, Rule, Utility};
use hatchery_kernels::{Backend, GradientCall, KernelError};

/// Euclidean norms of what one generation did.
#[derive(Debug, Clone, Copy)]
pub(super) struct Norms {
    /// Of the gradient before it was clipped.
    pub(super) gradient: f64,
    /// Of the change of θ.
    pub(super) update: f64,
    /// Of θ.
    pub(super) theta: f64,
}

/// θ, the moments of the rule and the gradient on the first device.
#[derive(Debug)]
pub(super) struct OnDevice {
    cuda: Cuda,
    theta: Arc<Memory<f32>>,
    moments: Vec<Memory<f32>>,
    gradient: Memory<f32>,
}

/// A step that was made beside the old state, to be taken or dropped.
#[derive(Debug)]
pub(super) struct Stepped {
    pub(super) norms: Norms,
    theta: Memory<f32>,
    moments: Vec<Memory<f32>>,
}

impl OnDevice {
    pub(super) fn new(cuda: &Cuda, theta: &[f32], moments: &[&[f32]]) -> Result<Self, KernelError> {
        let cuda = cuda.clone();
        let (device, turn) = cuda.turn_of(0);
        let gradient = device.zeros(theta.len())?;
        let theta = Arc::new(device.upload(theta)?);
        let moments = moments.iter().map(|m| device.upload(m)).collect::<Result<_, _>>()?;
        drop(turn);
        Ok(Self { cuda, theta, moments, gradient })
    }

    /// θ, for populations.
    pub(super) fn resident(&self) -> Resident {
        Resident { device: 0, theta: self.theta.clone() }
    }

    /// A copy of the moments.
    pub(super) fn moments(&self) -> Result<Vec<Vec<f32>>, KernelError> {
        self.moments.iter().map(Memory::download).collect()
    }

    /// Number of moments.
    pub(super) fn moments_len(&self) -> usize {
        self.moments.len()
    }

    /// Sets the gradient to zero.
    pub(super) fn begin(&self) -> Result<(), KernelError> {
        self.gradient.zero()
    }

    /// Weights of directions from finite fitness.
    pub(super) fn weigh(
        &self,
        utility: Utility,
        fitness: &[f32],
        population: &Perturbed,
        scale: f64,
    ) -> Result<Memory<f32>, KernelError> {
        let (device, _turn) = self.cuda.turn_of(0);
        let halves = population.sampling.members_per_direction();
        let utilities = device.utilities(utility, fitness)?;
        device.fold(&utilities, halves, population.baseline_group, scale)
    }

    /// Weights of directions that the host has made.
    pub(super) fn upload(&self, weights: &[f32]) -> Result<Memory<f32>, KernelError> {
        let (device, _turn) = self.cuda.turn_of(0);
        device.upload(weights)
    }

    /// Adds the contraction of a tensor whose elements begin at `first`, with weights times `factor`.
    pub(super) fn add_gradient(
        &self,
        call: &GradientCall<'_>,
        weights: &Memory<f32>,
        factor: Option<f32>,
        first: usize,
    ) -> Result<(), KernelError> {
        let (device, _turn) = self.cuda.turn_of(0);
        if let Some(factor) = factor {
            // Sparse noise: a few thousand additions to places all over the tensor.
            let weights: Vec<f32> = weights.download()?.iter().map(|w| w * factor).collect();
            let mut part = vec![0.0; call.noise.rows * call.noise.cols];
            let call = GradientCall { weights: &weights, ..*call };
            Backend::cpu().gradient(&call, &mut part)?;
            return self.gradient.write_at(first, &part);
        }
        device.add_gradient(&Contraction::new(call, weights), &self.gradient, first)
    }

    /// Makes a step with the gradient that was added up.
    pub(super) fn step(
        &self,
        rule: Rule,
        learning_rate: f32,
        clip_norm: Option<f32>,
    ) -> Result<Stepped, KernelError> {
        let (device, _turn) = self.cuda.turn_of(0);
        let gradient = device.norm(&self.gradient)?;
        if let Some(factor) = clip_norm.and_then(|bound| clip_factor(gradient, bound)) {
            device.scale(&self.gradient, factor)?;
        }
        let copy = |from: &Memory<f32>| {
            let to = device.allocate(from.len())?;
            device.copy(from, &to).map(|()| to)
        };
        let theta = copy(&self.theta)?;
        let moments = self.moments.iter().map(copy).collect::<Result<Vec<_>, _>>()?;
        device.update(rule, learning_rate, &theta, &self.gradient, &moments)?;
        // The gradient has done its work; its memory takes the change of each parameter.
        device.subtract(&theta, &self.theta, &self.gradient)?;
        let update = device.norm(&self.gradient)?;
        let norms = Norms { gradient, update, theta: device.norm(&theta)? };
        Ok(Stepped { norms, theta, moments })
    }

    /// Takes a step over; returns the new θ.
    pub(super) fn take(&mut self, stepped: Stepped) -> Result<Vec<f32>, KernelError> {
        let theta = stepped.theta.download()?;
        self.theta = Arc::new(stepped.theta);
        self.moments = stepped.moments;
        Ok(theta)
    }
}
