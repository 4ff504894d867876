//! Episodes of wide policies on a device: passes of the network and steps of the environment in turn. Sources, grids and
//! twin: see `steps.cu`.

use super::column::Members;
use super::layers::Pass;
use super::noise::NoiseLayout;
use super::noise_source::NoiseSource;
use super::rollout::{Head, Rollout};
use super::slab::draw_tensor;
use super::{Argument, Device, Footprint, Memory, Shape, Source};
use crate::KernelError;
use crate::cpu::{Perturbation, Precision};

/// Steps that are recorded together, and between two looks at whether an episode still runs.
const STEPS: u32 = 16;
/// Bytes of an episode's state that a plan counts with.
const EPISODE_BYTES: usize = 256;

impl Rollout<'_> {
    /// The network's pass over one step of all episodes, repeated at each step.
    fn pass<'a>(&'a self, members: &'a Members<'a>) -> Pass<'a> {
        let (network, rows) = (self.network, self.episodes as usize);
        let noise = NoiseSource::choose(network, members, rows, self.steps_max as usize);
        Pass { network, members, rows, shared_input: false, noise }
    }

    pub(super) fn footprint_by_layers(&self, members: &Members<'_>) -> Footprint {
        let pass = self.pass(members).footprint();
        let episodes = EPISODE_BYTES * members.halves * self.episodes as usize;
        Footprint { per_direction: pass.per_direction + episodes, ..pass }
    }

    pub(super) fn source_by_layers(&self, members: &Members<'_>) -> Source {
        let source = Source::new("steps", include_str!("steps.cu"))
            .define("KIND", "NO_NOISE")
            .define("RANK", 1)
            .define("ACTIVATION", "NONE");
        let source = match members.precision {
            Precision::F32 => source,
            Precision::Bf16 => source.define("PRECISION_BF16", 1),
        };
        self.define(source)
            .with(include_str!("matrix.cuh"))
            .with(include_str!("members.cuh"))
            .with(include_str!("episode.cuh"))
            .with(include_str!("head.cuh"))
            .with(self.environment)
    }
}

impl Device {
    /// [`Device::rollout`] layer by layer; returns `(directions, halves, episodes)`.
    pub(super) fn rollout_by_layers(
        &self,
        rollout: &Rollout<'_>,
        members: &Members<'_>,
    ) -> Result<Vec<f64>, KernelError> {
        self.check_fit(rollout.footprint_by_layers(members), members.count())?;
        let prepared = self.prepare(&rollout.pass(members))?;
        let columns = prepared.columns();
        let source = rollout.source_by_layers(members);
        let launch = |kernel, shape, arguments: &[Argument]| {
            // SAFETY: the arguments are those of the kernels, and the arrays have one entry for each column or what the kernels
            // say that they need.
            unsafe { self.launch(&source, kernel, shape, arguments) }
        };
        let bytes = self.zeros::<u32>(1)?;
        launch("episode_bytes", Shape::items(1, 1), &[bytes.argument()])?;
        let bytes = bytes.download()?[0] as usize;
        let states = self.allocate::<u8>(columns * bytes)?;
        let alive = self.zeros::<u32>(1)?;
        let mut kept = Vec::new();
        let [log_std, log_std_noise] = self.log_std(rollout, members, &mut kept)?;
        let [key0, key1] = rollout.data.key();
        let (x, x_stride) = prepared.input();
        let shape = Shape::items(columns, 128);
        let mut arguments = vec![
            states.argument(),
            Argument::U32(columns as u32),
            Argument::U32(rollout.episodes),
            Argument::U32(members.halves as u32),
            Argument::U32(members.directions.start),
            Argument::U32(rollout.starts.code()),
            Argument::U32(key0),
            Argument::U32(key1),
            Argument::U32(rollout.generation),
            x,
            Argument::U32(x_stride as u32),
        ];
        launch("begin_episodes", shape, &arguments)?;
        arguments.extend([
            prepared.output().argument(),
            log_std,
            log_std_noise,
            Argument::F32(members.sigma),
            Argument::U32(members.baseline_group),
            alive.argument(),
        ]);
        let step = || {
            prepared.run()?;
            launch("advance_episodes", shape, &arguments)
        };
        // The first step compiles what it needs; then steps are recorded.
        step()?;
        let mut done = 1;
        if alive.download()?[0] == 1 && done < rollout.steps_max {
            let recorded = self.record(|| (0..STEPS).try_for_each(|_| step()))?;
            while done < rollout.steps_max {
                alive.zero()?;
                recorded.replay()?;
                done += STEPS;
                if alive.download()?[0] == 0 {
                    break;
                }
            }
        }
        let returns = self.allocate::<f64>(columns)?;
        let arguments = [states.argument(), Argument::U32(columns as u32), returns.argument()];
        launch("finish_episodes", shape, &arguments)?;
        returns.download()
    }

    /// Log standard deviations of a Gaussian head and their noise, `(directions, actions)`; memory that is made goes to `kept`.
    fn log_std(
        &self,
        rollout: &Rollout<'_>,
        members: &Members<'_>,
        kept: &mut Vec<Memory<f32>>,
    ) -> Result<[Argument; 2], KernelError> {
        let nothing = Argument::Memory(0);
        let Head::Gaussian { log_std, .. } = rollout.head else { return Ok([nothing; 2]) };
        let tensor = &members.tensors[log_std];
        let values = tensor.device(self, kept)?;
        if tensor.noise.perturbation != Perturbation::Dense {
            return Ok([values, nothing]);
        }
        let noise = self.allocate::<f32>(tensor.noise.elements() * members.count())?;
        draw_tensor(self, &tensor.noise, members, NoiseLayout::ElementsLast, 0, &noise)?;
        let argument = noise.argument();
        kept.push(noise);
        Ok([values, argument])
    }
}
