//! The network that is measured: square layers with ReLU between them, and an input for every member and row.

use std::ops::Range;
use std::sync::Arc;

use hatchery::engine::{Layout, ParamSpec, Params, Perturbed, Population, Task, TaskError};
use hatchery::kernels::{Backend, Domain, Input, NoiseAddress, NoiseStream};
use hatchery::tasks::model::{Activation, MemberBlock};
use rayon::prelude::*;

/// `256` is one layer of 256 × 256, `3x256` three of them.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) name: String,
    pub(super) layers: usize,
    pub(super) width: usize,
}

impl Shape {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (layers, width) = text.split_once('x').unwrap_or(("1", text));
        match (layers.parse(), width.parse()) {
            (Ok(layers @ 1..=100), Ok(width @ 1..=16_384)) => {
                Ok(Self { name: text.to_owned(), layers, width })
            }
            _ => Err(format!("`{text}` is no shape; say 256, or 3x256 for three layers")),
        }
    }

    pub(super) fn weights(&self) -> usize {
        self.layers * self.width * self.width
    }
}

thread_local! {
    /// Activations before and after a layer.
    static BUFFERS: std::cell::Cell<[Vec<f32>; 2]> = const { std::cell::Cell::new([Vec::new(), Vec::new()]) };
}

/// The task: the fitness of a member is a fixed linear function of its outputs.
#[derive(Debug)]
pub(super) struct Stack {
    pub(super) shape: Shape,
    pub(super) params: Arc<Params>,
    pub(super) rows: usize,
    /// Members of a block.
    pub(super) lanes: usize,
    /// Inputs of one block after the other, `(width, rows, lanes)` each.
    pub(super) inputs: Vec<f32>,
}

impl Stack {
    pub(super) fn new(shape: &Shape, population: usize, rows: usize) -> Self {
        let spec = |l| ParamSpec::matrix(format!("layers.{l}.weight"), shape.width, shape.width);
        let mut params =
            Params::zeros(Arc::new(Layout::new((0..shape.layers).map(spec).collect())));
        let stream = NoiseStream::new(1).domain(Domain::Init);
        stream.fill_normals(NoiseAddress::default(), &mut params.values);
        let scale = (2.0 / shape.width as f32).sqrt();
        params.values.iter_mut().for_each(|w| *w *= scale);
        let mut inputs = vec![0.0; population * rows * shape.width];
        inputs.par_chunks_mut(1 << 16).enumerate().for_each(|(chunk, values)| {
            let at = NoiseAddress { pair: chunk as u32, ..NoiseAddress::default() };
            NoiseStream::new(2).domain(Domain::Data).fill_normals(at, values);
        });
        let lanes = lanes(shape.width, rows, population);
        Self { shape: shape.clone(), params: Arc::new(params), rows, lanes, inputs }
    }

    /// What `read` makes of the outputs of a block of members.
    fn forward<R>(
        &self,
        block: &MemberBlock<'_>,
        first: usize,
        backend: &Backend,
        read: impl FnOnce(&[f32]) -> R,
    ) -> R {
        let lanes = block.lanes().len();
        let values = self.shape.width * self.rows;
        let mut x = &self.inputs[first * values..(first + lanes) * values];
        let [mut from, mut to] = BUFFERS.take();
        from.resize(values * lanes, 0.0);
        to.resize(values * lanes, 0.0);
        for layer in 0..self.shape.layers {
            let input = Input::PerLane(x);
            block.linear(layer, None, input, self.rows, backend, &mut to).expect("shapes fit");
            if layer + 1 < self.shape.layers {
                Activation::Relu.apply(&mut to, self.rows * lanes);
            }
            std::mem::swap(&mut from, &mut to);
            x = &from;
        }
        let result = read(&from);
        BUFFERS.set([from, to]);
        result
    }

    /// Passes all inputs through the mean weights.
    pub(super) fn infer(&self, population: usize) {
        let mean = Perturbed::mean(self.params.clone(), population as u32);
        let outputs: Vec<f32> = (0..population)
            .into_par_iter()
            .step_by(self.lanes)
            .map(|first| {
                let block = MemberBlock::new(&mean, first..first + self.lanes);
                self.forward(&block, first, &Backend::cpu(), |outputs| outputs[0])
            })
            .collect();
        std::hint::black_box(outputs);
    }
}

impl Task for Stack {
    type Population = Perturbed;

    fn name(&self) -> &str {
        "stack"
    }

    fn evaluate(
        &self,
        population: &Perturbed,
        members: Range<usize>,
        backend: &Backend,
        fitness: &mut [f32],
    ) -> Result<(), TaskError> {
        let first = members.start;
        let block = MemberBlock::new(population, members);
        let lanes = block.lanes().len();
        let mut sums = vec![0.0_f32; lanes];
        self.forward(&block, first, backend, |outputs| {
            for (o, outputs) in outputs.chunks_exact(self.rows * lanes).enumerate() {
                let weight = if o % 2 == 0 { 1.0 } else { -1.0 };
                for row in outputs.chunks_exact(lanes) {
                    sums.iter_mut().zip(row).for_each(|(sum, y)| *sum += weight * y);
                }
            }
        });
        block.scatter(fitness, |lane| sums[lane]);
        Ok(())
    }

    fn batch_hint(&self, population: &Perturbed, _: &Backend) -> usize {
        self.lanes.min(population.len())
    }
}

/// As many members as keep activations and factors in the second-level cache, and threads busy.
fn lanes(width: usize, rows: usize, population: usize) -> usize {
    let cached = (1 << 15) / (width * rows);
    cached.next_power_of_two().clamp(32, 256).min((population / 4).max(1))
}
