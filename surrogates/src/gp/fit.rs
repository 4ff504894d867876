//! Looks for the hyper-parameters that a table makes most plausible.

use super::kernel::Hyper;
use super::likelihood::{Evidence, Prior};
use super::model::{Gp, check};
use crate::lbfgs::{Options, minimise};
use crate::{Draws, SurrogateError};

/// Most rows of a Gaussian process: the work grows with their cube.
pub const ROWS_MAX: usize = 2000;

/// Range of a length scale.
const LENGTH_SCALES: (f64, f64) = (1e-3, 1e4);

/// Range of the variance of the function, in units of the variance of the scores.
const SIGNALS: (f64, f64) = (1e-3, 1e3);

/// Range of the variance of observations, in the same units.
const NOISES: (f64, f64) = (1e-6, 4.0);

/// What is known of the noise.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Noise {
    /// Nothing: it is learned, at least 10⁻⁶ of the variance of the scores.
    #[default]
    Learned,
    /// Its variance, in squared units of the score, ≥ 0.
    Known(f64),
}

/// How hyper-parameters are looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Places from which the search starts, at least 1.
    pub starts: usize,
    /// Most evaluations of the likelihood from the best of them; the fifth part of it is spent on each before.
    pub evaluations: usize,
    /// Names the random starts.
    pub seed: u64,
    /// What is known of the noise.
    pub noise: Noise,
    /// The prior of `ln ℓ` is normal around this plus `½ ln groups`: distances of random designs grow like that.
    pub log_length_scale: f64,
    /// Deviation of that prior.
    pub log_length_scale_deviation: f64,
    /// Most rows of which the likelihood is taken, evenly spaced in the table; the posterior is of all. At least 2.
    pub rows_likelihood: usize,
    /// The noise of row i has the variance t²/wᵢ, wᵢ > 0; nothing if all are 1. What is learned of t² is at most four variances of the scores: 1 is
    /// for the weight of a usual row.
    pub weights: Vec<f64>,
    /// Where to start first, such as what was found before the last row came.
    pub from: Option<Hyper>,
}

impl Default for Config {
    /// The prior for features of unit range of Hvarfner, Hellsten and Nardi, arXiv 2402.02229: `ln ℓ` around √2 with deviation √3.
    fn default() -> Self {
        Self {
            starts: 5,
            evaluations: 100,
            seed: 0,
            noise: Noise::Learned,
            log_length_scale: std::f64::consts::SQRT_2,
            log_length_scale_deviation: 3.0_f64.sqrt(),
            rows_likelihood: 512,
            weights: Vec::new(),
            from: None,
        }
    }
}

impl Config {
    fn check(&self) -> Result<(), SurrogateError> {
        let checks = [
            ("starts", self.starts as f64, self.starts > 0, "at least 1"),
            ("evaluations", self.evaluations as f64, self.evaluations > 0, "at least 1"),
            (
                "rows_likelihood",
                self.rows_likelihood as f64,
                self.rows_likelihood > 1,
                "at least 2",
            ),
            (
                "log_length_scale",
                self.log_length_scale,
                self.log_length_scale.is_finite(),
                "finite",
            ),
            (
                "log_length_scale_deviation",
                self.log_length_scale_deviation,
                self.log_length_scale_deviation > 0.0,
                "above 0",
            ),
        ];
        let noise = match self.noise {
            Noise::Known(noise) => ("noise", noise, noise.is_finite() && noise >= 0.0, "0 or more"),
            Noise::Learned => ("noise", 0.0, true, ""),
        };
        match checks.into_iter().chain([noise]).find(|&(.., holds, _)| !holds) {
            None => Ok(()),
            Some((name, found, _, wanted)) => Err(SurrogateError::Setting { name, found, wanted }),
        }
    }
}

impl Gp {
    /// Learns hyper-parameters from a table and takes the posterior: `rows` one behind the other, `groups` the number of the
    /// length scale of each feature (0, 1, … without a gap), `scores` one for each row.
    ///
    /// # Errors
    /// [`SurrogateError`] if shapes do not fit, a number is not finite, there are more than [`ROWS_MAX`] rows or none, or a setting
    /// is out of its range.
    pub fn fit(
        rows: &[f64],
        groups: &[usize],
        scores: &[f64],
        config: &Config,
    ) -> Result<Self, SurrogateError> {
        config.check()?;
        check(rows, groups, scores)?;
        if !config.weights.is_empty() && config.weights.len() != scores.len() {
            let (expected, found) = (scores.len(), config.weights.len());
            return Err(SurrogateError::Shape { what: "weights of rows", expected, found });
        }
        let hyper = Units::of(scores).learn(rows, groups, scores, config)?;
        Self::weighted(rows, groups, scores, &config.weights, hyper)
    }
}

/// Mean and deviation of the scores; everything is learned in these units.
struct Units {
    mean: f64,
    deviation: f64,
}

impl Units {
    fn of(scores: &[f64]) -> Self {
        let mean = crate::statistics::mean(scores);
        let deviation = crate::statistics::population_sd(scores);
        let deviation = if deviation > 0.0 { deviation } else { 1.0 };
        Self { mean, deviation }
    }

    fn learn(
        &self,
        rows: &[f64],
        groups: &[usize],
        scores: &[f64],
        config: &Config,
    ) -> Result<Hyper, SurrogateError> {
        let scales = groups.iter().max().map_or(0, |last| last + 1);
        let chosen = spread(scores.len(), config.rows_likelihood);
        let features = groups.len();
        let some: Vec<f64> =
            chosen.iter().flat_map(|&at| &rows[at * features..][..features]).copied().collect();
        let z = chosen.iter().map(|&at| (scores[at] - self.mean) / self.deviation).collect();
        let shares: Vec<f64> = match &config.weights[..] {
            [] => Vec::new(),
            weights => chosen.iter().map(|&at| 1.0 / weights[at]).collect(),
        };
        let evidence = Evidence::new(&some, groups, z, priors(scales, config)).sharing(shares);
        let bounds = self.bounds(scales, config.noise);
        let climb = |start: &[f64], evaluations: usize| {
            let options = Options { evaluations, tolerance: 1e-4, memory: 10 };
            minimise(start, &bounds, &options, |theta| evidence.loss(theta))
        };
        // Most starts lead to the same place: a part of the work tells which is ahead, and only that one goes on.
        let climbs = (0..config.starts).map(|number| {
            let start = match &config.from {
                Some(hyper) if number == 0 && hyper.length_scales.len() == scales => {
                    self.logarithms(hyper)
                }
                _ => start(number, scales, config),
            };
            climb(&start, config.evaluations.div_ceil(5))
        });
        let ahead = climbs.min_by(|a, b| a.value.total_cmp(&b.value)).expect("at least one start");
        let best = if ahead.converged { ahead } else { climb(&ahead.x, config.evaluations) };
        if best.value.is_infinite() {
            return Err(SurrogateError::Covariance);
        }
        let variance = self.deviation * self.deviation;
        let values: Vec<f64> = best.x.iter().map(|&log| libm::exp(log)).collect();
        let noise = match config.noise {
            Noise::Known(noise) => noise,
            Noise::Learned => values[scales + 1] * variance,
        };
        let signal = values[scales] * variance;
        Ok(Hyper { mean: self.mean, length_scales: values[..scales].to_vec(), signal, noise })
    }

    fn bounds(&self, scales: usize, noise: Noise) -> Vec<(f64, f64)> {
        let logs = |(low, high)| (libm::log(low), libm::log(high));
        let mut bounds = vec![logs(LENGTH_SCALES); scales];
        bounds.push(logs(SIGNALS));
        bounds.push(match noise {
            Noise::Learned => logs(NOISES),
            // No noise at all has no logarithm; this much less than the jitter is none.
            Noise::Known(noise) => {
                let log = libm::log((noise / self.deviation / self.deviation).max(1e-20));
                (log, log)
            }
        });
        bounds
    }

    fn logarithms(&self, hyper: &Hyper) -> Vec<f64> {
        let variance = self.deviation * self.deviation;
        let scales = hyper.length_scales.iter().copied();
        let rest = [hyper.signal / variance, (hyper.noise / variance).max(NOISES.0)];
        scales.chain(rest).map(libm::log).collect()
    }
}

fn priors(scales: usize, config: &Config) -> Vec<Prior> {
    let centre = config.log_length_scale + 0.5 * libm::log(scales as f64);
    let length_scale = Prior { centre, deviation: config.log_length_scale_deviation };
    let mut priors = vec![length_scale; scales];
    // Wide: they only keep flat directions from running away.
    priors.push(Prior { centre: 0.0, deviation: 2.0 });
    priors.push(Prior { centre: libm::log(1e-3), deviation: 4.0 });
    priors
}

/// Where the search starts: first at half the diagonal of a unit box, then at the centre of the prior, then anywhere.
fn start(number: usize, scales: usize, config: &Config) -> Vec<f64> {
    let diagonal = 0.5 * libm::log(scales as f64);
    let mut draws = Draws::numbered(config.seed, "gp starts", number as u64);
    let (mut theta, noise) = match number {
        0 => (vec![diagonal + libm::log(0.5); scales], 1e-2),
        1 => (vec![diagonal + config.log_length_scale; scales], 1e-4),
        _ => {
            let theta = (0..scales).map(|_| diagonal - 0.5 + draws.normal()).collect();
            (theta, libm::exp(draws.between(libm::log(1e-5), libm::log(0.5))))
        }
    };
    theta.extend([0.0, libm::log(noise)]);
    theta
}

/// At most so many of the numbers below `count`, evenly spaced.
fn spread(count: usize, most: usize) -> Vec<usize> {
    let taken = count.min(most);
    (0..taken).map(|at| at * count / taken).collect()
}
