//! Ask and tell.

use std::sync::Arc;

use hatchery_engine::{
    Digest, Fitness, Generation, Int8Params, Int8Perturbed, Kind, Metrics, Population, Sampling,
    Strategy, StrategyError,
};
use hatchery_kernels::Backend;
use hatchery_kernels::int8::Int8Noise;
use hatchery_kernels::int8::accumulate::{Gain, accumulate};
use hatchery_kernels::int8::contract::{contract_matrix, contract_vector, move_weights};
use hatchery_kernels::int8::noise::{Slice, Table};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::config::{Config, NoiseKind, UpdateKind};
use super::schedule::quantile;
use super::votes::{of_groups, of_pairs, votes};
use crate::ConfigError;

/// The evolution strategy of integers, around one centre. See the [module page](super).
#[derive(Debug)]
pub struct Egg {
    config: Config,
    centre: Arc<Int8Params>,
    /// What weights have not taken yet, in 2^−16; empty where all moves are whole.
    rest: Vec<i16>,
    /// Mean of past steps, in 2^−16; empty without momentum.
    velocity: Vec<i32>,
    noise: Int8Noise,
    carried: Arc<Vec<i8>>,
}

/// What a resumed run needs: the centre, what is kept beside it, and the state that each member carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Values of the centre.
    pub centre: Vec<i8>,
    /// What weights have not taken yet; empty where all moves are whole.
    pub rest: Vec<i16>,
    /// Mean of past steps; empty without momentum.
    pub velocity: Vec<i32>,
    /// `(members, state)`.
    pub carried: Vec<i8>,
}

impl Egg {
    /// A strategy that starts from `centre`, whose members carry `state_len` numbers each; `seed` names its noise.
    ///
    /// # Errors
    /// [`ConfigError`] for the first value that makes no sense.
    pub fn try_new(
        config: Config,
        centre: Int8Params,
        state_len: usize,
        seed: u64,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        let noise = match config.noise {
            NoiseKind::Counter => Int8Noise::counter(seed),
            NoiseKind::Table => {
                let specs = centre.layout.specs().iter();
                let longest = specs.map(|spec| spec.rows + spec.rows.max(spec.cols)).max();
                let longest = longest.unwrap_or(0).max(2);
                if 1 << config.table_bits < 2 * longest {
                    let reason = format!("a table of 2^{} is too small", config.table_bits);
                    return Err(ConfigError::new("table_bits", reason));
                }
                Int8Noise::Table(Arc::new(Table::new(seed, config.table_bits)))
            }
        };
        let carried = Arc::new(vec![0; config.members() as usize * state_len]);
        let weights = centre.values.len();
        let rest = vec![0; if config.update == UpdateKind::Accumulate { weights } else { 0 }];
        let velocity = vec![0; if config.momentum_shift > 0 { weights } else { 0 }];
        Ok(Self { config, centre: Arc::new(centre), rest, velocity, noise, carried })
    }

    /// The current centre.
    pub fn centre_int8(&self) -> &Int8Params {
        &self.centre
    }

    /// Moves the centre by the votes of the pairs; returns how many weights changed.
    fn learn(&mut self, population: &Int8Perturbed, votes: &[i8], by: Rule) -> u64 {
        let layout = self.centre.layout.clone();
        let mut values = population.centre.values.clone();
        let sizes = || layout.specs().iter().map(|spec| spec.rows * spec.cols);
        let work: Vec<_> = pieces(&mut values, sizes())
            .into_iter()
            .zip(pieces(&mut self.rest, sizes()))
            .zip(pieces(&mut self.velocity, sizes()))
            .enumerate()
            .collect();
        let changed = work.into_par_iter().map(|(tensor, ((weights, rest), velocity))| {
            let sums = sums_of_votes(population, votes, tensor);
            match by {
                Rule::Threshold(threshold) => move_weights(weights, &sums, threshold),
                Rule::Accumulate { gain, shift } => {
                    accumulate(weights, rest, velocity, shift, &sums, gain)
                }
            }
        });
        let changed = changed.sum();
        self.centre = Arc::new(Int8Params { layout, values });
        changed
    }
}

/// How votes move weights in one generation.
#[derive(Clone, Copy)]
enum Rule {
    Threshold(u64),
    Accumulate { gain: Gain, shift: u32 },
}

impl Rule {
    /// Under chance votes the mean square of a weight's move is about `alpha` with either rule: such a vote sum has variance Σ F² 256².
    fn of(config: &Config, alpha: f64, quantile: u32, votes: &[i8]) -> Self {
        let squares = if config.loudest_vote == 0 {
            votes.len() as u64
        } else {
            votes.iter().map(|&vote| u64::from(vote.unsigned_abs()).pow(2)).sum()
        };
        let deviation = squares.isqrt() * u64::from(Int8Noise::VARIANCE);
        match config.update {
            UpdateKind::Threshold => Self::Threshold(u64::from(quantile) * deviation),
            UpdateKind::Accumulate => {
                let numerator = libm::round(libm::sqrt(alpha) * 65536.0) as u64;
                let gain = Gain { numerator, denominator: deviation.max(1) };
                Self::Accumulate { gain, shift: config.momentum_shift }
            }
        }
    }
}

/// The numbers of each tensor; empty pieces if there are none.
fn pieces<T>(mut all: &mut [T], sizes: impl Iterator<Item = usize>) -> Vec<&mut [T]> {
    let none = all.is_empty();
    sizes
        .map(|size| {
            let (piece, rest) = std::mem::take(&mut all).split_at_mut(if none { 0 } else { size });
            all = rest;
            piece
        })
        .collect()
}

/// Z of one tensor.
fn sums_of_votes(population: &Int8Perturbed, votes: &[i8], tensor: usize) -> Vec<i32> {
    let spec = &population.centre.layout.specs()[tensor];
    let mut sums = vec![0; spec.rows * spec.cols];
    let at = Slice { generation: population.noise_generation, pair: 0, tensor: tensor as u32 };
    let (noise, direction) = (&population.noise, |pair| population.direction(pair));
    let shape = (spec.rows, spec.cols);
    match spec.kind {
        Kind::Vector => contract_vector(noise, at, votes, direction, &mut sums),
        Kind::Matrix | Kind::Embedding => {
            contract_matrix(noise, at, votes, direction, shape, &mut sums);
        }
    }
    sums
}

impl Strategy for Egg {
    type Population = Int8Perturbed;
    type State = State;

    fn ask(&mut self, generation: Generation) -> Result<Int8Perturbed, StrategyError> {
        let Config { pairs, sigma_shift, noise_reuse, .. } = self.config;
        let directions = self.config.directions();
        let mut population = Int8Perturbed::new(
            generation,
            self.centre.clone(),
            self.noise.clone(),
            sigma_shift,
            (pairs, directions),
            self.carried.clone(),
        );
        population.sampling = self.config.sampling;
        population.noise_generation = generation.checked_div(noise_reuse).unwrap_or(0);
        Ok(population)
    }

    fn tell(
        &mut self,
        population: Int8Perturbed,
        fitness: &Fitness,
        _: &Backend,
    ) -> Result<Metrics, StrategyError> {
        let (expected, found) = (population.len(), fitness.values.len());
        if expected != found {
            return Err(StrategyError::FitnessLength { expected, found });
        }
        let differences = match self.config.sampling {
            Sampling::Antithetic => of_pairs(&fitness.values),
            Sampling::OneSided => of_groups(&fitness.values, self.config.compared() as usize),
        };
        let votes = votes(&differences, self.config.loudest_vote);
        let alpha = self.config.schedule().at(population.generation);
        let quantile = quantile(alpha);
        let rule = Rule::of(&self.config, alpha, quantile, &votes);
        let changed = self.learn(&population, &votes, rule);
        self.carried = Arc::new(population.carry());
        let tied = votes.iter().filter(|&&vote| vote == 0).count();
        let mut metrics = Metrics::default();
        metrics.push("alpha", alpha);
        metrics.push("quantile", f64::from(quantile));
        metrics.push("changed", changed as f64 / self.centre.values.len() as f64);
        metrics.push("tied_pairs", tied as f64 / votes.len() as f64);
        Ok(metrics)
    }

    fn state(&self) -> Result<State, StrategyError> {
        let (centre, carried) = (self.centre.values.clone(), self.carried.to_vec());
        Ok(State { centre, rest: self.rest.clone(), velocity: self.velocity.clone(), carried })
    }

    fn restore(&mut self, state: State) -> Result<(), StrategyError> {
        for (what, expected, found) in [
            ("parameters", self.centre.values.len(), state.centre.len()),
            ("parts of steps", self.rest.len(), state.rest.len()),
            ("velocities", self.velocity.len(), state.velocity.len()),
            ("numbers that members carry", self.carried.len(), state.carried.len()),
        ] {
            if expected != found {
                return Err(StrategyError::StateMismatch { what, expected, found });
            }
        }
        let layout = self.centre.layout.clone();
        self.centre = Arc::new(Int8Params { layout, values: state.centre });
        (self.rest, self.velocity) = (state.rest, state.velocity);
        self.carried = Arc::new(state.carried);
        Ok(())
    }

    fn digest(&self) -> Option<Digest> {
        Some(self.centre.digest())
    }
}

#[cfg(test)]
mod tests {
    use hatchery_engine::{Layout, ParamSpec};

    use super::*;

    fn egg(config: Config) -> Egg {
        let specs = vec![
            ParamSpec::matrix("w", 64, 64),
            ParamSpec::embedding("e", 100, 16),
            ParamSpec::vector("v", 200),
        ];
        Egg::try_new(config, Int8Params::zeros(Arc::new(Layout::new(specs))), 2, 7).expect("valid")
    }

    /// Fitness that has nothing to do with the members.
    fn chance(members: usize, generation: u32) -> Fitness {
        let of = |m: usize| ((m as u32 ^ generation).wrapping_mul(0x9E37_79B9) >> 9) as f32;
        Fitness::new((0..members).map(of).collect(), None)
    }

    #[test]
    fn a_share_of_alpha_changes_when_fitness_is_chance() {
        for noise in [NoiseKind::Counter, NoiseKind::Table] {
            for (alpha, low, high) in [(0.5, 0.44, 0.57), (0.1, 0.085, 0.125)] {
                // A quantile of 16ths is rounded down: 0.5 becomes 0.53, 0.1 becomes 0.104.
                let config = Config { pairs: 1024, alpha, noise, ..Default::default() };
                let mut egg = egg(config);
                let mut share = 0.0;
                for generation in 0..4 {
                    let population = egg.ask(generation).expect("asked");
                    let fitness = chance(population.len(), generation);
                    let metrics = egg.tell(population, &fitness, &Backend::cpu()).expect("told");
                    share += metrics.get("changed").expect("logged") / 4.0;
                }
                assert!((low..high).contains(&share), "{noise:?}, {alpha}: {share}");
            }
        }
    }

    #[test]
    fn with_either_rule_chance_moves_weights_by_alpha_in_the_mean_square() {
        for (update, loudest_vote, sampling) in [
            (UpdateKind::Threshold, 2, Sampling::Antithetic),
            (UpdateKind::Accumulate, 0, Sampling::Antithetic),
            (UpdateKind::Accumulate, 1, Sampling::Antithetic),
            (UpdateKind::Accumulate, 2, Sampling::Antithetic),
            (UpdateKind::Threshold, 0, Sampling::OneSided),
            (UpdateKind::Accumulate, 2, Sampling::OneSided),
        ] {
            // Small steps add up over generations; one of them alone is lost in rounding.
            let generations = 40;
            let group = if sampling == Sampling::OneSided { 32 } else { 0 };
            let config = Config {
                pairs: 256,
                alpha: 0.1,
                update,
                loudest_vote,
                sampling,
                group,
                ..Default::default()
            };
            let mut egg = egg(config);
            for generation in 0..generations {
                let population = egg.ask(generation).expect("asked");
                let fitness = chance(population.len(), generation);
                egg.tell(population, &fitness, &Backend::cpu()).expect("told");
            }
            let values = &egg.centre_int8().values;
            let squares: f64 = values.iter().map(|&w| f64::from(w).powi(2)).sum();
            let each = squares / values.len() as f64 / f64::from(generations);
            let setting = (update, loudest_vote, sampling);
            assert!((0.08..0.13).contains(&each), "{setting:?}: {each}");
        }
    }

    #[test]
    fn the_first_generation_moves_all_weights_by_one() {
        let mut egg = egg(Config { pairs: 8, ..Default::default() });
        let population = egg.ask(0).expect("asked");
        let fitness = chance(16, 0);
        egg.tell(population, &fitness, &Backend::cpu()).expect("told");
        assert!(egg.centre_int8().values.iter().all(|w| w.abs() == 1));
    }

    #[test]
    fn a_restored_strategy_goes_on_to_the_bit_and_refuses_another_shape() {
        let threshold = Config { pairs: 16, alpha: 0.3, ..Default::default() };
        let accumulate = UpdateKind::Accumulate;
        for config in [
            Config { update: accumulate, momentum_shift: 2, loudest_vote: 2, ..threshold.clone() },
            Config { sampling: Sampling::OneSided, group: 8, ..threshold.clone() },
            threshold,
        ] {
            restores(config);
        }
    }

    fn restores(config: Config) {
        let (mut one, mut two) = (egg(config.clone()), egg(config));
        let step = |egg: &mut Egg, generation| {
            let population = egg.ask(generation).expect("asked");
            population.keep_state(3, &[generation as i8, 1]);
            let fitness = chance(population.len(), generation);
            egg.tell(population, &fitness, &Backend::cpu()).expect("told");
        };
        (0..3).for_each(|g| step(&mut one, g));
        two.restore(one.state().expect("whole")).expect("fits");
        (3..5).for_each(|g| [&mut one, &mut two].into_iter().for_each(|egg| step(egg, g)));
        assert_eq!(one.state().expect("whole"), two.state().expect("whole"));
        let wrong = State { centre: vec![0; 3], ..one.state().expect("whole") };
        assert!(one.restore(wrong).expect_err("wrong").to_string().contains("3 parameters"));
    }

    #[test]
    fn settings_out_of_range_are_refused_by_name() {
        let bad = [
            (Config { pairs: 0, ..Default::default() }, "pairs"),
            (Config { directions: 513, ..Default::default() }, "directions"),
            (Config { group: 8, ..Default::default() }, "group"),
            (Config { group: 3, sampling: Sampling::OneSided, ..Default::default() }, "group"),
            (Config { alpha: f64::NAN, ..Default::default() }, "alpha"),
            (Config { time_scale: 0.0, ..Default::default() }, "time_scale"),
            (Config { sigma_shift: 17, ..Default::default() }, "sigma_shift"),
            (Config { table_bits: 31, ..Default::default() }, "table_bits"),
            (Config { loudest_vote: 3, ..Default::default() }, "loudest_vote"),
            (
                Config { loudest_vote: 2, noise: NoiseKind::Table, ..Default::default() },
                "loudest_vote",
            ),
            (Config { momentum_shift: 1, ..Default::default() }, "momentum_shift"),
        ];
        for (config, key) in bad {
            assert_eq!(config.check().expect_err(key).key, key);
        }
    }
}
