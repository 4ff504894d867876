//! Networks of which every thread of a device runs its own member: how they are described and what they compile to.
//!
//! For narrow networks, whose activations fit in the registers and the nearest cache of a thread: see `column.cuh`.

use std::borrow::Cow;
use std::fmt::Write;
use std::ops::Range;

use super::{Argument, Device, Memory, Source};
use crate::cpu::{Perturbation, Precision, TensorNoise};
use crate::simd::bf16_of;
use crate::{Distribution, KernelError};

/// One step of a forward pass. Tensors are numbers of [`Members::tensors`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// `x Wᵀ + b` with W `(outputs, inputs)`.
    Linear {
        /// Length of the input.
        inputs: usize,
        /// Length of the output.
        outputs: usize,
        /// The matrix W.
        weight: usize,
        /// The vector b.
        bias: usize,
    },
    /// Mean 0, variance 1, then a weight and a bias.
    LayerNorm {
        /// The vector of weights.
        weight: usize,
        /// The vector of biases.
        bias: usize,
    },
    /// Mean 0, variance 1.
    Normalise,
    /// Hyperbolic tangent.
    Tanh,
    /// `max(x, 0)`.
    Relu,
    /// `x Φ(x)`.
    Gelu,
}

/// A forward pass: its stages in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Length of the input.
    pub inputs: usize,
    /// What is done to it.
    pub stages: Vec<Stage>,
}

/// Where values of the centre are.
#[derive(Clone, Copy, Debug)]
pub enum Centred<'a> {
    /// In memory of the host.
    Host(&'a [f32]),
    /// In memory of the device, from this element on.
    Device(&'a Memory<f32>, usize),
}

/// A parameter tensor of the centre and the noise of its members.
#[derive(Clone, Copy, Debug)]
pub struct Tensor<'a> {
    /// Values of the centre, `(rows, cols)`.
    pub values: Centred<'a>,
    /// Noise, and the shape.
    pub noise: TensorNoise,
}

/// Neighbouring members of a perturbed population.
#[derive(Clone, Debug)]
pub struct Members<'a> {
    /// All parameters of the centre.
    pub tensors: Vec<Tensor<'a>>,
    /// Directions of the members.
    pub directions: Range<u32>,
    /// Members of a direction: 1, or 2 with opposite signs.
    pub halves: usize,
    /// Noise scale σ.
    pub sigma: f32,
    /// If not 0: members 0 and 1 of each group of so many have no noise.
    pub baseline_group: u32,
    /// Precision of the products with the centre.
    pub precision: Precision,
}

impl Network {
    /// Length of the output.
    pub fn outputs(&self) -> usize {
        let last = |width: usize, stage: &Stage| match stage {
            Stage::Linear { outputs, .. } => *outputs,
            _ => width,
        };
        self.stages.iter().fold(self.inputs, last)
    }

    /// Length of the longest intermediate result, input included.
    pub fn width_max(&self) -> usize {
        let width = |stage: &Stage| match stage {
            Stage::Linear { outputs, .. } => *outputs,
            _ => 0,
        };
        self.stages.iter().map(width).fold(self.inputs, usize::max)
    }

    /// The matrices, which [`Centre`] transposes.
    pub(super) fn is_matrix(&self, tensor: usize) -> bool {
        self.stages.iter().any(|s| matches!(s, Stage::Linear { weight, .. } if *weight == tensor))
    }

    /// Device code: `struct Network` with `forward(member, parameters, x, y)`.
    pub(super) fn text(&self, members: &Members<'_>) -> String {
        let centre = Places::of_centre(self, members);
        let noise = Places::of_noise(members);
        let mut body = String::new();
        let mut width = self.inputs;
        let mut now = "x".to_owned();
        for (number, stage) in self.stages.iter().enumerate() {
            match *stage {
                Stage::Linear { inputs, outputs, weight, bias } => {
                    let next = format!("h{number}");
                    let (kind, rank) = members.tensors[weight].kind();
                    let (bias_kind, _) = members.tensors[bias].kind();
                    let _ = writeln!(
                        body,
                        "    float {next}[{outputs}];\n    linear<{inputs}, {outputs}, {kind}, {rank}, {bias_kind}>(m, p + {}, p + {}, {}, {}, {now}, {next});",
                        centre.firsts[weight],
                        centre.firsts[bias],
                        noise.firsts[weight],
                        noise.firsts[bias],
                    );
                    now = next;
                    width = outputs;
                }
                Stage::LayerNorm { weight, bias } => {
                    let (kind, _) = members.tensors[weight].kind();
                    let _ = writeln!(
                        body,
                        "    layer_norm<{width}, {kind}>(m, p + {}, p + {}, {}, {}, {now});",
                        centre.firsts[weight],
                        centre.firsts[bias],
                        noise.firsts[weight],
                        noise.firsts[bias],
                    );
                }
                Stage::Normalise => {
                    let _ = writeln!(body, "    normalise({now});");
                }
                Stage::Tanh => {
                    let _ = writeln!(body, "    activate<Tanh>({now});");
                }
                Stage::Relu => {
                    let _ = writeln!(body, "    activate<Relu>({now});");
                }
                Stage::Gelu => {
                    let _ = writeln!(body, "    activate<Gelu>({now});");
                }
            }
        }
        format!(
            "struct Network {{\n  static __device__ __forceinline__ void forward(const Member &m, const float *p, \
             float (&x)[{}], float (&y)[{width}]) {{\n{body}#pragma unroll\n    \
             for (int o = 0; o < {width}; ++o) y[o] = {now}[o];\n  }}\n}};\n",
            self.inputs
        )
    }
}

impl Tensor<'_> {
    /// Its values on the host.
    fn host(&self) -> Result<Cow<'_, [f32]>, KernelError> {
        let expected = self.noise.rows * self.noise.cols;
        match self.values {
            Centred::Host(values) => {
                KernelError::check_len("network", "tensor", expected, values.len())?;
                Ok(Cow::Borrowed(values))
            }
            Centred::Device(memory, first) => {
                let mut values = vec![0.0; expected];
                memory.read(first, &mut values)?;
                Ok(Cow::Owned(values))
            }
        }
    }

    /// Its values on the device; memory that was made for them goes to `kept`.
    pub(super) fn device(
        &self,
        device: &Device,
        kept: &mut Vec<Memory<f32>>,
    ) -> Result<Argument, KernelError> {
        let expected = self.noise.rows * self.noise.cols;
        match self.values {
            Centred::Host(values) => {
                KernelError::check_len("network", "tensor", expected, values.len())?;
                let memory = device.upload(values)?;
                let argument = memory.argument();
                kept.push(memory);
                Ok(argument)
            }
            Centred::Device(memory, first) => {
                let len = memory.len().saturating_sub(first);
                KernelError::check_len("network", "tensor", expected, len.min(expected))?;
                Ok(memory.argument_from(first))
            }
        }
    }

    /// Its noise as in `column.cuh`, and the rank.
    pub(super) fn kind(&self) -> (&'static str, u32) {
        match self.noise.perturbation {
            Perturbation::None => ("NO_NOISE", 0),
            Perturbation::LowRank { rank } => ("LOW_RANK", rank),
            Perturbation::Dense => ("DENSE", 0),
            Perturbation::Sparse => ("SPARSE", 0),
        }
    }
}

impl Members<'_> {
    /// Number of directions.
    pub fn count(&self) -> usize {
        self.directions.len()
    }

    pub(super) fn distribution(&self) -> Distribution {
        self.tensors.first().map_or(Distribution::Normal, |t| t.noise.distribution)
    }

    /// `source` with the headers of columns, for these members' noise and precision.
    pub(super) fn compile(&self, source: Source) -> Source {
        let source = super::noise::with_distribution(source, self.distribution());
        let source = match self.precision {
            Precision::F32 => source,
            Precision::Bf16 => source.define("PRECISION_BF16", 1),
        };
        source.with(include_str!("column.cuh"))
    }
}

/// First element of each tensor in an array of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Places {
    pub firsts: Vec<usize>,
    pub len: usize,
}

impl Places {
    fn new(lengths: impl Iterator<Item = usize>) -> Self {
        let mut places = Self { firsts: Vec::new(), len: 0 };
        for length in lengths {
            places.firsts.push(places.len);
            places.len += length;
        }
        places
    }

    /// Matrices have their outputs padded to fours, and all begin at a multiple of four.
    pub(super) fn of_centre(network: &Network, members: &Members<'_>) -> Self {
        Self::new(members.tensors.iter().enumerate().map(|(number, tensor)| {
            let (rows, cols) = (tensor.noise.rows, tensor.noise.cols);
            let padded = rows.next_multiple_of(4);
            if network.is_matrix(number) {
                cols * padded
            } else {
                (rows * cols).next_multiple_of(4)
            }
        }))
    }

    pub(super) fn of_noise(members: &Members<'_>) -> Self {
        Self::new(members.tensors.iter().map(|tensor| tensor.noise.elements()))
    }
}

/// The centre's parameters as threads read them: matrices transposed, `(inputs, outputs padded to fours)`.
#[derive(Debug)]
pub(super) struct Centre {
    pub values: Memory<f32>,
    pub places: Places,
}

impl Centre {
    pub(super) fn upload(
        device: &Device,
        network: &Network,
        members: &Members<'_>,
    ) -> Result<Self, KernelError> {
        let places = Places::of_centre(network, members);
        let mut values = vec![0.0; places.len];
        for (number, (tensor, first)) in members.tensors.iter().zip(&places.firsts).enumerate() {
            let (rows, cols) = (tensor.noise.rows, tensor.noise.cols);
            let host = tensor.host()?;
            if !network.is_matrix(number) {
                values[*first..first + rows * cols].copy_from_slice(&host);
                continue;
            }
            let padded = rows.next_multiple_of(4);
            for (o, row) in host.chunks_exact(cols.max(1)).enumerate() {
                for (i, w) in row.iter().enumerate() {
                    values[first + i * padded + o] = match members.precision {
                        Precision::F32 => *w,
                        Precision::Bf16 => f32::from_bits(bf16_of(*w) & 0xFFFF_0000),
                    };
                }
            }
        }
        Ok(Self { values: device.upload(&values)?, places })
    }
}
