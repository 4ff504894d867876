//! What can be wrong with a log of fitness values.

use std::path::PathBuf;

use crate::Generation;

/// A log of fitness values cannot be read or gone on with. Records are counted from 0.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FitnessLogError {
    /// The file system refused.
    #[error(
        "cannot read the fitness log {} at record {record}: {source}; restore the file or start a new run",
        path.display()
    )]
    Io {
        /// Which file.
        path: PathBuf,
        /// The record that was to be read; 0 also for the header.
        record: u32,
        /// Why.
        source: std::io::Error,
    },
    /// The file does not begin as a log does.
    #[error(
        "{} is no fitness log: it has another mark before record 0; check the path",
        path.display()
    )]
    Foreign {
        /// Which file.
        path: PathBuf,
    },
    /// The log was written by a newer Hatchery.
    #[error(
        "the fitness log {} has format {found} (seen before record 0), this Hatchery knows {supported}; \
         use a newer Hatchery",
        path.display()
    )]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format known here.
        supported: u32,
    },
    /// A record is damaged.
    #[error(
        "record {record} of the fitness log {} is damaged: checksum {found:08x} instead of {expected:08x}; \
         restore the file from a copy, or use only the records before this one",
        path.display()
    )]
    Checksum {
        /// Which file.
        path: PathBuf,
        /// Which record.
        record: u32,
        /// The checksum in the file.
        expected: u32,
        /// The checksum of what is in the file.
        found: u32,
    },
    /// Generations do not follow each other.
    #[error(
        "record {record} of the fitness log {} is of generation {found} where {expected} follows; \
         let only one run write to it, and begin a log with generation 0",
        path.display()
    )]
    Order {
        /// Which file.
        path: PathBuf,
        /// Which record.
        record: u32,
        /// The generation that follows.
        expected: Generation,
        /// The generation that came.
        found: Generation,
    },
    /// The log ends before the generation that a run goes on from.
    #[error(
        "the fitness log {} ends before record {records}, but the run goes on from generation {generation}; \
         restore the file from a copy, go on from a checkpoint of generation {records} or earlier, \
         or go on without the log",
        path.display()
    )]
    Incomplete {
        /// Which file.
        path: PathBuf,
        /// How many whole records it has.
        records: u32,
        /// Where the run goes on.
        generation: Generation,
    },
}
