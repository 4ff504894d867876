//! `hatchery design`: a shortlist worth building, from a table of past experiments.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use hatchery_engine::StopFlag;
use hatchery_surrogates::SurrogateError;
use hatchery_surrogates::design::{Candidate, Model, Settings, Shortlist, design};
use hatchery_surrogates::sharpness::{Regulariser, Sharpness};
use hatchery_surrogates::space::{Field, Kind};
use hatchery_surrogates::table::{self, Options, Table};
use serde_json::json;

use super::session::in_pool;
use crate::cli::args::{DesignArgs, MissingChoice, RegulariserChoice};
use crate::cli::{Outcome, interrupt, usage};
use crate::job::design::{COLUMNS, Record, Search, Source, next, short};
use crate::run_dir::{RunDir, write_aside};

/// Published radius of SAM.
const SAM_RADIUS: f64 = 0.05;
/// Columns that are described before the others are only counted.
const DESCRIBED: usize = 24;
/// Candidates that are printed.
const PRINTED: usize = 24;

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
            let (space, designs, scores) = (&table.space, &table.designs, &table.scores);
            design(space, designs, scores, settings, searcher.as_deref(), stop)
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

/// The resolved options, as TOML.
fn config(args: &DesignArgs, source: &Source, record: &Record<'_>) -> Result<String> {
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
fn again(args: &DesignArgs, dir: &RunDir) -> String {
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

/// A word for a shell.
fn for_shell(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+,=@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn say_table(out: &mut impl Write, source: &Source, table: &Table) -> Result<()> {
    let (rows, columns) = (table.rows(), table.names.len());
    let way = if table.maximize { "maximised" } else { "minimised" };
    let plural = if columns == 1 { "" } else { "s" };
    writeln!(
        out,
        "{}: {rows} rows; {columns} column{plural} of a design; {} is to be {way}",
        source.name, table.target
    )?;
    for line in table.describe().iter().take(DESCRIBED) {
        writeln!(out, "  {line}")?;
    }
    if columns > DESCRIBED {
        writeln!(out, "  and {} more", columns - DESCRIBED)?;
    }
    for note in &table.notes {
        writeln!(out, "{note}")?;
    }
    writeln!(out)?;
    out.flush().context("cannot write to standard output")
}

fn say_shortlist(
    out: &mut impl Write,
    args: &DesignArgs,
    record: &Record<'_>,
    stopped_by: &str,
) -> Result<()> {
    let list = record.list;
    match stopped_by {
        "time-limit" => {
            writeln!(out, "the time was up: models are fitted less than they would be\n")?
        }
        "interrupted" => writeln!(out, "interrupted: models are fitted less than they would be\n")?,
        _ => {}
    }
    for line in rehearsed(args, record) {
        writeln!(out, "{line}")?;
    }
    let what = match (record.is_next, list.candidates.len()) {
        (true, 1) => "next experiment".to_owned(),
        (true, count) => format!("next {count} experiments"),
        (false, count) => format!("shortlist of {count}"),
    };
    let model = list.surrogate.name();
    writeln!(
        out,
        "\n{what} by {model}, searched by {}; the best row has {} {}",
        list.searcher,
        record.table.target,
        short(record.shown(list.best_known))
    )?;
    for line in laid_out(record) {
        writeln!(out, "{line}")?;
    }
    let count = list.candidates.len();
    for (words, times) in record.reasons() {
        writeln!(out, "  {times} of {count}: {words}")?;
    }
    let [of_80, of_95] = list.coverage.map(|share| short((100.0 * share).round()));
    writeln!(
        out,
        "\nof rows that a fit had not seen, {of_80} % lay in their 80 % interval and {of_95} % in that of 95 %"
    )?;
    if record.is_next {
        writeln!(out, "measure, append the row to {}, and run this again", args.data.display())?;
    }
    Ok(())
}

/// How the rehearsal went, in plain words.
fn rehearsed(args: &DesignArgs, record: &Record<'_>) -> Vec<String> {
    let list = record.list;
    if record.is_next {
        return vec![format!(
            "expected improvement under a Gaussian process over {} rows; nothing is rehearsed",
            record.table.rows()
        )];
    }
    if args.no_rehearsal {
        return vec!["there was no rehearsal: nothing says whether these predictions hold".into()];
    }
    if let Some(why) = &list.abstains {
        return vec![
            format!("ABSTAINS: {why}"),
            "what follows is for exploration: do not count on its predictions".into(),
        ];
    }
    let Some(rehearsal) = list.rehearsals.first() else { return Vec::new() };
    let over = short(rehearsal.over_prediction.abs());
    let promise = if rehearsal.over_prediction >= 0.0 { "better" } else { "worse" };
    vec![
        format!(
            "rehearsal: the {} best rows were hidden among {}; of {} picks, {} are among them, where chance finds {} (lift {}, p {})",
            rehearsal.hidden / 2,
            rehearsal.hidden,
            rehearsal.answers,
            rehearsal.found,
            short(rehearsal.found_by_chance),
            short((100.0 * rehearsal.lift).round() / 100.0),
            short(rehearsal.p),
        ),
        format!("on average the picks were predicted {over} {promise} than they are"),
    ]
}

/// The candidates as lines: as many columns as a terminal takes, those that may change first.
fn laid_out(record: &Record<'_>) -> Vec<String> {
    let (table, list) = (record.table, record.list);
    let candidates = &list.candidates[..list.candidates.len().min(PRINTED)];
    let shown: Vec<Vec<String>> = candidates
        .iter()
        .map(|candidate| {
            let fields = table.space.fields().iter();
            let text = |field: &Field| {
                let values = &candidate.design[field.sites.clone()];
                let real = matches!(field.kind, Kind::Real { .. });
                if real { short(values[0]) } else { field.show(values) }
            };
            fields.map(text).collect()
        })
        .collect();
    let mut columns: Vec<Vec<String>> = Vec::new();
    let (mut width, mut left_out) = (0, 0);
    for (at, field) in table.space.fields().iter().enumerate() {
        let is_free = field.sites.clone().any(|site| table.space.is_free(site));
        let cells = [cut(&field.name)].into_iter().chain(shown.iter().map(|row| cut(&row[at])));
        let cells: Vec<String> = cells.collect();
        let wide = cells.iter().map(|cell| cell.chars().count()).max().unwrap_or(0) + 2;
        if !is_free || width + wide > 64 {
            left_out += usize::from(is_free);
            continue;
        }
        width += wide;
        columns.push(cells);
    }
    let mut add = |head: &str, cell: &dyn Fn(&Candidate) -> String| {
        let cells = candidates.iter().map(cell);
        columns.push([head.to_owned()].into_iter().chain(cells).collect());
    };
    add("predicted", &|c| short(record.shown(c.predicted)));
    add("80 % interval", &|c| {
        let (low, high) = record.shown_ends(c.low, c.high);
        format!("{} to {}", short(low), short(high))
    });
    add("distance", &|c| short((1000.0 * c.distance).round() / 1000.0));
    add("verdict", &|c| c.verdict.word().to_owned());
    let widths: Vec<usize> = columns
        .iter()
        .map(|column| column.iter().map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    let line = |row: usize| {
        let cells =
            columns.iter().zip(&widths).map(|(column, width)| format!("{:>width$}", column[row]));
        format!("  {}", cells.collect::<Vec<_>>().join("  "))
    };
    let mut lines: Vec<String> = (0..=candidates.len()).map(line).collect();
    if left_out > 0 || list.candidates.len() > PRINTED {
        let more = list.candidates.len() - candidates.len();
        let rest = [(more, "candidates"), (left_out, "columns")];
        let rest = rest.iter().filter(|(count, _)| *count > 0);
        let rest: Vec<String> = rest.map(|(count, what)| format!("{count} more {what}")).collect();
        lines.push(format!("  and {} in the file", rest.join(" and ")));
    }
    lines
}

/// A long text, cut.
fn cut(text: &str) -> String {
    match text.char_indices().nth(24) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_only_if_a_shell_would_split_them() {
        assert_eq!(for_shell("my table.csv"), "'my table.csv'");
        assert_eq!(for_shell("a/b-1.csv"), "a/b-1.csv");
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(cut("short"), "short");
        assert_eq!(cut(&"x".repeat(30)), format!("{}…", "x".repeat(24)));
    }
}
