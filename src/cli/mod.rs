//! The command line: from words to a command, from an error to an exit code.

mod args;
mod backend;
mod commands;
mod interrupt;

use std::fmt;
use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

/// Exit code of a run that failed.
const FAILED: u8 = 1;
/// Exit code of wrong usage or configuration.
const USAGE: u8 = 2;
/// Exit code of a shortlist that is not to be built from.
const ABSTAINED: u8 = 3;
/// Exit code of an interrupted run.
const INTERRUPTED: u8 = 130;

/// How a command ended, if it did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    /// There is a result, and it says that it is not to be trusted.
    Abstained,
    Interrupted,
}

/// An error that is the user's to mend before anything runs: exit code 2.
#[derive(Debug)]
struct Usage(anyhow::Error);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&in_one(&self.0))
    }
}

impl std::error::Error for Usage {}

/// Marks an error as one of usage.
fn usage(error: impl Into<anyhow::Error>) -> anyhow::Error {
    Usage(error.into()).into()
}

/// Runs the command of this process.
pub(crate) fn main() -> ExitCode {
    quiet_caught_panics();
    let args = Args::parse();
    match run(args.command) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Abstained) => ExitCode::from(ABSTAINED),
        Ok(Outcome::Interrupted) => ExitCode::from(INTERRUPTED),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hatchery: {}", in_one(&error));
            ExitCode::from(if error.is::<Usage>() { USAGE } else { FAILED })
        }
    }
}

fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Run(args) => commands::run::run(&args),
        Command::Fit(args) => commands::fit::run(&args),
        Command::Design(args) => commands::design::run(&args),
        Command::Predict(args) => commands::predict::run(&args),
        Command::Resume(args) => commands::resume::run(&args),
        Command::Eval(args) => commands::eval::run(&args),
        Command::Verify(args) => commands::verify::run(&args),
        Command::Report(args) => commands::report::run(&args),
        Command::Export(args) => commands::export::run(&args),
        Command::Program(args) => commands::program::run(&args),
        Command::Reward(args) => commands::reward::run(&args),
        Command::Sample(args) => commands::sample::run(&args),
        Command::List(args) => commands::list::run(&args),
        Command::Show(args) => commands::show::run(&args),
        Command::Doctor(args) => commands::doctor::run(&args),
        Command::Completions(args) => commands::completions::run(&args),
    }
}

/// An error and its causes as one message; some name their cause themselves, and it is not said twice.
fn in_one(error: &anyhow::Error) -> String {
    let mut message = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !message.contains(&cause) {
            message = format!("{message}: {cause}");
        }
    }
    message
}

/// Panics inside an evaluation are caught, counted and reported by the engine: their default message is noise.
fn quiet_caught_panics() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !hatchery_engine::panics_are_caught() {
            default(info);
        }
    }));
}

/// A reader that closes the pipe early, such as `head`, is no failure.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
}
