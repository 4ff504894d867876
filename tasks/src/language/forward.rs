//! The forward pass of a block of sequences, layer by layer over all their tokens.
//!
//! Only the products with the state go from token to token. All others are one product over the tokens of a sequence, so that
//! noise is read once for all tokens and weights stay in the caches. A *lane* is one sequence: a member with its
//! noise, or a stretch of text under the centre alone.

use hatchery_engine::Int8Perturbed;
use hatchery_kernels::int8::noise::perturbed_row;
use hatchery_kernels::int8::{Int8Linear, Int8Scratch, RankOne, gate, int8_linear, layer_norm};
use hatchery_kernels::simd::{Kernel, dispatch};

use super::model::{Model, SYMBOLS};
use super::noise::BlockNoise;

/// What a block is made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'a> {
    pub(super) model: &'a Model,
    pub(super) population: &'a Int8Perturbed,
    /// Noise of each lane; without it all lanes are the centre.
    pub(super) noise: Option<&'a BlockNoise>,
    /// Tokens, `(lanes, tokens)`.
    pub(super) inputs: &'a [u8],
    /// Tokens of a lane.
    pub(super) tokens: usize,
}

/// Buffers that blocks reuse.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    y: Vec<i8>,
    u: Vec<i8>,
    forget: Vec<i8>,
    new: Vec<i8>,
    hidden: Vec<i8>,
    out: Vec<i8>,
    state: Vec<i8>,
    product: Vec<i8>,
    gates: Vec<i8>,
    reset: Vec<i8>,
    scratch: Int8Scratch,
}

impl Block<'_> {
    fn lanes(&self) -> usize {
        self.inputs.len() / self.tokens
    }

    fn vector(&self, lane: usize, tensor: usize) -> &[i8] {
        match self.noise {
            Some(noise) => noise.vector(lane, tensor),
            None => self.population.centre.tensor(tensor),
        }
    }

    fn rank_ones(&self, tensor: usize) -> Vec<RankOne<'_>> {
        self.noise.map_or(Vec::new(), |noise| {
            (0..self.lanes()).map(|lane| noise.rank_one(lane, tensor)).collect()
        })
    }

    /// The product with matrix `tensor`.
    fn linear(
        &self,
        tensor: usize,
        rows: &[i8],
        noise: &[RankOne<'_>],
        rows_per_member: usize,
        scratch: &mut Int8Scratch,
        out: &mut [i8],
    ) {
        let call = Int8Linear {
            weights: self.population.packed(tensor),
            rows,
            noise,
            rows_per_member,
            sigma_shift: self.population.sigma_shift,
        };
        int8_linear(&call, scratch, out);
    }

    /// Runs all tokens; `states`, `(lanes, layers, width)`, go from before the first to behind the last. `each` gets the logits
    /// of each lane, `(tokens, 256)`.
    pub(super) fn run(
        &self,
        states: &mut [i8],
        buffers: &mut Buffers,
        mut each: impl FnMut(usize, &[i8]),
    ) {
        let (d, tokens) = (self.model.width, self.tokens);
        let rows = self.inputs.len();
        for (buffer, size) in [
            (&mut buffers.y, rows * d),
            (&mut buffers.u, tokens * d),
            (&mut buffers.forget, rows * d),
            (&mut buffers.new, rows * d),
            (&mut buffers.hidden, tokens * 4 * d),
            (&mut buffers.out, tokens * SYMBOLS.max(d)),
            (&mut buffers.state, self.lanes() * d),
            (&mut buffers.product, self.lanes() * d),
            (&mut buffers.gates, self.lanes() * d),
            (&mut buffers.reset, self.lanes() * d),
        ] {
            buffer.resize(size, 0);
        }
        self.embed(&mut buffers.y);
        for layer in 0..self.model.depth {
            self.cell(layer, states, buffers);
            self.perceptron(layer, buffers);
        }
        let (norm, head) = (self.model.norm_out(), self.model.head());
        let noise = self.rank_ones(head);
        for (lane, y) in buffers.y.chunks_exact(tokens * d).enumerate() {
            self.norm(y, lane, norm, &mut buffers.u);
            let out = &mut buffers.out[..tokens * SYMBOLS];
            self.linear(head, &buffers.u, one(&noise, lane), tokens, &mut buffers.scratch, out);
            each(lane, out);
        }
    }

    fn embed(&self, y: &mut [i8]) {
        let (d, tensor) = (self.model.width, Model::EMBEDDING);
        let table = self.population.centre.tensor(tensor);
        for (row, (&token, y)) in self.inputs.iter().zip(y.chunks_exact_mut(d)).enumerate() {
            let entry = &table[usize::from(token) * d..][..d];
            match self.noise {
                None => y.copy_from_slice(entry),
                Some(noise) => {
                    let RankOne { b, a } = noise.rank_one(row / self.tokens, tensor);
                    let a = a[usize::from(token)];
                    perturbed_row(entry, a, b, self.population.sigma_shift, y);
                }
            }
        }
    }

    fn norm(&self, rows: &[i8], lane: usize, tensor: usize, out: &mut [i8]) {
        let weight = self.vector(lane, tensor);
        dispatch(Norm { rows, weight, model: self.model, out });
    }

    /// The recurrent cell of a layer, added to `y`.
    fn cell(&self, layer: usize, states: &mut [i8], buffers: &mut Buffers) {
        let (d, tokens, at) = (self.model.width, self.tokens, self.model.layer(layer));
        let noise = [at.forget_input, at.new_input].map(|tensor| self.rank_ones(tensor));
        for (lane, y) in buffers.y.chunks_exact(tokens * d).enumerate() {
            self.norm(y, lane, at.norm_cell, &mut buffers.u);
            let range = lane * tokens * d..(lane + 1) * tokens * d;
            let (u, scratch) = (&buffers.u, &mut buffers.scratch);
            let (f, h) = (&mut buffers.forget[range.clone()], &mut buffers.new[range]);
            self.linear(at.forget_input, u, one(&noise[0], lane), tokens, scratch, f);
            self.linear(at.new_input, u, one(&noise[1], lane), tokens, scratch, h);
        }
        let of_lane = |lane: usize| (lane * self.model.depth + layer) * d;
        for (lane, state) in buffers.state.chunks_exact_mut(d).enumerate() {
            state.copy_from_slice(&states[of_lane(lane)..][..d]);
        }
        let noise = [at.forget_state, at.new_state].map(|tensor| self.rank_ones(tensor));
        let biases = |tensor| (0..self.lanes()).map(|l| self.vector(l, tensor)).collect::<Vec<_>>();
        let [forget_bias, new_bias] = [at.forget_bias, at.new_bias].map(biases);
        for token in 0..tokens {
            for (lane, state) in buffers.state.chunks_exact_mut(d).enumerate() {
                if self.inputs[lane * tokens + token] == 0 {
                    state.fill(0);
                }
            }
            let Buffers { y, forget, new, state, product, gates, reset, scratch, .. } =
                &mut *buffers;
            self.linear(at.forget_state, state, &noise[0], 1, scratch, product);
            let input = Strided { rows: forget, token, tokens, width: d };
            dispatch(Forget { input, product, biases: &forget_bias, state, gates, reset });
            self.linear(at.new_state, reset, &noise[1], 1, scratch, product);
            let input = Strided { rows: new, token, tokens, width: d };
            dispatch(Update { input, product, biases: &new_bias, gates, state, y });
        }
        for (lane, state) in buffers.state.chunks_exact(d).enumerate() {
            states[of_lane(lane)..][..d].copy_from_slice(state);
        }
    }

    /// The two linear maps of a layer, added to `y`.
    fn perceptron(&self, layer: usize, buffers: &mut Buffers) {
        let (d, tokens, at) = (self.model.width, self.tokens, self.model.layer(layer));
        let noise = [at.mlp_up, at.mlp_down].map(|tensor| self.rank_ones(tensor));
        let Buffers { y, u, hidden, out, scratch, .. } = buffers;
        let out = &mut out[..tokens * d];
        for (lane, y) in y.chunks_exact_mut(tokens * d).enumerate() {
            self.norm(y, lane, at.norm_mlp, u);
            self.linear(at.mlp_up, u, one(&noise[0], lane), tokens, scratch, hidden);
            self.linear(at.mlp_down, hidden, one(&noise[1], lane), tokens, scratch, out);
            dispatch(Add { to: y, by: out });
        }
    }
}

/// The noise of one lane, or none.
fn one<'a, 'b>(noise: &'a [RankOne<'b>], lane: usize) -> &'a [RankOne<'b>] {
    if noise.is_empty() { noise } else { &noise[lane..=lane] }
}

struct Norm<'a> {
    rows: &'a [i8],
    weight: &'a [i8],
    model: &'a Model,
    out: &'a mut [i8],
}

impl Kernel for Norm<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let d = self.weight.len();
        for (row, out) in self.rows.chunks_exact(d).zip(self.out.chunks_exact_mut(d)) {
            layer_norm::layer_norm(row, self.weight, self.model.zero, out);
        }
    }
}

/// The rows of one token in an array of shape `(lanes, tokens, width)`.
struct Strided<'a> {
    rows: &'a [i8],
    token: usize,
    tokens: usize,
    width: usize,
}

impl Strided<'_> {
    #[inline(always)]
    fn start(&self, lane: usize) -> usize {
        (lane * self.tokens + self.token) * self.width
    }
}

struct Forget<'a> {
    input: Strided<'a>,
    product: &'a [i8],
    biases: &'a [&'a [i8]],
    state: &'a [i8],
    gates: &'a mut [i8],
    reset: &'a mut [i8],
}

impl Kernel for Forget<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let d = self.input.width;
        for (lane, bias) in self.biases.iter().enumerate() {
            let range = lane * d..(lane + 1) * d;
            gate::forget(
                &self.input.rows[self.input.start(lane)..][..d],
                &self.product[range.clone()],
                bias,
                &self.state[range.clone()],
                &mut self.gates[range.clone()],
                &mut self.reset[range],
            );
        }
    }
}

struct Update<'a> {
    input: Strided<'a>,
    product: &'a [i8],
    biases: &'a [&'a [i8]],
    gates: &'a [i8],
    state: &'a mut [i8],
    y: &'a mut [i8],
}

impl Kernel for Update<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let d = self.input.width;
        for (lane, bias) in self.biases.iter().enumerate() {
            let (range, start) = (lane * d..(lane + 1) * d, self.input.start(lane));
            let input = &self.input.rows[start..][..d];
            let (product, gates) = (&self.product[range.clone()], &self.gates[range.clone()]);
            let state = &mut self.state[range];
            gate::update(input, product, bias, gates, state);
            gate::add(&mut self.y[start..][..d], state);
        }
    }
}

struct Add<'a> {
    to: &'a mut [i8],
    by: &'a [i8],
}

impl Kernel for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        gate::add(self.to, self.by);
    }
}
