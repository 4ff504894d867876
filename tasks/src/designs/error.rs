//! What can go wrong with a design task.

use std::path::PathBuf;

/// A task that cannot be made, and why.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DesignError {
    /// No task has this name.
    #[error("there is no design task '{name}'; tasks are: {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A measured table was asked for without a folder.
    #[error("'{name}' is a measured table: say in which folder its files are")]
    NoFolder {
        /// The task.
        name: String,
    },
    /// A file that cannot be opened or read.
    #[error("cannot read {}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A file that cannot be written.
    #[error("cannot write {}: {reason}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A file whose content is not what it should be.
    #[error("{}: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was expected and what was found.
        reason: String,
    },
    /// A shard of designs without the file of their scores.
    #[error("{} has no scores: there is no file {}", designs.display(), scores.display())]
    NoScores {
        /// The file that is there.
        designs: PathBuf,
        /// The file that is missing.
        scores: PathBuf,
    },
    /// No shard, or one that is missing before the last.
    #[error("there is no file {}; shards are numbered from 0 without gaps", path.display())]
    NoShard {
        /// The file that is missing.
        path: PathBuf,
    },
    /// A setting that makes no sense or no sound task.
    #[error("{setting}: {reason}")]
    Refused {
        /// Which setting.
        setting: &'static str,
        /// Why it is refused.
        reason: String,
    },
}

impl DesignError {
    pub(super) fn refused(setting: &'static str, reason: impl Into<String>) -> Self {
        Self::Refused { setting, reason: reason.into() }
    }
}
