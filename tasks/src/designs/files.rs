//! Bytes and text of files, unpacked if they are gzip.

use std::fs;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;

use super::DesignError;

pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, DesignError> {
    let unreadable = |error: std::io::Error| DesignError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let packed = fs::read(path).map_err(unreadable)?;
    if !packed.starts_with(&[0x1F, 0x8B]) {
        return Ok(packed);
    }
    let mut bytes = Vec::new();
    GzDecoder::new(&packed[..]).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

pub(super) fn text(path: &Path) -> Result<String, DesignError> {
    String::from_utf8(bytes(path)?).map_err(|_| damaged(path, "it is no UTF-8 text"))
}

pub(super) fn damaged(path: &Path, reason: impl Into<String>) -> DesignError {
    DesignError::Damaged { path: path.to_owned(), reason: reason.into() }
}

/// The folder with the measured tables, for tests: `offline` in that of the environment variable `HATCHERY_DATA`.
#[cfg(test)]
pub(super) fn measured() -> Option<std::path::PathBuf> {
    let folder = std::env::var_os("HATCHERY_DATA").map(|data| Path::new(&data).join("offline"));
    if folder.is_none() {
        println!("skipped: HATCHERY_DATA does not say where the measured tables are");
    }
    folder
}
