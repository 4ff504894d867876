//! The words of `hatchery design`.

use std::path::PathBuf;

use clap::ValueEnum;
use hatchery_surrogates::design::{Model, Settings};

use crate::job::design::Search;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum MissingChoice {
    /// A row with a missing cell is an error
    Refuse,
    /// Such rows are left out
    Drop,
}

impl MissingChoice {
    pub(in crate::cli) fn name(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Drop => "drop",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum RegulariserChoice {
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
    pub(in crate::cli) fn name(self) -> &'static str {
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
pub(in crate::cli) struct DesignArgs {
    /// A table with a header line: CSV or TSV; JSON lines; both also packed with gzip; Parquet, if built with `--features parquet`. Or arrays of NumPy: x and y in one .npz, or a folder with <name>-x-0.npy and <name>-y-0.npy, as Design-Bench has them
    #[arg(value_name = "DATA")]
    pub(in crate::cli) data: PathBuf,
    /// Column of the scores (arrays: y)
    #[arg(long, value_name = "COLUMN")]
    pub(in crate::cli) target: Option<String>,
    /// Larger scores are better (default: smaller ones, unless the space file says otherwise; arrays: larger ones)
    #[arg(long, conflicts_with = "minimize")]
    pub(in crate::cli) maximize: bool,
    /// Smaller scores are better
    #[arg(long)]
    pub(in crate::cli) minimize: bool,
    /// What is known about the columns: kinds, bounds, fixed values, sums, limits, forbidden combinations, a column of noise
    #[arg(long, value_name = "FILE.toml")]
    pub(in crate::cli) space: Option<PathBuf>,
    /// A column that is no part of a design; may be given many times
    #[arg(long, value_name = "COLUMN")]
    pub(in crate::cli) ignore: Vec<String>,
    /// What becomes of rows with missing cells
    #[arg(long, value_enum, default_value_t = MissingChoice::Refuse)]
    pub(in crate::cli) missing: MissingChoice,
    /// Designs to propose
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(in crate::cli) candidates: u32,
    /// Propose the next experiment of a series (or several, as in --suggest=3), by expected improvement; no rehearsal
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "1", value_parser = clap::value_parser!(u32).range(1..=64), conflicts_with_all = ["candidates", "no_rehearsal"])]
    pub(in crate::cli) suggest: Option<u32>,
    /// The model; auto rehearses a ridge and a process, networks too if neither does well, and
    /// takes the best
    #[arg(long, value_name = "NAME", default_value = "auto", value_parser = names(&Model::ALL))]
    pub(in crate::cli) surrogate: String,
    /// What keeps networks from being sharp
    #[arg(long, value_enum, default_value_t = RegulariserChoice::Ignite)]
    pub(in crate::cli) regulariser: RegulariserChoice,
    /// What searches the model; auto is exhaustive where that is possible, else evolution
    #[arg(long, value_name = "NAME", default_value = "auto", value_parser = names(&Search::ALL))]
    pub(in crate::cli) searcher: String,
    /// Deviations of the model that are taken off its mean
    #[arg(long, value_name = "B", default_value_t = Settings::default().pessimism, allow_negative_numbers = true)]
    pub(in crate::cli) pessimism: f64,
    /// How much candidates shall differ, from 0
    #[arg(long, value_name = "D", default_value_t = Settings::default().diversity, allow_negative_numbers = true)]
    pub(in crate::cli) diversity: f64,
    /// Deviations of the scores that each typical distance between rows costs beyond where three of four rows lie; 0 searches anywhere
    #[arg(long, value_name = "P", default_value_t = Settings::default().distance_price, allow_negative_numbers = true)]
    pub(in crate::cli) distance_price: f64,
    /// Propose without having tried it on the table; nothing is abstained from then
    #[arg(long)]
    pub(in crate::cli) no_rehearsal: bool,
    /// Rows of the table may be proposed again
    #[arg(long)]
    pub(in crate::cli) repeats: bool,
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub(in crate::cli) seed: u64,
    /// End training and search after about so many seconds; what is found then is not the same every time
    #[arg(long, value_name = "S", allow_negative_numbers = true)]
    pub(in crate::cli) seconds: Option<f64>,
    /// File for the shortlist (default: shortlist.csv in the run directory, where it is in any case); `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Replace FILE even if it is no shortlist
    #[arg(long, requires = "out")]
    pub(in crate::cli) force: bool,
    /// Run directory (default: runs/<table>-seed<seed>); must be new or empty
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) run_dir: Option<PathBuf>,
    /// Print nothing but errors
    #[arg(long, short)]
    pub(in crate::cli) quiet: bool,
    /// Print the result as one JSON object on the last line of standard output
    #[arg(long)]
    pub(in crate::cli) json: bool,
    /// Threads to use (default: all cores); never changes a result
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub(in crate::cli) threads: Option<u32>,
}

/// A word that must be one of the names of a list.
fn names<T>(all: &[(&'static str, T)]) -> clap::builder::PossibleValuesParser {
    clap::builder::PossibleValuesParser::new(all.iter().map(|(name, _)| *name))
}
