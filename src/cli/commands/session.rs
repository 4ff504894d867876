//! What `run` and `resume` share: observers, threads, the files at the end, the last word.

use std::io::Write;

use anyhow::{Context, Result, anyhow};
use hatchery_engine::observe::{FitnessLog, JsonLines, Observer, Progress, TensorBoard};
use hatchery_engine::{
    CheckpointPlan, Evaluator, RunPlan, RunReport, StopFlag, StopReason, checkpoint,
};
use hatchery_kernels::Backend;
use hatchery_tasks::external::Counters;

use crate::cli::args::{BudgetArgs, TalkArgs};
use crate::cli::{Outcome, interrupt, usage};
use crate::config::{RunConfig, TaskConfig};
use crate::job::{Conclude, Conclusion, Job, LanguageJob, Learned};
use crate::run_dir::{RunDir, summary};

/// Lays budget flags over the configuration's budget.
///
/// # Errors
/// If a flag has no sense, or nothing at all limits the run.
pub(super) fn lay_budget(config: &mut RunConfig, flags: &BudgetArgs) -> Result<()> {
    let budget = &mut config.budget;
    if let Some(seconds) = flags.seconds.filter(|s| !(s.is_finite() && *s > 0.0)) {
        return Err(usage(anyhow!("--seconds {seconds}: must be a number above 0")));
    }
    if let Some(target) = flags.target.filter(|t| t.is_nan()) {
        return Err(usage(anyhow!("--target {target}: must be a number")));
    }
    budget.generations = flags.generations.or(budget.generations);
    budget.evaluations = flags.evaluations.or(budget.evaluations);
    budget.seconds = flags.seconds.or(budget.seconds);
    budget.target = flags.target.or(budget.target);
    if let Some(tokens) = flags.tokens {
        let TaskConfig::Language(language) = &config.task else {
            return Err(usage(anyhow!("--tokens: only a language model reads tokens")));
        };
        let evaluations = tokens.div_ceil(u64::from(language.tokens));
        budget.evaluations = Some(budget.evaluations.map_or(evaluations, |e| e.min(evaluations)));
    }
    Ok(())
}

/// Runs a job in its directory until its budget is spent, writes the final files and says how it went.
///
/// # Errors
/// Whatever ends the run early; parameters are written all the same, if the file system lets them.
pub(super) fn conduct(
    job: &mut dyn Job,
    config: &RunConfig,
    dir: &RunDir,
    from: checkpoint::Progress,
    backend: Backend,
    talk: &TalkArgs,
) -> Result<Outcome> {
    let stop = StopFlag::default();
    interrupt::raise_on_signal(&stop)?;
    let resumed = from.generation;
    let plan = RunPlan {
        name: config.name.clone(),
        config: config.to_toml(),
        budget: config.budget.budget(),
        stop,
        checkpoints: Some(CheckpointPlan {
            store: dir.store(config.output.keep),
            every_generations: config.output.checkpoint_every,
            every_seconds: Some(config.output.checkpoint_seconds),
        }),
        from,
    };
    let mut lines = match resumed {
        0 => JsonLines::create(dir.metrics())?,
        generation => JsonLines::resume(dir.metrics(), generation)?,
    };
    let mut log = match (config.output.log_fitness, resumed) {
        (false, _) => None,
        (true, 0) => Some(FitnessLog::create(dir.fitness_log())?),
        (true, generation) => Some(FitnessLog::resume(dir.fitness_log(), generation)?),
    };
    let mut board =
        config.output.tensorboard.then(|| TensorBoard::create(&dir.path)).transpose()?;
    let mut progress = (!talk.quiet).then(Progress::new);
    let mut observers: Vec<&mut dyn Observer> = vec![&mut lines];
    observers.extend(log.as_mut().map(|l| l as &mut dyn Observer));
    observers.extend(board.as_mut().map(|b| b as &mut dyn Observer));
    observers.extend(progress.as_mut().map(|p| p as &mut dyn Observer));
    let evaluator = Evaluator::new(backend);
    let outcome = job.run(&plan, &evaluator, &mut observers);
    let report = match outcome {
        Ok(report) => report,
        Err(error) => {
            // What ended the run may keep this from being written too, and is what has to be told.
            let _ = job.write_results(dir);
            let hint = format!("the run in {} stopped early", dir.path.display());
            return Err(anyhow::Error::new(error).context(hint));
        }
    };
    job.write_results(dir)?;
    let external = job.external();
    let mut summary = summary(config, &report, external.as_ref(), dir);
    summary["backend"] = evaluator.backend.name().into();
    dir.write_summary(&summary)?;
    let mut conclusion = Conclusion::default();
    if report.stopped_by != StopReason::Interrupted {
        let say = |text: &str| {
            if !talk.quiet {
                eprintln!("{text}");
            }
        };
        conclusion = job.conclude(&report, &Conclude { dir, stop: &plan.stop, say: &say })?;
    }
    if let Some(keys) = summary.as_object_mut() {
        keys.append(&mut conclusion.summary);
    }
    dir.write_summary(&summary)?;
    if config.output.report {
        crate::report_page::write(&dir.path)?;
    }
    let mut out = std::io::stdout().lock();
    if !talk.quiet && !talk.json {
        say(&mut out, &report, external.as_ref(), config, dir, &conclusion)?;
    }
    if talk.json {
        writeln!(out, "{summary}").context("cannot write to standard output")?;
    }
    let interrupted = report.stopped_by == StopReason::Interrupted || conclusion.interrupted;
    Ok(if interrupted { Outcome::Interrupted } else { Outcome::Done })
}

fn say(
    out: &mut impl Write,
    report: &RunReport,
    external: Option<&Counters>,
    config: &RunConfig,
    dir: &RunDir,
    conclusion: &Conclusion,
) -> Result<()> {
    let path = dir.path.display();
    let by_itself = config.search.finds_programs();
    let mut lines = vec![format!(
        "{} after {} generations, {} evaluations, {:.2} s: best {:.4}, mean {:.4}",
        report.stopped_by,
        report.generations,
        report.evaluations,
        report.seconds,
        report.best_fitness,
        report.mean_fitness
    )];
    if by_itself {
        lines = vec![format!("{} after {:.1} s", report.stopped_by, report.seconds)];
    }
    if report.failures > 0 && !by_itself {
        let reason = report.first_error.as_deref().unwrap_or("NaN or infinite fitness");
        lines.push(format!("{} evaluations failed; for example {reason}", report.failures));
    }
    if let Some(c) = external.filter(|c| c.deaths() + c.dropped_lines > 0) {
        lines.push(format!(
            "{} programs died ({} exits, {} signals, {} timeouts, {} floods); {} evaluations sent again, {} lost; {} lines dropped",
            c.deaths(), c.exits, c.signals, c.timeouts, c.floods, c.retried, c.lost, c.dropped_lines
        ));
    }
    lines.extend(conclusion.lines.iter().cloned());
    if config.output.report {
        lines.push(format!("report   {path}/report.html"));
    }
    if !by_itself {
        lines.push(format!("judge    hatchery eval {path}"));
    }
    if report.stopped_by == StopReason::Interrupted || conclusion.interrupted {
        lines.push(format!("go on    hatchery resume {path}"));
    }
    writeln!(out, "{}", lines.join("\n")).context("cannot write to standard output")
}

/// The parameters of a job that learns some.
///
/// # Errors
/// If it looks for something else.
pub(super) fn learned<'a>(job: &'a mut dyn Job, config: &RunConfig) -> Result<&'a mut dyn Learned> {
    if job.language().is_some() {
        let name = &config.name;
        return Err(usage(anyhow!("{name} learns integers, and this command wants floats")));
    }
    let reason = || {
        usage(anyhow!(
            "{} has no parameters: it looks for programs; its report.html and the files beside it have them",
            config.name
        ))
    };
    job.learned().ok_or_else(reason)
}

/// The language model of a job.
///
/// # Errors
/// If it learns something else.
pub(super) fn language<'a>(job: &'a dyn Job, config: &RunConfig) -> Result<&'a LanguageJob> {
    job.language().ok_or_else(|| {
        usage(anyhow!("{} is no language model; `hatchery run egg-bible` makes one", config.name))
    })
}

/// Runs `work` in a thread pool of the size asked for.
///
/// # Errors
/// If the pool cannot be made, and whatever `work` returns.
pub(super) fn in_pool<R: Send>(
    threads: Option<u32>,
    work: impl FnOnce() -> Result<R> + Send,
) -> Result<R> {
    let threads = threads.unwrap_or(0) as usize;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.context("cannot start the threads")?.install(work)
}
