//! The `hatchery` command: parse, run, exit code.

#![forbid(unsafe_code)]

use std::process::ExitCode;

mod cli;
mod config;
mod job;
mod presets;
mod registry;
mod report_page;
mod run_dir;
mod worlds;

fn main() -> ExitCode {
    cli::main()
}
