//! A multilayer perceptron with exact gradients in its weights and in its inputs.
//!
//! hₗ = φ(hₗ₋₁ Wₗ + bₗ)      y = h_L W + b
//!
//! | symbol | code | shape |
//! |---|---|---|
//! | h₀ | `x` | (rows, inputs) |
//! | Wₗ, bₗ | parts of `weights`, one after the other | (ins, outs), (outs,) |
//! | y | what [`Mlp::forward`] returns | (rows, outputs) |
//!
//! All weights are one flat slice, so that an optimizer, a perturbation or a norm is a loop. Reverse mode, by hand: with δ = ∂/∂y, ∂W = hᵀδ, ∂b = Σδ and
//! ∂h = δWᵀ, masked by φ′ on the way down.

use std::ops::Range;

use hatchery_kernels::simd::{Kernel, dispatch};

use super::{Real, View};
use crate::Draws;

/// What a hidden unit does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// x, or 0.3 x where x ≤ 0: the default of Keras.
    #[default]
    LeakyRelu,
    /// x, or 0.
    Relu,
    /// tanh x.
    Tanh,
    /// x/(1 + e⁻ˣ): smooth, so that differences of gradients mean something at any distance.
    Silu,
}

/// The slope of [`Activation::LeakyRelu`] at and below 0.
pub const LEAK: f64 = 0.3;

/// The shape of a perceptron.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mlp {
    /// Numbers that go in.
    pub inputs: usize,
    /// Units of each hidden layer.
    pub hidden: Vec<usize>,
    /// Numbers that come out.
    pub outputs: usize,
    /// What hidden units do.
    pub activation: Activation,
}

/// Where a layer lies in the weights.
#[derive(Clone, Debug)]
struct Layer {
    ins: usize,
    outs: usize,
    weight: Range<usize>,
    bias: Range<usize>,
}

/// What a forward pass leaves for a backward one. Reused, so that training does not allocate.
#[derive(Clone, Debug, Default)]
pub struct Tape<T> {
    /// What came out of each layer, after its activation; the last is y.
    after: Vec<Vec<T>>,
    /// What went into the activation, for [`Activation::Silu`] only.
    before: Vec<Vec<T>>,
    /// Slopes on the way down.
    slopes: [Vec<T>; 2],
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
    /// Number of weights and biases.
    pub fn weights(&self) -> usize {
        self.layers().last().map_or(0, |layer| layer.bias.end)
    }

    /// Where the bias of the outputs lies.
    pub fn output_bias(&self) -> Range<usize> {
        self.weights() - self.outputs..self.weights()
    }

    fn layers(&self) -> impl DoubleEndedIterator<Item = Layer> + ExactSizeIterator {
        let widths = [&[self.inputs], self.hidden.as_slice(), &[self.outputs]].concat();
        let mut from = 0;
        let layers: Vec<Layer> = widths
            .windows(2)
            .map(|pair| {
                let (ins, outs) = (pair[0], pair[1]);
                let weight = from..from + ins * outs;
                let bias = weight.end..weight.end + outs;
                from = bias.end;
                Layer { ins, outs, weight, bias }
            })
            .collect();
        layers.into_iter()
    }

    /// First weights: Glorot's uniform ones, between ±√(6/(ins + outs)); biases 0.
    pub fn first_weights<T: Real>(&self, draws: &mut Draws) -> Vec<T> {
        let mut weights = vec![T::default(); self.weights()];
        for layer in self.layers() {
            let limit = (6.0 / (layer.ins + layer.outs) as f64).sqrt();
            for w in &mut weights[layer.weight] {
                *w = T::of(limit * (2.0 * draws.uniform() - 1.0));
            }
        }
        weights
    }

    /// The outputs for the rows of `x`, `(rows, outputs)`; the tape keeps what [`backward`](Self::backward) needs.
    ///
    /// # Panics
    /// If `weights` or `x` have a length that does not fit.
    pub fn forward<'t, T: Real>(&self, weights: &[T], x: &[T], tape: &'t mut Tape<T>) -> &'t [T] {
        assert_eq!(weights.len(), self.weights(), "weights of a network");
        let rows = self.rows(x);
        let layers = self.layers();
        let last = layers.len() - 1;
        tape.after.resize_with(last + 1, Vec::new);
        tape.before.resize_with(last + 1, Vec::new);
        for (at, layer) in layers.enumerate() {
            let (below, rest) = tape.after.split_at_mut(at);
            let input = below.last().map_or(x, Vec::as_slice);
            let out = &mut rest[0];
            out.resize(rows * layer.outs, T::default());
            let matrix = View::plain(&weights[layer.weight], layer.ins, layer.outs);
            T::product(View::plain(input, rows, layer.ins), matrix, out);
            let activation = (at < last).then_some(self.activation);
            let before = (activation == Some(Activation::Silu)).then(|| &mut tape.before[at]);
            dispatch(Activate { bias: &weights[layer.bias], activation, out, before });
        }
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
        mut gradient: Option<&mut [T]>,
        mut inputs: Option<&mut [T]>,
    ) {
        let rows = self.rows(x);
        assert_eq!(slope.len(), rows * self.outputs, "slopes of the outputs");
        let Tape { after, before, slopes: [above, below] } = tape;
        above.clear();
        above.extend_from_slice(slope);
        for (at, layer) in self.layers().enumerate().rev() {
            let input = if at == 0 { x } else { &after[at - 1] };
            let delta = View::plain(above, rows, layer.outs);
            if let Some(gradient) = gradient.as_deref_mut() {
                let left = View::transpose(input, rows, layer.ins);
                T::product(left, delta, &mut gradient[layer.weight.clone()]);
                let bias = &mut gradient[layer.bias.clone()];
                bias.fill(T::default());
                for row in above.chunks_exact(layer.outs) {
                    bias.iter_mut().zip(row).for_each(|(sum, value)| *sum += *value);
                }
            }
            let matrix = View::transpose(&weights[layer.weight.clone()], layer.ins, layer.outs);
            if at > 0 {
                below.resize(rows * layer.ins, T::default());
                T::product(delta, matrix, below);
                let (activation, after) = (self.activation, &after[at - 1]);
                dispatch(Mask { activation, after, before: &before[at - 1], slope: below });
                std::mem::swap(above, below);
            } else if let Some(inputs) = inputs.as_deref_mut() {
                T::product(delta, matrix, inputs);
            }
        }
    }

    fn rows<T>(&self, x: &[T]) -> usize {
        assert_eq!(x.len() % self.inputs, 0, "inputs are whole rows");
        x.len() / self.inputs
    }
}

/// `out ← φ(out + bias)`.
struct Activate<'a, T> {
    bias: &'a [T],
    /// None for the outputs.
    activation: Option<Activation>,
    out: &'a mut [T],
    before: Option<&'a mut Vec<T>>,
}

impl<T: Real> Kernel for Activate<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (zero, leak) = (T::default(), T::of(LEAK));
        for row in self.out.chunks_exact_mut(self.bias.len()) {
            for (value, bias) in row.iter_mut().zip(self.bias) {
                *value += *bias;
            }
        }
        match self.activation {
            None => {}
            Some(Activation::LeakyRelu) => {
                self.out.iter_mut().for_each(|a| *a = if *a > zero { *a } else { leak * *a });
            }
            Some(Activation::Relu) => {
                self.out.iter_mut().for_each(|a| *a = if *a > zero { *a } else { zero });
            }
            Some(Activation::Tanh) => self.out.iter_mut().for_each(|a| *a = a.tanh()),
            Some(Activation::Silu) => {
                if let Some(before) = self.before {
                    before.clear();
                    before.extend_from_slice(self.out);
                }
                self.out.iter_mut().for_each(|a| *a = *a * sigmoid(*a));
            }
        }
    }
}

/// `slope ← slope · φ′`.
struct Mask<'a, T> {
    activation: Activation,
    after: &'a [T],
    before: &'a [T],
    slope: &'a mut [T],
}

impl<T: Real> Kernel for Mask<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let (zero, one, leak) = (T::default(), T::of(1.0), T::of(LEAK));
        let pairs = self.slope.iter_mut().zip(self.after);
        match self.activation {
            Activation::LeakyRelu => {
                pairs.for_each(|(s, a)| *s = if *a > zero { *s } else { leak * *s });
            }
            Activation::Relu => pairs.for_each(|(s, a)| *s = if *a > zero { *s } else { zero }),
            Activation::Tanh => pairs.for_each(|(s, a)| *s = *s * (one - *a * *a)),
            Activation::Silu => {
                for ((s, a), x) in pairs.zip(self.before) {
                    let gate = sigmoid(*x);
                    *s = *s * (gate + *a * (one - gate));
                }
            }
        }
    }
}

#[inline(always)]
fn sigmoid<T: Real>(x: T) -> T {
    let one = T::of(1.0);
    one / (one + (-x).exp())
}
