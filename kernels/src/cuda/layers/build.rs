//! From a network and its members to launches: what is read is put on the device once, what is launched is kept.

use std::sync::Arc;

use super::hopper::Hopper;
use super::{
    Form, Inputs, Kept, Launch, NOTHING, Pass, Prepared, Team, Tile, Values, inner_products, layer,
    passes, stride,
};
use crate::KernelError;
use crate::cpu::Precision;
use crate::cuda::column::Stage;
use crate::cuda::noise::NoiseLayout;
use crate::cuda::slab::draw_tensor;
use crate::cuda::{Argument, Device, Memory, Shape};

impl Device {
    /// Makes everything ready for passes: weights and, if stored, noise on the device.
    ///
    /// # Errors
    /// [`KernelError::ShapeMismatch`] if tensors do not fit the network; [`KernelError::DeviceMemory`] if the members do not fit
    /// the device; [`KernelError::Device`] if it fails.
    pub fn prepare<'d>(&'d self, pass: &Pass<'_>) -> Result<Prepared<'d>, KernelError> {
        self.prepare_on(pass, None)
    }

    /// The same with the inputs that another pass of as many members has on this device: [`Prepared::inputs`].
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare); also if there are not as many inputs.
    pub fn prepare_on<'d>(
        &'d self,
        pass: &Pass<'_>,
        inputs: Option<&Inputs>,
    ) -> Result<Prepared<'d>, KernelError> {
        let Pass { network, members, rows, .. } = *pass;
        let (precision, count) = (members.precision, members.count());
        self.check_fit(pass.footprint(), count)?;
        let columns = pass.columns(count);
        let input_rows = if pass.shared_input { rows } else { columns };
        let input_len = input_rows * stride(network.inputs);
        let input = match inputs {
            Some(Inputs { values, len }) => {
                let (expected, got) = (input_len, *len);
                KernelError::check_len("network", "inputs that are there", expected, got)?;
                if !values.fit(self, precision) {
                    let reason = "they are on another device or in another precision";
                    return Err(self.error("a pass on inputs that are there", reason.into()));
                }
                values.clone()
            }
            None => Arc::new(Values::zeros(self, precision, input_len)?),
        };
        let mut activations = vec![input];
        let mut builder =
            Builder { device: self, pass, columns, kept: Kept::default(), launches: Vec::new() };
        let t = self.allocate::<f32>(columns * pass.rank_max())?;
        let (mut now, mut width, mut at) = (0, network.inputs, 0);
        let stages = &network.stages;
        while at < stages.len() {
            match stages[at] {
                Stage::Linear { inputs, outputs, weight, bias } => {
                    KernelError::check_len("network", "inputs of a layer", width, inputs)?;
                    let (name, taken) = activation(&stages[at + 1..]);
                    let next = 1 + (now + 2) % 2;
                    if activations.len() <= next {
                        let len = columns * pass.width_max();
                        // Layers write the ends of rows too.
                        activations.push(Arc::new(Values::allocate(self, precision, len)?));
                    }
                    let (x, y) = (&activations[now], &activations[next]);
                    builder.linear(x, (inputs, outputs), (weight, bias), name, &t, y, now == 0)?;
                    (now, width) = (next, outputs);
                    at += 1 + taken;
                }
                Stage::LayerNorm { .. } | Stage::Normalise => {
                    let (name, taken) = activation(&stages[at + 1..]);
                    let tensors = match stages[at] {
                        Stage::LayerNorm { weight, bias } => Some((weight, bias)),
                        _ => None,
                    };
                    builder.normalise(&activations[now], width, tensors, name)?;
                    at += 1 + taken;
                }
                Stage::Tanh | Stage::Relu | Stage::Gelu => {
                    return Err(self.error("a network", "an activation before any layer".into()));
                }
            }
        }
        let Builder { mut kept, mut launches, .. } = builder;
        kept.floats.push(t);
        let output = self.allocate::<f32>(columns * width)?;
        launches.push(Launch {
            source: pass.source(passes(), Form::PLAIN),
            kernel: "gather",
            shape: Shape::items(columns * width, 256),
            arguments: vec![
                activations[now].argument(),
                Argument::U32(columns as u32),
                Argument::U32(width as u32),
                Argument::U32(stride(width) as u32),
                output.argument(),
            ],
        });
        Ok(Prepared {
            device: self,
            launches,
            activations,
            last: now,
            rows,
            columns,
            input_rows,
            inputs: network.inputs,
            outputs: width,
            output,
            _kept: kept,
        })
    }
}

/// Collects the launches of a pass.
struct Builder<'d, 'p> {
    device: &'d Device,
    pass: &'p Pass<'p>,
    columns: usize,
    kept: Kept,
    launches: Vec<Launch>,
}

impl Builder<'_, '_> {
    /// A vector of the centre.
    fn vector(&mut self, tensor: usize) -> Result<Argument, KernelError> {
        self.pass.members.tensors[tensor].device(self.device, &mut self.kept.floats)
    }

    /// A matrix of the centre as the kernels want it: rows of `stride` numbers.
    fn matrix(&mut self, tensor: usize, cols: usize) -> Result<Argument, KernelError> {
        let tensor = &self.pass.members.tensors[tensor];
        let mut made = Vec::new();
        let from = tensor.device(self.device, &mut made)?;
        let (rows, to_stride) = (tensor.noise.rows, stride(cols));
        let to = Values::allocate(self.device, self.pass.members.precision, rows * to_stride)?;
        let source = self.pass.source(passes(), Form::PLAIN);
        let arguments = [
            from,
            Argument::U32(rows as u32),
            Argument::U32(cols as u32),
            Argument::U32(to_stride as u32),
            to.argument(),
        ];
        let shape = Shape::items(rows * to_stride, 256);
        // SAFETY: the arguments are those of the kernel, the arrays have the sizes given.
        unsafe { self.device.launch(&source, "spread", shape, &arguments)? };
        let argument = to.argument();
        self.kept.values.push(to);
        Ok(argument)
    }

    /// The noise of a tensor in memory, `(directions, elements)`.
    fn stored(&mut self, tensor: usize) -> Result<Argument, KernelError> {
        let members = self.pass.members;
        let noise = &members.tensors[tensor].noise;
        let slab = self.device.allocate::<f32>(noise.elements() * members.count())?;
        draw_tensor(self.device, noise, members, NoiseLayout::ElementsLast, 0, &slab)?;
        let argument = slab.argument();
        self.kept.floats.push(slab);
        Ok(argument)
    }

    /// The members as the kernels take them; `slabs` has the noise of weight and bias.
    fn block(&self, weight: usize, bias: usize, slabs: [Argument; 2]) -> Vec<Argument> {
        let members = self.pass.members;
        let (weight, bias) = (&members.tensors[weight].noise, &members.tensors[bias].noise);
        let [key0, key1] = weight.stream.key();
        let [of_weight, of_bias] = slabs;
        vec![
            Argument::U32(members.count() as u32),
            Argument::U32(members.halves as u32),
            Argument::U32(self.pass.rows as u32),
            Argument::U32(members.directions.start),
            Argument::F32(members.sigma),
            Argument::U32(members.baseline_group),
            Argument::U32(key0),
            Argument::U32(key1),
            Argument::U32(weight.generation),
            Argument::U32(weight.layer),
            Argument::U32(bias.layer),
            of_weight,
            of_bias,
        ]
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "a layer: what goes in, its parameters, what comes out"
    )]
    fn linear(
        &mut self,
        x: &Values,
        (inputs, outputs): (usize, usize),
        (weight, bias): (usize, usize),
        activation: &'static str,
        t: &Memory<f32>,
        y: &Values,
        first: bool,
    ) -> Result<(), KernelError> {
        let members = self.pass.members;
        let (of_weight, of_bias) = (members.tensors[weight], members.tensors[bias]);
        let kind = of_weight.kind();
        let form = Form {
            kind,
            bias_noise: of_bias.kind().0 == "DENSE",
            activation,
            shared_input: first && self.pass.shared_input,
        };
        let mut slabs = [NOTHING; 2];
        for (slab, tensor) in slabs.iter_mut().zip([weight, bias]) {
            if self.pass.stores(tensor) {
                *slab = self.stored(tensor)?;
            }
        }
        let block = self.block(weight, bias, slabs);
        let (w, b) = (self.matrix(weight, inputs)?, self.vector(bias)?);
        let elements = of_weight.noise.elements() as u32;
        let per_direction = members.halves * self.pass.rows;
        let (x_stride, columns) = (stride(inputs), self.columns);
        if kind.0 == "LOW_RANK" {
            let mut arguments = vec![
                x.argument(),
                Argument::U32(x_stride as u32),
                Argument::U32(inputs as u32),
                t.argument(),
                Argument::U32(elements),
            ];
            let mut source = self.pass.source(inner_products(), form);
            let shape = match members.precision {
                Precision::F32 => Shape {
                    grid: [columns.div_ceil(32) as u32, kind.1.div_ceil(4), 1],
                    block: [128, 1, 1],
                    shared_bytes: 0,
                },
                Precision::Bf16 => {
                    let team = Team::new(inputs, kind.1, per_direction);
                    arguments.push(Argument::U32(team.chunk as u32));
                    arguments.push(Argument::U32(team.threads as u32));
                    arguments.push(Argument::U32(team.share as u32));
                    source = team.source(source);
                    Shape {
                        grid: [team.blocks(members.count()) as u32, 1, 1],
                        block: [256, 1, 1],
                        shared_bytes: team.shared_bytes() as u32,
                    }
                }
            };
            arguments.extend_from_slice(&block);
            self.launches.push(Launch { source, kernel: "inner_products", shape, arguments });
        }
        let hopper = Hopper::of(self.device, self.pass, form, [inputs, outputs]);
        let maps = match hopper {
            Some(hopper) => {
                hopper.maps(self.device, [x.argument(), w], x_stride, [columns, outputs])?
            }
            None => None,
        };
        let mut arguments = match maps {
            Some(maps) => maps.to_vec(),
            None => vec![x.argument(), Argument::U32(x_stride as u32)],
        };
        arguments.push(Argument::U32(inputs as u32));
        if maps.is_none() {
            arguments.push(w);
        }
        arguments.extend([
            b,
            Argument::U32(outputs as u32),
            t.argument(),
            y.argument(),
            Argument::U32(stride(outputs) as u32),
            Argument::U32(elements),
        ]);
        arguments.extend_from_slice(&block);
        if let Some((hopper, _)) = hopper.zip(maps) {
            self.launches.push(Launch {
                source: hopper.source(self.pass, form),
                kernel: "perturbed_linear_hopper",
                shape: hopper.shape(self.device, columns, outputs),
                arguments,
            });
            return Ok(());
        }
        let tile = Tile::of(members.precision);
        let shape = Shape {
            grid: [columns.div_ceil(tile.columns) as u32, outputs.div_ceil(tile.outputs) as u32, 1],
            block: [256, 1, 1],
            shared_bytes: tile.shared_bytes(per_direction) as u32,
        };
        let source = self.pass.source(layer(), form);
        self.launches.push(Launch { source, kernel: "perturbed_linear", shape, arguments });
        Ok(())
    }

    fn normalise(
        &mut self,
        y: &Values,
        features: usize,
        tensors: Option<(usize, usize)>,
        activation: &'static str,
    ) -> Result<(), KernelError> {
        let members = self.pass.members;
        let (weight, bias) = tensors.unwrap_or_default();
        let perturbed = tensors.is_some() && members.tensors[weight].kind().0 == "DENSE";
        // Norms read their noise: it is small.
        let slabs = match perturbed {
            true => [self.stored(weight)?, self.stored(bias)?],
            false => [NOTHING; 2],
        };
        let mut block = self.block(weight, bias, slabs);
        let (w, b) = match tensors {
            Some(_) => (self.vector(weight)?, self.vector(bias)?),
            None => (NOTHING, NOTHING),
        };
        let mut arguments = vec![
            y.argument(),
            Argument::U32(stride(features) as u32),
            Argument::U32(features as u32),
            w,
            b,
            Argument::U32(u32::from(perturbed)),
        ];
        arguments.append(&mut block);
        let source = self.pass.source(passes(), Form { activation, ..Form::PLAIN });
        let shape = Shape {
            grid: [self.columns.div_ceil(32) as u32, 1, 1],
            block: [128, 1, 1],
            shared_bytes: 0,
        };
        self.launches.push(Launch { source, kernel: "normalise", shape, arguments });
        Ok(())
    }
}

/// The activation after stage `number`, and how many stages it takes.
fn activation(stages: &[Stage]) -> (&'static str, usize) {
    match stages.first() {
        Some(Stage::Tanh) => ("TANH", 1),
        Some(Stage::Relu) => ("RELU", 1),
        Some(Stage::Gelu) => ("GELU", 1),
        _ => ("NONE", 0),
    }
}
