//! `hatchery show`: a preset as its TOML.

use std::io::Write;

use anyhow::{Context, Result, anyhow};

use crate::cli::args::ShowArgs;
use crate::cli::{Outcome, usage};
use crate::config::nearest;
use crate::presets;

pub(in crate::cli) fn run(args: &ShowArgs) -> Result<Outcome> {
    let Some(preset) = presets::find(&args.preset) else {
        let hint = nearest(&args.preset, presets::ALL.iter().map(|p| p.name));
        let hint = hint.unwrap_or_else(|| "`hatchery list presets` shows them all".into());
        return Err(usage(anyhow!("{}: there is no preset of this name; {hint}", args.preset)));
    };
    let mut out = std::io::stdout().lock();
    out.write_all(preset.text.as_bytes()).context("cannot write to standard output")?;
    Ok(Outcome::Done)
}
