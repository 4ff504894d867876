//! Regression of x² + x + 1 on [-10, 10]: every group of members sees one point.

use std::ops::Range;

use hatchery_engine::{Params, Perturbed, Population, Task, TaskError};
use hatchery_kernels::cuda::Prepared;
use hatchery_kernels::{Backend, Domain, Input, NoiseAddress, NoiseStream};

use crate::model::MemberBlock;
use crate::model::device::DevicePass;
use crate::model::mlp::{self, Mlp, Scratch};

const REACH: f64 = 10.0;

/// Fitness `-(y(x) - (x² + x + 1))²` at one x per group of members and generation.
#[derive(Debug)]
pub struct Regression {
    network: Mlp,
    group: usize,
    data: NoiseStream,
}

impl Regression {
    /// The task with `group` (even) neighbouring members per point; `seed` names the points.
    pub fn new(group: u32, model: &mlp::Config, seed: u64) -> Self {
        let network = Mlp::new(1, 1, model, Vec::new());
        let data = NoiseStream::new(seed).domain(Domain::Data);
        Self { network, group: group.max(2) as usize, data }
    }

    /// Fresh parameters for the network.
    pub fn init(&self, seed: u64) -> Params {
        self.network.init(seed)
    }

    fn pass<'a>(&'a self, population: &'a Perturbed) -> DevicePass<'a> {
        DevicePass { network: &self.network, population, rows: 1, shared_input: false }
    }

    fn point(&self, generation: u32, member: usize) -> f32 {
        let pair = (member / self.group) as u32;
        let mut uniform = [0.0];
        self.data
            .fill_uniforms(NoiseAddress { generation, pair, layer: 0, block: 0 }, &mut uniform);
        (REACH * (2.0 * uniform[0] - 1.0)) as f32
    }

    /// Mean squared error of the centre of the population over an even grid of `points`.
    ///
    /// # Errors
    /// If the parameters do not fit the network.
    pub fn mean_squared_error(
        &self,
        population: &Perturbed,
        points: usize,
        backend: &Backend,
    ) -> Result<f64, TaskError> {
        let block = MemberBlock::new(population, 0..1);
        let spacing = 2.0 * REACH / (points.max(2) - 1) as f64;
        let x: Vec<f32> = (0..points).map(|k| (k as f64 * spacing - REACH) as f32).collect();
        let mut scratch = Scratch::default();
        let y = self.network.forward(&block, Input::Shared(&x), points, backend, &mut scratch)?;
        let lanes = block.lanes().len();
        let squares =
            x.iter().enumerate().map(|(k, x)| f64::from(y[k * lanes] - answer(*x)).powi(2));
        Ok(squares.sum::<f64>() / points as f64)
    }
}

fn answer(x: f32) -> f32 {
    x.mul_add(x, x + 1.0)
}

impl Task for Regression {
    type Population = Perturbed;

    fn name(&self) -> &str {
        "regression"
    }

    fn evaluate(
        &self,
        population: &Perturbed,
        members: Range<usize>,
        backend: &Backend,
        fitness: &mut [f32],
    ) -> Result<(), TaskError> {
        let generation = population.generation();
        if let Some(cuda) = backend.cuda() {
            let inputs = |all: Range<usize>| all.map(|m| self.point(generation, m)).collect();
            let first = population.first_of_block(&members);
            let score = |done: &Prepared<'_>| {
                let y = done.output().download()?;
                let of = |(k, y): (usize, &f32)| {
                    -(y - answer(self.point(generation, first + k))).powi(2)
                };
                Ok(y.iter().enumerate().map(of).collect())
            };
            return Ok(self.pass(population).evaluate(members, cuda, inputs, score, fitness)?);
        }
        let block = MemberBlock::new(population, members);
        let lanes = block.lanes().len();
        let x: Vec<f32> = (0..lanes).map(|l| self.point(generation, block.member_of(l))).collect();
        let mut scratch = Scratch::default();
        let y = self.network.forward(&block, Input::PerLane(&x), 1, backend, &mut scratch)?;
        block.scatter(fitness, |lane| -(y[lane] - answer(x[lane])).powi(2));
        Ok(())
    }

    fn batch_hint(&self, population: &Perturbed, backend: &Backend) -> usize {
        backend.cuda().map_or(128, |cuda| self.pass(population).batch(cuda))
    }
}
