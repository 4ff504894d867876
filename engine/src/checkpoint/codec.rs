//! The one place that knows how a record becomes bytes.
//!
//! `bincode` is finished but unmaintained; should it have to go, only this file and its number change.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Number of this encoding, stored in every file.
pub(super) const CODEC: u32 = 1;

/// A record never decodes into more than this: a bound for damaged lengths, far above any real state.
const BYTES_MAX: usize = 1 << 36;

pub(super) fn encode<R: Serialize>(record: &R) -> Result<Vec<u8>, String> {
    bincode::serde::encode_to_vec(record, bincode::config::standard()).map_err(|e| e.to_string())
}

/// The record at the beginning of the bytes, and how many of them it took.
pub(super) fn decode_first<R: DeserializeOwned>(bytes: &[u8]) -> Result<(R, usize), String> {
    let config = bincode::config::standard().with_limit::<BYTES_MAX>();
    bincode::serde::decode_from_slice(bytes, config).map_err(|e| e.to_string())
}

pub(super) fn decode<R: DeserializeOwned>(bytes: &[u8]) -> Result<R, String> {
    let (record, read) = decode_first(bytes)?;
    if read == bytes.len() {
        Ok(record)
    } else {
        Err(format!("{} bytes are left over", bytes.len() - read))
    }
}
