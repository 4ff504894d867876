//! The words of `hatchery reward`.

use clap::Subcommand;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  hatchery reward score 'g1+0.25*(found+held+inserted+done)' --env tidy-hard
  hatchery reward score hand_made --env tidy-hard --seeds 16 --json
  hatchery reward score hand_made --env keydoor --policy gru --trainer eggroll --updates 100
  hatchery reward names --env tidy-hard              what expressions may be made of

Expressions have numbers, + - * / ( ), names of primitives, min(a,b), max(a,b), gate(c,a), ramp(a,b), clip01(a), tanh(a),
and reduced signals: mean(s), sum(s), max(s), last(s), first(s), middle(s), final(s).")]
pub(in crate::cli) struct RewardArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: RewardCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum RewardCommand {
    /// Train policies with a reward, and report how often they reach the true outcome on tasks that no training saw
    Score(RewardScoreArgs),
    /// Print the primitives and signals of an environment
    Names(RewardNamesArgs),
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct RewardScoreArgs {
    /// A reward in infix, or one of outcome_only, average, hand_made
    #[arg(value_name = "EXPR", allow_hyphen_values = true)]
    pub(in crate::cli) expression: String,
    /// Environment
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) env: String,
    /// Trainings, each from its own seed
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(in crate::cli) seeds: u32,
    /// Seed of the whole command
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(in crate::cli) seed: u64,
    /// Updates of a training
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(in crate::cli) updates: u32,
    /// What scores actions; the default is what suits the environment
    #[arg(long, value_name = "KIND", value_parser = ["linear", "mlp", "gru"])]
    pub(in crate::cli) policy: Option<String>,
    /// What trains it: by the gradient of groups of episodes, or by an evolution strategy
    #[arg(long, value_name = "NAME", default_value = "grpo", value_parser = ["grpo", "eggroll"])]
    pub(in crate::cli) trainer: String,
    /// Steps in the environment after which a training ends with the policy so far; 0 for no limit
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(in crate::cli) steps_max: u64,
    /// Weight of the entropy of each choice of a policy, of `grpo`; above 0 it keeps trying
    #[arg(long, value_name = "H", default_value_t = 0.0, allow_negative_numbers = true)]
    pub(in crate::cli) entropy: f32,
    /// Episodes that each success rate is measured with
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(in crate::cli) episodes: u32,
    /// Whose average `average` is: a choice of primitives (see `reward names`)
    #[arg(long, value_name = "SET", default_value = "full")]
    pub(in crate::cli) primitives: String,
    /// Print one JSON object
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct RewardNamesArgs {
    /// Environment
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) env: String,
}
