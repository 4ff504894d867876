//! Whole episodes of policies on a device. Source, grid and twin: see `rollout.cu`.

use super::column::{Centre, Members, Network, Places};
use super::slab::Slab;
use super::{Argument, Device, Footprint, Shape, Source};
use crate::{KernelError, NoiseStream};

/// From the outputs of a network to an action.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Head {
    /// The choice with the largest output, the first on ties.
    Greedy,
    /// A choice drawn from the softmax of the outputs.
    Categorical,
    /// `low + (high - low) (tanh(y) + 1) / 2`.
    Mean {
        /// Lower bound.
        low: f32,
        /// Upper bound.
        high: f32,
    },
    /// The same with noise added to y.
    Gaussian {
        /// Lower bound.
        low: f32,
        /// Upper bound.
        high: f32,
        /// The tensor with the logarithms of the standard deviations.
        log_std: usize,
    },
}

/// Which members begin their episodes alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Starts {
    /// The members of a direction.
    Pair,
    /// All members.
    Generation,
    /// None.
    Member,
}

impl Starts {
    /// As in the kernels.
    pub(super) fn code(self) -> u32 {
        match self {
            Self::Pair => 0,
            Self::Generation => 1,
            Self::Member => 2,
        }
    }
}

/// Episodes to play.
#[derive(Clone, Debug)]
pub struct Rollout<'a> {
    /// CUDA C++ that defines `struct Environment` with `reset(const Start &)`, `observe(float (&)[N]) const` and
    /// `bool step(const float (&)[ACTIONS], double &reward)`, which says whether the episode has ended. It runs on the device as
    /// it is: whoever gives it vouches for it.
    pub environment: &'a str,
    /// The policy.
    pub network: &'a Network,
    /// What its outputs mean.
    pub head: Head,
    /// What observations are divided by, one for each input.
    pub scales: &'a [f32],
    /// Steps after which an episode is cut off.
    pub steps_max: u32,
    /// Episodes per member.
    pub episodes: u32,
    /// Stream of starting states and action noise.
    pub data: NoiseStream,
    /// Generation word of their addresses.
    pub generation: u32,
    /// Which members begin alike.
    pub starts: Starts,
}

/// Threads of a block.
const THREADS: u32 = 128;
/// Widest layer of a policy whose activations a thread holds itself.
const WIDTH_MAX: usize = 128;

impl Rollout<'_> {
    /// Whether a thread can hold the policy's activations: then each episode is a thread's, and parameters are best on the host.
    pub fn is_narrow(&self) -> bool {
        self.network.width_max() <= WIDTH_MAX
    }

    /// Device memory that a batch takes.
    pub fn footprint(&self, members: &Members<'_>) -> Footprint {
        if !self.is_narrow() {
            return self.footprint_by_layers(members);
        }
        Footprint {
            fixed: size_of::<f32>() * Places::of_centre(self.network, members).len,
            per_direction: size_of::<f32>() * Slab::elements(members)
                + size_of::<f64>() * members.halves * self.episodes as usize,
        }
    }

    /// The source for these members, for devices that have room for the parameters in shared memory.
    pub fn source(&self, members: &Members<'_>) -> Source {
        if !self.is_narrow() {
            return self.source_by_layers(members);
        }
        self.source_for(members, &Places::of_centre(self.network, members), true)
    }

    /// The constants that any source of this rollout needs.
    pub(super) fn define(&self, source: Source) -> Source {
        let float = |x: f32| format!("{x:e}f");
        let scales: Vec<String> = self.scales.iter().map(|s| float(*s)).collect();
        let outputs = self.network.outputs();
        let (head, actions) = match self.head {
            Head::Greedy => ("GREEDY", 1),
            Head::Categorical => ("CATEGORICAL", 1),
            Head::Mean { .. } => ("MEAN", outputs),
            Head::Gaussian { .. } => ("GAUSSIAN", outputs),
        };
        let source = source
            .define("STEPS_MAX", self.steps_max)
            .define("SCALES", scales.join(", "))
            .define("HEAD", head)
            .define("INPUTS", self.network.inputs)
            .define("OUTPUTS", outputs)
            .define("ACTIONS", actions);
        match self.head {
            Head::Mean { low, high } | Head::Gaussian { low, high, .. } => {
                source.define("LOW", float(low)).define("HIGH", float(high))
            }
            Head::Greedy | Head::Categorical => source,
        }
    }

    fn source_for(&self, members: &Members<'_>, centre: &Places, shared: bool) -> Source {
        let source = Source::new("rollout", include_str!("rollout.cu"));
        let mut source = self.define(source);
        if shared {
            source = source.define("CENTRE_SHARED", 1);
        }
        let (mut first, mut noise) = (0, 0);
        if let Head::Gaussian { log_std, .. } = self.head {
            (first, noise) = (centre.firsts[log_std], Places::of_noise(members).firsts[log_std]);
            source = source.define("LOG_STD_KIND", members.tensors[log_std].kind().0);
        }
        let source = source.define("LOG_STD", first).define("LOG_STD_NOISE", noise);
        members
            .compile(source)
            .with(include_str!("matrix.cuh"))
            .with(include_str!("episode.cuh"))
            .with(include_str!("head.cuh"))
            .with(&self.network.text(members))
            .with(self.environment)
    }
}

impl Device {
    /// Plays the episodes of all members; returns `(directions, halves, episodes)` undiscounted sums of rewards.
    ///
    /// # Errors
    /// [`KernelError::ShapeMismatch`] if tensors or scales do not fit the network; [`KernelError::DeviceMemory`] if the members
    /// do not fit the device; [`KernelError::Device`] if it fails.
    pub fn rollout(
        &self,
        rollout: &Rollout<'_>,
        members: &Members<'_>,
    ) -> Result<Vec<f64>, KernelError> {
        let network = rollout.network;
        KernelError::check_len("rollout", "scales", network.inputs, rollout.scales.len())?;
        let count = members.count();
        let columns = count * members.halves * rollout.episodes as usize;
        if columns == 0 {
            return Ok(Vec::new());
        }
        if !rollout.is_narrow() {
            return self.rollout_by_layers(rollout, members);
        }
        self.check_fit(rollout.footprint(members), count)?;
        let centre = Centre::upload(self, network, members)?;
        let slab = Slab::draw(self, members)?;
        let returns = self.allocate::<f64>(columns)?;
        let centre_bytes = size_of::<f32>() * centre.values.len();
        let shared = centre_bytes <= self.shared_bytes_max();
        let threads = THREADS / members.halves as u32;
        let shape = Shape {
            grid: [count.div_ceil(threads as usize) as u32, rollout.episodes, 1],
            block: [threads, members.halves as u32, 1],
            shared_bytes: if shared { centre_bytes as u32 } else { 0 },
        };
        let [key0, key1] = rollout.data.key();
        let arguments = [
            centre.values.argument(),
            Argument::U32(centre.values.len() as u32),
            slab.values.argument(),
            Argument::U32(count as u32),
            Argument::U32(members.directions.start),
            Argument::F32(members.sigma),
            Argument::U32(members.baseline_group),
            Argument::U32(key0),
            Argument::U32(key1),
            Argument::U32(rollout.generation),
            Argument::U32(rollout.starts.code()),
            returns.argument(),
        ];
        let source = rollout.source_for(members, &centre.places, shared);
        // SAFETY: the arguments are those of the kernel; centre, slab and returns have the sizes that the source was made for.
        unsafe { self.launch(&source, "rollout", shape, &arguments)? };
        returns.download()
    }
}
