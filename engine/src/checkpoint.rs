//! Checkpoint files: everything a run needs to go on to the bit.
//!
//! ```text
//! magic "HATCH\0" | format u32 | codec u32 | payload length u64 | payload | CRC-32 of all that precedes
//! ```
//!
//! Numbers are little-endian; the payload is the [`Checkpoint`] record in the encoding that `codec` names (1 =
//! bincode 2, standard configuration). A file is written under another name in the same folder, synchronised,
//! renamed, and the folder synchronised: a reader never sees half a file under the final name. The reader checks
//! mark, format, length and checksum before it decodes anything.

mod codec;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{CheckpointError, Generation};

const MAGIC: &[u8; 6] = b"HATCH\0";
const HEADER_BYTES: usize = 6 + 4 + 4 + 8;
const EXTENSION: &str = "ckpt";

/// The newest checkpoint format, and the one that is written.
pub const FORMAT: u32 = 1;

/// How far a run has come.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// The next generation to ask for; so many are finished.
    pub generation: Generation,
    /// Evaluations made, failed ones included.
    pub evaluations: u64,
    /// Failed evaluations.
    pub failures: u64,
    /// Wall-clock seconds spent.
    pub elapsed_s: f64,
    /// Best fitness of any member so far.
    pub best: Option<f64>,
    /// Mean fitness of the last generation.
    pub mean: Option<f64>,
    /// Last value of the statistic that the target is held against.
    pub statistic: Option<f64>,
    /// Best value so far of that statistic.
    pub best_statistic: Option<f64>,
    /// Generations since that statistic last improved.
    pub generations_since_best: u32,
    /// What the first failed evaluation of the latest generation with failures reported.
    pub first_error: Option<String>,
}

/// One checkpoint: configuration, progress and the state of the strategy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint<S> {
    /// The complete configuration of the run, as text.
    pub config: String,
    /// How far the run has come.
    pub progress: Progress,
    /// State of the strategy.
    pub state: S,
}

/// The checkpoints of one run: a folder that keeps the last few.
#[derive(Debug, Clone)]
pub struct CheckpointStore {
    folder: PathBuf,
    keep: usize,
}

/// A checkpoint that was read, and what was wrong with the newer ones.
#[derive(Debug)]
pub struct Loaded<S> {
    /// The newest checkpoint that is good.
    pub checkpoint: Checkpoint<S>,
    /// Its file.
    pub path: PathBuf,
    /// Faults of the files that are newer, newest first.
    pub faults: Vec<CheckpointError>,
}

impl CheckpointStore {
    /// A store in `folder` that keeps the last `keep` checkpoints (at least 1). Nothing is created yet.
    pub fn new(folder: impl Into<PathBuf>, keep: usize) -> Self {
        Self { folder: folder.into(), keep: keep.max(1) }
    }

    /// Writes a checkpoint and removes those that are more than `keep` old. Returns its path.
    ///
    /// # Errors
    /// [`CheckpointError::Io`] if the folder is gone or the disk is full; the older checkpoints are then untouched.
    pub fn save<S: Serialize>(
        &self,
        checkpoint: &Checkpoint<S>,
    ) -> Result<PathBuf, CheckpointError> {
        let name = format!("gen-{:09}.{EXTENSION}", checkpoint.progress.generation);
        let path = self.folder.join(&name);
        let bytes = encode(checkpoint, &path)?;
        let aside = self.folder.join(format!(".{name}.tmp"));
        let written = write_synchronised(&aside, &bytes)
            .and_then(|()| fs::rename(&aside, &path))
            .and_then(|()| sync_folder(&self.folder));
        if let Err(source) = written {
            let _ = fs::remove_file(&aside);
            return Err(CheckpointError::Io { action: "write", path, source });
        }
        for old in self.files()?.into_iter().skip(self.keep) {
            // Another process may have removed it; that an old file stays is no reason to stop a run.
            let _ = fs::remove_file(old);
        }
        Ok(path)
    }

    /// Reads the newest checkpoint that is good.
    ///
    /// # Errors
    /// [`CheckpointError::NoneUsable`] with the fault of every file if there is none.
    pub fn latest<S: DeserializeOwned>(&self) -> Result<Loaded<S>, CheckpointError> {
        self.newest(read)
    }

    /// Reads the newest checkpoint that is good, without its state: whoever does not know yet which strategy it is of finds that in
    /// the configuration.
    ///
    /// # Errors
    /// As [`latest`](Self::latest).
    pub fn latest_header(&self) -> Result<Loaded<()>, CheckpointError> {
        self.newest(|path| decode_file(path, |payload| Ok(codec::decode_first(payload)?.0)))
    }

    fn newest<S>(
        &self,
        read: impl Fn(&Path) -> Result<Checkpoint<S>, CheckpointError>,
    ) -> Result<Loaded<S>, CheckpointError> {
        let mut faults = Vec::new();
        for path in self.files()? {
            match read(&path) {
                Ok(checkpoint) => return Ok(Loaded { checkpoint, path, faults }),
                Err(fault) => faults.push(fault),
            }
        }
        Err(CheckpointError::NoneUsable { path: self.folder.clone(), faults })
    }

    /// Checkpoint files, newest first.
    fn files(&self) -> Result<Vec<PathBuf>, CheckpointError> {
        let fail =
            |source| CheckpointError::Io { action: "list", path: self.folder.clone(), source };
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(fail)? {
            let path = entry.map_err(fail)?.path();
            let named_so =
                path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("gen-"));
            if named_so && path.extension().is_some_and(|e| e == EXTENSION) {
                files.push(path);
            }
        }
        files.sort();
        files.reverse();
        Ok(files)
    }
}

/// Reads one checkpoint file.
///
/// # Errors
/// A [`CheckpointError`] that names the file and its fault.
pub fn read<S: DeserializeOwned>(path: &Path) -> Result<Checkpoint<S>, CheckpointError> {
    decode_file(path, codec::decode)
}

fn decode_file<R>(
    path: &Path,
    decode: impl Fn(&[u8]) -> Result<R, String>,
) -> Result<R, CheckpointError> {
    let bytes = fs::read(path).map_err(|source| CheckpointError::Io {
        action: "read",
        path: path.to_owned(),
        source,
    })?;
    let payload = checked_payload(&bytes, path)?;
    decode(payload).map_err(|reason| CheckpointError::Record { path: path.to_owned(), reason })
}

fn encode<S: Serialize>(
    checkpoint: &Checkpoint<S>,
    path: &Path,
) -> Result<Vec<u8>, CheckpointError> {
    let payload = codec::encode(checkpoint)
        .map_err(|reason| CheckpointError::Record { path: path.to_owned(), reason })?;
    let mut bytes = Vec::with_capacity(HEADER_BYTES + payload.len() + 4);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&FORMAT.to_le_bytes());
    bytes.extend_from_slice(&codec::CODEC.to_le_bytes());
    bytes.extend_from_slice(&(payload.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&payload);
    let checksum = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    Ok(bytes)
}

fn checked_payload<'a>(bytes: &'a [u8], path: &Path) -> Result<&'a [u8], CheckpointError> {
    let path = || path.to_owned();
    if !bytes.starts_with(MAGIC) {
        return Err(CheckpointError::Foreign { path: path() });
    }
    let found = bytes.len() as u64;
    let smallest = (HEADER_BYTES + 4) as u64;
    if found < smallest {
        return Err(CheckpointError::Truncated { path: path(), expected: smallest, found });
    }
    let format = u32_at(bytes, 6);
    let codec = u32_at(bytes, 10);
    if format > FORMAT || codec > codec::CODEC {
        let newest = format.max(if codec > codec::CODEC { FORMAT + 1 } else { format });
        return Err(CheckpointError::Newer { path: path(), found: newest, supported: FORMAT });
    }
    let length = u64::from(u32_at(bytes, 14)) | u64::from(u32_at(bytes, 18)) << 32;
    let expected = length.saturating_add(smallest);
    if found != expected {
        return Err(CheckpointError::Truncated { path: path(), expected, found });
    }
    let end = bytes.len() - 4;
    let (stored, computed) = (u32_at(bytes, end), crc32fast::hash(&bytes[..end]));
    if stored != computed {
        return Err(CheckpointError::Checksum { path: path(), expected: stored, found: computed });
    }
    Ok(&bytes[HEADER_BYTES..end])
}

/// The little-endian word at an offset that the caller has checked.
fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[offset..offset + 4]);
    u32::from_le_bytes(word)
}

fn write_synchronised(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes a rename durable; only Unix lets a folder be opened for that.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests;
