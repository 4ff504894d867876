//! What can go wrong, as data.

use std::path::PathBuf;

use hatchery_kernels::KernelError;

use crate::Generation;
use crate::observe::ObserverError;

/// A batch could not be scored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TaskError {
    /// Something the task found out for itself.
    #[error("{0}")]
    Message(String),
    /// A kernel refused its arguments.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// The task panicked; the message is that of the panic.
    #[error("the task panicked: {0}")]
    Panicked(String),
}

impl TaskError {
    /// Whether it says that the machine failed and not a member, so that trying the members one by one is in vain.
    pub fn is_of_device(&self) -> bool {
        use KernelError::{Device, DeviceMemory, NoDevice};
        matches!(self, Self::Kernel(Device { .. } | DeviceMemory { .. } | NoDevice { .. }))
    }

    /// An error with a message.
    pub fn msg(message: impl Into<String>) -> Self {
        Self::Message(message.into())
    }
}

/// A strategy could not propose or learn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StrategyError {
    /// A kernel refused its arguments.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// The restored state does not fit this strategy.
    #[error("the stored state has {found} {what}, this configuration has {expected}")]
    StateMismatch {
        /// What was counted.
        what: &'static str,
        /// How many this configuration has.
        expected: usize,
        /// How many the state has.
        found: usize,
    },
    /// The fitness does not belong to the population.
    #[error("{found} fitness values for {expected} members")]
    FitnessLength {
        /// Members of the population.
        expected: usize,
        /// Values given.
        found: usize,
    },
    /// What proposes has given up.
    #[error("{name} cannot go on: {reason}")]
    Proposer {
        /// The method.
        name: &'static str,
        /// Why.
        reason: String,
    },
    /// The parameters stopped being finite.
    #[error(
        "the parameters became NaN or infinite in generation {generation}; lower the step size or sigma"
    )]
    NotFinite {
        /// The generation whose update did it.
        generation: Generation,
    },
}

/// A generation could not be evaluated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// Not one member could be scored.
    #[error(
        "all {members} evaluations of generation {generation} failed; the first reason given: {reason}"
    )]
    AllFailed {
        /// Which generation.
        generation: Generation,
        /// How many members it had.
        members: usize,
        /// The first reason.
        reason: String,
    },
    /// A device failed, or has not enough memory.
    #[error("generation {generation} could not be evaluated: {reason}")]
    Device {
        /// Which generation.
        generation: Generation,
        /// What the device said.
        reason: String,
    },
    /// The population is empty.
    #[error("generation {generation} has no members")]
    Empty {
        /// Which generation.
        generation: Generation,
    },
}

/// A checkpoint could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file system refused.
    #[error("cannot {action} checkpoint {}: {source}", path.display())]
    Io {
        /// What was tried: `write`, `read`, ….
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not one of our files.
    #[error("{} is not a checkpoint of this program: it does not begin with the checkpoint mark", path.display())]
    Foreign {
        /// Which file.
        path: PathBuf,
    },
    /// Written by a newer version.
    #[error("{} has checkpoint format {found}, this program reads up to {supported}: use a newer version of it", path.display())]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that is read.
        supported: u32,
    },
    /// Shorter or longer than it says.
    #[error("{} is truncated: {expected} bytes expected, {found} found", path.display())]
    Truncated {
        /// Which file.
        path: PathBuf,
        /// Bytes that the header announces.
        expected: u64,
        /// Bytes that there are.
        found: u64,
    },
    /// The checksum does not hold.
    #[error("{} has been altered: checksum {found:08x}, {expected:08x} expected", path.display())]
    Checksum {
        /// Which file.
        path: PathBuf,
        /// Checksum stored in the file.
        expected: u32,
        /// Checksum of its contents.
        found: u32,
    },
    /// The record does not decode, though its checksum holds.
    #[error("{} holds the state of another kind of run: {reason}", path.display())]
    Record {
        /// Which file.
        path: PathBuf,
        /// What the decoder said.
        reason: String,
    },
    /// No file in the folder could be used.
    #[error("no usable checkpoint in {}{}", path.display(), faults.iter().map(|f| format!("\n  {f}")).collect::<String>())]
    NoneUsable {
        /// Which folder.
        path: PathBuf,
        /// What was wrong with each file, newest first.
        faults: Vec<CheckpointError>,
    },
}

/// A run ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The evaluation failed as a whole.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
    /// The strategy failed.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
    /// A checkpoint could not be written.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// An observer failed.
    #[error(transparent)]
    Observer(#[from] ObserverError),
}
