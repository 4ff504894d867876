//! The strategy: propose perturbations of a centre, move the centre.

use std::ops::Range;
use std::sync::Arc;

use hatchery_engine::shaping::{self, Shaping};
use hatchery_engine::update::{UpdateRule, clip_by_global_norm, global_norm};
use hatchery_engine::{
    Fitness, Generation, Metrics, Params, Perturbed, Population, Sampling, Strategy, StrategyError,
};
use hatchery_kernels::cuda::{Cuda, Rule};
use hatchery_kernels::{
    Backend, Domain, GradientCall, KernelError, NoiseStream, PackedCache, Perturbation,
};
use serde::{Deserialize, Serialize};

use super::on_device::{Norms, OnDevice};
use super::{Config, Scaling, Variant};
use crate::ConfigError;

/// An evolution strategy around one centre θ.
///
/// See the [module page](super) for the method; [`Config`] for what can be set.
#[derive(Debug)]
pub struct Eggroll {
    variant: Variant,
    config: Config,
    theta: Arc<Params>,
    noise: NoiseStream,
    rule: Box<dyn UpdateRule>,
    /// Updates made; the `t` of the update rules.
    steps: u64,
    gradient: Vec<f32>,
    /// Centre and moments on a device, while generations are told there; moments are newer there than in `rule`.
    on_device: Option<OnDevice>,
}

/// What a resumed run needs: centre, moments of the update rule, updates made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Values of the centre.
    pub theta: Vec<f32>,
    /// Moments of the update rule.
    pub moments: Vec<Vec<f32>>,
    /// Updates made.
    pub steps: u64,
}

impl Eggroll {
    /// A strategy that starts from `theta`; `seed` names its noise.
    ///
    /// # Errors
    /// [`ConfigError`] for the first value that makes no sense.
    pub fn try_new(
        variant: Variant,
        config: Config,
        theta: Params,
        seed: u64,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        let length = theta.values.len();
        let sizes: Vec<usize> = (0..theta.layout.specs().len())
            .map(|tensor| theta.layout.range(tensor).len())
            .collect();
        let rule = config.rule(&sizes)?;
        let noise = NoiseStream::new(seed).domain(Domain::Perturb);
        let gradient = vec![0.0; length];
        let theta = Arc::new(theta);
        Ok(Self { variant, config, theta, noise, rule, steps: 0, gradient, on_device: None })
    }

    /// The current centre.
    pub fn params(&self) -> &Params {
        &self.theta
    }

    /// The population of a generation at the current centre.
    fn population(&self, generation: Generation) -> Perturbed {
        let config = &self.config;
        let per = config.sampling.members_per_direction() as u32;
        Perturbed {
            generation,
            theta: self.theta.clone(),
            packed: PackedCache::new(self.theta.layout.specs().len(), config.precision),
            sigma: config.sigma_schedule.value(f64::from(config.sigma), generation) as f32,
            perturbation: config.perturbation(self.variant),
            distribution: config.noise,
            noise: self.noise,
            noise_generation: match config.noise_reuse {
                0 => 0,
                reuse => generation / reuse,
            },
            directions: config.members() / per,
            sampling: config.sampling,
            vectors_frozen: config.freeze_vectors,
            baseline_group: match config.shaping {
                Shaping::Baseline if config.group == 0 => config.members(),
                Shaping::Baseline => config.group,
                _ => 0,
            },
            resident: self.on_device.as_ref().map(OnDevice::resident),
        }
    }

    /// Weight of each direction in the loss gradient.
    fn weights(&self, population: &Perturbed, fitness: &Fitness) -> Vec<f32> {
        let Config { shaping, group, .. } = self.config;
        let utilities = shaping::shape(shaping, group as usize, &fitness.values);
        fold(&utilities, population, self.scale(population))
    }

    /// Factor from folded utilities to weights of directions in the loss gradient.
    fn scale(&self, population: &Perturbed) -> f64 {
        let (members, sigma) = (population.len() as f64, f64::from(population.sigma));
        // Descent: the gradient of the loss is minus that of the fitness.
        -match self.config.scaling {
            Scaling::Reference => sigma / members.sqrt(),
            Scaling::Unbiased => 1.0 / (members * sigma),
        }
    }

    /// Asks for the contraction of each tensor that has noise: `add` gets a call without weights, the factor on the
    /// weights, and the tensor's elements in the layout.
    fn contract(
        &self,
        population: &Perturbed,
        mut add: impl FnMut(GradientCall<'_>, Option<f32>, Range<usize>) -> Result<(), KernelError>,
    ) -> Result<(), KernelError> {
        let layout = &population.theta.layout;
        let signs = self.variant == Variant::SignUpdate;
        let precision = self.config.precision;
        for tensor in 0..layout.specs().len() {
            let noise = population.tensor_noise(tensor);
            let factor = match noise.perturbation {
                Perturbation::None => continue,
                Perturbation::Sparse => Some(self.sparse_factor(noise.rows, noise.cols)),
                Perturbation::LowRank { .. } | Perturbation::Dense => None,
            };
            let call = GradientCall { noise, signs, precision, weights: &[] };
            add(call, factor, layout.range(tensor))?;
        }
        Ok(())
    }

    /// Factor on the weights of sparse noise: its entries have variance `max(m, n)/mn`, not 1.
    fn sparse_factor(&self, rows: usize, cols: usize) -> f32 {
        let share = rows.max(cols) as f32 / (rows * cols) as f32;
        match self.config.scaling {
            Scaling::Reference => share,
            Scaling::Unbiased => 1.0 / share,
        }
    }
}

impl Eggroll {
    fn step_on_host(
        &mut self,
        population: Perturbed,
        fitness: &Fitness,
        learning_rate: f32,
        backend: &Backend,
    ) -> Result<Norms, StrategyError> {
        if let Some(there) = self.on_device.take() {
            let moments = there.moments()?;
            // They came from this rule.
            self.rule.restore(moments).map_err(|_| StrategyError::StateMismatch {
                what: "moments",
                expected: self.rule.moments().len(),
                found: there.moments_len(),
            })?;
        }
        let weights = self.weights(&population, fitness);
        let mut gradient = std::mem::take(&mut self.gradient);
        gradient.fill(0.0);
        let contracted = self.contract(&population, |call, factor, range| {
            let scaled =
                factor.map(|factor| weights.iter().map(|w| w * factor).collect::<Vec<_>>());
            let weights = scaled.as_deref().unwrap_or(&weights);
            backend.gradient(&GradientCall { weights, ..call }, &mut gradient[range])
        });
        self.gradient = gradient;
        contracted?;
        let generation = population.generation;
        drop(population);
        let gradient_norm = match self.config.clip_norm {
            Some(bound) => clip_by_global_norm(&mut self.gradient, bound),
            None => global_norm(&self.gradient),
        };
        let before = self.state()?;
        let theta = Arc::make_mut(&mut self.theta);
        self.steps += 1;
        self.rule.step(&mut theta.values, &self.gradient, learning_rate, self.steps);
        // The gradient has done its work; its memory takes the change of each parameter.
        for ((change, new), old) in self.gradient.iter_mut().zip(&theta.values).zip(&before.theta) {
            *change = new - old;
        }
        let update = global_norm(&self.gradient);
        let theta = theta.norm();
        if !theta.is_finite() {
            self.restore(before)?;
            return Err(StrategyError::NotFinite { generation });
        }
        Ok(Norms { gradient: gradient_norm, update, theta })
    }

    /// The same on the first device, to the bit; of the vectors only the new θ comes back.
    fn step_on_device(
        &mut self,
        population: &Perturbed,
        fitness: &Fitness,
        learning_rate: f32,
        cuda: &Cuda,
        rule: Rule,
    ) -> Result<Norms, StrategyError> {
        let mut there = match self.on_device.take() {
            Some(there) => there,
            None => OnDevice::new(cuda, &self.theta.values, &self.rule.moments())?,
        };
        let outcome = self.learn_there(&mut there, population, fitness, learning_rate, rule);
        self.on_device = Some(there);
        let (norms, values) = outcome?;
        self.theta = Arc::new(Params { layout: self.theta.layout.clone(), values });
        self.steps += 1;
        Ok(norms)
    }

    /// Norms of a step, and the new θ; after an error nothing has changed.
    fn learn_there(
        &self,
        there: &mut OnDevice,
        population: &Perturbed,
        fitness: &Fitness,
        learning_rate: f32,
        rule: Rule,
    ) -> Result<(Norms, Vec<f32>), StrategyError> {
        let group = self.config.group as usize;
        let on_device = shaping::on_device(self.config.shaping, group, population.len());
        let weights = match on_device.filter(|_| fitness.failures == 0) {
            Some(utility) => {
                let scale = self.scale(population);
                there.weigh(utility, &fitness.values, population, scale)?
            }
            None => there.upload(&self.weights(population, fitness))?,
        };
        there.begin()?;
        self.contract(population, |call, factor, range| {
            there.add_gradient(&call, &weights, factor, range.start)
        })?;
        let stepped = there.step(rule, learning_rate, self.config.clip_norm)?;
        let norms = stepped.norms;
        if !norms.theta.is_finite() {
            return Err(StrategyError::NotFinite { generation: population.generation });
        }
        Ok((norms, there.take(stepped)?))
    }
}

/// One weight per direction: the utilities of a pair are folded first, so that the contraction runs over directions.
fn fold(utilities: &[f32], population: &Perturbed, scale: f64) -> Vec<f32> {
    let signed = |member: usize| f64::from(utilities[member] * population.sign(member));
    (0..population.directions as usize)
        .map(|direction| match population.sampling {
            Sampling::Antithetic => scale * (signed(2 * direction) + signed(2 * direction + 1)),
            Sampling::OneSided => scale * signed(direction),
        })
        .map(|weight| weight as f32)
        .collect()
}

impl Strategy for Eggroll {
    type Population = Perturbed;
    type State = State;

    fn ask(&mut self, generation: Generation) -> Result<Perturbed, StrategyError> {
        Ok(self.population(generation))
    }

    fn tell(
        &mut self,
        population: Perturbed,
        fitness: &Fitness,
        backend: &Backend,
    ) -> Result<Metrics, StrategyError> {
        let (expected, found) = (population.len(), fitness.values.len());
        if expected != found {
            return Err(StrategyError::FitnessLength { expected, found });
        }
        let config = &self.config;
        let generation = population.generation;
        let schedule = &config.learning_rate_schedule;
        let learning_rate = schedule.value(f64::from(config.learning_rate), generation);
        let sigma = population.sigma;
        let rate = learning_rate as f32;
        let on_device = backend.cuda().zip(self.rule.on_device(self.steps + 1));
        let norms = match on_device {
            Some((cuda, rule)) => self.step_on_device(&population, fitness, rate, cuda, rule)?,
            None => self.step_on_host(population, fitness, rate, backend)?,
        };
        let mut metrics = Metrics::default();
        metrics.push("sigma", f64::from(sigma));
        metrics.push("learning_rate", learning_rate);
        metrics.push("gradient_norm", norms.gradient);
        metrics.push("update_norm", norms.update);
        metrics.push("theta_norm", norms.theta);
        if self.config.sampling == Sampling::Antithetic {
            let pairs = (found / 2).max(1);
            let tied = shaping::tied_pairs(&fitness.values);
            metrics.push("tied_pairs", tied as f64 / pairs as f64);
        }
        Ok(metrics)
    }

    fn state(&self) -> Result<State, StrategyError> {
        let moments = match &self.on_device {
            Some(there) => there.moments()?,
            None => self.rule.moments().into_iter().map(<[f32]>::to_vec).collect(),
        };
        Ok(State { theta: self.theta.values.clone(), moments, steps: self.steps })
    }

    fn restore(&mut self, state: State) -> Result<(), StrategyError> {
        let mismatch =
            |what, expected, found| StrategyError::StateMismatch { what, expected, found };
        let expected = self.theta.values.len();
        if state.theta.len() != expected {
            return Err(mismatch("parameters", expected, state.theta.len()));
        }
        let (moments, found) = (self.rule.moments().len(), state.moments.len());
        self.rule.restore(state.moments).map_err(|_| mismatch("moments", moments, found))?;
        Arc::make_mut(&mut self.theta).values = state.theta;
        self.steps = state.steps;
        self.on_device = None;
        Ok(())
    }

    fn centre(&self) -> Option<&Params> {
        Some(&self.theta)
    }
}

#[cfg(test)]
mod tests;
