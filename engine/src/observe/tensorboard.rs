//! TensorBoard event files.
//!
//! A file is a sequence of records `length u64 | masked CRC of the length | data | masked CRC of the data`, where the
//! CRC is CRC-32C and `masked(c) = rotate_right(c, 15) + 0xa282ead8`; the data is a protobuf `Event`. Only these
//! fields are written: 1 wall time, 2 step, 3 file version, 5 summary { 1 value { 1 tag, 2 simple value } } and
//! 7 session log { 1 status }.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Observer, ObserverError, RunStart};
use crate::{Generation, GenerationReport};

/// Writes the scalars of each generation to an event file that TensorBoard reads.
#[derive(Debug)]
pub struct TensorBoard {
    path: PathBuf,
    file: File,
}

impl TensorBoard {
    /// Starts a new event file in `folder`; a resumed run adds another one, which TensorBoard joins.
    ///
    /// # Errors
    /// [`ObserverError::Io`] if it cannot be made.
    pub fn create(folder: &Path) -> Result<Self, ObserverError> {
        let now = wall_time_s();
        let (path, file) = new_file(folder, now as u64)?;
        let mut board = Self { path, file };
        let mut event = Vec::new();
        put_double(&mut event, 1, now);
        put_bytes(&mut event, 3, b"brain.Event:2");
        board.write(&event)?;
        Ok(board)
    }

    fn write(&mut self, data: &[u8]) -> Result<(), ObserverError> {
        let length = (data.len() as u64).to_le_bytes();
        let mut record = Vec::with_capacity(data.len() + 16);
        record.extend_from_slice(&length);
        record.extend_from_slice(&masked_crc(&length).to_le_bytes());
        record.extend_from_slice(data);
        record.extend_from_slice(&masked_crc(data).to_le_bytes());
        let written = self.file.write_all(&record);
        written.map_err(|source| ObserverError::Io { path: self.path.clone(), source })
    }
}

/// Names are `events.out.tfevents.<seconds>.hatchery.<process>`, numbered from the second of that name on.
fn new_file(folder: &Path, seconds: u64) -> Result<(PathBuf, File), ObserverError> {
    let stem = format!("events.out.tfevents.{seconds:010}.hatchery.{}", std::process::id());
    let mut name = stem.clone();
    for number in 1_u32.. {
        let path = folder.join(&name);
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                name = format!("{stem}.{number}");
            }
            Err(source) => return Err(ObserverError::Io { path, source }),
        }
    }
    unreachable!("a folder does not hold 2^32 files of one process and second")
}

impl Observer for TensorBoard {
    /// Tells TensorBoard which generations of the earlier files are made again.
    fn on_start(&mut self, start: &RunStart) -> Result<(), ObserverError> {
        const STATUS_START: u8 = 1;
        if start.generation == 0 {
            return Ok(());
        }
        let mut event = event(start.generation);
        put_bytes(&mut event, 7, &[1 << 3, STATUS_START]);
        self.write(&event)
    }

    fn on_generation(&mut self, report: &GenerationReport) -> Result<(), ObserverError> {
        let stats = &report.stats;
        let fixed = [
            ("fitness/best", stats.best),
            ("fitness/mean", stats.mean),
            ("fitness/median", stats.median),
            ("fitness/std", stats.std),
            ("fitness/min", stats.min),
            ("fitness/best_so_far", report.best_so_far),
            ("run/failures", report.failures as f64),
            ("run/evaluations", report.evaluations as f64),
            ("run/evaluations_per_s", report.evaluations_per_s),
        ];
        let mut summary = Vec::new();
        for (tag, value) in fixed {
            put_scalar(&mut summary, tag, value);
        }
        for (name, value) in &report.metrics.0 {
            put_scalar(&mut summary, &format!("search/{name}"), *value);
        }
        let mut event = event(report.generation);
        put_bytes(&mut event, 5, &summary);
        self.write(&event)
    }
}

/// An event of now, with its step.
fn event(generation: Generation) -> Vec<u8> {
    let mut event = Vec::new();
    put_double(&mut event, 1, wall_time_s());
    event.push(2 << 3);
    put_varint(&mut event, u64::from(generation));
    event
}

fn wall_time_s() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64())
}

fn put_scalar(summary: &mut Vec<u8>, tag: &str, value: f64) {
    let mut scalar = Vec::new();
    put_bytes(&mut scalar, 1, tag.as_bytes());
    scalar.push(2 << 3 | 5);
    scalar.extend_from_slice(&(value as f32).to_le_bytes());
    put_bytes(summary, 1, &scalar);
}

fn put_double(out: &mut Vec<u8>, field: u8, value: f64) {
    out.push(field << 3 | 1);
    out.extend_from_slice(&value.to_le_bytes());
}

fn put_bytes(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    out.push(field << 3 | 2);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// CRC-32C (Castagnoli), bit-reflected, byte by byte from a table made at compile time.
fn crc32c(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut byte = 0;
        while byte < 256 {
            let mut crc = byte as u32;
            let mut bit = 0;
            while bit < 8 {
                crc = if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 };
                bit += 1;
            }
            table[byte] = crc;
            byte += 1;
        }
        table
    };
    !bytes.iter().fold(u32::MAX, |crc, b| crc >> 8 ^ TABLE[usize::from(crc as u8 ^ b)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::jsonl::tests::report;

    #[test]
    fn crc32c_gives_its_published_check_value() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        // RFC 3720, appendix B.4: 32 bytes of zeros.
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
    }

    /// One field of a protobuf message.
    #[derive(Debug, PartialEq)]
    enum Field<'a> {
        Varint(u64),
        Fixed(&'a [u8]),
        Bytes(&'a [u8]),
    }

    fn varint(bytes: &mut &[u8]) -> u64 {
        let end = bytes.iter().position(|b| b & 0x80 == 0).expect("a last byte") + 1;
        let (head, tail) = bytes.split_at(end);
        *bytes = tail;
        head.iter().rev().fold(0, |value, b| value << 7 | u64::from(b & 0x7f))
    }

    fn fields(mut message: &[u8]) -> Vec<(u64, Field<'_>)> {
        let mut fields = Vec::new();
        while !message.is_empty() {
            let key = varint(&mut message);
            let length = match key & 7 {
                0 => {
                    fields.push((key >> 3, Field::Varint(varint(&mut message))));
                    continue;
                }
                1 => 8,
                5 => 4,
                2 => varint(&mut message) as usize,
                wire => panic!("wire type {wire}"),
            };
            let (value, tail) = message.split_at(length);
            let field = if key & 7 == 2 { Field::Bytes(value) } else { Field::Fixed(value) };
            fields.push((key >> 3, field));
            message = tail;
        }
        fields
    }

    /// The data of every record, frames and checksums checked.
    fn records(mut file: &[u8]) -> Vec<&[u8]> {
        let mut records = Vec::new();
        let word = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().expect("four bytes"));
        while !file.is_empty() {
            let length = u64::from_le_bytes(file[..8].try_into().expect("eight bytes")) as usize;
            assert_eq!(word(&file[8..12]), masked_crc(&file[..8]));
            let data = &file[12..12 + length];
            assert_eq!(word(&file[12 + length..16 + length]), masked_crc(data));
            records.push(data);
            file = &file[16 + length..];
        }
        records
    }

    /// Tags and values of a summary.
    fn scalars(summary: &[u8]) -> Vec<(String, f32)> {
        let one = |(_, value): (u64, Field<'_>)| {
            let Field::Bytes(value) = value else { panic!("a value is a message") };
            match fields(value).as_slice() {
                [(1, Field::Bytes(tag)), (2, Field::Fixed(x))] => {
                    let tag = String::from_utf8(tag.to_vec()).expect("UTF-8");
                    (tag, f32::from_le_bytes((*x).try_into().expect("four bytes")))
                }
                other => panic!("{other:?}"),
            }
        };
        fields(summary).into_iter().map(one).collect()
    }

    fn start(generation: u32) -> RunStart {
        RunStart { generation, budget_generations: None, budget_seconds: None, name: "run".into() }
    }

    #[test]
    fn a_file_holds_version_steps_and_scalars() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let mut board = TensorBoard::create(folder.path()).expect("made");
        board.on_start(&start(0)).expect("nothing to say");
        board.on_generation(&report(300)).expect("written");
        let file = std::fs::read(&board.path).expect("readable");
        let records = records(&file);
        assert_eq!(records.len(), 2);
        assert_eq!(fields(records[0])[1], (3, Field::Bytes(b"brain.Event:2")));
        let event = fields(records[1]);
        assert!(matches!(event[0], (1, Field::Fixed(time)) if time.len() == 8));
        assert_eq!(event[1], (2, Field::Varint(300)));
        let (5, Field::Bytes(summary)) = event[2] else { panic!("{event:?}") };
        let scalars = scalars(summary);
        let value = |tag: &str| scalars.iter().find(|(t, _)| t == tag).map(|&(_, x)| x);
        assert_eq!(value("fitness/best"), Some(3.0));
        assert_eq!(value("fitness/mean"), Some(2.0));
        assert_eq!(value("search/sigma"), Some(0.5));
        assert!(value("search/broken").is_some_and(f32::is_nan));
    }

    #[test]
    fn a_resumed_run_adds_a_file_that_voids_what_is_made_again() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let first = TensorBoard::create(folder.path()).expect("made");
        let mut second = TensorBoard::create(folder.path()).expect("made beside it");
        assert_ne!(first.path, second.path);
        second.on_start(&start(5)).expect("written");
        let file = std::fs::read(&second.path).expect("readable");
        let event = fields(records(&file)[1]);
        assert_eq!(event[1..], [(2, Field::Varint(5)), (7, Field::Bytes(&[8, 1]))]);
    }
}
