//! TensorBoard event files.
//!
//! A file is a sequence of records `length u64 | masked CRC of the length | data | masked CRC of the data`, where the
//! CRC is CRC-32C and `masked(c) = rotate_right(c, 15) + 0xa282ead8`; the data is a protobuf `Event`. Only scalars
//! are written: field 1 wall time, 2 step, 3 file version, 5 summary { 1 value { 1 tag, 2 simple value } }.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Observer, ObserverError};
use crate::GenerationReport;

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
        let mut number = 0;
        loop {
            let name = format!("events.out.tfevents.{:010}.hatchery.{number}", now as u64);
            let path = folder.join(name);
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => {
                    let mut board = Self { path, file };
                    let mut event = Vec::new();
                    put_double(&mut event, 1, now);
                    put_bytes(&mut event, 3, b"brain.Event:2");
                    board.write(&event)?;
                    return Ok(board);
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
                Err(source) => return Err(ObserverError::Io { path, source }),
            }
        }
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

impl Observer for TensorBoard {
    fn on_generation(&mut self, report: &GenerationReport) -> Result<(), ObserverError> {
        let stats = &report.stats;
        let fixed = [
            ("fitness/best", stats.best),
            ("fitness/mean", stats.mean),
            ("fitness/median", stats.median),
            ("fitness/std", stats.std),
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
        let mut event = Vec::new();
        put_double(&mut event, 1, wall_time_s());
        put_varint(&mut event, 2 << 3);
        put_varint(&mut event, u64::from(report.generation));
        put_bytes(&mut event, 5, &summary);
        self.write(&event)
    }
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

    #[test]
    fn records_are_framed_and_hold_the_scalars() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let mut board = TensorBoard::create(folder.path()).expect("made");
        board.on_generation(&report(7)).expect("written");
        let bytes = std::fs::read(&board.path).expect("readable");
        let mut rest = bytes.as_slice();
        let mut records = Vec::new();
        while !rest.is_empty() {
            let length = u64::from_le_bytes(rest[..8].try_into().expect("eight bytes")) as usize;
            let data = &rest[12..12 + length];
            let crc = u32::from_le_bytes(rest[12 + length..16 + length].try_into().expect("four"));
            assert_eq!(crc, masked_crc(data));
            records.push(data);
            rest = &rest[16 + length..];
        }
        assert_eq!(records.len(), 2);
        assert!(records[0].ends_with(b"brain.Event:2"));
        let tag = b"search/sigma";
        let at = records[1].windows(tag.len()).position(|w| w == tag).expect("the tag is there");
        let value = &records[1][at + tag.len() + 1..][..4];
        assert_eq!(f32::from_le_bytes(value.try_into().expect("four bytes")), 0.5);
    }
}
