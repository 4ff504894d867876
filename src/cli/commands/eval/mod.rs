//! `hatchery eval`: how good is what was learned.

mod policy;

use std::io::Write;

use anyhow::{Context, Result, anyhow};
use serde_json::json;

use super::session::{in_pool, language, learned};
use crate::cli::args::EvalArgs;
use crate::cli::{Outcome, usage};
use crate::config::{RunConfig, TaskConfig};
use crate::registry;
use crate::run_dir::RunDir;

pub(in crate::cli) fn run(args: &EvalArgs) -> Result<Outcome> {
    let dir = RunDir::open(&args.run_dir).map_err(usage)?;
    let config = dir.read_config().map_err(usage)?;
    if let TaskConfig::Language(_) = config.task {
        return in_pool(None, || language_model(args, &dir, &config));
    }
    if let TaskConfig::Reward(_) = config.task {
        return in_pool(None, || policy::run(args, &dir, &config));
    }
    if args.watch {
        return Err(usage(anyhow!(
            "--watch: only policies of `hatchery run reward-*` can be watched"
        )));
    }
    if args.file.is_some() {
        return Err(usage(anyhow!("--file: only a language model is judged on a file")));
    }
    let evaluation = in_pool(None, || {
        // The fresh seed draws the episodes; the parameters come from the run.
        let mut job = registry::job(&config, args.seed, None)?;
        for fault in job.restore(&dir.store(1))?.faults {
            eprintln!("hatchery: {fault}; the previous one is used");
        }
        let backend = hatchery_kernels::Backend::cpu();
        let learned = learned(job.as_mut(), &config)?;
        Ok(learned.judge(learned.centre(), args.episodes, &backend)?)
    })?;
    let mut out = std::io::stdout().lock();
    if args.json {
        let mut object = json!(evaluation);
        object["run_dir"] = json!(dir.path.display().to_string());
        object["seed"] = json!(args.seed);
        writeln!(out, "{object}")
    } else if let Some(accuracy) = evaluation.accuracy {
        let percent = 100.0 * accuracy;
        writeln!(out, "accuracy {percent:.2} % on {} held-out examples", evaluation.episodes)
    } else if evaluation.episodes == 1 {
        writeln!(out, "fitness {:.6}", evaluation.mean)
    } else {
        let error = evaluation.std / (evaluation.episodes as f64).sqrt();
        writeln!(
            out,
            "mean {:.3} ± {error:.3} (standard error), deviation {:.3}, over {} fresh episodes",
            evaluation.mean, evaluation.std, evaluation.episodes
        )
    }
    .context("cannot write to standard output")?;
    Ok(Outcome::Done)
}

/// Bits per byte of the validation part, or of a file.
fn language_model(args: &EvalArgs, dir: &RunDir, config: &RunConfig) -> Result<Outcome> {
    let mut job = registry::job(config, config.seed, None)?;
    for fault in job.restore(&dir.store(1))?.faults {
        eprintln!("hatchery: {fault}; the previous one is used");
    }
    let language = language(job.as_ref(), config)?;
    let (what, score) = match &args.file {
        None => ("validation_bits_per_byte", language.validate()),
        Some(path) => {
            let bytes = std::fs::read(path)
                .with_context(|| format!("cannot read {}", path.display()))
                .map_err(usage)?;
            if bytes.len() < 2 {
                return Err(usage(anyhow!("{}: nothing to predict in it", path.display())));
            }
            ("bits_per_byte", language.score(&bytes))
        }
    };
    let mut out = std::io::stdout().lock();
    if args.json {
        let mut object = json!({
            "tokens": score.tokens,
            "run_dir": dir.path.display().to_string(),
        });
        object[what] = json!(score.bits_per_byte());
        writeln!(out, "{object}")
    } else {
        writeln!(out, "{:.4} bits per byte over {} bytes", score.bits_per_byte(), score.tokens)
    }
    .context("cannot write to standard output")?;
    Ok(Outcome::Done)
}
