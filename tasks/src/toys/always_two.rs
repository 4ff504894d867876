//! "Always two": a network must answer 2 whatever it is asked.

use std::ops::Range;

use hatchery_engine::{Params, Perturbed, Population, Task, TaskError};
use hatchery_kernels::cuda::Prepared;
use hatchery_kernels::{Backend, Domain, Input, NoiseAddress, NoiseStream};

use crate::model::MemberBlock;
use crate::model::device::DevicePass;
use crate::model::mlp::{self, Mlp, Scratch};

const INPUTS: usize = 3;
const ANSWER: f32 = 2.0;

/// Fitness `-(y - 2)²`, averaged over fresh standard normal inputs of each member.
#[derive(Debug)]
pub struct AlwaysTwo {
    network: Mlp,
    examples: u32,
    data: NoiseStream,
}

impl AlwaysTwo {
    /// The task with `examples` inputs per member and generation; `seed` names the inputs.
    pub fn new(examples: u32, model: &mlp::Config, seed: u64) -> Self {
        let network = Mlp::new(INPUTS, 1, model, Vec::new());
        Self { network, examples, data: NoiseStream::new(seed).domain(Domain::Data) }
    }

    fn pass<'a>(&'a self, population: &'a Perturbed) -> DevicePass<'a> {
        let rows = self.examples as usize;
        DevicePass { network: &self.network, population, rows, shared_input: false }
    }

    /// The inputs of one example.
    fn draw(&self, generation: u32, member: usize, row: usize, x: &mut [f32]) {
        let (pair, block) = (member as u32, row as u32);
        self.data.fill_normals(NoiseAddress { generation, pair, layer: 0, block }, x);
    }

    /// Fresh parameters for the network.
    pub fn init(&self, seed: u64) -> Params {
        self.network.init(seed)
    }
}

impl Task for AlwaysTwo {
    type Population = Perturbed;

    fn name(&self) -> &str {
        "always-two"
    }

    fn evaluate(
        &self,
        population: &Perturbed,
        members: Range<usize>,
        backend: &Backend,
        fitness: &mut [f32],
    ) -> Result<(), TaskError> {
        if let Some(cuda) = backend.cuda() {
            let rows = self.examples as usize;
            let inputs = |all: Range<usize>| {
                let mut x = vec![0.0; all.len() * rows * INPUTS];
                let examples = all.flat_map(|member| (0..rows).map(move |row| (member, row)));
                for (x, (member, row)) in x.chunks_exact_mut(INPUTS).zip(examples) {
                    self.draw(population.generation(), member, row, x);
                }
                x
            };
            let score = |done: &Prepared<'_>| {
                let loss = |y: &[f32]| {
                    let squares = y.iter().map(|y| (y - ANSWER).powi(2));
                    squares.sum::<f32>() / rows as f32
                };
                Ok(done.output().download()?.chunks_exact(rows).map(|y| -loss(y)).collect())
            };
            return Ok(self.pass(population).evaluate(members, cuda, inputs, score, fitness)?);
        }
        let block = MemberBlock::new(population, members);
        let (lanes, rows) = (block.lanes().len(), self.examples as usize);
        let mut x = vec![0.0; INPUTS * rows * lanes];
        let mut drawn = [0.0; INPUTS];
        for (row, lane) in (0..rows).flat_map(|row| (0..lanes).map(move |lane| (row, lane))) {
            self.draw(population.generation(), block.member_of(lane), row, &mut drawn);
            for (input, value) in drawn.iter().enumerate() {
                x[(input * rows + row) * lanes + lane] = *value;
            }
        }
        let mut scratch = Scratch::default();
        let y = self.network.forward(&block, Input::PerLane(&x), rows, backend, &mut scratch)?;
        let loss = |lane: usize| {
            let squares = (0..rows).map(|row| (y[row * lanes + lane] - ANSWER).powi(2));
            squares.sum::<f32>() / rows as f32
        };
        block.scatter(fitness, |lane| -loss(lane));
        Ok(())
    }

    fn batch_hint(&self, population: &Perturbed, backend: &Backend) -> usize {
        backend.cuda().map_or(64, |cuda| self.pass(population).batch(cuda))
    }
}
