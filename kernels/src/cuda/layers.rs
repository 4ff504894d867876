//! Forward passes of many members on a device, layer by layer: for networks too wide for a thread each. Sources, grids and twins:
//! see `perturbed_linear.cu`.

use std::sync::Arc;

use super::column::{Members, Network, Tensor};
use super::noise::{Draw, NoiseLayout};
use super::noise_source::NoiseSource;
use super::{Argument, Device, Footprint, Memory, Shape, Source};
use crate::cpu::{Perturbation, Precision};
use crate::{Distribution, Domain, KernelError, NoiseAddress, NoiseStream};

mod build;
mod hopper;
mod tile;
pub(super) use tile::{Team, Tile};

/// What a network is run on, and how.
#[derive(Clone, Debug)]
pub struct Pass<'a> {
    /// The layers.
    pub network: &'a Network,
    /// The members.
    pub members: &'a Members<'a>,
    /// Inputs per member.
    pub rows: usize,
    /// Whether all members see the same rows.
    pub shared_input: bool,
    /// Where low-rank factors come from.
    pub noise: NoiseSource,
}

/// Numbers of activations or weights.
#[derive(Debug)]
enum Values {
    F32(Memory<f32>),
    Bf16(Memory<u16>),
}

impl Values {
    fn zeros(device: &Device, precision: Precision, len: usize) -> Result<Self, KernelError> {
        Ok(match precision {
            Precision::F32 => Self::F32(device.zeros(len)?),
            Precision::Bf16 => Self::Bf16(device.zeros(len)?),
        })
    }

    /// The same with anything in it.
    fn allocate(device: &Device, precision: Precision, len: usize) -> Result<Self, KernelError> {
        Ok(match precision {
            Precision::F32 => Self::F32(device.allocate(len)?),
            Precision::Bf16 => Self::Bf16(device.allocate(len)?),
        })
    }

    fn argument(&self) -> Argument {
        match self {
            Self::F32(memory) => memory.argument(),
            Self::Bf16(memory) => memory.argument(),
        }
    }

    fn fit(&self, device: &Device, precision: Precision) -> bool {
        match self {
            Self::F32(memory) => precision == Precision::F32 && memory.is_on(device),
            Self::Bf16(memory) => precision == Precision::Bf16 && memory.is_on(device),
        }
    }
}

/// Numbers from one row of activations to the next: rows begin at 16 bytes in either precision.
fn stride(width: usize) -> usize {
    width.next_multiple_of(8)
}

fn value_bytes(precision: Precision) -> usize {
    match precision {
        Precision::F32 => 4,
        Precision::Bf16 => 2,
    }
}

/// A pointer to nothing.
const NOTHING: Argument = Argument::Memory(0);

/// One launch of a layer, ready.
#[derive(Debug)]
struct Launch {
    source: Source,
    kernel: &'static str,
    shape: Shape,
    arguments: Vec<Argument>,
}

/// A pass with its memory: inputs are written, the launches done, outputs read, as often as wanted.
#[derive(Debug)]
pub struct Prepared<'d> {
    device: &'d Device,
    launches: Vec<Launch>,
    /// Inputs, then what each layer writes in turn.
    activations: Vec<Arc<Values>>,
    /// Which of them has the outputs.
    last: usize,
    rows: usize,
    columns: usize,
    input_rows: usize,
    inputs: usize,
    outputs: usize,
    output: Memory<f32>,
    /// Weights, biases, noise and inner products: alive as long as the launches.
    _kept: Kept,
}

/// The inputs of a pass, on its device.
#[derive(Clone, Debug)]
pub struct Inputs {
    values: Arc<Values>,
    /// Numbers, ends of rows included.
    len: usize,
}

#[derive(Debug, Default)]
struct Kept {
    values: Vec<Values>,
    floats: Vec<Memory<f32>>,
}

impl Pass<'_> {
    fn columns(&self, directions: usize) -> usize {
        directions * self.members.halves * self.rows
    }

    fn width_max(&self) -> usize {
        stride(self.network.width_max())
    }

    fn rank_max(&self) -> usize {
        let rank = |tensor: &Tensor<'_>| tensor.kind().1 as usize;
        self.members.tensors.iter().map(rank).max().unwrap_or(0)
    }

    /// Whether the noise of a tensor lies in memory.
    fn stores(&self, tensor: usize) -> bool {
        match self.members.tensors[tensor].noise.perturbation {
            Perturbation::None => false,
            Perturbation::Sparse => true,
            // A bias is dense and drawn like a factor; a matrix is too much to be drawn again by each block.
            Perturbation::Dense if self.network.is_matrix(tensor) => true,
            Perturbation::Dense | Perturbation::LowRank { .. } => self.noise == NoiseSource::Stored,
        }
    }

    /// Device memory that a batch takes.
    pub fn footprint(&self) -> Footprint {
        let bytes = value_bytes(self.members.precision);
        let weight = |tensor: &Tensor<'_>| {
            let (rows, cols) = (tensor.noise.rows, tensor.noise.cols);
            rows * stride(cols) * bytes + rows * cols * 4
        };
        let tensors = &self.members.tensors;
        let stored = (0..tensors.len()).filter(|&tensor| self.stores(tensor));
        let noise: usize = stored.map(|tensor| 4 * tensors[tensor].noise.elements()).sum();
        let shared =
            if self.shared_input { self.rows * stride(self.network.inputs) * 8 } else { 0 };
        let inputs = if self.shared_input { 0 } else { stride(self.network.inputs) * (bytes + 4) };
        let per_column = 2 * self.width_max() * bytes
            + inputs
            + 4 * self.rank_max()
            + 4 * self.network.outputs();
        Footprint {
            fixed: self.members.tensors.iter().map(weight).sum::<usize>() + shared,
            per_direction: noise + self.columns(1) * per_column,
        }
    }

    /// A source for this pass.
    fn source(&self, of: Source, form: Form) -> Source {
        let mut source = of
            .define("KIND", form.kind.0)
            .define("RANK", form.kind.1.max(1))
            .define("ACTIVATION", form.activation);
        let switches = [
            ("BIAS_NOISE", form.bias_noise),
            ("NOISE_DRAWN", self.noise == NoiseSource::Drawn),
            ("SHARED_INPUT", form.shared_input),
            ("PRECISION_BF16", self.members.precision == Precision::Bf16),
        ];
        for (name, _) in switches.into_iter().filter(|(_, on)| *on) {
            source = source.define(name, 1);
        }
        super::noise::with_distribution(source, self.members.distribution())
            .with(include_str!("matrix.cuh"))
            .with(include_str!("members.cuh"))
    }

    /// The sources of the first layer, to look at and to test.
    #[doc(hidden)]
    pub fn sample_sources(&self) -> Vec<Source> {
        let kind = self.members.tensors[0].kind();
        let form = Form { kind, bias_noise: true, activation: "TANH", shared_input: false };
        let mut sources: Vec<Source> =
            [layer(), inner_products(), passes()].map(|of| self.source(of, form)).into();
        if self.members.precision == Precision::Bf16 {
            sources[1] = Team::new(8, form.kind.1, 2).source(sources[1].clone());
        }
        let of = hopper::Hopper::sample(self, form);
        sources.extend(of);
        sources
    }
}

/// What a layer's kernels are compiled for.
#[derive(Clone, Copy, Debug)]
struct Form {
    /// Kind of noise, and rank.
    kind: (&'static str, u32),
    bias_noise: bool,
    activation: &'static str,
    shared_input: bool,
}

impl Form {
    /// Vectors of noise that a direction has for the outputs of a layer.
    fn factors(&self) -> usize {
        let ranks = if self.kind.0 == "LOW_RANK" { self.kind.1 as usize } else { 0 };
        ranks + usize::from(self.bias_noise)
    }

    const PLAIN: Self =
        Self { kind: ("NO_NOISE", 0), bias_noise: false, activation: "NONE", shared_input: false };
}

fn layer() -> Source {
    Source::new("perturbed_linear", include_str!("perturbed_linear.cu"))
}

fn inner_products() -> Source {
    Source::new("inner_products", include_str!("inner_products.cu"))
}

fn passes() -> Source {
    Source::new("activations", include_str!("activations.cu"))
}

impl Prepared<'_> {
    /// Copies inputs there: `(columns, inputs)`, or `(rows, inputs)` if they are shared; column =
    /// `(direction · halves + half) · rows + row`.
    ///
    /// # Errors
    /// [`KernelError::ShapeMismatch`] if there are not as many; [`KernelError::Device`] from the device.
    pub fn write(&self, x: &[f32]) -> Result<(), KernelError> {
        let staging = self.staging()?;
        staging.write(x)?;
        self.spread(&staging)
    }

    /// The inputs, for [`Device::prepare_on`]. What is written to either pass is there for both.
    pub fn inputs(&self) -> Inputs {
        let len = self.input_rows * stride(self.inputs);
        Inputs { values: self.activations[0].clone(), len }
    }

    /// Room for inputs as the host has them, for a moment: work on a device is in order.
    fn staging(&self) -> Result<Memory<f32>, KernelError> {
        self.device.allocate(self.input_rows * self.inputs)
    }

    fn spread(&self, staging: &Memory<f32>) -> Result<(), KernelError> {
        let arguments = [
            staging.argument(),
            Argument::U32(self.input_rows as u32),
            Argument::U32(self.inputs as u32),
            Argument::U32(stride(self.inputs) as u32),
            self.activations[0].argument(),
        ];
        let Some(launch) = self.launches.last() else { return Ok(()) };
        let shape = Shape::items(self.input_rows * stride(self.inputs), 256);
        // SAFETY: the arguments are those of the kernel, the arrays have the sizes given.
        unsafe { self.device.launch(&launch.source, "spread", shape, &arguments) }
    }

    /// Fills the inputs with normal deviates of the stream of `seed`, one address for each column.
    ///
    /// # Errors
    /// [`KernelError::Device`] from the device.
    pub fn fill_input(&self, seed: u64) -> Result<(), KernelError> {
        let draw = Draw {
            stream: NoiseStream::new(seed).domain(Domain::Data),
            distribution: Distribution::Normal,
            at: NoiseAddress::default(),
            directions: 0..self.input_rows as u32,
            elements: self.inputs,
            layout: NoiseLayout::ElementsLast,
            stride: self.inputs,
        };
        let staging = self.staging()?;
        self.device.draw_noise(&draw, &staging, 0)?;
        self.spread(&staging)
    }

    /// Runs the layers; [`output`](Self::output) has the outputs then.
    ///
    /// # Errors
    /// [`KernelError::Device`] from the device.
    pub fn run(&self) -> Result<(), KernelError> {
        self.launch(&self.launches)
    }

    /// Runs the layers and leaves the outputs where they are, in their own precision.
    ///
    /// # Errors
    /// [`KernelError::Device`] from the device.
    pub fn run_layers(&self) -> Result<(), KernelError> {
        self.launch(&self.launches[..self.launches.len() - 1])
    }

    fn launch(&self, launches: &[Launch]) -> Result<(), KernelError> {
        launches.iter().try_for_each(|launch| {
            let Launch { source, kernel, shape, arguments } = launch;
            // SAFETY: `prepare` made the arguments for the kernel, of memory that this holds.
            unsafe { self.device.launch(source, kernel, *shape, arguments) }
        })
    }

    pub(super) fn device(&self) -> &Device {
        self.device
    }

    /// Inputs per member.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Where the inputs are, and the numbers from one column to the next.
    pub(super) fn input(&self) -> (Argument, usize) {
        (self.activations[0].argument(), stride(self.inputs))
    }

    /// The outputs of the last run, `(columns, outputs)`, on the device.
    pub fn output(&self) -> &Memory<f32> {
        &self.output
    }

    /// The outputs of the last layer as it left them, with the numbers from one column to the next: f32 or bf16.
    #[doc(hidden)]
    pub fn raw_output(&self) -> (Argument, usize) {
        (self.activations[self.last].argument(), stride(self.outputs))
    }

    /// Length of an output.
    pub fn outputs(&self) -> usize {
        self.outputs
    }
}

#[cfg(test)]
mod tests;
