//! A distribution over designs that is moved towards those of its samples with a high score.
//!
//! ∇ E f(x) = E (f(x) − f̄)/s · ∇ ln p(x)
//!
//! Numbers and ordinals are independent normal deviates in their z-scores, letters and categories independent choices; parameters move by Adam. The answers are
//! samples of the last distribution. Source: Williams 1992; constants of the published baseline (step size 0.01, 200 rounds, batch 256).

use super::{Problem, Searcher, ranked};
use crate::space::{Design, Site, Space};
use crate::{Draws, SurrogateError, statistics};

/// A distribution over designs that follows the score of its samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reinforce {
    /// Rounds of sampling and moving.
    pub rounds: u32,
    /// Samples of a round.
    pub batch: usize,
    /// Step size of Adam.
    pub step_size: f64,
}

impl Default for Reinforce {
    fn default() -> Self {
        Self { rounds: 200, batch: 256, step_size: 0.01 }
    }
}

/// The distribution of one site.
#[derive(Clone, Debug)]
enum Of {
    Fixed(f64),
    /// Mean and logarithm of the deviation in z-scores; and the scale of those.
    Normal {
        mean: usize,
        scale: (f64, f64),
    },
    Choice {
        first: usize,
        levels: usize,
    },
}

impl Searcher for Reinforce {
    fn name(&self) -> &str {
        "reinforce"
    }

    fn search(&self, problem: &Problem<'_>) -> Result<Vec<Design>, SurrogateError> {
        let space = problem.surrogate.space();
        if problem.start.is_empty() {
            return Err(SurrogateError::Unsuited { what: "reinforce", needs: "known designs" });
        }
        let best = &problem.start[..problem.start.len().min(128)];
        let (sites, mut theta) = first(space, best, problem.start);
        let (mut m, mut v) = (vec![0.0; theta.len()], vec![0.0; theta.len()]);
        let mut draws = Draws::new(problem.seed, "samples of reinforce");
        for round in 1..=self.rounds {
            let points: Vec<Design> =
                (0..self.batch).map(|_| sample(&sites, &theta, &mut draws)).collect();
            let (kept, designs): (Vec<usize>, Vec<Design>) = points
                .iter()
                .enumerate()
                .filter_map(|(at, point)| Some((at, space.repair(point)?)))
                .unzip();
            let values = problem.merit.values(problem.surrogate, &designs);
            let (mean, deviation) =
                (statistics::mean(&values), statistics::population_sd(&values).max(1e-12));
            let mut slope = vec![0.0; theta.len()];
            for (at, value) in kept.iter().zip(&values) {
                let advantage = (value - mean) / deviation / kept.len() as f64;
                add_log_slope(&sites, &theta, &points[*at], advantage, &mut slope);
            }
            let t = f64::from(round);
            let (c1, c2) = (1.0 - 0.9_f64.powf(t), 1.0 - 0.999_f64.powf(t));
            for ((theta, slope), (m, v)) in
                theta.iter_mut().zip(&slope).zip(m.iter_mut().zip(&mut v))
            {
                *m = 0.9 * *m + 0.1 * slope;
                *v = 0.999 * *v + 0.001 * slope * slope;
                *theta += self.step_size * (*m / c1) / ((*v / c2).sqrt() + 1e-7);
            }
            if problem.stop.is_raised() {
                break;
            }
        }
        let mut found = Vec::new();
        for _ in 0..8 * problem.answers {
            found.extend(space.repair(&sample(&sites, &theta, &mut draws)));
            if found.len() >= problem.answers {
                break;
            }
        }
        Ok(ranked(problem, found))
    }
}

/// The first distribution: frequencies of the best designs, their mean with a deviation of 0.1.
fn first(space: &Space, best: &[Design], all: &[Design]) -> (Vec<Of>, Vec<f64>) {
    let mut theta = Vec::new();
    let sites = space.sites().iter().enumerate().map(|(at, site)| {
        if let Some(value) = space.fixed(at) {
            return Of::Fixed(value);
        }
        let start = theta.len();
        if let Site::Categorical { levels } = *site {
            let mut counts = vec![1.0; levels];
            best.iter().for_each(|design| counts[design[at] as usize] += 1.0);
            theta.extend(counts.iter().map(|count| f64::ln(*count)));
            return Of::Choice { first: start, levels };
        }
        let values: Vec<f64> = all.iter().map(|design| design[at]).collect();
        let deviation = statistics::population_sd(&values);
        let scale = (statistics::mean(&values), if deviation > 0.0 { deviation } else { 1.0 });
        let of_best: Vec<f64> =
            best.iter().map(|design| (design[at] - scale.0) / scale.1).collect();
        theta.extend([statistics::mean(&of_best), 0.1_f64.ln()]);
        Of::Normal { mean: start, scale }
    });
    let sites = sites.collect();
    (sites, theta)
}

fn shares(logits: &[f64]) -> Vec<f64> {
    let top = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let raw: Vec<f64> = logits.iter().map(|l| (l - top).exp()).collect();
    let sum: f64 = raw.iter().sum();
    raw.iter().map(|share| share / sum).collect()
}

fn sample(sites: &[Of], theta: &[f64], draws: &mut Draws) -> Design {
    let of_site = |of: &Of| match *of {
        Of::Fixed(value) => value,
        Of::Normal { mean, scale } => {
            let z = theta[mean] + theta[mean + 1].exp() * draws.normal();
            scale.0 + scale.1 * z
        }
        Of::Choice { first, levels } => {
            let mut left = draws.uniform();
            let shares = shares(&theta[first..first + levels]);
            let chosen = shares.iter().position(|share| {
                left -= share;
                left < 0.0
            });
            chosen.unwrap_or(levels - 1) as f64
        }
    };
    sites.iter().map(of_site).collect()
}

/// Adds `weight` ∇ ln p(x).
fn add_log_slope(sites: &[Of], theta: &[f64], x: &[f64], weight: f64, slope: &mut [f64]) {
    for (of, x) in sites.iter().zip(x) {
        match *of {
            Of::Fixed(_) => {}
            Of::Normal { mean, scale } => {
                let deviation = theta[mean + 1].exp();
                let z = ((x - scale.0) / scale.1 - theta[mean]) / deviation;
                slope[mean] += weight * z / deviation;
                slope[mean + 1] += weight * (z * z - 1.0);
            }
            Of::Choice { first, levels } => {
                let shares = shares(&theta[first..first + levels]);
                for (level, share) in shares.iter().enumerate() {
                    let is = if level == *x as usize { 1.0 } else { 0.0 };
                    slope[first + level] += weight * (is - share);
                }
            }
        }
    }
}
