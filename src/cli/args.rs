//! What was typed.

mod design;
mod program;
mod reward;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

pub(super) use design::{DesignArgs, MissingChoice, RegulariserChoice};
pub(super) use program::{
    ExportProgramArgs, Language, ProgramArgs, ProgramCommand, ScoreArgs, SimplifyArgs, SourceArgs,
};
pub(super) use reward::{RewardArgs, RewardCommand, RewardNamesArgs, RewardScoreArgs};

/// Evolutionary and black-box search: trains and optimises anything that returns a score.
#[derive(Debug, Parser)]
#[command(version, about, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = "Examples:
  hatchery run cartpole                         train a policy; ends with a report page
  hatchery run digits --set search.pairs=1024   change any key of a preset
  hatchery fit data.csv --target y              formulas for a column, from simple to exact
  hatchery design data.csv --target y           what to try next, from a table of past experiments
  hatchery run my.toml --seed 7 --out runs/a    your own file; `hatchery show cartpole` is a start
  hatchery resume runs/a --generations 500      go on, to the bit
  hatchery eval runs/a --episodes 100           how good is what was learned
  hatchery run optimizer-search                 evolve an optimizer; ends with table, curves and code

Exit codes: 0 done, whatever ended the run; 1 failed while running; 2 wrong usage or configuration;
3 `design` abstains; 130 interrupted.")]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run a preset or a TOML file
    Run(RunArgs),
    /// Find formulas that explain a column of a CSV file by the others
    Fit(FitArgs),
    /// Propose designs worth trying, from a table of past experiments
    Design(DesignArgs),
    /// Apply a formula of a run to the rows of a CSV file
    Predict(PredictArgs),
    /// Go on with a run from its last checkpoint, to the bit
    Resume(ResumeArgs),
    /// Judge the learned parameters on fresh episodes or the held-out part
    Eval(EvalArgs),
    /// Rebuild the parameters of a run from its seed and fitness log, and compare
    Verify(VerifyArgs),
    /// (Re)write report.html of a run
    Report(ReportArgs),
    /// Write the learned parameters to standard output or a file
    Export(ExportArgs),
    /// Simplify, export or score a program: an optimizer or a formula
    Program(ProgramArgs),
    /// Train with a reward expression, or print what one may be made of
    Reward(RewardArgs),
    /// Let a language model write
    Sample(SampleArgs),
    /// List tasks, strategies and presets
    List(ListArgs),
    /// Print a preset as TOML, to read or to start from
    Show(ShowArgs),
    /// Print what this machine has: cores, SIMD, CUDA, memory, versions
    Doctor(DoctorArgs),
    /// Print shell completions
    Completions(CompletionsArgs),
}

/// Limits of a run; the first that is met ends it.
#[derive(Debug, clap::Args)]
pub(super) struct BudgetArgs {
    /// Stop after this many generations
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) generations: Option<u32>,
    /// Stop after this many evaluations
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) evaluations: Option<u64>,
    /// Stop after the members of a language model have read this many tokens together
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) tokens: Option<u64>,
    /// Stop after this many seconds
    #[arg(long, value_name = "S")]
    pub(super) seconds: Option<f64>,
    /// Stop when this fitness is reached (by the best member, or by the mean if the preset says so)
    #[arg(long, value_name = "F", allow_negative_numbers = true)]
    pub(super) target: Option<f64>,
}

/// How a run talks.
#[derive(Debug, clap::Args)]
pub(super) struct TalkArgs {
    /// Show no progress
    #[arg(long, short)]
    pub(super) quiet: bool,
    /// Print the result as one JSON object on the last line of standard output
    #[arg(long)]
    pub(super) json: bool,
    /// Threads to use (default: all cores); never changes a result
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub(super) threads: Option<u32>,
    /// Where the arithmetic happens
    #[arg(long, value_enum, default_value_t = BackendChoice::Auto)]
    pub(super) backend: BackendChoice,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum BackendChoice {
    /// The best there is
    Auto,
    /// The processor
    Cpu,
    /// An NVIDIA GPU
    Cuda,
}

#[derive(Debug, clap::Args)]
pub(super) struct RunArgs {
    /// A preset (`hatchery list presets`) or a TOML file
    #[arg(value_name = "PRESET|FILE.toml")]
    pub(super) config: String,
    /// Change a key, as in `search.sigma=0.05`; may be given many times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
    /// Seed of everything random
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub(super) seed: Option<u64>,
    /// Run directory (default: runs/<name>-seed<seed>); must be new or empty
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    #[command(flatten)]
    pub(super) budget: BudgetArgs,
    #[command(flatten)]
    pub(super) talk: TalkArgs,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  hatchery fit data.csv --target y --seconds 10
  hatchery fit fall.csv --target s --units 's=m,g=m/s^2,t=s'
  hatchery fit data.csv --target y --operators +,-,*,/,sin,exp --max-size 20 --json
  hatchery fit noisy.csv --target y --set search.select=description-length
  hatchery predict runs/data-seed0 new.csv --out predicted.csv

Prints the front: the best formula of each complexity that no simpler one matches. `loss` is the mean squared error, `score` how
steeply its logarithm falls. Same seed and same --births, same formulas, for any number of threads.")]
pub(super) struct FitArgs {
    /// A table with a header line; cells parted by commas, semicolons or tabs. JSON lines, one object a line. Parquet, if built with `--features parquet`
    #[arg(value_name = "DATA.csv")]
    pub(super) data: PathBuf,
    /// Column to explain; several with commas between have a front each
    #[arg(long, value_name = "COLUMN", required = true, value_delimiter = ',')]
    pub(super) target: Vec<String>,
    /// Columns that formulas may use (default: all others)
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub(super) features: Vec<String>,
    /// Column with the weights of the rows
    #[arg(long, value_name = "COLUMN")]
    pub(super) weights: Option<String>,
    /// Units of columns, as in 'x=m,t=s,v=m/s'; formulas that do not respect them are out
    #[arg(long, value_name = "COLUMN=UNIT", value_delimiter = ',')]
    pub(super) units: Vec<String>,
    /// Operations that formulas are made of (default: +,-,*,/,sin,cos,exp,log,sqrt,square)
    #[arg(long, value_name = "NAMES", value_delimiter = ',', allow_hyphen_values = true)]
    pub(super) operators: Vec<String>,
    /// Use forms of / log sqrt that have a value everywhere: x/(y + 1e-8), log|x|, sqrt|x|
    #[arg(long)]
    pub(super) protected: bool,
    /// Most nodes of a formula (default: 30)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(3..=127))]
    pub(super) max_size: Option<u32>,
    /// Stop when 1 - R2 is as low as this (default: 1e-12)
    #[arg(long, value_name = "L")]
    pub(super) loss_target: Option<f64>,
    /// Stop after this many seconds (default: 30, unless --births is given)
    #[arg(long, value_name = "S", allow_negative_numbers = true)]
    pub(super) seconds: Option<f64>,
    /// Stop after this many formulas for each target
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=i64::MAX as u64))]
    pub(super) births: Option<u64>,
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub(super) seed: u64,
    /// Run directory (default: runs/<file>-seed<seed>); must be new or empty
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Change any other key, as in `search.islands=16`; may be given many times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
    #[command(flatten)]
    pub(super) talk: TalkArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct PredictArgs {
    /// Directory of a run of `hatchery fit`
    #[arg(value_name = "RUN_DIR")]
    pub(super) run_dir: PathBuf,
    /// A table with the columns that the formula uses
    #[arg(value_name = "DATA.csv")]
    pub(super) data: PathBuf,
    /// File to write: the table with a column `prediction`; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
    /// Use the formula of this complexity instead of the best
    #[arg(long, value_name = "N")]
    pub(super) complexity: Option<u32>,
}

#[derive(Debug, clap::Args)]
pub(super) struct ResumeArgs {
    /// Directory of the run
    #[arg(value_name = "RUN_DIR")]
    pub(super) run_dir: PathBuf,
    #[command(flatten)]
    pub(super) budget: BudgetArgs,
    #[command(flatten)]
    pub(super) talk: TalkArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct EvalArgs {
    /// Directory of the run
    #[arg(value_name = "RUN_DIR")]
    pub(super) run_dir: PathBuf,
    /// Fresh episodes to play; a classifier takes its whole held-out part
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(super) episodes: u32,
    /// Seed of the fresh episodes
    #[arg(long, value_name = "N", default_value_t = 1_000_003)]
    pub(super) seed: u64,
    /// Judge a language model on the bytes of this file instead of its validation part
    #[arg(long, value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// Show an episode of a policy of `hatchery run reward-*`, step by step
    #[arg(long, conflicts_with = "json")]
    pub(super) watch: bool,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct SampleArgs {
    /// Directory of a run of a language model
    #[arg(value_name = "RUN_DIR")]
    pub(super) run_dir: PathBuf,
    /// Text to go on from
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(super) prompt: String,
    /// Bytes to write
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(super) bytes: u32,
    /// 1 draws what the model says, less makes it surer, 0 takes the likeliest byte
    #[arg(long, value_name = "T", default_value_t = 1.0, allow_negative_numbers = true)]
    pub(super) temperature: f64,
    /// Draw from so many likeliest bytes only; 0 = from all
    #[arg(long, value_name = "K", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=256))]
    pub(super) top_k: u32,
    /// Seed of the draws
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) seed: u64,
}

#[derive(Debug, clap::Args)]
pub(super) struct VerifyArgs {
    /// Directory of a run with `output.log_fitness = true`
    #[arg(value_name = "RUN_DIR")]
    pub(super) run_dir: PathBuf,
    /// Stop after this many generations
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) generation: Option<u32>,
    /// Evaluations to recompute and compare bit for bit
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub(super) sample: u32,
    /// Seed of the choice of these evaluations
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) sample_seed: u64,
    /// Write the rebuilt parameters to a safetensors file
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Where the arithmetic happens: bits are those of the run on the backend of the run
    #[arg(long, value_enum, default_value_t = BackendChoice::Cpu)]
    pub(super) backend: BackendChoice,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct ReportArgs {
    /// Directory of the run
    #[arg(value_name = "RUN_DIR")]
    pub(super) run_dir: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ExportFormat {
    /// The format that PyTorch, JAX and candle read
    Safetensors,
    /// Names, shapes and values as text
    Json,
}

#[derive(Debug, clap::Args)]
pub(super) struct ExportArgs {
    /// Directory of the run
    #[arg(value_name = "RUN_DIR")]
    pub(super) run_dir: PathBuf,
    /// Format of the output
    #[arg(long, value_enum)]
    pub(super) format: ExportFormat,
    /// File to write (default: standard output)
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Listed {
    Tasks,
    Strategies,
    Presets,
}

#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    /// What to list (default: everything)
    #[arg(value_enum)]
    pub(super) what: Option<Listed>,
}

#[derive(Debug, clap::Args)]
pub(super) struct ShowArgs {
    /// Name of the preset
    #[arg(value_name = "PRESET")]
    pub(super) preset: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct DoctorArgs {
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct CompletionsArgs {
    /// Shell to print completions for
    #[arg(value_enum)]
    pub(super) shell: clap_complete::Shell,
}
