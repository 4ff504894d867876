//! CMA-ES: learns the scales and the axes of a function, and how far to step.
//!
//! ```text
//! yₖ = B D zₖ        xₖ = m + σ yₖ        m ← m + σ ⟨y⟩        ⟨y⟩ = Σ₁..μ wᵢ yᵢ:λ
//! p_σ ← (1 - c_σ) p_σ + √(c_σ (2 - c_σ) μ_eff) B ⟨z⟩        σ ← σ exp(c_σ/d_σ (|p_σ|/χ - 1))
//! p_c ← (1 - c_c) p_c + h √(c_c (2 - c_c) μ_eff) ⟨y⟩
//! C ← (1 + c₁ δ - c₁ - c_μ Σ wᵢ) C + c₁ p_c p_cᵀ + c_μ Σ₁..λ wᵢ° yᵢ:λ yᵢ:λᵀ        wᵢ° = wᵢ, or wᵢ n/|zᵢ|² if wᵢ < 0
//! ```
//!
//! | symbol   | code              | shape     | meaning                                                          |
//! |----------|-------------------|-----------|------------------------------------------------------------------|
//! | m, σ     | `mean`, `sigma`   | (n,), 1   | centre and scale of the members                                  |
//! | C        | `covariance`      | (n, n)    | shape of the members; its lower triangle, row by row             |
//! | B, D     | `basis`, `scales` | (n, n), (n,) | axes and scales: C = B D² Bᵀ, taken now and then                |
//! | z, y     |                   | (λ, n)    | standard normal draws, and draws with covariance C               |
//! | i:λ      |                   |           | the member that ranks i-th                                       |
//! | p_σ, p_c | `path_sigma`, `path_covariance` | (n,) | where the mean went lately                            |
//! | w, μ_eff, c, d, χ | [`Constants`] |     | weights and rates, from n and λ alone                            |
//! | h, δ     |                   |           | 0 while p_σ is long, and what C loses by that                    |
//!
//! Source: Hansen, "The CMA evolution strategy: a tutorial", arXiv 1604.00772, figure 6 and table 1, with negative weights. Departures: σ
//! grows by at most e in a generation; members of equal fitness keep their order; if the best is no better than the 70 %
//! quantile, σ grows (until members are as wide as at first), as the tutorial advises in its section B.3; in a box members are reflected at
//! its faces, so that the function goes on outside as in a mirror and the search itself knows no box.
//!
//! A member's draw is named by generation and number, so that nothing of it is stored and a run is the same on any number of
//! threads. Work per generation is λ n²; the decomposition, n³, waits until C has changed enough.

mod basis;
mod config;
mod constants;

use hatchery_engine::{
    Explicit, Fitness, Generation, Layout, Metrics, ParamSpec, Params, Population, Strategy,
    StrategyError,
};
use hatchery_kernels::{Backend, Domain, NoiseAddress, NoiseStream};
use serde::{Deserialize, Serialize};

pub use config::Config;
pub use constants::Constants;

use crate::ConfigError;

/// On a plateau σ grows no further than this, while C shrinks.
const SIGMA_MAX: f64 = 1e30;

/// The strategy. See the [module](self).
#[derive(Debug, Clone)]
pub struct CmaEs {
    config: Config,
    constants: Constants,
    noise: NoiseStream,
    /// The mean, inside the box, in single precision.
    centre: Params,
    state: State,
}

/// What a resumed run needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// m, which may be a mirror image outside the box.
    pub mean: Vec<f64>,
    /// σ.
    pub sigma: f64,
    /// The lower triangle of C, row by row.
    pub covariance: Vec<f64>,
    /// p_σ.
    pub path_sigma: Vec<f64>,
    /// p_c.
    pub path_covariance: Vec<f64>,
    /// The columns of B, one behind the other.
    pub basis: Vec<f64>,
    /// D.
    pub scales: Vec<f64>,
    /// Generations told.
    pub updates: u64,
    /// Generations told since B and D were taken.
    pub basis_age: u64,
}

impl CmaEs {
    /// A search that starts around `centre`; `seed` names its draws.
    ///
    /// # Errors
    /// [`ConfigError`] for the first value that makes no sense, or bounds that do not fit the length of the centre.
    pub fn try_new(config: Config, centre: Params, seed: u64) -> Result<Self, ConfigError> {
        let n = centre.values.len();
        config.check_for(n)?;
        let constants = Constants::new(n, config.members(n), config.active);
        let mut covariance = vec![0.0; n * (n + 1) / 2];
        let mut basis = vec![0.0; n * n];
        for at in 0..n {
            covariance[basis::packed(at, at)] = 1.0;
            basis[at * n + at] = 1.0;
        }
        let state = State {
            mean: centre.values.iter().map(|&x| f64::from(x)).collect(),
            sigma: config.sigma,
            covariance,
            path_sigma: vec![0.0; n],
            path_covariance: vec![0.0; n],
            basis,
            scales: vec![1.0; n],
            updates: 0,
            basis_age: 0,
        };
        let noise = NoiseStream::new(seed).domain(Domain::Perturb);
        let mut search = Self { config, constants, noise, centre, state };
        search.centre.values = search.inside(&search.state.mean);
        Ok(search)
    }

    /// As [`try_new`](Self::try_new), from a plain vector.
    ///
    /// # Errors
    /// As for [`try_new`](Self::try_new).
    pub fn from_vector(config: Config, start: &[f32], seed: u64) -> Result<Self, ConfigError> {
        let layout = Layout::new(vec![ParamSpec::vector("x", start.len())]);
        let mut centre = Params::zeros(layout.into());
        centre.values.copy_from_slice(start);
        Self::try_new(config, centre, seed)
    }

    /// The current state.
    pub fn current(&self) -> &State {
        &self.state
    }

    /// Weights and rates.
    pub fn constants(&self) -> &Constants {
        &self.constants
    }

    /// z of a member.
    fn draw(&self, generation: Generation, member: usize) -> Vec<f64> {
        let mut z = vec![0.0; self.state.mean.len()];
        let at = NoiseAddress { generation, pair: member as u32, layer: 0, block: 0 };
        self.noise.fill_normals(at, &mut z);
        z.into_iter().map(f64::from).collect()
    }

    /// A point of the mirrored space, inside the box.
    fn inside(&self, x: &[f64]) -> Vec<f32> {
        x.iter().enumerate().map(|(at, &x)| self.config.reflect(at, x) as f32).collect()
    }

    /// Members by rank, the best first; those that failed come last.
    fn ranking(fitness: &[f32]) -> Vec<usize> {
        let value = |member: usize| match fitness[member] {
            failed if failed.is_nan() => f32::NEG_INFINITY,
            value => value,
        };
        let mut order: Vec<usize> = (0..fitness.len()).collect();
        order.sort_by(|&a, &b| value(b).total_cmp(&value(a)));
        order
    }

    /// The state after a generation.
    fn learned(&self, generation: Generation, fitness: &[f32]) -> State {
        let Constants { weights, mu_eff, c_sigma, d_sigma, c_c, chi, .. } = &self.constants;
        let order = Self::ranking(fitness);
        let draws: Vec<Vec<f64>> =
            order.iter().map(|&member| self.draw(generation, member)).collect();
        let mut next = self.state.clone();
        let steps: Vec<Vec<f64>> = draws.iter().map(|z| next.step(z)).collect();
        let best = weights.iter().copied().filter(|weight| *weight > 0.0);
        let step = weighted_sum(best.clone().zip(&steps), next.mean.len());
        let draw = weighted_sum(best.zip(&draws), next.mean.len());
        add(&mut next.mean, next.sigma, &step);

        let pull = (c_sigma * (2.0 - c_sigma) * mu_eff).sqrt();
        let turned = next.turned(&draw);
        fade(&mut next.path_sigma, 1.0 - c_sigma, pull, &turned);
        let length = norm(&next.path_sigma);
        let warm_up = 1.0 - libm::pow(1.0 - c_sigma, 2.0 * (next.updates + 1) as f64);
        let stalled = length / warm_up.sqrt() >= self.constants.path_max();
        let pull = if stalled { 0.0 } else { (c_c * (2.0 - c_c) * mu_eff).sqrt() };
        fade(&mut next.path_covariance, 1.0 - c_c, pull, &step);

        self.reshape(&mut next, stalled, &draws, &steps);
        next.sigma *= libm::exp((c_sigma / d_sigma * (length / chi - 1.0)).min(1.0));
        let level = order[order.len() * 7 / 10];
        let narrow = next.deviation_max() < self.config.sigma;
        if fitness[order[0]] == fitness[level] && narrow && next.sigma < SIGMA_MAX {
            next.sigma *= libm::exp(0.2 + c_sigma / d_sigma);
        }
        next.updates += 1;
        next.basis_age += 1;
        if next.basis_age >= self.constants.basis_age_max {
            next.decompose();
        }
        next
    }

    /// The update of C.
    fn reshape(&self, next: &mut State, stalled: bool, draws: &[Vec<f64>], steps: &[Vec<f64>]) {
        let Constants { weights, c_1, c_mu, c_c, .. } = &self.constants;
        let n = next.mean.len();
        let lost = if stalled { c_c * (2.0 - c_c) } else { 0.0 };
        let kept = 1.0 + c_1 * lost - c_1 - c_mu * weights.iter().sum::<f64>();
        next.covariance.iter_mut().for_each(|entry| *entry *= kept);
        let State { covariance, path_covariance, .. } = next;
        basis::add_square(covariance, *c_1, path_covariance);
        for ((weight, z), y) in weights.iter().zip(draws).zip(steps) {
            let length = if *weight < 0.0 { n as f64 / norm(z).powi(2).max(1e-300) } else { 1.0 };
            basis::add_square(covariance, c_mu * weight * length, y);
        }
    }
}

impl State {
    /// y = B D z.
    fn step(&self, z: &[f64]) -> Vec<f64> {
        let scaled: Vec<f64> = z.iter().zip(&self.scales).map(|(z, scale)| z * scale).collect();
        self.turned(&scaled)
    }

    /// B v.
    fn turned(&self, v: &[f64]) -> Vec<f64> {
        let mut turned = vec![0.0; v.len()];
        for (axis, share) in self.basis.chunks_exact(v.len()).zip(v) {
            add(&mut turned, *share, axis);
        }
        turned
    }

    /// Takes B and D anew from C, and C back from them if a scale had to be lifted.
    fn decompose(&mut self) {
        if let Some((basis, scales)) = basis::decompose(&mut self.covariance, self.mean.len()) {
            self.basis = basis;
            self.scales = scales;
            self.basis_age = 0;
        }
    }

    /// Ratio of the largest to the smallest eigenvalue of C, when it was last decomposed.
    pub fn condition(&self) -> f64 {
        let largest = self.scales.iter().copied().fold(0.0, f64::max);
        let smallest = self.scales.iter().copied().fold(f64::INFINITY, f64::min);
        (largest / smallest).powi(2)
    }

    /// σ √Cᵢᵢ, the deviation of the members in each coordinate.
    pub fn deviations(&self) -> Vec<f64> {
        let variance = |at: usize| self.covariance[basis::packed(at, at)];
        (0..self.mean.len()).map(|at| self.sigma * variance(at).max(0.0).sqrt()).collect()
    }

    fn deviation_max(&self) -> f64 {
        self.deviations().into_iter().fold(0.0, f64::max)
    }

    fn is_finite(&self) -> bool {
        let all = self.mean.iter().chain(&self.covariance).chain(&self.scales);
        self.sigma.is_finite() && self.sigma > 0.0 && all.copied().all(f64::is_finite)
    }
}

impl Strategy for CmaEs {
    type Population = Explicit<Vec<f32>>;
    type State = State;

    fn ask(&mut self, generation: Generation) -> Result<Self::Population, StrategyError> {
        let member = |member: usize| {
            let mut x = self.state.mean.clone();
            add(&mut x, self.state.sigma, &self.state.step(&self.draw(generation, member)));
            self.inside(&x)
        };
        let members = (0..self.constants.weights.len()).map(member).collect();
        Ok(Explicit { generation, members })
    }

    fn tell(
        &mut self,
        population: Self::Population,
        fitness: &Fitness,
        _: &Backend,
    ) -> Result<Metrics, StrategyError> {
        let (expected, found) = (self.constants.weights.len(), fitness.values.len());
        if expected != found || population.len() != found {
            return Err(StrategyError::FitnessLength { expected, found });
        }
        let next = self.learned(population.generation, &fitness.values);
        if !next.is_finite() {
            return Err(StrategyError::NotFinite { generation: population.generation });
        }
        self.state = next;
        self.centre.values = self.inside(&self.state.mean);
        let deviations = self.state.deviations();
        let mut metrics = Metrics::default();
        metrics.push("sigma", self.state.sigma);
        metrics.push("condition", self.state.condition());
        metrics.push("deviation_min", deviations.iter().copied().fold(f64::INFINITY, f64::min));
        metrics.push("deviation_max", self.state.deviation_max());
        metrics.push("path_length", norm(&self.state.path_sigma) / self.constants.chi);
        Ok(metrics)
    }

    fn state(&self) -> Result<State, StrategyError> {
        Ok(self.state.clone())
    }

    fn restore(&mut self, state: State) -> Result<(), StrategyError> {
        let own = &self.state;
        let lengths = [
            ("means", own.mean.len(), state.mean.len()),
            ("covariances", own.covariance.len(), state.covariance.len()),
            ("steps of the path of sigma", own.path_sigma.len(), state.path_sigma.len()),
            ("steps of the path", own.path_covariance.len(), state.path_covariance.len()),
            ("numbers of the basis", own.basis.len(), state.basis.len()),
            ("scales", own.scales.len(), state.scales.len()),
        ];
        if let Some((what, expected, found)) = lengths.into_iter().find(|(_, own, new)| own != new)
        {
            return Err(StrategyError::StateMismatch { what, expected, found });
        }
        self.state = state;
        self.centre.values = self.inside(&self.state.mean);
        Ok(())
    }

    fn centre(&self) -> Option<&Params> {
        Some(&self.centre)
    }
}

/// `sum ← sum + factor · x`.
fn add(sum: &mut [f64], factor: f64, x: &[f64]) {
    sum.iter_mut().zip(x).for_each(|(sum, x)| *sum += factor * x);
}

/// `path ← kept · path + pull · step`.
fn fade(path: &mut [f64], kept: f64, pull: f64, step: &[f64]) {
    path.iter_mut().zip(step).for_each(|(path, step)| *path = kept * *path + pull * step);
}

fn weighted_sum<'a>(terms: impl Iterator<Item = (f64, &'a Vec<f64>)>, length: usize) -> Vec<f64> {
    let mut sum = vec![0.0; length];
    terms.for_each(|(weight, x)| add(&mut sum, weight, x));
    sum
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests;
