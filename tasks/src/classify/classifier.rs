//! A classifier as a task: fitness on a minibatch of labelled examples.

use std::ops::Range;

use hatchery_engine::{Params, Perturbed, Task, TaskError};
use hatchery_kernels::cuda::Prepared;
use hatchery_kernels::simd::{Kernel, dispatch};
use hatchery_kernels::{Backend, Domain, Input, NoiseAddress, NoiseStream, math};
use serde::{Deserialize, Serialize};

use super::digits::{CLASSES, PIXELS, Split};
use crate::model::MemberBlock;
use crate::model::device::DevicePass;
use crate::model::mlp::{self, Mlp, Scratch};

/// What a classifier is scored by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// Minus the mean cross-entropy, in nats.
    #[default]
    CrossEntropy,
    /// The fraction of correct answers: a score without a gradient.
    Accuracy,
}

/// The options of the digits task: the `[task]` table without its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Training images per generation; all members see the same ones.
    pub images: u32,
    /// What members are scored by.
    pub loss: Loss,
}

impl Default for Config {
    fn default() -> Self {
        Self { images: 128, loss: Loss::CrossEntropy }
    }
}

/// A network that classifies images.
#[derive(Debug)]
pub struct Classifier {
    network: Mlp,
    config: Config,
    examples: Split,
    data: NoiseStream,
}

impl Classifier {
    /// A classifier of 8×8 images that learns from `examples`; `seed` names its minibatches.
    pub fn new(examples: Split, config: Config, model: &mlp::Config, seed: u64) -> Self {
        let network = Mlp::new(PIXELS, CLASSES, model, Vec::new());
        Self { network, config, examples, data: NoiseStream::new(seed).domain(Domain::Data) }
    }

    /// Fresh parameters for the network.
    pub fn init(&self, seed: u64) -> Params {
        self.network.init(seed)
    }

    fn pass<'a>(&'a self, population: &'a Perturbed) -> DevicePass<'a> {
        let rows = self.config.images as usize;
        DevicePass { network: &self.network, population, rows, shared_input: true }
    }

    /// The minibatch of a generation: a stretch of a permutation that is drawn anew for each epoch.
    fn minibatch(&self, generation: u32) -> Vec<usize> {
        let count = self.examples.len();
        let images = self.config.images as usize;
        let first = u64::from(generation) * images as u64;
        let mut epoch = u64::MAX;
        let mut order: Vec<usize> = Vec::new();
        (first..first + images as u64)
            .map(|position| {
                if position / count as u64 != epoch {
                    epoch = position / count as u64;
                    order = self.permutation(epoch as u32);
                }
                order[(position % count as u64) as usize]
            })
            .collect()
    }

    fn permutation(&self, epoch: u32) -> Vec<usize> {
        let mut keyed: Vec<(u64, usize)> = (0..self.examples.len())
            .map(|example| {
                let at =
                    NoiseAddress { generation: epoch, pair: 0, layer: 0, block: example as u32 };
                let [high, low, ..] = self.data.words(at);
                (u64::from(high) << 32 | u64::from(low), example)
            })
            .collect();
        keyed.sort_unstable();
        keyed.into_iter().map(|(_, example)| example).collect()
    }

    /// Logits `(classes, examples, lanes)` and labels for the given examples.
    fn logits<'s>(
        &self,
        block: &MemberBlock<'_>,
        chosen: &[usize],
        backend: &Backend,
        scratch: &'s mut Scratch,
    ) -> Result<(&'s [f32], Vec<u8>), TaskError> {
        let mut x = vec![0.0; PIXELS * chosen.len()];
        for (column, &example) in chosen.iter().enumerate() {
            let image = &self.examples.inputs[example * PIXELS..(example + 1) * PIXELS];
            for (pixel, value) in image.iter().enumerate() {
                x[pixel * chosen.len() + column] = *value;
            }
        }
        let labels = chosen.iter().map(|&example| self.examples.labels[example]).collect();
        let input = Input::Shared(&x);
        Ok((self.network.forward(block, input, chosen.len(), backend, scratch)?, labels))
    }

    /// Fraction of all examples that the centre of the population classifies correctly.
    ///
    /// # Errors
    /// If the parameters do not fit the network.
    pub fn accuracy(&self, population: &Perturbed, backend: &Backend) -> Result<f64, TaskError> {
        let block = MemberBlock::new(population, 0..1);
        let all: Vec<usize> = (0..self.examples.len()).collect();
        let mut scratch = Scratch::default();
        let (logits, labels) = self.logits(&block, &all, backend, &mut scratch)?;
        let mut scores = vec![0.0; block.lanes().len()];
        score(Loss::Accuracy, logits, &labels, &mut scores);
        Ok(f64::from(scores[0]))
    }
}

/// Mean score of every lane from logits `(classes, rows, lanes)`.
fn score(loss: Loss, logits: &[f32], labels: &[u8], scores: &mut [f32]) {
    scores.fill(0.0);
    dispatch(Score { loss, logits, labels, scores });
}

struct Score<'a> {
    loss: Loss,
    logits: &'a [f32],
    labels: &'a [u8],
    scores: &'a mut [f32],
}

impl Kernel for Score<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { loss, logits, labels, scores } = self;
        let lanes = scores.len();
        let share = 1.0 / labels.len() as f32;
        let mut largest = vec![0.0_f32; lanes];
        let mut total = vec![0.0_f32; lanes];
        let of = |class: usize, row: usize| {
            let first = (class * labels.len() + row) * lanes;
            &logits[first..first + lanes]
        };
        for (row, &label) in labels.iter().enumerate() {
            largest.copy_from_slice(of(0, row));
            for class in 1..CLASSES {
                for (largest, z) in largest.iter_mut().zip(of(class, row)) {
                    *largest = largest.max(*z);
                }
            }
            let target = of(usize::from(label), row);
            match loss {
                Loss::CrossEntropy => {
                    total.fill(0.0);
                    for class in 0..CLASSES {
                        for ((sum, z), m) in total.iter_mut().zip(of(class, row)).zip(&largest) {
                            *sum += math::exp(z - m);
                        }
                    }
                    let parts = total.iter().zip(target).zip(&largest);
                    for (score, ((sum, z), m)) in scores.iter_mut().zip(parts) {
                        *score += (z - m) - math::ln(*sum);
                    }
                }
                Loss::Accuracy => {
                    for ((score, z), m) in scores.iter_mut().zip(target).zip(&largest) {
                        *score += if z >= m { 1.0 } else { 0.0 };
                    }
                }
            }
        }
        for score in scores.iter_mut() {
            *score *= share;
        }
    }
}

impl Task for Classifier {
    type Population = Perturbed;

    fn name(&self) -> &str {
        "digits"
    }

    fn evaluate(
        &self,
        population: &Perturbed,
        members: Range<usize>,
        backend: &Backend,
        fitness: &mut [f32],
    ) -> Result<(), TaskError> {
        let chosen = self.minibatch(population.generation);
        if let Some(cuda) = backend.cuda() {
            let images = |_| {
                let of = |&e: &usize| &self.examples.inputs[e * PIXELS..(e + 1) * PIXELS];
                chosen.iter().flat_map(of).copied().collect()
            };
            let labels: Vec<u8> = chosen.iter().map(|&e| self.examples.labels[e]).collect();
            let accuracy = self.config.loss == Loss::Accuracy;
            let score = |done: &Prepared<'_>| done.score(&labels, accuracy);
            return Ok(self.pass(population).evaluate(members, cuda, images, score, fitness)?);
        }
        let block = MemberBlock::new(population, members);
        let mut scratch = Scratch::default();
        let (logits, labels) = self.logits(&block, &chosen, backend, &mut scratch)?;
        let mut scores = vec![0.0; block.lanes().len()];
        score(self.config.loss, logits, &labels, &mut scores);
        block.scatter(fitness, |lane| scores[lane]);
        Ok(())
    }

    /// Small blocks: each member brings a whole minibatch of columns.
    fn batch_hint(&self, population: &Perturbed, backend: &Backend) -> usize {
        backend.cuda().map_or(32, |cuda| self.pass(population).batch(cuda))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cross_entropy_of_equal_logits_is_ln_10() {
        let (rows, lanes) = (3, 2);
        let logits = vec![0.25; CLASSES * rows * lanes];
        let mut scores = vec![0.0; lanes];
        score(Loss::CrossEntropy, &logits, &[1, 2, 3], &mut scores);
        assert!((scores[1] + 10.0_f32.ln()).abs() < 1e-6, "{scores:?}");
    }

    #[test]
    fn minibatches_walk_through_all_examples_before_repeating() {
        let examples = Split { inputs: vec![0.0; 10 * PIXELS], labels: vec![0; 10] };
        let config = Config { images: 4, ..Config::default() };
        let task = Classifier::new(examples, config, &mlp::Config::default(), 3);
        let mut first_epoch: Vec<usize> = (0..3).flat_map(|g| task.minibatch(g)).take(10).collect();
        first_epoch.sort_unstable();
        assert_eq!(first_epoch, (0..10).collect::<Vec<_>>());
    }
}
