//! CbAS: an autoencoder of the visible designs that is fitted again and again to its own samples, weighed by how likely they are to be good.
//!
//! w = p₀(x | z)/pₜ(x | z) · P(y ≥ γ | x)      γ: the 80th percentile of what the model says of the samples, never less than before
//!
//! p₀ is the autoencoder of the visible rows, so that samples stay where there is data. Source: Brookes, Park and Listgarten, arXiv 1901.10060; constants
//! of the published baseline: latent 32, hidden 256, 200 epochs, 20 rounds of ten batches. Each round goes ten times over its batches; P is that of the
//! ensemble's mean with its deviation and the noise of a measurement; weights are at most 100 times their mean.

use hatchery::surrogates::searcher::{Problem, Searcher};
use hatchery::surrogates::space::Design;
use hatchery::surrogates::{Draws, SurrogateError, statistics};

use super::vae::{Samples, Vae};
use super::{BATCH, Encoded, designs_of};
use crate::analysis::cumulative;
use crate::arena::Arena;

/// Epochs on the visible rows.
const EPOCHS: u32 = 200;
/// Rounds of sampling and fitting.
const ROUNDS: u32 = 20;
/// Batches of samples of a round.
const BATCHES: usize = 10;
/// Epochs of a round.
const ROUND_EPOCHS: u32 = 10;
/// Share of the samples below γ.
const BELOW: f64 = 0.8;
/// Largest weight, in mean weights.
const WEIGHT_MAX: f64 = 100.0;

/// See the [module](self).
pub(crate) struct Cbas {
    visible: Encoded,
}

impl Cbas {
    /// On a task.
    pub(crate) fn of(arena: &Arena) -> Self {
        Self { visible: Encoded::visible(arena) }
    }
}

impl Searcher for Cbas {
    fn name(&self) -> &str {
        "cbas"
    }

    fn search(&self, problem: &Problem<'_>) -> Result<Vec<Design>, SurrogateError> {
        let (x, width) = (&self.visible.x, self.visible.width());
        let mut draws = Draws::new(problem.seed, "CbAS");
        let mut prior = Vae::new(width, &mut draws);
        prior.fit(x, &vec![1.0; x.len() / width], EPOCHS, &mut draws);
        let mut current = prior.clone();
        let mut floor = f64::NEG_INFINITY;
        for _ in 0..ROUNDS {
            if problem.stop.is_raised() {
                break;
            }
            let samples = current.sample(BATCHES * BATCH, &mut draws);
            let weights = self.weights(problem, &samples, [&prior, &current], &mut floor);
            current.fit(&samples.x, &weights, ROUND_EPOCHS, &mut draws);
        }
        let answers = current.sample(problem.answers, &mut draws);
        Ok(designs_of(problem, &self.visible.encoding, &answers.x))
    }
}

impl Cbas {
    /// Weights of samples of `current`, of mean 1.
    fn weights(
        &self,
        problem: &Problem<'_>,
        samples: &Samples,
        [prior, current]: [&Vae; 2],
        floor: &mut f64,
    ) -> Vec<f32> {
        let encoding = &self.visible.encoding;
        let rows = samples.x.chunks_exact(encoding.features());
        let designs: Vec<Design> = rows
            .map(|row| {
                let row: Vec<f64> = row.iter().map(|value| f64::from(*value)).collect();
                let design = encoding.decode(&row);
                problem.surrogate.space().repair(&design).unwrap_or(design)
            })
            .collect();
        let predictions = problem.surrogate.predict(&designs);
        let means: Vec<f64> = predictions.iter().map(|prediction| prediction.mean).collect();
        *floor = floor.max(statistics::quantile(&means, BELOW));
        let noise = problem.surrogate.noise();
        let (before, now) = (prior.log_likelihood(samples), current.log_likelihood(samples));
        let logs: Vec<f64> = predictions
            .iter()
            .zip(before.iter().zip(&now))
            .map(|(prediction, (before, now))| {
                let deviation = prediction.deviation.hypot(noise).max(1e-12);
                let chance = cumulative((prediction.mean - *floor) / deviation);
                before - now + chance.max(1e-300).ln()
            })
            .collect();
        let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut weights: Vec<f64> = logs.iter().map(|log| (log - top).exp()).collect();
        // A handful of samples must not be all that is left.
        for _ in 0..2 {
            let mean = statistics::mean(&weights);
            weights.iter_mut().for_each(|w| *w = (*w / mean).min(WEIGHT_MAX));
        }
        weights.into_iter().map(|w| w as f32).collect()
    }
}
