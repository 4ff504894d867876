//! `hatchery design`: a shortlist worth building, from a table of past experiments.

mod config;
mod told;

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use hatchery_engine::StopFlag;
use hatchery_surrogates::design::{Model, Settings, Shortlist, design};
use hatchery_surrogates::sharpness::{Regulariser, Sharpness};
use hatchery_surrogates::table::{self, Options, Table};
use hatchery_surrogates::{SurrogateError, statistics};
use serde_json::json;

use config::{again, config};
use told::{say_shortlist, say_table};

use super::session::in_pool;
use crate::cli::args::{DesignArgs, MissingChoice, RegulariserChoice};
use crate::cli::{Outcome, interrupt, usage};
use crate::job::design::{COLUMNS, Record, Search, Source, next};
use crate::run_dir::{RunDir, write_aside};

/// Published radius of SAM.
const SAM_RADIUS: f64 = 0.05;

pub(in crate::cli) fn run(args: &DesignArgs) -> Result<Outcome> {
    let began = Instant::now();
    // Everything that can be refused is refused before anything is made.
    let (settings, search) = settings(args).map_err(usage)?;
    let source = Source::read(&args.data).map_err(usage)?;
    let table = read(args, &source).map_err(usage)?;
    search.check(&args.searcher, settings.method.model, &table.space).map_err(usage)?;
    let asked = args.run_dir.as_deref();
    let dir = RunDir::choose_named(asked, &source.name, args.seed, "--run-dir").map_err(usage)?;
    check_out(args, &source).map_err(usage)?;
    let mut out = std::io::stdout().lock();
    let speaks = !args.quiet && !args.json;
    if speaks {
        say_table(&mut out, &source, &table)?;
    }
    let stop = StopFlag::default();
    interrupt::raise_on_signal(&stop)?;
    let timer = args.seconds.map(|seconds| Timer::start(seconds, &stop));
    if !args.quiet && std::io::stderr().is_terminal() {
        eprintln!("rehearsing, fitting and searching; Ctrl-C ends it early");
    }
    let list = in_pool(args.threads, || find(args, &table, &settings, search, &stop))?;
    let interrupted = stop.is_raised() && !timer.as_ref().is_some_and(Timer::has_rung);
    let again = again(args, &dir);
    let regulariser = settings.method.model.is_network() || !list.surrogate.training().is_empty();
    let record = Record {
        source: &source,
        table: &table,
        list: &list,
        spread: statistics::population_sd(&table.scores),
        is_next: args.suggest.is_some(),
        regulariser: regulariser.then(|| args.regulariser.name()),
        again: &again,
    };
    let stopped_by = match (interrupted, timer.is_some_and(|timer| timer.has_rung())) {
        (true, _) => "interrupted",
        (_, true) => "time-limit",
        _ => "finished",
    };
    let shortlist = write(args, &source, &dir, &record, stopped_by, began)?;
    if speaks {
        say_shortlist(&mut out, args, &record, stopped_by)?;
        writeln!(out, "shortlist {}", shortlist.display())?;
        writeln!(out, "report    {}", dir.path.join("report.html").display())?;
    }
    if args.json {
        let summary = dir.read_summary().context("the summary was written")?;
        writeln!(out, "{summary}").context("cannot write to standard output")?;
    }
    Ok(match (interrupted, &list.abstains) {
        (true, _) => Outcome::Interrupted,
        (_, Some(_)) => Outcome::Abstained,
        _ => Outcome::Done,
    })
}

/// What the words mean for the library.
fn settings(args: &DesignArgs) -> Result<(Settings, Search)> {
    let number = |flag: &str, value: f64, least: f64| {
        if value.is_finite() && value >= least {
            return Ok(value);
        }
        bail!("{flag} {value}: must be a number from {least}")
    };
    let model = Model::named(&args.surrogate).context("--surrogate: there is none of that name")?;
    let search = Search::named(&args.searcher).context("--searcher: there is none of that name")?;
    if let Some(seconds) = args.seconds.filter(|s| !(s.is_finite() && *s > 0.0)) {
        bail!("--seconds {seconds}: must be a number above 0");
    }
    if !args.pessimism.is_finite() {
        bail!("--pessimism {}: must be a number", args.pessimism);
    }
    if args.suggest.is_some() {
        if !matches!(model, Model::Auto | Model::Process) {
            bail!(
                "--suggest is made by a Gaussian process; leave --surrogate {} out",
                args.surrogate
            );
        }
        if !matches!(search, Search::Auto | Search::Evolution) {
            bail!("--suggest is found by evolution; leave --searcher {} out", args.searcher);
        }
    }
    let mut settings = Settings {
        candidates: args.candidates as usize,
        pessimism: args.pessimism,
        diversity: number("--diversity", args.diversity, 0.0)?,
        distance_price: number("--distance-price", args.distance_price, 0.0)?,
        repeats: args.repeats,
        skip_rehearsal: args.no_rehearsal,
        seed: args.seed,
        ..Settings::default()
    };
    settings.method.model = model;
    let plan = &mut settings.method.networks.plan;
    plan.measure_norm = true; // For the page.
    plan.regulariser = match args.regulariser {
        RegulariserChoice::None => Regulariser::None,
        RegulariserChoice::Sam => Regulariser::Sam { radius: SAM_RADIUS },
        RegulariserChoice::Ignite => Regulariser::GradientNorm(Sharpness::ignite()),
        RegulariserChoice::Ignite2 => Regulariser::GradientNorm(Sharpness::ignite2()),
    };
    Ok((settings, search))
}

fn read(args: &DesignArgs, source: &Source) -> Result<Table> {
    let shown = args.data.display();
    let space = source.space(args.space.as_deref())?;
    let said = space.as_ref().is_some_and(|space| space.objective.direction.is_some());
    let maximize = match (args.maximize, args.minimize) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ if said => None,
        _ => source.maximize,
    };
    let named = space.as_ref().is_some_and(|space| space.objective.column.is_some());
    let from_layout = source.target.clone().filter(|_| !named);
    let options = Options {
        target: args.target.clone().or(from_layout),
        maximize,
        space,
        missing: match args.missing {
            MissingChoice::Refuse => table::Missing::Refuse,
            MissingChoice::Drop => table::Missing::Drop,
        },
        ignore: args.ignore.clone(),
    };
    let table = Table::read(&source.names, &source.cells, &source.lines, &options);
    let table = table.with_context(|| format!("cannot use {shown}"))?;
    let taken = COLUMNS
        .iter()
        .find(|name| **name == table.target || table.names.iter().any(|column| column == *name));
    if let Some(name) = taken {
        bail!(
            "{shown} has a column {name:?} already, which the shortlist adds: rename it, or leave it out with --ignore {name}"
        );
    }
    Ok(table)
}

/// A file that is there already is replaced only if it is a shortlist, or if that is wanted.
fn check_out(args: &DesignArgs, source: &Source) -> Result<()> {
    let Some(out) = args.out.as_deref().filter(|out| *out != Path::new("-")) else { return Ok(()) };
    let shown = out.display();
    if out.is_dir() {
        bail!("--out {shown} is a directory; give a file");
    }
    if let Some(folder) = out.parent().filter(|f| !f.as_os_str().is_empty() && !f.is_dir()) {
        bail!("--out {shown}: there is no folder {}", folder.display());
    }
    let same = || Some(out.canonicalize().ok()? == args.data.canonicalize().ok()?);
    if same() == Some(true) {
        bail!("--out {shown} is the table itself; give another file");
    }
    if args.force || !out.exists() {
        return Ok(());
    }
    let text = std::fs::read(out).with_context(|| format!("cannot read {shown}"))?;
    let head = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let ours = COLUMNS.join(&source.delimiter.to_string());
    if !String::from_utf8_lossy(head).trim_end().ends_with(&ours) {
        bail!(
            "--out {shown} exists and is no shortlist; give another file, or --force to replace it"
        );
    }
    Ok(())
}

fn find(
    args: &DesignArgs,
    table: &Table,
    settings: &Settings,
    search: Search,
    stop: &StopFlag,
) -> Result<Shortlist> {
    let found = match args.suggest {
        Some(count) => next(table, count as usize, args.repeats, args.seed, stop),
        None => {
            let searcher = search.searcher();
            table.weights().and_then(|weights| {
                let rows = table.weighted(&weights);
                design(&table.space, rows, settings, searcher.as_deref(), stop)
            })
        }
    };
    found.map_err(|error| match error {
        SurrogateError::Unsuited { .. } | SurrogateError::Setting { .. } => usage(error),
        other => other.into(),
    })
}

/// Raises the flag after some time.
struct Timer(Arc<AtomicBool>);

impl Timer {
    fn start(seconds: f64, stop: &StopFlag) -> Self {
        let rung = Arc::new(AtomicBool::new(false));
        let (set, stop) = (rung.clone(), stop.clone());
        // Beyond this no process lives.
        let wait = Duration::from_secs_f64(seconds.min(1e9));
        std::thread::spawn(move || {
            std::thread::sleep(wait);
            set.store(!stop.raise(), Ordering::SeqCst);
        });
        Self(rung)
    }

    fn has_rung(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Writes all files; returns where the shortlist is.
fn write(
    args: &DesignArgs,
    source: &Source,
    dir: &RunDir,
    record: &Record<'_>,
    stopped_by: &str,
    began: Instant,
) -> Result<PathBuf> {
    std::fs::create_dir_all(&dir.path)
        .with_context(|| format!("cannot make {}", dir.path.display()))?;
    write_aside(&dir.config(), config(args, source, record)?.as_bytes())?;
    let text = record.csv();
    dir.write_text("shortlist.csv", &text)?;
    dir.write_json("design.json", &record.json())?;
    let shortlist = match args.out.as_deref() {
        None => dir.path.join("shortlist.csv"),
        Some(out) if out == Path::new("-") => {
            write!(std::io::stdout(), "{text}").context("cannot write to standard output")?;
            dir.path.join("shortlist.csv")
        }
        Some(out) => {
            write_aside(out, text.as_bytes())?;
            out.to_owned()
        }
    };
    let mut summary = record.summary();
    summary.insert("seed".into(), args.seed.into());
    summary.insert("stopped_by".into(), stopped_by.into());
    summary.insert("seconds".into(), json!(began.elapsed().as_secs_f64()));
    summary.insert("run_dir".into(), dir.path.display().to_string().into());
    summary.insert("shortlist".into(), shortlist.display().to_string().into());
    summary.insert("report".into(), dir.path.join("report.html").display().to_string().into());
    dir.write_summary(&summary.into())?;
    crate::report_page::write(&dir.path)?;
    Ok(shortlist)
}
