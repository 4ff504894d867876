//! `hatchery resume`: from the newest good checkpoint.

use anyhow::{Context, Result, anyhow};

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
    // The configuration inside the checkpoint is the one that its state belongs to.
    let loaded = dir.store(1).latest_header()?;
    for fault in &loaded.faults {
        eprintln!("hatchery: {fault}; the previous one is used");
    }
    let place = loaded.path.display().to_string();
    let mut config = RunConfig::parse(&place, &loaded.checkpoint.config)
        .context("the configuration inside the checkpoint cannot be read")?;
    lay_budget(&mut config, &args.budget)?;
    config.check_bounded().map_err(usage)?;
    in_pool(args.talk.threads, || {
        let mut job = registry::job(&config, config.seed, Some(&dir.path))?;
        let progress = job.restore(&dir.store(1))?.progress;
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
