//! `hatchery sample`: a language model writes.

use std::io::Write;

use anyhow::{Context, Result, anyhow};
use hatchery_tasks::language::{Sampler, Sampling};

use super::session::language;
use crate::cli::args::SampleArgs;
use crate::cli::{Outcome, usage};
use crate::registry;
use crate::run_dir::RunDir;

pub(in crate::cli) fn run(args: &SampleArgs) -> Result<Outcome> {
    let temperature = args.temperature;
    if !(temperature.is_finite() && temperature >= 0.0) {
        return Err(usage(anyhow!("--temperature {temperature}: must be a number of at least 0")));
    }
    let dir = RunDir::open(&args.run_dir).map_err(usage)?;
    let config = dir.read_config().map_err(usage)?;
    let mut job = registry::job(&config, config.seed, None)?;
    for fault in job.restore(&dir.store(1))?.faults {
        eprintln!("hatchery: {fault}; the previous one is used");
    }
    let language = language(job.as_ref(), &config)?;
    let mut sampler = Sampler::new(language.model(), language.centre());
    args.prompt.bytes().for_each(|byte| sampler.read(byte));
    let sampling = Sampling { temperature, top: args.top_k as usize, seed: args.seed };
    let written = sampler.write(&sampling, args.bytes as usize);
    let mut out = std::io::stdout().lock();
    let text = [args.prompt.as_bytes(), &written, b"\n"].concat();
    out.write_all(&text).context("cannot write to standard output")?;
    Ok(Outcome::Done)
}
