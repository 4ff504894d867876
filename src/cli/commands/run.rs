//! `hatchery run`: a preset or a file, from the beginning.

use anyhow::Result;
use hatchery_engine::checkpoint::Progress;

use super::session::{conduct, in_pool, lay_budget};
use crate::cli::args::RunArgs;
use crate::cli::{Outcome, backend, usage};
use crate::config::RunConfig;
use crate::registry;
use crate::run_dir::RunDir;

pub(in crate::cli) fn run(args: &RunArgs) -> Result<Outcome> {
    let mut config = RunConfig::load(&args.config, &args.set).map_err(usage)?;
    if let Some(seed) = args.seed {
        config.seed = seed;
    }
    lay_budget(&mut config, &args.budget)?;
    config.check_bounded().map_err(usage)?;
    // Everything that can be refused is refused before anything is made.
    let backend = backend::open(args.talk.backend)?;
    let asked = args.out.clone().or_else(|| config.output.dir.clone().map(Into::into));
    let dir = RunDir::choose(asked.as_deref(), &config).map_err(usage)?;
    in_pool(args.talk.threads, || {
        let mut job = registry::job(&config, config.seed, Some(&dir.path)).map_err(usage)?;
        dir.create(&config)?;
        conduct(job.as_mut(), &config, &dir, Progress::default(), backend, &args.talk)
    })
}
