//! The strategy: propose perturbations of a centre, move the centre.

use std::sync::Arc;

use hatchery_engine::shaping::{self, Shaping};
use hatchery_engine::update::{UpdateRule, clip_by_global_norm, global_norm};
use hatchery_engine::{
    Fitness, Generation, Metrics, Params, Perturbed, Population, Sampling, Strategy, StrategyError,
};
use hatchery_kernels::{Backend, Domain, GradientCall, NoiseStream, PackedCache, Perturbation};
use serde::{Deserialize, Serialize};

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
        let rule = config.update().build(length);
        let noise = NoiseStream::new(seed).domain(Domain::Perturb);
        let gradient = vec![0.0; length];
        Ok(Self { variant, config, theta: Arc::new(theta), noise, rule, steps: 0, gradient })
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
        }
    }

    /// Writes the loss gradient of the population into `self.gradient`.
    fn estimate(
        &mut self,
        population: &Perturbed,
        utilities: &[f32],
        backend: &Backend,
    ) -> Result<(), StrategyError> {
        let members = utilities.len() as f64;
        let sigma = f64::from(population.sigma);
        // Descent: the gradient of the loss is minus that of the fitness.
        let scale = -match self.config.scaling {
            Scaling::Reference => sigma / members.sqrt(),
            Scaling::Unbiased => 1.0 / (members * sigma),
        };
        let weights = fold(utilities, population, scale);
        self.gradient.fill(0.0);
        let layout = population.theta.layout.clone();
        let signs = self.variant == Variant::SignUpdate;
        for tensor in 0..layout.specs().len() {
            let noise = population.tensor_noise(tensor);
            let scaled: Vec<f32>;
            let weights = match noise.perturbation {
                Perturbation::None => continue,
                Perturbation::Sparse => {
                    let factor = self.sparse_factor(noise.rows, noise.cols);
                    scaled = weights.iter().map(|w| w * factor).collect();
                    &scaled
                }
                Perturbation::LowRank { .. } | Perturbation::Dense => &weights,
            };
            let precision = self.config.precision;
            let call = GradientCall { noise, signs, precision, weights };
            backend.gradient(&call, &mut self.gradient[layout.range(tensor)])?;
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
        let utilities = shaping::shape(config.shaping, config.group as usize, &fitness.values);
        let generation = population.generation;
        let schedule = &config.learning_rate_schedule;
        let learning_rate = schedule.value(f64::from(config.learning_rate), generation);
        self.estimate(&population, &utilities, backend)?;
        let sigma = population.sigma;
        drop(population);
        let gradient_norm = match self.config.clip_norm {
            Some(bound) => clip_by_global_norm(&mut self.gradient, bound),
            None => global_norm(&self.gradient),
        };
        let before = self.state();
        let theta = Arc::make_mut(&mut self.theta);
        self.steps += 1;
        self.rule.step(&mut theta.values, &self.gradient, learning_rate as f32, self.steps);
        // The gradient has done its work; its memory takes the change of each parameter.
        for ((change, new), old) in self.gradient.iter_mut().zip(&theta.values).zip(&before.theta) {
            *change = new - old;
        }
        let update_norm = global_norm(&self.gradient);
        let theta_norm = theta.norm();
        if !theta_norm.is_finite() {
            self.restore(before)?;
            return Err(StrategyError::NotFinite { generation });
        }
        let mut metrics = Metrics::default();
        metrics.push("sigma", f64::from(sigma));
        metrics.push("learning_rate", learning_rate);
        metrics.push("gradient_norm", gradient_norm);
        metrics.push("update_norm", update_norm);
        metrics.push("theta_norm", theta_norm);
        if self.config.sampling == Sampling::Antithetic {
            let pairs = (found / 2).max(1);
            let tied = shaping::tied_pairs(&fitness.values);
            metrics.push("tied_pairs", tied as f64 / pairs as f64);
        }
        Ok(metrics)
    }

    fn state(&self) -> State {
        State {
            theta: self.theta.values.clone(),
            moments: self.rule.moments().into_iter().map(<[f32]>::to_vec).collect(),
            steps: self.steps,
        }
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
        Ok(())
    }

    fn centre(&self) -> Option<&Params> {
        Some(&self.theta)
    }
}

#[cfg(test)]
mod tests;
