//! Writing with a model, byte by byte.

use hatchery_engine::{Int8Params, Int8Perturbed};
use hatchery_kernels::{Domain, NoiseAddress, NoiseStream};

use super::forward::{Block, Buffers};
use super::model::{Model, SYMBOLS};
use super::task::alone;

/// How the next byte is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling {
    /// Logits are divided by this: 1 draws what the model says, 0 takes the likeliest.
    pub temperature: f64,
    /// Only so many likeliest bytes are drawn from; 0 = all.
    pub top: usize,
    /// Seed of the draws.
    pub seed: u64,
}

/// A model and the state that it has come to.
#[derive(Debug)]
pub struct Sampler {
    model: Model,
    population: Int8Perturbed,
    state: Vec<i8>,
    logits: [i8; SYMBOLS],
    buffers: Buffers,
}

impl Sampler {
    /// A model that has read nothing.
    pub fn new(model: Model, centre: &Int8Params) -> Self {
        let (population, state) = (alone(centre), vec![0; model.state_len()]);
        let mut sampler =
            Self { model, population, state, logits: [0; SYMBOLS], buffers: Buffers::default() };
        sampler.read(0);
        sampler
    }

    /// Reads a byte; [`logits`](Self::logits) are then about the next one.
    pub fn read(&mut self, byte: u8) {
        let (inputs, logits) = ([byte], &mut self.logits);
        let block = Block {
            model: &self.model,
            population: &self.population,
            noise: None,
            inputs: &inputs,
            tokens: 1,
        };
        block.run(&mut self.state, &mut self.buffers, |_, out| logits.copy_from_slice(out));
    }

    /// Log-probabilities of the next byte in sixteenths of a bit, up to a constant.
    pub fn logits(&self) -> &[i8; SYMBOLS] {
        &self.logits
    }

    /// Draws `count` bytes, reading each.
    pub fn write(&mut self, sampling: &Sampling, count: usize) -> Vec<u8> {
        let stream = NoiseStream::new(sampling.seed).domain(Domain::Data);
        let mut draws = vec![0.0; count];
        stream.fill_uniforms(NoiseAddress::default(), &mut draws);
        let mut text = Vec::with_capacity(count);
        for draw in draws {
            let byte = choose(&self.logits, sampling, draw);
            text.push(byte);
            self.read(byte);
        }
        text
    }
}

/// The byte at a point from 0 to 1 of the distribution.
fn choose(logits: &[i8; SYMBOLS], sampling: &Sampling, draw: f64) -> u8 {
    let mut order: Vec<u8> = (0..=255).collect();
    order.sort_by_key(|&byte| std::cmp::Reverse(logits[usize::from(byte)]));
    if sampling.top > 0 {
        order.truncate(sampling.top);
    }
    if sampling.temperature <= 0.0 {
        return order[0];
    }
    let best = f64::from(logits[usize::from(order[0])]);
    let weight = |byte: &u8| {
        let below = f64::from(logits[usize::from(*byte)]) - best;
        (below / (16.0 * sampling.temperature)).exp2()
    };
    let weights: Vec<f64> = order.iter().map(weight).collect();
    let mut left = draw * weights.iter().sum::<f64>();
    for (byte, weight) in order.iter().zip(weights) {
        left -= weight;
        if left < 0.0 {
            return *byte;
        }
    }
    order[0]
}

#[cfg(test)]
mod tests {
    use hatchery_kernels::int8::ZeroMean;

    use super::*;

    #[test]
    fn writing_is_a_function_of_the_seed_and_top_one_needs_none() {
        let model = Model { width: 16, depth: 1, zero: ZeroMean::One };
        let centre = model.init(1);
        let write = |temperature, top, seed| {
            Sampler::new(model, &centre).write(&Sampling { temperature, top, seed }, 40)
        };
        assert_eq!(write(1.0, 0, 7), write(1.0, 0, 7));
        assert_ne!(write(1.0, 0, 7), write(1.0, 0, 8));
        assert_eq!(write(0.0, 0, 7), write(1.0, 1, 9));
    }

    #[test]
    fn draws_follow_the_probabilities() {
        let mut logits = [-127; SYMBOLS];
        (logits[65], logits[66]) = (32, 16);
        let sampling = Sampling { temperature: 1.0, top: 2, seed: 0 };
        let drawn = |share: f64| choose(&logits, &sampling, share);
        // One sixteenth of sixteen is a bit: 2 : 1.
        assert_eq!((drawn(0.6666), drawn(0.6667)), (65, 66));
    }
}
