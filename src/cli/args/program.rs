//! The words of `hatchery program`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  hatchery program simplify lion-raw                       what the published search found, as short as its form allows
  hatchery program simplify lion-raw --proxy n1 --seeds 8  and without statements that hardly change a training
  hatchery program simplify rule.txt --json --out short.txt
  hatchery program export lion --as pytorch --out lion.py
  echo 'y = x * x / x' | hatchery program simplify - --columns x
  hatchery program score rule.txt --proxy m1 --seeds 16

Program text is one assignment a line; `hatchery program export NAME --as text` prints one to start from.")]
pub(in crate::cli) struct ProgramArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: ProgramCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ProgramCommand {
    /// Make a program as short as possible without changing what it does
    Simplify(SimplifyArgs),
    /// Write a program as code of another language, as LaTeX or as pseudo-code
    Export(ExportProgramArgs),
    /// Train small models with an optimizer and report the losses
    Score(ScoreArgs),
}

/// A program and what it takes and gives.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct SourceArgs {
    /// A file of program text, `-` for standard input, or a start program
    #[arg(value_name = "FILE|NAME")]
    pub(in crate::cli) program: String,
    /// The program is a formula of these columns (names with commas between), not an optimizer
    #[arg(long, value_name = "X,Z,…", value_delimiter = ',')]
    pub(in crate::cli) columns: Vec<String>,
    /// Name of what the formula computes
    #[arg(long, value_name = "NAME", default_value = "y", requires = "columns")]
    pub(in crate::cli) target: String,
    /// The optimizer reads `t`, the part of training that is done, and `log_n`, ln of the number of steps
    #[arg(long, conflicts_with = "columns")]
    pub(in crate::cli) progress: bool,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct SimplifyArgs {
    #[command(flatten)]
    pub(in crate::cli) source: SourceArgs,
    /// Remove statements that hardly change trainings on this proxy; may be given many times
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) proxy: Vec<String>,
    /// The same with the proxies m1 and n1
    #[arg(long)]
    pub(in crate::cli) numeric: bool,
    /// Seeds of these trainings
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(in crate::cli) seeds: u32,
    /// Largest mean change of the loss, as a share of it, at which a statement may go
    #[arg(long, value_name = "T", default_value_t = 0.001)]
    pub(in crate::cli) tolerance: f64,
    /// Write the program to a file (default: only print it)
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Language {
    Rust,
    Numpy,
    Pytorch,
    Optax,
    Sympy,
    Latex,
    Pseudocode,
    /// Program text, as this command reads it
    Text,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ExportProgramArgs {
    #[command(flatten)]
    pub(in crate::cli) source: SourceArgs,
    /// What to write
    #[arg(long = "as", value_enum, value_name = "LANGUAGE")]
    pub(in crate::cli) language: Language,
    /// What the program was scored on, for the comment at the head
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) scored_on: Option<String>,
    /// File to write (default: standard output)
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) out: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ScoreArgs {
    #[command(flatten)]
    pub(in crate::cli) source: SourceArgs,
    /// What to train: an id with knobs, such as m1 or n1:width=128,steps=1000
    #[arg(long, value_name = "ID", required = true)]
    pub(in crate::cli) proxy: String,
    /// Trainings, each with other initial weights and batches
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(in crate::cli) seeds: u32,
    /// Print one JSON object
    #[arg(long)]
    pub(in crate::cli) json: bool,
}
