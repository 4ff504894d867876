//! `hatchery report`: (re)writes the page of a run.

use std::io::Write;

use anyhow::Result;

use crate::cli::args::ReportArgs;
use crate::cli::{Outcome, usage};
use crate::run_dir::RunDir;

pub(in crate::cli) fn run(args: &ReportArgs) -> Result<Outcome> {
    let dir = RunDir::open(&args.run_dir).map_err(usage)?;
    let page = crate::report_page::write(&dir.path)?;
    writeln!(std::io::stdout(), "{}", page.display())?;
    Ok(Outcome::Done)
}
