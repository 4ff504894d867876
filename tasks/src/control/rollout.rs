//! Policies as tasks: every member of a block plays whole episodes at once.
//!
//! A block of members steps through its episodes together: observe, network, head, step, for all lanes, until the
//! last lane is done. The columns of one step are `(episodes, lanes)`.

use std::ops::Range;

use hatchery_engine::{ParamSpec, Params, Perturbed, Population, Task, TaskError};
use hatchery_kernels::cuda::{Cuda, Source};
use hatchery_kernels::{Backend, Domain, Input, NoiseAddress, NoiseStream};
use serde::{Deserialize, Serialize};

use super::device::DeviceGame;
use super::environment::{Actions, Environment, Start};
use crate::model::mlp::{self, Mlp, Scratch};
use crate::model::{MemberBlock, head};

/// Members that begin their episodes in the same states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SharedStarts {
    /// The two members of a pair: their difference is due to their parameters alone.
    #[default]
    Pair,
    /// All members of a generation.
    Generation,
    /// None: each member has its own.
    Member,
}

/// The options of a control task: the `[task]` table without its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Episodes per member and generation; the fitness is their mean return.
    pub episodes: u32,
    /// Whether actions are drawn from the policy's distribution instead of its mode.
    pub sample_actions: bool,
    /// Members that begin in the same states.
    pub shared_starts: SharedStarts,
}

impl Default for Config {
    fn default() -> Self {
        Self { episodes: 1, sample_actions: false, shared_starts: SharedStarts::Pair }
    }
}

/// Name of the tensor with the log standard deviations of a Gaussian policy.
pub(super) const LOG_STD: &str = "log_std";
/// Layer words of the addresses of starting states and of action noise: episode numbers stay below the difference.
const STARTS: u32 = 0;
const ACTION_NOISE: u32 = 1 << 31;

/// A network that plays an environment; the fitness is the mean undiscounted return.
#[derive(Debug)]
pub struct Policy<E> {
    pub(super) environment: E,
    pub(super) network: Mlp,
    pub(super) config: Config,
    pub(super) data: NoiseStream,
}

impl<E: Environment> Policy<E> {
    /// A policy with the given network; `seed` names its starting states and action noise.
    pub fn new(environment: E, config: Config, model: &mlp::Config, seed: u64) -> Self {
        let actions = environment.actions();
        let extra = match actions {
            Actions::Continuous { size, .. } if config.sample_actions => {
                vec![ParamSpec::vector(LOG_STD, size)]
            }
            Actions::Continuous { .. } | Actions::Discrete(_) => Vec::new(),
        };
        let outputs = match actions {
            Actions::Discrete(choices) => choices,
            Actions::Continuous { size, .. } => size,
        };
        let network = Mlp::new(environment.observations(), outputs, model, extra);
        Self { environment, network, config, data: NoiseStream::new(seed).domain(Domain::Data) }
    }

    /// Fresh parameters for the network.
    pub fn init(&self, seed: u64) -> Params {
        self.network.init(seed)
    }

    /// The environment.
    pub fn environment(&self) -> &E {
        &self.environment
    }

    /// The code with which a device plays this population, if it can: to look at and to test.
    #[doc(hidden)]
    pub fn device_source(&self, population: &Perturbed) -> Option<Source> {
        DeviceGame::new(self).map(|game| game.source(population))
    }

    /// The devices and what they play, if the backend has any that can.
    fn on_device<'a>(&self, backend: &'a Backend) -> Option<(&'a Cuda, DeviceGame<'_, E>)> {
        Some((backend.cuda()?, DeviceGame::new(self)?))
    }

    /// One starting state per column, `(episodes, lanes)`.
    fn starts(&self, block: &MemberBlock<'_>) -> Vec<Start> {
        let at = |episode: u32, lane: usize| Start {
            stream: self.data,
            at: NoiseAddress { layer: STARTS + episode, ..self.address(block, lane) },
        };
        let lanes = block.lanes().len();
        (0..self.config.episodes).flat_map(|e| (0..lanes).map(move |l| at(e, l))).collect()
    }

    fn address(&self, block: &MemberBlock<'_>, lane: usize) -> NoiseAddress {
        let pair = match self.config.shared_starts {
            // Copies of one centre would all play the same episode.
            _ if block.generation() == Perturbed::EVALUATION => block.member_of(lane) as u32,
            SharedStarts::Pair => block.direction_of(lane),
            SharedStarts::Generation => 0,
            SharedStarts::Member => block.member_of(lane) as u32,
        };
        NoiseAddress { generation: block.generation(), pair, layer: 0, block: 0 }
    }

    /// Mean return of every lane.
    fn play(&self, block: &MemberBlock<'_>, backend: &Backend) -> Result<Vec<f64>, TaskError> {
        let lanes = block.lanes().len();
        let episodes = self.config.episodes as usize;
        let columns = episodes * lanes;
        let mut state = self.environment.reset(&self.starts(block));
        let mut chooser = Chooser::new(self, block, backend)?;
        let mut observations = vec![0.0; self.environment.observations() * columns];
        let mut rewards = vec![0.0; columns];
        let mut terminated = vec![false; columns];
        let mut running = vec![true; columns];
        let mut returns = vec![0.0; columns];
        let mut scratch = Scratch::default();
        let scales = self.environment.scales();
        for step in 0..self.environment.steps_max() {
            self.environment.observe(&state, &mut observations);
            for (values, scale) in observations.chunks_exact_mut(columns).zip(&scales) {
                if *scale != 1.0 {
                    values.iter_mut().for_each(|value| *value /= scale);
                }
            }
            let input = Input::PerLane(&observations);
            let outputs = self.network.forward(block, input, episodes, backend, &mut scratch)?;
            let actions = chooser.choose(outputs, step);
            self.environment.step(&mut state, actions, &mut rewards, &mut terminated);
            let mut any = false;
            let ends = rewards.iter().zip(&terminated);
            for ((sum, running), (reward, ended)) in returns.iter_mut().zip(&mut running).zip(ends)
            {
                if *running {
                    *sum += reward;
                    *running = !ended;
                    any |= *running;
                }
            }
            if !any {
                break;
            }
        }
        let mean = |lane: usize| {
            (0..episodes).map(|e| returns[e * lanes + lane]).sum::<f64>() / episodes as f64
        };
        Ok((0..lanes).map(mean).collect())
    }
}

/// From network outputs to actions, with the noise of sampled ones.
struct Chooser {
    actions: Actions,
    columns: usize,
    chosen: Vec<f32>,
    /// Address and stream of the action noise of each column, if actions are sampled.
    noise: Option<(NoiseStream, Vec<NoiseAddress>)>,
    /// Log standard deviations `(size, columns)` of a sampled Gaussian policy.
    log_std: Vec<f32>,
    uniforms: Vec<f64>,
    scratch: Vec<f32>,
    normals: Vec<f32>,
}

impl Chooser {
    fn new<E: Environment>(
        policy: &Policy<E>,
        block: &MemberBlock<'_>,
        backend: &Backend,
    ) -> Result<Self, TaskError> {
        let actions = policy.environment.actions();
        let lanes = block.lanes().len();
        let episodes = policy.config.episodes as usize;
        let columns = episodes * lanes;
        let size = match actions {
            Actions::Discrete(_) => 1,
            Actions::Continuous { size, .. } => size,
        };
        let noise = policy.config.sample_actions.then(|| {
            let address = |episode: usize, lane: usize| NoiseAddress {
                layer: ACTION_NOISE | episode as u32,
                ..policy.address(block, lane)
            };
            let all = (0..episodes).flat_map(|e| (0..lanes).map(move |l| address(e, l)));
            (policy.data, all.collect())
        });
        let mut log_std = Vec::new();
        if let Some(index) = policy.network.layout.find(LOG_STD) {
            let mut per_lane = vec![0.0; size * lanes];
            block.vector(index, backend, &mut per_lane)?;
            for of_action in per_lane.chunks_exact(lanes) {
                (0..episodes).for_each(|_| log_std.extend_from_slice(of_action));
            }
        }
        let (uniforms, normals) = (vec![0.0; columns], vec![0.0; size * columns]);
        Ok(Self {
            actions,
            columns,
            chosen: vec![0.0; size * columns],
            noise,
            log_std,
            uniforms,
            scratch: Vec::new(),
            normals,
        })
    }

    /// Actions `(size or 1, columns)` for the outputs of a step.
    fn choose(&mut self, outputs: &[f32], step: u32) -> &[f32] {
        let columns = self.columns;
        match (self.actions, &self.noise) {
            (Actions::Discrete(_), None) => head::greedy(outputs, columns, &mut self.chosen),
            (Actions::Discrete(_), Some((stream, addresses))) => {
                for (uniform, at) in self.uniforms.iter_mut().zip(addresses) {
                    let at = NoiseAddress { block: step, ..*at };
                    stream.fill_uniforms(at, std::slice::from_mut(uniform));
                }
                let scratch = &mut self.scratch;
                head::categorical(outputs, columns, &self.uniforms, scratch, &mut self.chosen);
            }
            (Actions::Continuous { low, high, .. }, None) => {
                head::gaussian(outputs, None, (low, high), &mut self.chosen);
            }
            (Actions::Continuous { size, low, high }, Some((stream, addresses))) => {
                let blocks = size.div_ceil(4) as u32;
                let mut drawn = vec![0.0; size];
                for (column, at) in addresses.iter().enumerate() {
                    let at = NoiseAddress { block: step * blocks, ..*at };
                    stream.fill_normals(at, &mut drawn);
                    for (k, normal) in drawn.iter().enumerate() {
                        self.normals[k * columns + column] = *normal;
                    }
                }
                let noise = Some((self.log_std.as_slice(), self.normals.as_slice()));
                head::gaussian(outputs, noise, (low, high), &mut self.chosen);
            }
        }
        &self.chosen
    }
}

impl<E: Environment> Task for Policy<E> {
    type Population = Perturbed;

    fn name(&self) -> &str {
        self.environment.name()
    }

    fn evaluate(
        &self,
        population: &Perturbed,
        members: Range<usize>,
        backend: &Backend,
        fitness: &mut [f32],
    ) -> Result<(), TaskError> {
        if let Some((cuda, game)) = self.on_device(backend) {
            return game.evaluate(population, members, cuda, fitness);
        }
        let block = MemberBlock::new(population, members);
        let returns = self.play(&block, backend)?;
        block.scatter(fitness, |lane| returns[lane] as f32);
        Ok(())
    }

    /// As many members as keep the activations of a step and the factors within the second-level cache; on devices, as many
    /// as fit.
    fn batch_hint(&self, population: &Perturbed, backend: &Backend) -> usize {
        if let Some((cuda, game)) = self.on_device(backend) {
            return game.batch(population, cuda);
        }
        let columns = 32_768 / self.network.width_max().max(1);
        let floor = if population.len() >= 256 { 64 } else { 16 };
        (columns / self.config.episodes.max(1) as usize).clamp(floor, 256)
    }
}
