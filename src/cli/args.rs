//! What was typed.

mod reward;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use hatchery_surrogates::design::{Model, Settings};

use crate::job::design::Search;

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
    /// A table with a header line; cells parted by commas, semicolons or tabs. Parquet, if built with `--features parquet`
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum MissingChoice {
    /// A row with a missing cell is an error
    Refuse,
    /// Such rows are left out
    Drop,
}

impl MissingChoice {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Drop => "drop",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum RegulariserChoice {
    /// Nothing
    None,
    /// Sharpness-aware minimisation
    Sam,
    /// A bound on the sharpness, with a multiplier that is learned
    Ignite,
    /// A price on the sharpness
    Ignite2,
}

impl RegulariserChoice {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Sam => "sam",
            Self::Ignite => "ignite",
            Self::Ignite2 => "ignite2",
        }
    }
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  hatchery design data.csv --target y --maximize --candidates 16 --out shortlist.csv
  hatchery design mixtures.csv --space space.toml --surrogate gp
  hatchery design data.csv --target y --suggest        measure, append the row, run again
  hatchery design design_bench_data/tf_bind_8 --candidates 128 --searcher exhaustive

What the space file does not say about a column, the table does. Before it proposes anything, the
command hides the best rows of the table, tries to find them and prints how much better than chance
that went; where it was no better, every verdict is `abstain`. The shortlist has the columns of the
table, scores left empty, and `predicted`, `low`, `high` (80 % interval), `distance` (to the five
nearest rows, 0 to 1) and `verdict`: `build`, `explore` (worth learning from; do not count on the
prediction) or `abstain`.

Exit codes: 0 there is a shortlist; 1 failed; 2 wrong usage or table, nothing is written; 3 it
abstains, the shortlist is for exploration only; 130 interrupted. Same seed and no --seconds, same
shortlist, for any number of threads.")]
pub(super) struct DesignArgs {
    /// A table with a header line: CSV or TSV, also packed with gzip; Parquet, if built with `--features parquet`. Or a folder with <name>-x-0.npy and <name>-y-0.npy, as Design-Bench has them
    #[arg(value_name = "DATA")]
    pub(super) data: PathBuf,
    /// Column of the scores (a folder: y)
    #[arg(long, value_name = "COLUMN")]
    pub(super) target: Option<String>,
    /// Larger scores are better (default: smaller ones, unless the space file says otherwise; a folder: larger ones)
    #[arg(long, conflicts_with = "minimize")]
    pub(super) maximize: bool,
    /// Smaller scores are better
    #[arg(long)]
    pub(super) minimize: bool,
    /// What is known about the columns: kinds, bounds, fixed values, sums, limits, forbidden combinations, a column of noise
    #[arg(long, value_name = "FILE.toml")]
    pub(super) space: Option<PathBuf>,
    /// A column that is no part of a design; may be given many times
    #[arg(long, value_name = "COLUMN")]
    pub(super) ignore: Vec<String>,
    /// What becomes of rows with missing cells
    #[arg(long, value_enum, default_value_t = MissingChoice::Refuse)]
    pub(super) missing: MissingChoice,
    /// Designs to propose
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) candidates: u32,
    /// Propose the next experiment of a series (or several, as in --suggest=3), by expected improvement; no rehearsal
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "1", value_parser = clap::value_parser!(u32).range(1..=64), conflicts_with_all = ["candidates", "no_rehearsal"])]
    pub(super) suggest: Option<u32>,
    /// The model; auto rehearses a ridge and a process, networks too if neither does well, and
    /// takes the best
    #[arg(long, value_name = "NAME", default_value = "auto", value_parser = names(&Model::ALL))]
    pub(super) surrogate: String,
    /// What keeps networks from being sharp
    #[arg(long, value_enum, default_value_t = RegulariserChoice::Ignite)]
    pub(super) regulariser: RegulariserChoice,
    /// What searches the model; auto is exhaustive where that is possible, else evolution
    #[arg(long, value_name = "NAME", default_value = "auto", value_parser = names(&Search::ALL))]
    pub(super) searcher: String,
    /// Deviations of the model that are taken off its mean
    #[arg(long, value_name = "B", default_value_t = Settings::default().pessimism, allow_negative_numbers = true)]
    pub(super) pessimism: f64,
    /// How much candidates shall differ, from 0
    #[arg(long, value_name = "D", default_value_t = Settings::default().diversity, allow_negative_numbers = true)]
    pub(super) diversity: f64,
    /// Deviations of the scores that each typical distance between rows costs beyond where three of four rows lie; 0 searches anywhere
    #[arg(long, value_name = "P", default_value_t = Settings::default().distance_price, allow_negative_numbers = true)]
    pub(super) distance_price: f64,
    /// Propose without having tried it on the table; nothing is abstained from then
    #[arg(long)]
    pub(super) no_rehearsal: bool,
    /// Rows of the table may be proposed again
    #[arg(long)]
    pub(super) repeats: bool,
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub(super) seed: u64,
    /// End training and search after about so many seconds; what is found then is not the same every time
    #[arg(long, value_name = "S", allow_negative_numbers = true)]
    pub(super) seconds: Option<f64>,
    /// File for the shortlist (default: shortlist.csv in the run directory, where it is in any case); `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Replace FILE even if it is no shortlist
    #[arg(long, requires = "out")]
    pub(super) force: bool,
    /// Run directory (default: runs/<table>-seed<seed>); must be new or empty
    #[arg(long, value_name = "DIR")]
    pub(super) run_dir: Option<PathBuf>,
    /// Print nothing but errors
    #[arg(long, short)]
    pub(super) quiet: bool,
    /// Print the result as one JSON object on the last line of standard output
    #[arg(long)]
    pub(super) json: bool,
    /// Threads to use (default: all cores); never changes a result
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub(super) threads: Option<u32>,
}

/// A word that must be one of the names of a list.
fn names<T>(all: &[(&'static str, T)]) -> clap::builder::PossibleValuesParser {
    clap::builder::PossibleValuesParser::new(all.iter().map(|(name, _)| *name))
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

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  hatchery program simplify lion-raw                       what the published search found, as short as its form allows
  hatchery program simplify lion-raw --proxy n1 --seeds 8  and without statements that hardly change a training
  hatchery program simplify rule.txt --json --out short.txt
  hatchery program export lion --as pytorch --out lion.py
  echo 'y = x * x / x' | hatchery program simplify - --columns x
  hatchery program score rule.txt --proxy m1 --seeds 16

Program text is one assignment a line; `hatchery program export NAME --as text` prints one to start from.")]
pub(super) struct ProgramArgs {
    #[command(subcommand)]
    pub(super) command: ProgramCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum ProgramCommand {
    /// Make a program as short as possible without changing what it does
    Simplify(SimplifyArgs),
    /// Write a program as code of another language, as LaTeX or as pseudo-code
    Export(ExportProgramArgs),
    /// Train small models with an optimizer and report the losses
    Score(ScoreArgs),
}

/// A program and what it takes and gives.
#[derive(Debug, clap::Args)]
pub(super) struct SourceArgs {
    /// A file of program text, `-` for standard input, or a start program
    #[arg(value_name = "FILE|NAME")]
    pub(super) program: String,
    /// The program is a formula of these columns (names with commas between), not an optimizer
    #[arg(long, value_name = "X,Z,…", value_delimiter = ',')]
    pub(super) columns: Vec<String>,
    /// Name of what the formula computes
    #[arg(long, value_name = "NAME", default_value = "y", requires = "columns")]
    pub(super) target: String,
    /// The optimizer reads `t`, the part of training that is done, and `log_n`, ln of the number of steps
    #[arg(long, conflicts_with = "columns")]
    pub(super) progress: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct SimplifyArgs {
    #[command(flatten)]
    pub(super) source: SourceArgs,
    /// Remove statements that hardly change trainings on this proxy; may be given many times
    #[arg(long, value_name = "ID")]
    pub(super) proxy: Vec<String>,
    /// The same with the proxies m1 and n1
    #[arg(long)]
    pub(super) numeric: bool,
    /// Seeds of these trainings
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) seeds: u32,
    /// Largest mean change of the loss, as a share of it, at which a statement may go
    #[arg(long, value_name = "T", default_value_t = 0.001)]
    pub(super) tolerance: f64,
    /// Write the program to a file (default: only print it)
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Language {
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
pub(super) struct ExportProgramArgs {
    #[command(flatten)]
    pub(super) source: SourceArgs,
    /// What to write
    #[arg(long = "as", value_enum, value_name = "LANGUAGE")]
    pub(super) language: Language,
    /// What the program was scored on, for the comment at the head
    #[arg(long, value_name = "TEXT")]
    pub(super) scored_on: Option<String>,
    /// File to write (default: standard output)
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct ScoreArgs {
    #[command(flatten)]
    pub(super) source: SourceArgs,
    /// What to train: an id with knobs, such as m1 or n1:width=128,steps=1000
    #[arg(long, value_name = "ID", required = true)]
    pub(super) proxy: String,
    /// Trainings, each with other initial weights and batches
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) seeds: u32,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}
