//! Reads a log of fitness values, one record at a time.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use super::{CRC_BYTES, FORMAT, FitnessLogError, HEAD_BYTES, HEADER_BYTES, MAGIC};
use crate::Generation;

/// The records of a log: an iterator over generations and their fitness values, in the order of the members.
///
/// It ends after the first error, and reads no further than the file went when it was opened.
#[derive(Debug)]
pub struct FitnessRecords {
    path: PathBuf,
    file: BufReader<File>,
    bytes: u64,
    /// Bytes of the header and of all records given so far.
    good_bytes: u64,
    /// The record to come, which is also its generation.
    next: u32,
    torn: bool,
    failed: bool,
}

/// Opens a log and checks its header.
///
/// # Errors
/// [`FitnessLogError`] if it cannot be opened, is not a log of fitness values, or has a newer format.
pub fn read(path: impl Into<PathBuf>) -> Result<FitnessRecords, FitnessLogError> {
    let path = path.into();
    let opened = File::open(&path).and_then(|file| {
        let bytes = file.metadata()?.len();
        let mut file = BufReader::new(file);
        let mut header = Vec::with_capacity(HEADER_BYTES);
        file.by_ref().take(bytes.min(HEADER_BYTES as u64)).read_to_end(&mut header)?;
        Ok((file, bytes, header))
    });
    let (file, bytes, header) = match opened {
        Ok(opened) => opened,
        Err(source) => return Err(FitnessLogError::Io { path, record: 0, source }),
    };
    let whole = check_header(&header, &path)?;
    let good_bytes = if whole { HEADER_BYTES as u64 } else { 0 };
    Ok(FitnessRecords { path, file, bytes, good_bytes, next: 0, torn: !whole, failed: false })
}

/// Whether the header is whole; one that is torn is good as far as it goes.
fn check_header(header: &[u8], path: &Path) -> Result<bool, FitnessLogError> {
    let mark = &header[..header.len().min(MAGIC.len())];
    let format = header.get(MAGIC.len()..HEADER_BYTES).map(|bytes| u32_at(bytes, 0));
    if !MAGIC.starts_with(mark) || format == Some(0) {
        return Err(FitnessLogError::Foreign { path: path.to_owned() });
    }
    match format {
        Some(found) if found > FORMAT => {
            Err(FitnessLogError::Newer { path: path.to_owned(), found, supported: FORMAT })
        }
        format => Ok(format.is_some()),
    }
}

impl FitnessRecords {
    /// Length of the file when it was opened.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Length of the header and of the records given so far.
    pub fn good_bytes(&self) -> u64 {
        self.good_bytes
    }

    /// Whether the file ends within a record, or within its header, and that part was dropped. Known once the
    /// iterator has ended.
    pub fn torn(&self) -> bool {
        self.torn
    }

    /// The next record, or `None` where it is torn.
    fn record(&mut self) -> Result<Option<(Generation, Vec<f32>)>, FitnessLogError> {
        let left = self.bytes - self.good_bytes;
        if left < (HEAD_BYTES + CRC_BYTES) as u64 {
            return Ok(None);
        }
        let mut head = [0; HEAD_BYTES];
        self.fill(&mut head)?;
        let (generation, count) = (u32_at(&head, 0), u32_at(&head, 4));
        let body = u64::from(count) * 4 + CRC_BYTES as u64;
        let length = HEAD_BYTES as u64 + body;
        if left < length {
            return Ok(None);
        }
        let mut body = vec![0; body as usize];
        self.fill(&mut body)?;
        let (values, _) = body.split_at(body.len() - CRC_BYTES);
        let expected = u32_at(&body, values.len());
        let mut checksum = crc32fast::Hasher::new();
        checksum.update(&head);
        checksum.update(values);
        let (found, path, record) = (checksum.finalize(), || self.path.clone(), self.next);
        if found != expected {
            return Err(FitnessLogError::Checksum { path: path(), record, expected, found });
        }
        if generation != record {
            let (expected, found) = (record, generation);
            return Err(FitnessLogError::Order { path: path(), record, expected, found });
        }
        self.good_bytes += length;
        self.next = self.next.saturating_add(1);
        let values = values.chunks_exact(4).map(|bits| f32::from_bits(u32_at(bits, 0)));
        Ok(Some((generation, values.collect())))
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), FitnessLogError> {
        self.file.read_exact(bytes).map_err(|source| FitnessLogError::Io {
            path: self.path.clone(),
            record: self.next,
            source,
        })
    }
}

impl Iterator for FitnessRecords {
    type Item = Result<(Generation, Vec<f32>), FitnessLogError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.torn || self.failed || self.good_bytes == self.bytes {
            return None;
        }
        let record = self.record();
        self.failed = record.is_err();
        self.torn = matches!(record, Ok(None));
        record.transpose()
    }
}

/// The little-endian word at an offset that the caller has checked.
fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[offset..offset + 4]);
    u32::from_le_bytes(word)
}
