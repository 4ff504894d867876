//! What an environment is: copies ("lanes") of one world that are stepped together.

#[cfg(doc)]
use hatchery_kernels::cuda::Rollout;
use hatchery_kernels::{NoiseAddress, NoiseStream};

/// Where the random numbers of one episode's starting state come from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Start {
    /// Stream of domain `Data`.
    pub stream: NoiseStream,
    /// Address of the episode; its block word is free for the environment.
    pub at: NoiseAddress,
}

impl Start {
    /// Uniform number `k` of this start, strictly between 0 and 1.
    pub fn uniform(&self, k: u32) -> f64 {
        let block = self.at.block + k / 4;
        let word = self.stream.words(NoiseAddress { block, ..self.at })[(k % 4) as usize];
        (f64::from(word) + 0.5) / 4_294_967_296.0
    }

    /// Uniform number `k` of this start, strictly between `low` and `high`.
    pub fn uniform_in(&self, k: u32, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform(k)
    }

    /// A whole number below `count`, from uniform number `k`.
    pub fn below(&self, k: u32, count: usize) -> usize {
        (self.uniform(k) * count as f64) as usize
    }
}

/// What an agent can do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Actions {
    /// One of so many choices; given as a whole number.
    Discrete(usize),
    /// A vector within bounds.
    Continuous {
        /// Length of the vector.
        size: usize,
        /// Lower bound of each entry.
        low: f32,
        /// Upper bound of each entry.
        high: f32,
    },
}

/// A world that many lanes live in, stepped together.
///
/// Values lie with the lanes contiguous. Dynamics are in f64, observations in f32, as in Gymnasium. Time limits are kept by
/// the caller with [`steps_max`](Environment::steps_max); lanes that have terminated may be stepped on, and their
/// values then mean nothing.
pub trait Environment: Sync {
    /// State of a block of lanes.
    type Lanes: Send;

    /// Name, as in `--set task.name`.
    fn name(&self) -> &'static str;

    /// Length of an observation.
    fn observations(&self) -> usize;

    /// Typical size of each observation, [`observations`](Environment::observations) values. A policy divides by it, so
    /// that a speed of 0.07 and an angle of 3 weigh alike; [`observe`](Environment::observe) itself gives raw values.
    fn scales(&self) -> Vec<f32> {
        vec![1.0; self.observations()]
    }

    /// What an agent can do.
    fn actions(&self) -> Actions;

    /// Steps after which an episode is cut off.
    fn steps_max(&self) -> u32;

    /// The same world as CUDA C++, if there is one: see [`Rollout::environment`]. Without it episodes are played on the CPU.
    fn cuda(&self) -> Option<&'static str> {
        None
    }

    /// Fresh lanes, one for each start.
    fn reset(&self, starts: &[Start]) -> Self::Lanes;

    /// Writes the observations, `(observations, lanes)`.
    fn observe(&self, lanes: &Self::Lanes, out: &mut [f32]);

    /// One step: `actions` is `(size, lanes)`, or one whole number per lane if they are discrete. Writes the reward of
    /// each lane, and whether its episode ended by itself.
    fn step(
        &self,
        lanes: &mut Self::Lanes,
        actions: &[f32],
        rewards: &mut [f64],
        terminated: &mut [bool],
    );
}
