//! `hatchery fit`: formulas that explain a column of a file by the others.

use anyhow::{Context, Result, anyhow};
use hatchery_engine::checkpoint::Progress;
use hatchery_search::formula::Unit;
use hatchery_search::program::Operation;
use toml::{Table, Value};

use super::session::{conduct, in_pool};
use crate::cli::args::FitArgs;
use crate::cli::{Outcome, backend, usage};
use crate::config::{RunConfig, nearest};
use crate::run_dir::RunDir;
use crate::{job, registry};

/// Seconds of a search, if nothing else is said.
const SECONDS: f64 = 30.0;

pub(in crate::cli) fn run(args: &FitArgs) -> Result<Outcome> {
    let config = config(args)?;
    config.check_bounded().map_err(usage)?;
    let backend = backend::open(args.talk.backend)?;
    let dir = RunDir::choose(args.out.as_deref(), &config).map_err(usage)?;
    in_pool(args.talk.threads, || {
        let mut job = registry::job(&config, config.seed, None).map_err(usage)?;
        dir.create(&config)?;
        conduct(job.as_mut(), &config, &dir, Progress::default(), backend, &args.talk)
    })
}

/// The configuration that the words stand for: it is written into the run directory, and `resume` reads it from there.
fn config(args: &FitArgs) -> Result<RunConfig> {
    let path = &args.data;
    let shown = path.display();
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {shown}"));
    let digest = job::digest(&bytes.map_err(usage)?);
    let whole = path.canonicalize().with_context(|| format!("cannot read {shown}"));
    let whole = whole.map_err(usage)?;
    let whole = whole.to_str().ok_or_else(|| usage(anyhow!("{shown}: the path is no UTF-8")))?;
    let list =
        |items: &[String]| Value::from(items.iter().map(|item| item.trim()).collect::<Vec<_>>());
    let mut task = Table::new();
    task.insert("name".into(), "formula".into());
    task.insert("data".into(), whole.into());
    task.insert("digest".into(), digest.into());
    task.insert("targets".into(), list(&args.target));
    task.insert("features".into(), list(&args.features));
    if let Some(weights) = &args.weights {
        task.insert("weights".into(), weights.clone().into());
    }
    let mut units = Table::new();
    for one in &args.units {
        let (column, unit) = one.rsplit_once('=').ok_or_else(|| {
            usage(anyhow!("--units {one}: expected COLUMN=UNIT, as in 'x=m,t=s'"))
        })?;
        let unit: Unit = unit.trim().parse().map_err(|e| usage(anyhow!("--units: {e}")))?;
        units.insert(column.trim().into(), unit.to_string().into());
    }
    task.insert("units".into(), units.into());
    let mut search = Table::new();
    if !args.operators.is_empty() {
        let names: Vec<&str> = args.operators.iter().map(|name| meant(name.trim())).collect();
        if let Some(unknown) = names.iter().find(|name| Operation::named(name).is_none()) {
            let known: Vec<&str> = Operation::all().map(Operation::name).collect();
            let hint = nearest(unknown, known.iter().copied());
            let hint = hint.unwrap_or_else(|| format!("there are {}", known.join(" ")));
            return Err(usage(anyhow!("--operators: there is no operation '{unknown}'; {hint}")));
        }
        search.insert("operations".into(), names.join(",").into());
    }
    if let Some(size) = args.max_size {
        search.insert("nodes_max".into(), i64::from(size).into());
    }
    if let Some(loss) = args.loss_target {
        search.insert("enough".into(), loss.into());
    }
    if let Some(births) = args.births {
        search.insert("births".into(), (births as i64).into());
    }
    if args.protected {
        search.insert("protected".into(), true.into());
    }
    let mut budget = Table::new();
    if let Some(seconds) = args.seconds.filter(|s| !(s.is_finite() && *s > 0.0)) {
        return Err(usage(anyhow!("--seconds {seconds}: must be a number above 0")));
    }
    let seconds = args.seconds.or(args.births.is_none().then_some(SECONDS));
    if let Some(seconds) = seconds {
        budget.insert("seconds".into(), seconds.into());
    }
    let mut file = Table::new();
    file.insert("seed".into(), (args.seed as i64).into());
    for (name, table) in [("task", task), ("search", search), ("budget", budget)] {
        file.insert(name.into(), table.into());
    }
    let stem = path.file_stem().map_or_else(|| "fit".into(), |stem| stem.to_string_lossy());
    let plain = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let name: String = stem.chars().map(plain).collect();
    let text = toml::to_string(&file).context("the configuration is TOML")?;
    RunConfig::of_text(name.trim_start_matches('.'), "fit", &text, &args.set).map_err(usage)
}

/// Operations as they are written in formulas: `/`, `sqrt` and `log` are what mathematics has.
fn meant(name: &str) -> &str {
    match name {
        "/" => "div",
        "sqrt" => "root",
        "log" => "ln",
        "^" => "power",
        other => other,
    }
}
