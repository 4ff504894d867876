//! Multilayer perceptron over a block of members.
//!
//! `h₀ = x`, `hₗ = φ(norm(Wₗ hₗ₋₁ + bₗ))` for the hidden layers, and a plain linear layer at the end. Every member
//! of the block has its own `Wₗ` and `bₗ`, and none of them ever lies in memory.

use std::sync::Arc;

use hatchery_engine::{Layout, ParamSpec, Params};
use hatchery_kernels::cuda::{Network, Stage};
use hatchery_kernels::{Backend, Domain, Input, KernelError, NoiseAddress, NoiseStream};
use serde::{Deserialize, Serialize};

use super::{Activation, MemberBlock, layer_norm};

/// The `[model]` table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Width of each hidden layer, first to last.
    pub hidden: Vec<usize>,
    /// Nonlinearity after each hidden layer.
    pub activation: Activation,
    /// Whether a layer norm with weight and bias precedes each nonlinearity.
    pub layer_norm: bool,
}

/// Most weights between hidden layers: one gibibyte of f32.
const WEIGHTS_MAX: usize = 1 << 28;

impl Default for Config {
    fn default() -> Self {
        Self { hidden: vec![32], activation: Activation::Tanh, layer_norm: false }
    }
}

impl Config {
    /// Whether the sizes make sense.
    ///
    /// # Errors
    /// A sentence about the first width that does not.
    pub fn check(&self) -> Result<(), String> {
        if let Some(width) = self.hidden.iter().find(|width| !(1..=65_536).contains(*width)) {
            return Err(format!("widths must be from 1 to 65536, found {width}"));
        }
        let weights: usize = self.hidden.windows(2).map(|pair| pair[0] * pair[1]).sum();
        if weights > WEIGHTS_MAX {
            return Err(format!("{weights} weights between hidden layers; at most {WEIGHTS_MAX}"));
        }
        Ok(())
    }
}

/// Positions in the layout of the tensors of one layer.
#[derive(Debug, Clone)]
struct Layer {
    weight: usize,
    bias: usize,
    norm: Option<(usize, usize)>,
    outputs: usize,
}

/// The network: shapes and positions only; values are in [`Params`].
#[derive(Debug, Clone)]
pub struct Mlp {
    /// Its tensors, and those that the caller added.
    pub layout: Arc<Layout>,
    layers: Vec<Layer>,
    activation: Activation,
    inputs: usize,
}

/// Activations of a forward pass, kept between calls.
#[derive(Debug, Default)]
pub struct Scratch {
    layers: [Vec<f32>; 2],
}

impl Mlp {
    /// A network from `inputs` to `outputs`; `extra` tensors follow its own in the layout.
    pub fn new(inputs: usize, outputs: usize, config: &Config, extra: Vec<ParamSpec>) -> Self {
        let mut specs = Vec::new();
        let mut layers = Vec::new();
        let mut width = inputs;
        let sizes = config.hidden.iter().copied().chain([outputs]);
        for (number, next) in sizes.enumerate() {
            let weight = specs.len();
            specs.push(ParamSpec::matrix(format!("layers.{number}.weight"), next, width));
            specs.push(ParamSpec::vector(format!("layers.{number}.bias"), next));
            let norm = (config.layer_norm && number < config.hidden.len()).then(|| {
                specs.push(ParamSpec::vector(format!("norms.{number}.weight"), next));
                specs.push(ParamSpec::vector(format!("norms.{number}.bias"), next));
                (specs.len() - 2, specs.len() - 1)
            });
            layers.push(Layer { weight, bias: weight + 1, norm, outputs: next });
            width = next;
        }
        specs.extend(extra);
        let layout = Arc::new(Layout::new(specs));
        Self { layout, layers, activation: config.activation, inputs }
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.layers.last().map_or(self.inputs, |layer| layer.outputs)
    }

    /// Width of the widest layer, inputs included.
    pub fn width_max(&self) -> usize {
        self.layers.iter().map(|layer| layer.outputs).fold(self.inputs, usize::max)
    }

    /// Fresh parameters: matrices N(0, 1/inputs), biases 0, norm weights 1, extra tensors 0.
    pub fn init(&self, seed: u64) -> Params {
        let stream = NoiseStream::new(seed).domain(Domain::Init);
        let mut params = Params::zeros(self.layout.clone());
        for layer in &self.layers {
            let at = NoiseAddress { generation: 0, pair: 0, layer: layer.weight as u32, block: 0 };
            let scale = 1.0 / (self.layout.specs()[layer.weight].cols as f32).sqrt();
            let weight = params.tensor_mut(layer.weight);
            stream.fill_normals(at, weight);
            weight.iter_mut().for_each(|w| *w *= scale);
            if let Some((norm_weight, _)) = layer.norm {
                params.tensor_mut(norm_weight).fill(1.0);
            }
        }
        params
    }

    /// The network as a device takes it.
    pub fn device_network(&self) -> Network {
        let mut stages = Vec::new();
        let mut inputs = self.inputs;
        for (number, layer) in self.layers.iter().enumerate() {
            let &Layer { weight, bias, outputs, .. } = layer;
            stages.push(Stage::Linear { inputs, outputs, weight, bias });
            inputs = outputs;
            if number + 1 == self.layers.len() {
                break;
            }
            if let Some((weight, bias)) = layer.norm {
                stages.push(Stage::LayerNorm { weight, bias });
            }
            stages.extend(self.activation.stages());
        }
        Network { inputs: self.inputs, stages }
    }

    /// Outputs, shape `(outputs, rows, lanes)`, of every member of the block for `rows` inputs each.
    ///
    /// # Errors
    /// [`KernelError::ShapeMismatch`] if `x` has not `rows` inputs of this network for each lane.
    pub fn forward<'s>(
        &self,
        block: &MemberBlock<'_>,
        x: Input<'_>,
        rows: usize,
        backend: &Backend,
        scratch: &'s mut Scratch,
    ) -> Result<&'s [f32], KernelError> {
        let [mut input, mut output] = std::mem::take(&mut scratch.layers);
        let columns = rows * block.lanes().len();
        for (number, layer) in self.layers.iter().enumerate() {
            let from = if number == 0 { x } else { Input::PerLane(&input) };
            output.resize(layer.outputs * columns, 0.0);
            block.linear(layer.weight, Some(layer.bias), from, rows, backend, &mut output)?;
            if number + 1 < self.layers.len() {
                if let Some((weight, bias)) = layer.norm {
                    layer_norm::apply(block, weight, bias, rows, backend, &mut output)?;
                }
                self.activation.apply(&mut output, columns);
            }
            std::mem::swap(&mut input, &mut output);
        }
        scratch.layers = [input, output];
        Ok(&scratch.layers[0])
    }
}
