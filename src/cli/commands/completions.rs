//! `hatchery completions`: from the same definition as the help.

use std::io::Write;

use anyhow::{Context, Result};
use clap::CommandFactory;

use crate::cli::Outcome;
use crate::cli::args::{Args, CompletionsArgs};

pub(in crate::cli) fn run(args: &CompletionsArgs) -> Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "hatchery", &mut script);
    std::io::stdout().write_all(&script).context("cannot write to standard output")?;
    Ok(Outcome::Done)
}
