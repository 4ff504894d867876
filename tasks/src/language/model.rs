//! The integer recurrent model: its tensors and how they begin.
//!
//! Vocabulary 256 (bytes), width D, L layers; a layer is a recurrent cell and two linear maps, each behind a layer norm:
//!
//! ```text
//! y = emb[token]
//! y = y ⊕ cell(norm₁(y), s)           cell: f = sat(uW_f + sU_f + b_f)     s' = ((f + 127) s) >> 8
//! y = y ⊕ (norm₂(y) · mlp₀) · mlp₁          h = sat(uW_h + s'U_h + b_h)   s ← s + (((f + 127)(h − s)) >> 8)
//! logits = norm(y) · head
//! ```
//!
//! ⊕ adds and saturates, products are scaled, see [`kernels::int8`](hatchery_kernels::int8). `513 D + L (4 D + 12 D²)` numbers.

use std::sync::Arc;

use hatchery_engine::{Int8Params, Layout, ParamSpec};
use hatchery_kernels::cuda::Int8Model;
use hatchery_kernels::int8::ZeroMean;
use hatchery_kernels::{Domain, NoiseAddress, NoiseStream};

/// Symbols: every byte.
pub const SYMBOLS: usize = 256;

/// Tensors of a layer.
const PER_LAYER: usize = 10;

/// Size of a model, and how it divides by zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model {
    /// D: numbers of an activation; fast for powers of four.
    pub width: usize,
    /// L: number of layers.
    pub depth: usize,
    /// What layer norm does where the mean magnitude is 0.
    pub zero: ZeroMean,
}

/// Positions of the tensors of one layer.
#[derive(Debug, Clone, Copy)]
pub(super) struct LayerTensors {
    pub(super) norm_cell: usize,
    pub(super) forget_input: usize,
    pub(super) forget_state: usize,
    pub(super) forget_bias: usize,
    pub(super) new_input: usize,
    pub(super) new_state: usize,
    pub(super) new_bias: usize,
    pub(super) norm_mlp: usize,
    pub(super) mlp_up: usize,
    pub(super) mlp_down: usize,
}

impl Model {
    /// Names and shapes of all tensors.
    pub fn layout(&self) -> Arc<Layout> {
        let d = self.width;
        let mut specs = vec![ParamSpec::embedding("emb", SYMBOLS, d)];
        for layer in 0..self.depth {
            let name = |tensor: &str| format!("layers.{layer}.{tensor}");
            specs.extend([
                ParamSpec::vector(name("ln1.w"), d),
                ParamSpec::matrix(name("Wf"), d, d),
                ParamSpec::matrix(name("Uf"), d, d),
                ParamSpec::vector(name("bf"), d),
                ParamSpec::matrix(name("Wh"), d, d),
                ParamSpec::matrix(name("Uh"), d, d),
                ParamSpec::vector(name("bh"), d),
                ParamSpec::vector(name("ln2.w"), d),
                ParamSpec::matrix(name("mlp.0"), 4 * d, d),
                ParamSpec::matrix(name("mlp.1"), d, 4 * d),
            ]);
        }
        specs.push(ParamSpec::vector("ln_out.w", d));
        specs.push(ParamSpec::matrix("head", SYMBOLS, d));
        Arc::new(Layout::new(specs))
    }

    /// Fresh parameters: tables and matrices ⌊16 z⌉ of standard normals z, norm weights 16, biases 0.
    pub fn init(&self, seed: u64) -> Int8Params {
        let layout = self.layout();
        let mut params = Int8Params::zeros(layout.clone());
        let stream = NoiseStream::new(seed).domain(Domain::Init);
        for (tensor, spec) in layout.specs().iter().enumerate() {
            let values = params.tensor_mut(tensor);
            if spec.name.ends_with(".w") {
                values.fill(16);
            } else if spec.cols > 1 {
                let mut normals = vec![0.0; values.len()];
                let at = NoiseAddress { layer: tensor as u32, ..Default::default() };
                stream.fill_normals(at, &mut normals);
                for (value, z) in values.iter_mut().zip(normals) {
                    *value = (16.0 * z).round_ties_even() as i8;
                }
            }
        }
        params
    }

    /// Numbers of state of one sequence: D for each layer.
    pub fn state_len(&self) -> usize {
        self.depth * self.width
    }

    /// Products of a weight and an activation for one token.
    pub fn products_per_token(&self) -> usize {
        self.depth * 12 * self.width * self.width + SYMBOLS * self.width
    }

    /// The same as devices know it: with the tensors of [`layout`](Self::layout).
    pub(super) fn on_device(&self) -> Int8Model {
        Int8Model { width: self.width, depth: self.depth, zero: self.zero }
    }

    pub(super) const EMBEDDING: usize = 0;

    pub(super) fn layer(&self, layer: usize) -> LayerTensors {
        let at = 1 + PER_LAYER * layer;
        LayerTensors {
            norm_cell: at,
            forget_input: at + 1,
            forget_state: at + 2,
            forget_bias: at + 3,
            new_input: at + 4,
            new_state: at + 5,
            new_bias: at + 6,
            norm_mlp: at + 7,
            mlp_up: at + 8,
            mlp_down: at + 9,
        }
    }

    pub(super) fn norm_out(&self) -> usize {
        1 + PER_LAYER * self.depth
    }

    pub(super) fn head(&self) -> usize {
        2 + PER_LAYER * self.depth
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_have_the_published_numbers_of_parameters() {
        let of = |width, depth| Model { width, depth, zero: ZeroMean::One }.layout().len();
        assert_eq!([of(16, 1), of(64, 2), of(256, 6)], [11_344, 131_648, 4_856_064]);
    }

    #[test]
    fn fresh_matrices_have_deviation_16_and_norms_16() {
        let model = Model { width: 64, depth: 2, zero: ZeroMean::One };
        let params = model.init(3);
        let squares: f64 = params.tensor(model.head()).iter().map(|&v| f64::from(v).powi(2)).sum();
        assert!((squares / (256.0 * 64.0) - 256.0).abs() < 12.0, "four standard errors");
        assert!(params.tensor(model.norm_out()).iter().all(|&w| w == 16));
        assert!(params.tensor(model.layer(1).new_bias).iter().all(|&b| b == 0));
        assert_ne!(params.tensor(model.layer(0).mlp_up), params.tensor(model.layer(1).mlp_up));
    }
}
