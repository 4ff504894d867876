//! Notices that an open file lost its name.

use std::fs::File;
use std::path::Path;

/// Whether the open file still goes by that name: an unlinked file takes writes without a word.
#[cfg(unix)]
pub(super) fn still_there(path: &Path, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |m: std::fs::Metadata| (m.dev(), m.ino());
    match (std::fs::metadata(path).map(identity), file.metadata().map(identity)) {
        (Ok(named), Ok(open)) => named == open,
        _ => false,
    }
}

#[cfg(not(unix))]
pub(super) fn still_there(path: &Path, _: &File) -> bool {
    path.exists()
}
