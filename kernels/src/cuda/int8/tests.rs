//! Forward passes on a device against a member at a time on the CPU: same bits.

use std::sync::Arc;

use super::*;
use crate::cuda::testing;
use crate::int8::noise::{Slice, Table, perturbed_row, perturbed_vector};
use crate::int8::{
    Int8Linear, Int8Noise, Int8Scratch, PackedInt8, RankOne, ZeroMean, gate, int8_linear,
    layer_norm::layer_norm, loss::log_likelihood,
};

struct Lcg(u64);

impl Lcg {
    fn next(&mut self, below: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    fn numbers(&mut self, count: usize, largest: i64) -> Vec<i8> {
        (0..count).map(|_| (self.next(2 * largest as u64 + 1) as i64 - largest) as i8).collect()
    }
}

/// Shapes `(rows, columns)` of the tensors; vectors have one column.
fn shapes(model: &Int8Model) -> Vec<(usize, usize)> {
    let d = model.width;
    let mut all = vec![(256, d)];
    for _ in 0..model.depth {
        all.extend([(d, 1), (d, d), (d, d), (d, 1), (d, d), (d, d), (d, 1)]);
        all.extend([(d, 1), (4 * d, d), (d, 4 * d)]);
    }
    all.extend([(d, 1), (256, d)]);
    all
}

fn tensors(model: &Int8Model, lcg: &mut Lcg) -> Vec<Vec<i8>> {
    let of = |(rows, columns): (usize, usize)| {
        lcg.numbers(rows * columns, if columns == 1 { 30 } else { 47 })
    };
    shapes(model).into_iter().map(of).collect()
}

/// One member, token by token.
struct Member<'a> {
    model: Int8Model,
    tensors: &'a [Vec<i8>],
    noise: &'a Int8Noise,
    generation: u32,
    direction: u32,
    sign: i32,
    sigma_shift: u32,
}

impl Member<'_> {
    fn slice(&self, tensor: usize) -> Vec<i8> {
        let (rows, columns) = shapes(&self.model)[tensor];
        let mut slice = vec![0; if columns == 1 { 2 * rows } else { rows + columns }];
        let at = Slice { generation: self.generation, pair: self.direction, tensor: tensor as u32 };
        self.noise.fill(at, &mut slice);
        slice
    }

    fn vector(&self, tensor: usize) -> Vec<i8> {
        let centre = &self.tensors[tensor];
        let mut out = vec![0; centre.len()];
        perturbed_vector(centre, &self.slice(tensor), self.sign, self.sigma_shift, &mut out);
        out
    }

    fn linear(&self, tensor: usize, row: &[i8]) -> Vec<i8> {
        let (rows, columns) = shapes(&self.model)[tensor];
        let slice = self.slice(tensor);
        let a: Vec<i32> = slice[columns..].iter().map(|&a| self.sign * i32::from(a)).collect();
        let call = Int8Linear {
            weights: &PackedInt8::new(&self.tensors[tensor], rows, columns),
            rows: row,
            noise: &[RankOne { b: &slice[..columns], a: &a }],
            rows_per_member: 1,
            sigma_shift: self.sigma_shift,
        };
        let mut out = vec![0; rows];
        int8_linear(&call, &mut Int8Scratch::default(), &mut out);
        out
    }

    fn norm(&self, tensor: usize, y: &[i8]) -> Vec<i8> {
        let mut out = vec![0; y.len()];
        layer_norm(y, &self.vector(tensor), self.model.zero, &mut out);
        out
    }

    fn read(&self, inputs: &[u8], targets: &[u8], states: &mut [i8]) -> i32 {
        let d = self.model.width;
        let mut total = 0;
        for (&input, &target) in inputs.iter().zip(targets) {
            let (row, slice) = (usize::from(input), self.slice(0));
            let mut y = vec![0; d];
            let a = self.sign * i32::from(slice[d + row]);
            let entry = &self.tensors[0][row * d..][..d];
            perturbed_row(entry, a, &slice[..d], self.sigma_shift, &mut y);
            for (layer, state) in states.chunks_exact_mut(d).enumerate() {
                let at = 1 + 10 * layer;
                if input == 0 {
                    state.fill(0);
                }
                let u = self.norm(at, &y);
                let (p, q) = (self.linear(at + 1, &u), self.linear(at + 2, state));
                let (mut f, mut reset) = (vec![0; d], vec![0; d]);
                gate::forget(&p, &q, &self.vector(at + 3), state, &mut f, &mut reset);
                let (p, q) = (self.linear(at + 4, &u), self.linear(at + 5, &reset));
                gate::update(&p, &q, &self.vector(at + 6), &f, state);
                gate::add(&mut y, state);
                let hidden = self.linear(at + 8, &self.norm(at + 7, &y));
                gate::add(&mut y, &self.linear(at + 9, &hidden));
            }
            let at = 1 + 10 * self.model.depth;
            let logits = self.linear(at + 1, &self.norm(at, &y));
            total += log_likelihood(&logits, target);
        }
        total
    }
}

struct Case {
    model: Int8Model,
    noise: Int8Noise,
    tokens: usize,
    pairs: std::ops::Range<u32>,
    halves: u32,
    directions: u32,
    sigma_shift: u32,
    /// Members of a block; 0 for what the device takes.
    rows: usize,
}

/// Log-likelihoods and states of both.
fn compare(case: &Case) {
    let Some(device) = testing::device() else { return };
    let Case { model, tokens, halves, directions, sigma_shift, .. } = *case;
    let mut lcg = Lcg(model.width as u64 + 7 * tokens as u64);
    let (tensors, pairs) = (tensors(&model, &mut lcg), case.pairs.len());
    // Some zeros, at which states are forgotten.
    let inputs: Vec<u8> =
        (0..pairs * tokens).map(|_| lcg.next(300).saturating_sub(44) as u8).collect();
    let targets: Vec<u8> = (0..pairs * tokens).map(|_| lcg.next(256) as u8).collect();
    let begun = lcg.numbers(2 * pairs * model.state_len(), 127);
    let of: Vec<&[i8]> = tensors.iter().map(Vec::as_slice).collect();
    let centre = device.int8_centre(model, &of, &case.noise).expect("it fits");
    let batch = Int8Batch {
        pairs: case.pairs.clone(),
        halves,
        directions,
        generation: 5,
        sigma_shift,
        inputs: &inputs,
        targets: &targets,
    };
    let mut states = begun.clone();
    let sums = match case.rows {
        0 => centre.forward(device, &batch, &mut states),
        rows => centre.forward_in(rows, device, &batch, &mut states),
    };
    let sums = sums.expect("it can");
    for (number, state) in states.chunks_exact(model.state_len()).enumerate() {
        let (pair, member) = (number / 2, 2 * case.pairs.start + number as u32);
        let voter = member / halves;
        let member = Member {
            model,
            tensors: &tensors,
            noise: &case.noise,
            generation: 5,
            direction: voter % directions,
            sign: if halves == 2 && number % 2 == 1 { -1 } else { 1 },
            sigma_shift,
        };
        let text = pair * tokens..(pair + 1) * tokens;
        let mut expected = begun[number * model.state_len()..][..model.state_len()].to_vec();
        let sum = member.read(&inputs[text.clone()], &targets[text], &mut expected);
        assert_eq!(state, expected, "state of member {number}, {model:?}");
        assert_eq!(sums[number], sum, "member {number}, {model:?}");
    }
}

fn sources() -> [Int8Noise; 2] {
    [Int8Noise::counter(3), Int8Noise::Table(Arc::new(Table::new(3, 14)))]
}

fn model(width: usize, depth: usize, zero: ZeroMean) -> Int8Model {
    Int8Model { width, depth, zero }
}

#[test]
fn small_models_have_the_bits_of_the_cpu_with_both_sources_and_both_quotients() {
    for (noise, zero) in sources().into_iter().zip([ZeroMean::One, ZeroMean::Reference]) {
        let model = model(16, 2, zero);
        // Several blocks, of which the last has one pair; directions that come twice.
        let (pairs, directions) = (3..12, 10);
        let mut case =
            Case { model, noise, tokens: 3, pairs, halves: 2, directions, sigma_shift: 4, rows: 0 };
        compare(&case);
        case.halves = 1;
        compare(&case);
    }
}

#[test]
fn widths_that_fill_no_tile_have_the_bits_of_the_cpu() {
    // Not powers of four: quotients are divisions. 20 and 36 end in half a vector of eight, 68 in a second chunk.
    let widths = [(4, 1), (20, 2), (36, 1), (68, 1)];
    for ((width, depth), noise) in widths.into_iter().zip(sources().into_iter().chain(sources())) {
        let model = model(width, depth, ZeroMean::One);
        let (pairs, directions) = (0..2, 9);
        let (halves, sigma_shift) = (2, 2);
        compare(&Case { model, noise, tokens: 2, pairs, halves, directions, sigma_shift, rows: 0 });
    }
}

#[test]
fn blocks_of_every_size_have_the_bits_of_the_cpu() {
    for (width, rows, halves) in [(64, 32, 1), (128, 32, 2), (256, 64, 2)] {
        let model = model(width, 1, ZeroMean::Reference);
        let (noise, pairs) = (Int8Noise::counter(11), 70_000..70_002);
        let directions = 1 << 20;
        let sigma_shift = 4;
        compare(&Case { model, noise, tokens: 2, pairs, halves, directions, sigma_shift, rows });
    }
}

#[test]
fn a_weak_signal_divides_by_zero_as_the_cpu_does() {
    let Some(device) = testing::device() else { return };
    for zero in [ZeroMean::One, ZeroMean::Reference] {
        let model = model(16, 1, zero);
        // A centre of zeros: the mean magnitude is 0 nearly everywhere.
        let tensors: Vec<Vec<i8>> = shapes(&model).iter().map(|(r, c)| vec![0; r * c]).collect();
        let of: Vec<&[i8]> = tensors.iter().map(Vec::as_slice).collect();
        let noise = Int8Noise::counter(1);
        let centre = device.int8_centre(model, &of, &noise).expect("it fits");
        let (inputs, targets) = ([3, 0, 4, 5], [1, 2, 3, 4]);
        let batch = Int8Batch {
            pairs: 0..1,
            halves: 2,
            directions: 1,
            generation: 0,
            sigma_shift: 4,
            inputs: &inputs,
            targets: &targets,
        };
        let mut states = vec![0; 2 * model.state_len()];
        let sums = centre.forward(device, &batch, &mut states).expect("it can");
        for (number, sign) in [(0, 1), (1, -1)] {
            let member = Member {
                model,
                tensors: &tensors,
                noise: &noise,
                generation: 0,
                direction: 0,
                sign,
                sigma_shift: 4,
            };
            let mut expected = vec![0; model.state_len()];
            assert_eq!(sums[number], member.read(&inputs, &targets, &mut expected), "{zero:?}");
            assert_eq!(states[number * 16..][..16], expected, "{zero:?}");
        }
    }
}

#[test]
fn what_does_not_fit_is_refused_in_words() {
    let Some(device) = testing::device() else { return };
    let model = model(16, 1, ZeroMean::One);
    let tensors = tensors(&model, &mut Lcg(1));
    let of: Vec<&[i8]> = tensors.iter().map(Vec::as_slice).collect();
    let noise = Int8Noise::Table(Arc::new(Table::of(vec![1; 64], 0)));
    assert!(device.int8_centre(model, &of[1..], &noise).is_err());
    let centre = device.int8_centre(model, &of, &noise).expect("it fits");
    let batch = |targets| Int8Batch {
        pairs: 0..1,
        halves: 2,
        directions: 1,
        generation: 0,
        sigma_shift: 4,
        inputs: &[1, 2],
        targets,
    };
    let mut states = vec![0; 32];
    let error = centre.forward(device, &batch(&[1]), &mut states).expect_err("a target is missing");
    assert!(error.to_string().contains("targets has 1 elements, expected 2"), "{error}");
    let error = centre.forward(device, &batch(&[1, 2]), &mut states).expect_err("a small table");
    assert!(error.to_string().contains("table has 64 elements"), "{error}");
    assert!(!Int8Model { width: 18, ..model }.is_for(device));
    assert!(!Int8Model { width: 4096, ..model }.is_for(device));
}
