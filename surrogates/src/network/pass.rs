//! The two passes through a perceptron, rows shared among threads.
//!
//! Reverse mode, by hand: with δ = ∂/∂y, ∂W = hᵀδ, ∂b = Σδ and ∂h = δWᵀ, masked by φ′ on the way down.
//!
//! Each thread takes some rows through all layers; then the gradients of all layers, which need all rows, are taken side by side. So threads meet twice a
//! pass and not at each product, which for a batch of 128 costs as much as the products. No bit depends on how rows are shared: a number that a product
//! yields is summed in the same order.

use hatchery_kernels::simd::dispatch;
use rayon::prelude::*;

use super::activation::{Activate, Mask};
use super::mlp::Layer;
use super::{Activation, Mlp, Real, View};

/// Networks with more weights are shared among threads inside their products: threads with rows of their own would each pack all weights.
const WEIGHTS_MAX: usize = 1 << 18;
/// Fewest rows that are worth a thread.
const ROWS_MIN: usize = 32;
/// Fewest inputs of a layer whose part of a gradient is worth a thread.
const INPUTS_MIN: usize = 64;

/// What a forward pass leaves for a backward one. Reused, so that training does not allocate much.
#[derive(Clone, Debug, Default)]
pub struct Tape<T> {
    /// What came out of each layer, after its activation; the last is y.
    after: Vec<Vec<T>>,
    /// What went into the activation, for [`Activation::Silu`] only.
    before: Vec<Vec<T>>,
    /// Slopes of what went into the activation of each layer; the last are those of y.
    slopes: Vec<Vec<T>>,
}

impl<T> Tape<T> {
    /// What the last forward pass computed, `(rows, outputs)`.
    pub fn output(&self) -> &[T] {
        self.after.last().map_or(&[], Vec::as_slice)
    }

    /// What came out of hidden layer `layer`, `(rows, units)`.
    pub fn hidden(&self, layer: usize) -> &[T] {
        &self.after[layer]
    }
}

impl Mlp {
    /// The outputs for the rows of `x`, `(rows, outputs)`; the tape keeps what [`backward`](Self::backward) needs.
    ///
    /// # Panics
    /// If `weights` or `x` have a length that does not fit.
    pub fn forward<'t, T: Real>(&self, weights: &[T], x: &[T], tape: &'t mut Tape<T>) -> &'t [T] {
        assert_eq!(weights.len(), self.weights(), "weights of a network");
        let (rows, layers) = (self.rows(x), self.layers());
        let size = self.rows_of_a_thread(rows);
        let mut parts: Vec<Up<'_, T>> =
            x.chunks(size * self.inputs).map(|x| Up { x, after: vec![], before: vec![] }).collect();
        tape.after.resize_with(layers.len(), Vec::new);
        tape.before.resize_with(layers.len(), Vec::new);
        let tapes = tape.after.iter_mut().zip(&mut tape.before);
        for (at, (layer, (after, before))) in layers.iter().zip(tapes).enumerate() {
            let is_kept = self.activation == Activation::Silu && at + 1 < layers.len();
            after.resize(rows * layer.outs, T::default());
            before.resize(if is_kept { after.len() } else { 0 }, T::default());
            let mut before = before.chunks_mut(size * layer.outs);
            for (part, after) in parts.iter_mut().zip(after.chunks_mut(size * layer.outs)) {
                part.after.push(after);
                part.before.push(before.next().unwrap_or_default());
            }
        }
        each(parts, |part| self.up(&layers, weights, part));
        tape.output()
    }

    /// Gradients of Σ `slope` · y after a forward pass on the same `weights` and `x`: `slope` is `(rows, outputs)`; the one in
    /// the weights is written into `gradient`, the one in the inputs into `inputs`, where they are wanted.
    ///
    /// # Panics
    /// If lengths do not fit the forward pass.
    pub fn backward<T: Real>(
        &self,
        weights: &[T],
        x: &[T],
        tape: &mut Tape<T>,
        slope: &[T],
        gradient: Option<&mut [T]>,
        inputs: Option<&mut [T]>,
    ) {
        let (rows, layers) = (self.rows(x), self.layers());
        assert_eq!(slope.len(), rows * self.outputs, "slopes of the outputs");
        let size = self.rows_of_a_thread(rows);
        let Tape { after, before, slopes } = tape;
        let mut parts: Vec<Down<'_, T>> = Vec::new();
        parts.resize_with(rows.div_ceil(size), Down::default);
        slopes.resize_with(layers.len(), Vec::new);
        for ((layer, slopes), (after, before)) in
            layers.iter().zip(&mut *slopes).zip(after.iter().zip(&*before))
        {
            slopes.resize(rows * layer.outs, T::default());
            let size = size * layer.outs;
            let mut before = before.chunks(size);
            let chunks = slopes.chunks_mut(size).zip(after.chunks(size));
            for (part, (slopes, after)) in parts.iter_mut().zip(chunks) {
                part.slopes.push(slopes);
                part.after.push(after);
                part.before.push(before.next().unwrap_or_default());
            }
        }
        for (part, slope) in parts.iter_mut().zip(slope.chunks(size * self.outputs)) {
            part.slopes[layers.len() - 1].copy_from_slice(slope);
        }
        if let Some(inputs) = inputs {
            assert_eq!(inputs.len(), x.len(), "slopes of the inputs");
            let chunks = inputs.chunks_mut(size * self.inputs);
            parts.iter_mut().zip(chunks).for_each(|(part, inputs)| part.inputs = Some(inputs));
        }
        let is_shared = parts.len() > 1;
        each(parts, |part| self.down(&layers, weights, part));
        if let Some(mut gradient) = gradient {
            let pieces = if is_shared { rayon::current_num_threads() } else { 1 };
            let mut jobs = Vec::with_capacity(layers.len() * pieces);
            for (at, layer) in layers.iter().enumerate() {
                let (weight, rest) = gradient.split_at_mut(layer.ins * layer.outs);
                let (bias, rest) = rest.split_at_mut(layer.outs);
                gradient = rest;
                let input =
                    View::transpose(if at == 0 { x } else { &after[at - 1] }, rows, layer.ins);
                let slopes = View::plain(&slopes[at][..], rows, layer.outs);
                let size = layer.ins.div_ceil(pieces).max(INPUTS_MIN);
                let mut bias = Some(bias);
                for (piece, weight) in weight.chunks_mut(size * layer.outs).enumerate() {
                    let input = input.some_rows(piece * size, weight.len() / layer.outs);
                    jobs.push(Gradient { input, slopes, weight, bias: bias.take() });
                }
            }
            if is_shared {
                jobs.into_par_iter().for_each(Gradient::take);
            } else {
                jobs.into_iter().for_each(Gradient::take);
            }
        }
    }

    /// At least 1.
    fn rows_of_a_thread(&self, rows: usize) -> usize {
        let most = if self.weights() > WEIGHTS_MAX { 1 } else { rayon::current_num_threads() };
        rows.div_ceil((rows / ROWS_MIN).clamp(1, most)).max(1)
    }

    fn up<T: Real>(&self, layers: &[Layer], weights: &[T], mut part: Up<'_, T>) {
        let rows = part.x.len() / self.inputs;
        for (at, layer) in layers.iter().enumerate() {
            let (below, rest) = part.after.split_at_mut(at);
            let input = below.last().map_or(part.x, |after| &**after);
            let out = &mut *rest[0];
            let matrix = View::plain(&weights[layer.weight.clone()], layer.ins, layer.outs);
            T::product(View::plain(input, rows, layer.ins), matrix, out);
            let activation = (at + 1 < layers.len()).then_some(self.activation);
            let (bias, before) = (&weights[layer.bias.clone()], &mut *part.before[at]);
            dispatch(Activate { bias, activation, out, before });
        }
    }

    fn down<T: Real>(&self, layers: &[Layer], weights: &[T], mut part: Down<'_, T>) {
        for (at, layer) in layers.iter().enumerate().rev() {
            let (below, above) = part.slopes.split_at_mut(at);
            let rows = above[0].len() / layer.outs;
            let delta = View::plain(&*above[0], rows, layer.outs);
            let matrix = View::transpose(&weights[layer.weight.clone()], layer.ins, layer.outs);
            if let Some(slope) = below.last_mut() {
                T::product(delta, matrix, slope);
                let (activation, after, before) =
                    (self.activation, part.after[at - 1], part.before[at - 1]);
                dispatch(Mask { activation, after, before, slope });
            } else if let Some(inputs) = part.inputs.as_deref_mut() {
                T::product(delta, matrix, inputs);
            }
        }
    }
}

fn each<P: Send>(mut parts: Vec<P>, f: impl Fn(P) + Send + Sync) {
    if parts.len() > 1 {
        parts.into_par_iter().for_each(f);
    } else if let Some(part) = parts.pop() {
        f(part);
    }
}

/// The rows of one thread on their way up; lists are by layer.
struct Up<'a, T> {
    x: &'a [T],
    after: Vec<&'a mut [T]>,
    before: Vec<&'a mut [T]>,
}

/// The rows of one thread on their way down; lists are by layer.
struct Down<'a, T> {
    slopes: Vec<&'a mut [T]>,
    after: Vec<&'a [T]>,
    before: Vec<&'a [T]>,
    inputs: Option<&'a mut [T]>,
}

impl<T> Default for Down<'_, T> {
    fn default() -> Self {
        Self { slopes: vec![], after: vec![], before: vec![], inputs: None }
    }
}

/// The gradient in the weights of some inputs of a layer, on all rows; with one such part goes that in the biases.
struct Gradient<'a, T> {
    /// `(inputs, rows)`
    input: View<'a, T>,
    /// `(rows, outputs)`
    slopes: View<'a, T>,
    weight: &'a mut [T],
    bias: Option<&'a mut [T]>,
}

impl<T: Real> Gradient<'_, T> {
    fn take(self) {
        T::product(self.input, self.slopes, self.weight);
        if let Some(bias) = self.bias {
            bias.fill(T::default());
            for row in self.slopes.data.chunks_exact(bias.len()) {
                bias.iter_mut().zip(row).for_each(|(sum, value)| *sum += *value);
            }
        }
    }
}
