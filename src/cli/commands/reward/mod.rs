//! `hatchery reward`: what can be done with a reward expression.

mod names;
mod score;

use std::io::Write;

use anyhow::{Context, Result};

use crate::cli::Outcome;
use crate::cli::args::{RewardArgs, RewardCommand};

pub(in crate::cli) fn run(args: &RewardArgs) -> Result<Outcome> {
    match &args.command {
        RewardCommand::Score(args) => score::run(args),
        RewardCommand::Names(args) => names::run(args),
    }
}

fn print(text: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{}", text.trim_end()).context("cannot write to standard output")
}
