//! How a shortlist was made, for the run directory.

use std::path::Path;

use anyhow::{Context, Result};
use hatchery_surrogates::design::Settings;

use crate::cli::args::DesignArgs;
use crate::job::design::{Record, Source};
use crate::report_page::for_shell;
use crate::run_dir::RunDir;

/// The resolved options, as TOML.
pub(super) fn config(args: &DesignArgs, source: &Source, record: &Record<'_>) -> Result<String> {
    let mut task = toml::Table::new();
    task.insert("name".into(), "design".into());
    task.insert("data".into(), whole(&args.data).into());
    task.insert("digest".into(), source.digest.clone().into());
    task.insert("target".into(), record.table.target.clone().into());
    task.insert("maximize".into(), record.table.maximize.into());
    if let Some(space) = &args.space {
        task.insert("space".into(), whole(space).into());
    }
    task.insert("ignore".into(), args.ignore.clone().into());
    task.insert("missing".into(), args.missing.name().into());
    let mut search = toml::Table::new();
    search.insert("strategy".into(), record.list.searcher.clone().into());
    search.insert("surrogate".into(), record.list.surrogate.name().into());
    search.insert("regulariser".into(), record.regulariser.unwrap_or("none").into());
    match args.suggest {
        Some(count) => search.insert("suggest".into(), i64::from(count).into()),
        None => search.insert("candidates".into(), i64::from(args.candidates).into()),
    };
    search.insert("pessimism".into(), args.pessimism.into());
    search.insert("diversity".into(), args.diversity.into());
    search.insert("distance_price".into(), args.distance_price.into());
    search.insert("rehearsal".into(), (!args.no_rehearsal && args.suggest.is_none()).into());
    search.insert("repeats".into(), args.repeats.into());
    let mut file = toml::Table::new();
    file.insert("name".into(), source.name.clone().into());
    file.insert("seed".into(), (args.seed as i64).into());
    file.insert("hatchery".into(), env!("CARGO_PKG_VERSION").into());
    file.insert("task".into(), task.into());
    file.insert("search".into(), search.into());
    if let Some(seconds) = args.seconds {
        let budget = toml::Table::from_iter([("seconds".to_owned(), seconds.into())]);
        file.insert("budget".into(), budget.into());
    }
    toml::to_string(&file).context("the configuration is TOML")
}

/// A path that holds from anywhere, where there is one.
fn whole(path: &Path) -> String {
    path.canonicalize().unwrap_or_else(|_| path.to_owned()).display().to_string()
}

/// The words that make the same shortlist again, in another directory.
pub(super) fn again(args: &DesignArgs, dir: &RunDir) -> String {
    let mut words = vec!["hatchery".to_owned(), "design".into(), args.data.display().to_string()];
    let mut flag = |name: &str, value: Option<String>| {
        words.push(name.into());
        words.extend(value);
    };
    let mut option = |name: &str, value: Option<String>| {
        if value.is_some() {
            flag(name, value);
        }
    };
    let defaults = Settings::default();
    let unless = |value: String, usual: String| (value != usual).then_some(value);
    option("--target", args.target.clone());
    option("--space", args.space.as_ref().map(|path| path.display().to_string()));
    args.ignore.iter().for_each(|column| option("--ignore", Some(column.clone())));
    option("--missing", unless(args.missing.name().into(), "refuse".into()));
    option("--surrogate", unless(args.surrogate.clone(), "auto".into()));
    option("--searcher", unless(args.searcher.clone(), "auto".into()));
    option("--regulariser", unless(args.regulariser.name().into(), "ignite".into()));
    option("--candidates", unless(args.candidates.to_string(), defaults.candidates.to_string()));
    option("--pessimism", unless(args.pessimism.to_string(), defaults.pessimism.to_string()));
    option("--diversity", unless(args.diversity.to_string(), defaults.diversity.to_string()));
    let price = args.distance_price.to_string();
    option("--distance-price", unless(price, defaults.distance_price.to_string()));
    option("--seed", unless(args.seed.to_string(), "0".into()));
    option("--seconds", args.seconds.map(|seconds| seconds.to_string()));
    for (name, given) in [
        ("--maximize", args.maximize),
        ("--minimize", args.minimize),
        ("--no-rehearsal", args.no_rehearsal),
        ("--repeats", args.repeats),
    ] {
        if given {
            flag(name, None);
        }
    }
    if let Some(count) = args.suggest {
        flag(&format!("--suggest={count}"), None);
    }
    if args.run_dir.is_some() {
        flag("--run-dir", Some(format!("{}-again", dir.path.display())));
    }
    let words: Vec<String> = words.iter().map(|word| for_shell(word)).collect();
    words.join(" ")
}
