//! The language model as something to be scored.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

use hatchery_engine::{Int8Params, Int8Perturbed, Task, TaskError};
use hatchery_kernels::Backend;
use hatchery_kernels::int8::{Int8Noise, loss};
use hatchery_kernels::simd::{Kernel, dispatch};
use rayon::prelude::*;

use super::corpus::{Corpus, CorpusError};
use super::forward::{Block, Buffers};
use super::model::{Model, SYMBOLS};
use super::noise::BlockNoise;

thread_local! {
    static BUFFERS: RefCell<Buffers> = RefCell::default();
}

/// Learning to predict the next byte. Fitness of a member is its log-likelihood of the tokens of the generation, in sixteenths
/// of a bit: an integer, never above about 0.
#[derive(Debug, Clone)]
pub struct ByteLm {
    model: Model,
    corpus: Corpus,
    /// T: tokens that each member reads in a generation.
    tokens: usize,
    /// Members that read the same stream; even.
    group: usize,
}

/// How well bytes are predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Score {
    /// Log-likelihood in sixteenths of a bit.
    pub log_likelihood: i64,
    /// Bytes that were predicted.
    pub tokens: u64,
}

impl Score {
    /// Bits for each byte.
    pub fn bits_per_byte(self) -> f64 {
        -self.log_likelihood as f64 / (16.0 * self.tokens as f64)
    }
}

/// The most tokens of a member in a generation: up to here a fitness is an integer that f32 holds.
pub const TOKENS_MAX: usize = 32_768;

impl ByteLm {
    /// A task in which groups of `group` members read `tokens` bytes in each generation.
    ///
    /// # Errors
    /// [`CorpusError::Short`] if a part of the corpus is too short.
    ///
    /// # Panics
    /// If `tokens` is not from 1 to [`TOKENS_MAX`], or `group` is odd.
    pub fn try_new(
        model: Model,
        corpus: Corpus,
        tokens: usize,
        group: usize,
    ) -> Result<Self, CorpusError> {
        assert!((1..=TOKENS_MAX).contains(&tokens), "{tokens} tokens are not supported");
        assert!(group > 0 && group.is_multiple_of(2), "pairs share a stream");
        for (part, found) in
            [("training", corpus.train.len()), ("validation", corpus.validation.len())]
        {
            if found < 2 {
                return Err(CorpusError::Short { part, found, needed: 2 });
            }
        }
        Ok(Self { model, corpus, tokens, group })
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The text.
    pub fn corpus(&self) -> &Corpus {
        &self.corpus
    }

    /// Tokens that a member reads in a generation.
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// Streams of a population: the training part is cut into so many of equal length.
    fn streams(&self, members: usize) -> usize {
        members.div_ceil(self.group)
    }

    /// Inputs and targets of a stream in a generation. A stream that is exhausted begins again; the target is always the byte
    /// that follows in the text.
    fn read(&self, stream: usize, streams: usize, generation: u32) -> (Vec<u8>, Vec<u8>) {
        let train = &self.corpus.bytes[self.corpus.train.clone()];
        let length = (train.len() / streams).max(1);
        let first = stream * length % train.len();
        let begin = generation as u64 * self.tokens as u64;
        let at = |token: usize, ahead: usize| {
            let within = ((begin + token as u64) % length as u64) as usize;
            train[(first + within + ahead) % train.len()]
        };
        let bytes = |ahead| (0..self.tokens).map(|token| at(token, ahead)).collect();
        (bytes(0), bytes(1))
    }

    /// What a member of a population reads.
    pub(super) fn read_of_member(
        &self,
        population: &Int8Perturbed,
        member: usize,
    ) -> (Vec<u8>, Vec<u8>) {
        let streams = self.streams(2 * population.pairs as usize);
        self.read(member / self.group, streams, population.generation)
    }

    /// How well the centre predicts a part of the corpus, read as `streams` sequences side by side, each from state 0.
    pub fn score(&self, centre: &Int8Params, part: Range<usize>, streams: usize) -> Score {
        score(&self.model, centre, &self.corpus.bytes[part], streams)
    }
}

/// How well a model predicts bytes, read as `streams` sequences side by side, each from state 0; as fewer if they had less than 64
/// bytes each. The first byte of each is not predicted.
pub fn score(model: &Model, centre: &Int8Params, bytes: &[u8], streams: usize) -> Score {
    const STRETCH: usize = 64;
    const LANES: usize = 16;
    if bytes.len() < 2 {
        return Score::default();
    }
    let streams = streams.clamp(1, (bytes.len() / STRETCH).max(1));
    let length = bytes.len().div_ceil(streams);
    let sequences: Vec<&[u8]> = bytes.chunks(length).collect();
    let population = alone(centre);
    let blocks: Vec<&[&[u8]]> = sequences.chunks(LANES).collect();
    let of_block = |block: &&[&[u8]]| {
        let mut states = vec![0; block.len() * model.state_len()];
        let mut total = Score::default();
        let mut begin = 0;
        // All but the last sequence have one length; what is left of that one is padded and not counted.
        let longest = block.iter().map(|s| s.len() - 1).max().unwrap_or(0);
        while begin < longest {
            let tokens = STRETCH.min(longest - begin);
            let byte = |sequence: &[u8], at: usize| sequence.get(at).copied().unwrap_or(0);
            let mut inputs = Vec::with_capacity(block.len() * tokens);
            for sequence in *block {
                inputs.extend((begin..begin + tokens).map(|at| byte(sequence, at)));
            }
            let pass =
                Block { model, population: &population, noise: None, inputs: &inputs, tokens };
            BUFFERS.with_borrow_mut(|buffers| {
                pass.run(&mut states, buffers, |lane, logits| {
                    let sequence = block[lane];
                    let counted = tokens.min((sequence.len() - 1).saturating_sub(begin));
                    let targets = &sequence[sequence.len().min(begin + 1)..][..counted];
                    let logits = &logits[..counted * SYMBOLS];
                    total.log_likelihood += dispatch(Likelihood { logits, targets });
                    total.tokens += counted as u64;
                });
            });
            begin += tokens;
        }
        total
    };
    let scores: Vec<Score> = blocks.par_iter().map(of_block).collect();
    scores.iter().fold(Score::default(), |sum, score| Score {
        log_likelihood: sum.log_likelihood + score.log_likelihood,
        tokens: sum.tokens + score.tokens,
    })
}

/// A population that is never perturbed: the centre, packed.
pub(super) fn alone(centre: &Int8Params) -> Int8Perturbed {
    let centre = Arc::new(centre.clone());
    let (noise, carried) = (Int8Noise::counter(0), Arc::new(Vec::new()));
    Int8Perturbed::new(0, centre, noise, 0, (1, 1), carried)
}

impl Task for ByteLm {
    type Population = Int8Perturbed;

    fn name(&self) -> &str {
        "language"
    }

    fn evaluate(
        &self,
        population: &Int8Perturbed,
        members: Range<usize>,
        backend: &Backend,
        fitness: &mut [f32],
    ) -> Result<(), TaskError> {
        if let Some(cuda) = self.devices(backend) {
            return self.evaluate_on_device(cuda, population, members, fitness);
        }
        let noise = BlockNoise::new(population, members.clone());
        let (mut inputs, mut targets) = (Vec::new(), Vec::new());
        let mut states = Vec::with_capacity(members.len() * self.model.state_len());
        for member in members.clone() {
            let (input, target) = self.read_of_member(population, member);
            inputs.extend(input);
            targets.extend(target);
            states.extend(population.state(member));
        }
        let pass = Block {
            model: &self.model,
            population,
            noise: Some(&noise),
            inputs: &inputs,
            tokens: self.tokens,
        };
        BUFFERS.with_borrow_mut(|buffers| {
            pass.run(&mut states, buffers, |lane, logits| {
                let targets = &targets[lane * self.tokens..][..self.tokens];
                fitness[lane] = dispatch(Likelihood { logits, targets }) as f32;
            });
        });
        for (member, state) in members.zip(states.chunks_exact(self.model.state_len())) {
            population.keep_state(member, state);
        }
        Ok(())
    }

    /// As many members as keep the activations of all their tokens in the second cache, or as many as fit a device.
    fn batch_hint(&self, population: &Int8Perturbed, backend: &Backend) -> usize {
        if let Some(cuda) = self.devices(backend) {
            return self.batch_of_devices(population, cuda);
        }
        let of_member = 3 * self.tokens * self.model.width;
        let members = (200_000 / of_member).clamp(4, 64).next_multiple_of(4);
        let threads = rayon::current_num_threads();
        let even = (2 * population.pairs as usize).div_ceil(threads).next_multiple_of(2);
        members.min(even.max(2))
    }
}

struct Likelihood<'a> {
    logits: &'a [i8],
    targets: &'a [u8],
}

impl Kernel for Likelihood<'_> {
    type Output = i64;

    #[inline(always)]
    fn run(self) -> i64 {
        let rows = self.logits.chunks_exact(SYMBOLS).zip(self.targets);
        rows.map(|(logits, &target)| i64::from(loss::log_likelihood(logits, target))).sum()
    }
}

#[cfg(test)]
mod tests;
