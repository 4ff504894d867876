//! The page of a run: `report.html`, one file without network, fonts or libraries.
//!
//! Files → [`RunFiles`](run_files::RunFiles) → [`Figures`](figures::Figures) and charts → page. Whatever is missing
//! or damaged is left out and named on the page: a run that still goes on, or that died, has a page too.

mod chart;
mod charts;
mod commands;
mod design;
mod details;
mod figures;
mod formulas;
mod history;
mod html;
mod language;
mod number;
mod page;
mod programs;
mod rewards;
mod run_files;
mod scale;
mod scatter;
mod thin;
mod ticks;

use std::path::{Path, PathBuf};

use anyhow::Result;

pub(crate) use commands::quoted as for_shell;

use crate::run_dir::write_aside;

/// Writes `report.html` of a run directory from its `config.toml`, `metrics.jsonl` and `summary.json`, and returns
/// where it is.
///
/// # Errors
/// If a file is there but cannot be read, or if the page cannot be written.
pub(crate) fn write(run_dir: &Path) -> Result<PathBuf> {
    let files = run_files::RunFiles::read(run_dir)?;
    let path = run_dir.join("report.html");
    write_aside(&path, page::page(&files).as_bytes())?;
    Ok(path)
}

#[cfg(test)]
mod tests;
