//! `hatchery resume`: from the newest good checkpoint.

use anyhow::{Context, Result, anyhow};

use hatchery_engine::CheckpointError;
use hatchery_engine::checkpoint::Progress;

use super::session::{conduct, in_pool, lay_budget};
use crate::cli::args::ResumeArgs;
use crate::cli::{Outcome, backend, usage};
use crate::config::RunConfig;
use crate::registry;
use crate::run_dir::RunDir;

pub(in crate::cli) fn run(args: &ResumeArgs) -> Result<Outcome> {
    let dir = RunDir::open(&args.run_dir).map_err(usage)?;
    if dir.path.join("design.json").is_file() {
        let path = dir.path.display();
        let what = anyhow!(
            "{path} holds a shortlist, which is made in one go: run `hatchery design` again"
        );
        return Err(usage(what));
    }
    let backend = backend::open(args.talk.backend)?;
    let (mut config, begun) = match dir.store(1).latest_header() {
        // It was cut off before its first checkpoint.
        Err(CheckpointError::NoneUsable { faults, .. }) if faults.is_empty() => {
            if !args.talk.quiet {
                eprintln!("there is no checkpoint yet; it begins at the beginning");
            }
            (dir.read_config().map_err(usage)?, false)
        }
        loaded => {
            let loaded = loaded?;
            for fault in &loaded.faults {
                eprintln!("hatchery: {fault}; the previous one is used");
            }
            // The configuration inside the checkpoint is the one that its state belongs to.
            let place = loaded.path.display().to_string();
            let config = RunConfig::parse(&place, &loaded.checkpoint.config)
                .context("the configuration inside the checkpoint cannot be read")?;
            (config, true)
        }
    };
    lay_budget(&mut config, &args.budget)?;
    config.check_bounded().map_err(usage)?;
    in_pool(args.talk.threads, || {
        let mut job = registry::job(&config, config.seed, Some(&dir.path))?;
        let progress =
            if begun { job.restore(&dir.store(1))?.progress } else { Progress::default() };
        dir.write_config(&config)?;
        let (before, generation) = (config.budget.budget(), progress.generation);
        let outcome = conduct(job.as_mut(), &config, &dir, progress, backend, &args.talk)?;
        if before.generations.is_some_and(|limit| generation >= limit) && !args.talk.quiet {
            eprintln!(
                "its budget of {generation} generations was already spent; give more with --generations"
            );
        }
        Ok(outcome)
    })
}
