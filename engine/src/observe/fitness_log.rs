//! A binary log of all raw fitness values of a run.
//!
//! ```text
//! header: magic "HATCHFL\0" | format u32 = 1
//! record: generation u32 | count u32 | count × f32 | CRC-32 of generation, count and values
//! ```
//!
//! Numbers are little-endian. There is one record per generation, from generation 0 on and without gaps, so that a
//! record's number is its generation. Every NaN is written as `0x7fc00000`: equal runs give equal files. A record
//! is one write and is not synchronised: a process that is killed leaves at most one torn record, at the end.

mod error;
mod read;

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::still_there::still_there;
use super::{Observer, ObserverError};
use crate::{Fitness, Generation, GenerationReport};

pub use error::FitnessLogError;
pub use read::{FitnessRecords, read};

const MAGIC: &[u8; 8] = b"HATCHFL\0";
const HEADER_BYTES: usize = 8 + 4;
/// Generation and count.
const HEAD_BYTES: usize = 4 + 4;
const CRC_BYTES: usize = 4;
const CANONICAL_NAN: u32 = 0x7fc0_0000;

/// The newest format of the log, and the one that is written.
pub const FORMAT: u32 = 1;

/// Appends the fitness of every member to a file after every evaluation.
#[derive(Debug)]
pub struct FitnessLog {
    path: PathBuf,
    file: File,
    /// The generation to come.
    next: Generation,
}

impl FitnessLog {
    /// Starts a new log at generation 0, over an old file of that name.
    ///
    /// # Errors
    /// [`ObserverError::Io`] if it cannot be made.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, ObserverError> {
        let path = path.into();
        let made = File::create(&path).and_then(|mut file| {
            file.write_all(&header())?;
            Ok(file)
        });
        match made {
            Ok(file) => Ok(Self { path, file, next: 0 }),
            Err(source) => Err(ObserverError::Io { path, source }),
        }
    }

    /// Goes on with a log, keeping only the records of generations before `generation`: what came after the
    /// checkpoint, torn or whole, is made again. A log that is refused is left as it was.
    ///
    /// # Errors
    /// [`ObserverError::FitnessLog`] if the file is missing, is not such a log, or lacks a whole and good record of
    /// an earlier generation; [`ObserverError::Io`] if it cannot be written.
    pub fn resume(path: impl Into<PathBuf>, generation: Generation) -> Result<Self, ObserverError> {
        let path = path.into();
        let keep = bytes_before(&path, generation)?;
        match cut(&path, keep) {
            Ok(file) => Ok(Self { path, file, next: generation }),
            Err(source) => Err(ObserverError::Io { path, source }),
        }
    }
}

/// The length of header and records of the generations before that one, each of which is checked.
fn bytes_before(path: &Path, generation: Generation) -> Result<u64, FitnessLogError> {
    let mut records = read(path)?;
    for kept in 0..generation {
        records.next().transpose()?.ok_or_else(|| FitnessLogError::Incomplete {
            path: path.to_owned(),
            records: kept,
            generation,
        })?;
    }
    Ok(records.good_bytes())
}

/// Opens a log with nothing after its first `keep` bytes; a header that is torn is made again.
fn cut(path: &Path, keep: u64) -> std::io::Result<File> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.set_len(keep)?;
    file.seek(SeekFrom::Start(keep))?;
    if keep == 0 {
        file.write_all(&header())?;
    }
    Ok(file)
}

impl Observer for FitnessLog {
    fn on_fitness(
        &mut self,
        generation: Generation,
        fitness: &Fitness,
    ) -> Result<(), ObserverError> {
        let path = || self.path.clone();
        if generation != self.next {
            let expected = self.next;
            let found = generation;
            let error = FitnessLogError::Order { path: path(), record: expected, expected, found };
            return Err(error.into());
        }
        if !still_there(&self.path, &self.file) {
            return Err(ObserverError::Removed { path: path() });
        }
        // One write for the whole record: a reader that follows the file sees half of one only after a crash.
        record(generation, &fitness.values)
            .and_then(|record| self.file.write_all(&record))
            .map_err(|source| ObserverError::Io { path: path(), source })?;
        self.next += 1;
        Ok(())
    }

    fn on_generation(&mut self, _: &GenerationReport) -> Result<(), ObserverError> {
        Ok(())
    }
}

fn header() -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..MAGIC.len()].copy_from_slice(MAGIC);
    header[MAGIC.len()..].copy_from_slice(&FORMAT.to_le_bytes());
    header
}

fn record(generation: Generation, values: &[f32]) -> std::io::Result<Vec<u8>> {
    let count = u32::try_from(values.len()).map_err(std::io::Error::other)?;
    let mut record = Vec::with_capacity(HEAD_BYTES + values.len() * 4 + CRC_BYTES);
    record.extend_from_slice(&generation.to_le_bytes());
    record.extend_from_slice(&count.to_le_bytes());
    for value in values {
        let bits = if value.is_nan() { CANONICAL_NAN } else { value.to_bits() };
        record.extend_from_slice(&bits.to_le_bytes());
    }
    let checksum = crc32fast::hash(&record);
    record.extend_from_slice(&checksum.to_le_bytes());
    Ok(record)
}

#[cfg(test)]
mod tests;
