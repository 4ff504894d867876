//! Training runs of small networks on real data.

use std::sync::{Arc, OnceLock};

use hatchery_engine::{Part, Scratch, Trainable};
use hatchery_kernels::simd::dispatch;
use hatchery_kernels::{Domain, NoiseAddress, NoiseStream};

use super::memo::Memo;
use super::rows::{CrossEntropy, SquaredError};
use super::tape::{Slot, Tape};
use super::{Size, name_with};
use crate::classify::digits;

/// Symbols that lower-cased text is reduced to; what is rarer is the last one.
const SYMBOLS: usize = 48;
/// Characters of the text that are used.
const TEXT: usize = 600_000;

/// A network with its data.
#[derive(Debug)]
pub(super) struct Network {
    name: String,
    tape: Tape,
    input: Option<Slot>,
    data: Data,
    batch: usize,
    steps: u32,
    runs: Memo<Run>,
}

/// What is drawn for a seed.
#[derive(Debug)]
struct Run {
    weights: Vec<f32>,
    /// Examples of the first batches, one behind the other.
    batches: Vec<u32>,
}

/// Numbers of examples that are kept for a seed.
const EXAMPLES_KEPT: usize = 1 << 18;

#[derive(Debug)]
enum Data {
    /// Images and classes; or, without classes, images to be found again.
    Images { classes: bool },
    /// So many symbols to see; the next one is wanted, or with `all` the next one of each.
    Text { length: usize, all: bool },
}

/// Images of one part of the digits.
#[derive(Debug)]
struct Images {
    inputs: Vec<f32>,
    labels: Vec<u8>,
}

/// Training, validation and test images: 1079, 359 and 359; the last are those that the digits task holds out.
fn images() -> &'static [Images; 3] {
    static IMAGES: OnceLock<[Images; 3]> = OnceLock::new();
    IMAGES.get_or_init(|| {
        let (train, test) = digits::load().expect("the embedded table is whole, as a test checks");
        let cut = train.len() - test.len();
        let part = |from: usize, to: usize| Images {
            inputs: train.inputs[from * digits::PIXELS..to * digits::PIXELS].to_vec(),
            labels: train.labels[from..to].to_vec(),
        };
        [part(0, cut), part(cut, train.len()), Images { inputs: test.inputs, labels: test.labels }]
    })
}

/// The first characters of the text as symbols, in the order of their frequency.
fn symbols() -> &'static [u8] {
    static CODES: OnceLock<Vec<u8>> = OnceLock::new();
    CODES.get_or_init(|| {
        let text: Vec<u8> = crate::text::kjv()[..TEXT].iter().map(u8::to_ascii_lowercase).collect();
        let mut counts = [(0_usize, 0_u8); 256];
        for (byte, slot) in counts.iter_mut().enumerate() {
            slot.1 = byte as u8;
        }
        for byte in &text {
            counts[*byte as usize].0 += 1;
        }
        counts.sort_by_key(|(count, byte)| (usize::MAX - count, *byte));
        let mut code = [(SYMBOLS - 1) as u8; 256];
        for (number, (_, byte)) in counts[..SYMBOLS - 1].iter().enumerate() {
            code[*byte as usize] = number as u8;
        }
        text.iter().map(|byte| code[*byte as usize]).collect()
    })
}

/// Where the training, validation and test parts of the text begin and end.
const TEXT_PARTS: [(usize, usize); 3] = [(0, 480_000), (480_000, 540_000), (540_000, TEXT)];
/// Windows of a held-out part that are scored.
const WINDOWS: usize = 1024;

impl Network {
    /// M1: 64–32–10 with ReLU on the digits.
    pub(super) fn mlp(size: &Size) -> Self {
        let width = size.width.unwrap_or(32);
        let mut tape = Tape::default();
        let x = tape.input(digits::PIXELS);
        let hidden = tape.linear(x, digits::PIXELS, width, 2f32.sqrt());
        let hidden = tape.relu(hidden);
        tape.linear(hidden, width, digits::CLASSES, 1.0);
        Self::images("m1", tape, x, true, size, (64, 100))
    }

    /// M2: an autoencoder 64–32–8–32–64 with tanh on the digits.
    pub(super) fn autoencoder(size: &Size) -> Self {
        let width = size.width.unwrap_or(32);
        let mut tape = Tape::default();
        let x = tape.input(digits::PIXELS);
        let hidden = tape.linear(x, digits::PIXELS, width, 1.0);
        let hidden = tape.tanh(hidden);
        let code = tape.linear(hidden, width, width / 4, 1.0);
        let hidden = tape.linear(code, width / 4, width, 1.0);
        let hidden = tape.tanh(hidden);
        tape.linear(hidden, width, digits::PIXELS, 1.0);
        Self::images("m2", tape, x, false, size, (64, 200))
    }

    /// C1: two 3×3 convolutions of 8 channels, the second with stride 2, on the digits.
    pub(super) fn convolutions(size: &Size) -> Self {
        const SIDE: usize = 8;
        let channels = size.width.unwrap_or(8);
        let mut tape = Tape::default();
        let x = tape.input(digits::PIXELS);
        let patches = tape.patches(x, SIDE, 1, 1);
        let first = tape.linear(patches, 9, channels, 2f32.sqrt());
        let first = tape.relu(first);
        let patches = tape.patches(first, SIDE, channels, 2);
        let second = tape.linear(patches, 9 * channels, channels, 2f32.sqrt());
        let second = tape.relu(second);
        let width = tape.width(second);
        tape.linear(second, width, digits::CLASSES, 1.0);
        Self::images("c1", tape, x, true, size, (32, 100))
    }

    fn images(
        id: &str,
        tape: Tape,
        input: Slot,
        classes: bool,
        size: &Size,
        (batch, steps): (usize, u32),
    ) -> Self {
        let (batch, steps) = (size.batch.unwrap_or(batch), size.steps.unwrap_or(steps));
        Self {
            name: name_with(id, size),
            tape,
            input: Some(input),
            data: Data::Images { classes },
            batch,
            steps,
            runs: Memo::default(),
        }
    }

    /// N1: the next character from eight, each of eight dimensions, by one tanh layer.
    pub(super) fn characters(size: &Size) -> Self {
        const SEEN: usize = 8;
        let width = size.width.unwrap_or(48);
        // The published sizes: 8 dimensions for 48 units, 16 for 128.
        let dimensions = if width < 96 { 8 } else { 16 };
        let mut tape = Tape::default();
        let x = tape.embed(SYMBOLS, dimensions, SEEN, 0.3);
        let hidden = tape.linear(x, SEEN * dimensions, width, 1.0);
        let hidden = tape.tanh(hidden);
        tape.linear(hidden, width, SYMBOLS, 1.0);
        let (batch, steps) = (size.batch.unwrap_or(32), size.steps.unwrap_or(200));
        let data = Data::Text { length: SEEN, all: false };
        Self {
            name: name_with("n1", size),
            tape,
            input: None,
            data,
            batch,
            steps,
            runs: Memo::default(),
        }
    }

    /// T1: a transformer of one layer, width 32, two heads, texts of 16 characters.
    pub(super) fn transformer(size: &Size) -> Self {
        const LENGTH: usize = 16;
        let width = size.width.unwrap_or(32);
        let mut tape = Tape::default();
        let x = tape.embed(SYMBOLS, width, 1, 0.1);
        let x = tape.position(x, LENGTH, 0.1);
        let n = tape.norm(x);
        let qkv = tape.linear(n, width, 3 * width, 1.0);
        let mixed = tape.attention(qkv, 2, LENGTH);
        let mixed = tape.linear(mixed, width, width, 0.5);
        let x = tape.add(x, mixed);
        let n = tape.norm(x);
        let hidden = tape.linear(n, width, 2 * width, 2f32.sqrt());
        let hidden = tape.relu(hidden);
        let hidden = tape.linear(hidden, 2 * width, width, 0.5);
        let x = tape.add(x, hidden);
        let n = tape.norm(x);
        tape.linear(n, width, SYMBOLS, 0.5);
        let (batch, steps) = (size.batch.unwrap_or(8), size.steps.unwrap_or(200));
        let data = Data::Text { length: LENGTH, all: true };
        Self {
            name: name_with("t1", size),
            tape,
            input: None,
            data,
            batch,
            steps,
            runs: Memo::default(),
        }
    }

    /// Loss of the examples `which` of a part, and the gradient if wanted.
    fn pass(
        &self,
        weights: &[f32],
        part: usize,
        which: &[u32],
        gradient: Option<&mut [f32]>,
        scratch: &mut Scratch,
    ) -> f64 {
        let (mut tokens, mut classes) = (Vec::new(), Vec::new());
        let rows = match self.data {
            Data::Text { length, all: true } => which.len() * length,
            _ => which.len(),
        };
        let mut activations = self.tape.activations(rows, scratch);
        match self.data {
            Data::Images { .. } => {
                let images = &images()[part];
                let inputs = &mut activations.values[self.input.expect("images go in")];
                for (index, to) in which.iter().zip(inputs.chunks_exact_mut(digits::PIXELS)) {
                    to.copy_from_slice(
                        &images.inputs[*index as usize * digits::PIXELS..][..digits::PIXELS],
                    );
                    classes.push(images.labels[*index as usize]);
                }
            }
            Data::Text { length, all } => {
                let text = &symbols()[TEXT_PARTS[part].0..TEXT_PARTS[part].1];
                for at in which.iter().map(|at| *at as usize) {
                    tokens.extend_from_slice(&text[at..at + length]);
                    classes.extend_from_slice(if all {
                        &text[at + 1..=at + length]
                    } else {
                        &text[at + length..=at + length]
                    });
                }
            }
        }
        self.tape.forward(weights, &tokens, &mut activations);
        let output = self.tape.output();
        let width = self.tape.width(output);
        let (values, slopes) = (
            &activations.values[output][..rows * width],
            &mut activations.slopes[output][..rows * width],
        );
        let slopes = gradient.is_some().then_some(slopes);
        let loss = match self.data {
            Data::Images { classes: false } => {
                let wanted = &activations.values[self.input.expect("images go in")][..rows * width];
                dispatch(SquaredError { found: values, wanted, slopes })
            }
            _ => dispatch(CrossEntropy { logits: values, classes: &classes, width, slopes }),
        };
        if let Some(gradient) = gradient {
            self.tape.backward(weights, &tokens, gradient, &mut activations);
        }
        activations.release(scratch);
        loss
    }

    fn run(&self, seed: u64) -> Arc<Run> {
        self.runs.get(seed, || {
            let kept = (self.steps as usize).min(EXAMPLES_KEPT / self.batch) as u32;
            let batches = (0..kept).flat_map(|step| self.draw(seed, step)).collect();
            Run { weights: self.tape.init(seed), batches }
        })
    }

    /// The examples of a step.
    fn draw(&self, seed: u64, step: u32) -> impl Iterator<Item = u32> {
        let stream = NoiseStream::new(seed).domain(Domain::Data);
        let examples = self.examples(0) as u64;
        let words = (0..self.batch.div_ceil(4) as u32).flat_map(move |block| {
            stream.words(NoiseAddress { generation: step, pair: 0, layer: 0, block })
        });
        words.take(self.batch).map(move |word| ((u64::from(word) * examples) >> 32) as u32)
    }

    /// Number of places in a part where an example may begin.
    fn examples(&self, part: usize) -> usize {
        match self.data {
            Data::Images { .. } => images()[part].labels.len(),
            Data::Text { length, .. } => TEXT_PARTS[part].1 - TEXT_PARTS[part].0 - length,
        }
    }
}

impl Trainable for Network {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn leaves(&self) -> &[usize] {
        self.tape.leaves()
    }

    fn steps(&self) -> u32 {
        self.steps
    }

    fn init(&self, seed: u64) -> Vec<f32> {
        self.run(seed).weights.clone()
    }

    fn gradient(
        &self,
        weights: &[f32],
        seed: u64,
        step: u32,
        gradient: &mut [f32],
        scratch: &mut Scratch,
    ) -> f32 {
        let run = self.run(seed);
        let first = step as usize * self.batch;
        match run.batches.get(first..first + self.batch) {
            Some(which) => self.pass(weights, 0, which, Some(gradient), scratch) as f32,
            None => {
                let which: Vec<u32> = self.draw(seed, step).collect();
                self.pass(weights, 0, &which, Some(gradient), scratch) as f32
            }
        }
    }

    fn loss(&self, weights: &[f32], _: u64, part: Part, scratch: &mut Scratch) -> f64 {
        let part = if part == Part::Validation { 1 } else { 2 };
        let examples = self.examples(part);
        let which: Vec<u32> = match self.data {
            Data::Images { .. } => (0..examples as u32).collect(),
            Data::Text { all, length } => {
                let windows = if all { WINDOWS / length } else { WINDOWS };
                (0..windows).map(|window| (window * examples / windows) as u32).collect()
            }
        };
        let total: f64 = which
            .chunks(self.batch)
            .map(|which| self.pass(weights, part, which, None, scratch) * which.len() as f64)
            .sum();
        total / which.len() as f64
    }
}
