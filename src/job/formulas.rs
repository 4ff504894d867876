//! A search for formulas that explain columns of a table.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result, anyhow, bail};
use hatchery_engine::checkpoint::CheckpointStore;
use hatchery_engine::observe::Observer;
use hatchery_engine::{Evaluator, RunError, RunPlan, RunReport, run};
use hatchery_search::formula::{
    Change, Config, Digits, Ranked, Regression, Search, Selection, Table, TableError, Unit,
};
use hatchery_tasks::regression::{Formula, Frame, FrameError, Purpose, Sample};
use serde_json::{Map, Value, json};

use super::{Conclude, Conclusion, Job, RestoreError, Restored, restore};
use crate::config::{FormulaTaskConfig, RunConfig, SearchConfig, nearest};
use crate::run_dir::RunDir;

/// A relative loss that may be rounding errors, of single precision or of the digits in the file: an R² of 0.9999999999.
const EXACT: f64 = 1e-10;

/// A search for formulas.
pub(crate) struct FormulaJob {
    task: Arc<Regression>,
    strategy: Search,
    config: Config,
    /// Column and what it is called in formulas.
    columns: Vec<(String, String)>,
    /// Fronts with their last fit, for each target; made once, when the search is over.
    fronts: OnceLock<Vec<Vec<Ranked>>>,
}

impl FormulaJob {
    /// From a checked configuration.
    ///
    /// # Errors
    /// If the table cannot be read, or nothing can be fitted to it.
    pub(crate) fn try_new(config: &RunConfig, options: &FormulaTaskConfig) -> Result<Self> {
        let SearchConfig::Formula(search) = &config.search else {
            bail!("search.strategy: this task is for `symbolic-regression`");
        };
        let (table, columns) = match (&options.formula, &options.data) {
            (Some(name), _) => drawn(name, options, config.seed)?,
            (None, Some(path)) => {
                read(path, options).with_context(|| format!("cannot use {path}"))?
            }
            (None, None) => bail!("task.data: there is no table"),
        };
        let task = Regression::try_new(table, search.scaling, search.enough)
            .map_err(|error| anyhow!("task.units: {error}"))?;
        let task = Arc::new(task);
        let strategy = Search::try_new(search.clone(), task.clone(), config.seed)
            .map_err(|error| anyhow!("search.{error}"))?;
        let fronts = OnceLock::new();
        Ok(Self { task, strategy, config: search.clone(), columns, fronts })
    }

    fn fronts(&self) -> &[Vec<Ranked>] {
        self.fronts.get_or_init(|| {
            let targets = self.task.table().targets().len();
            (0..targets).map(|target| self.strategy.front(target).ranked()).collect()
        })
    }

    /// Number of the preferred formula of a front.
    fn best(&self, front: &[Ranked]) -> Option<usize> {
        self.chosen(self.config.select, front)
    }

    fn chosen(&self, select: Selection, front: &[Ranked]) -> Option<usize> {
        let yardstick = self.strategy.yardstick(self.config.enough.max(EXACT));
        select.choose(front, &yardstick)
    }

    fn symbols(&self) -> Vec<&str> {
        self.columns.iter().map(|(_, symbol)| symbol.as_str()).collect()
    }

    /// A formula for files and programs that read them.
    fn entry(&self, target: usize, ranked: &Ranked) -> Value {
        let entry = &ranked.entry;
        let variance = self.task.table().targets()[target].variance;
        json!({
            "complexity": entry.complexity,
            "loss": entry.loss * variance,
            "r2": 1.0 - entry.loss,
            "score": ranked.score,
            "formula": entry.expression.text(&self.symbols(), Digits::Exact),
            "text": entry.expression.text(&self.symbols(), Digits::Significant(5)),
        })
    }

    /// Front and best formula of a target.
    fn found(&self, target: usize) -> Value {
        let front = &self.fronts()[target];
        let entries: Vec<Value> = front.iter().map(|ranked| self.entry(target, ranked)).collect();
        json!({
            "target": self.task.table().targets()[target].name,
            "best": self.best(front).map(|at| entries[at].clone()),
            "best_by": self.config.select.in_words(),
            "shortest": self
                .chosen(Selection::DescriptionLength, front)
                .map(|at| entries[at].clone()),
            "front": entries,
        })
    }

    fn all_found(&self) -> Vec<Value> {
        (0..self.fronts().len()).map(|target| self.found(target)).collect()
    }

    fn counters(&self) -> Value {
        let targets = &self.strategy.progress().targets;
        let sum = |of: fn(&hatchery_search::formula::TargetState) -> u64| {
            targets.iter().map(of).sum::<u64>()
        };
        let changes: Map<String, Value> = Change::ALL
            .iter()
            .enumerate()
            .map(|(index, change)| {
                let counts = targets.iter().filter_map(|target| target.counters.changes.get(index));
                let (made, better) = counts.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
                let name = format!("{change:?}").to_lowercase();
                (name, json!({ "births": made, "better": better }))
            })
            .collect();
        json!({
            "births": sum(|target| target.births),
            "scored": sum(|target| target.counters.scored),
            "not_finite": sum(|target| target.counters.not_finite),
            "crashed": sum(|target| target.counters.crashed),
            "units_do_not_fit": sum(|target| target.counters.penalised),
            "row_evaluations": sum(|target| target.counters.evaluations),
            "migrants": sum(|target| target.counters.migrants),
            "migrants_from_front": sum(|target| target.counters.migrants_front),
            "changes": changes,
        })
    }

    /// The front of a target as lines for people; the best is marked.
    fn table(&self, target: usize) -> Vec<String> {
        let front = &self.fronts()[target];
        let (symbols, best) = (self.symbols(), self.best(front));
        let shortest = self.chosen(Selection::DescriptionLength, front);
        let how = self.config.select.in_words();
        let mut legend = format!("formulas for {}; * = best: {how}", self.target(target).name);
        if shortest != best {
            legend += "; + = the shortest description, to be preferred if the data are noisy";
        }
        let variance = self.target(target).variance;
        let mut lines = vec![
            String::new(),
            legend,
            "  complexity        loss          R2   score  formula".to_owned(),
        ];
        for (index, Ranked { entry, score }) in front.iter().enumerate() {
            let mark = match Some(index) {
                at if at == best => '*',
                at if at == shortest => '+',
                _ => ' ',
            };
            let text = entry.expression.text(&symbols, Digits::Significant(5));
            lines.push(format!(
                "{mark} {:>10}  {:>10.3e}  {:>10.7}  {score:>6.2}  {text}",
                entry.complexity,
                entry.loss * variance,
                1.0 - entry.loss,
            ));
        }
        lines
    }

    fn target(&self, target: usize) -> Target<'_> {
        let target = &self.task.table().targets()[target];
        Target { name: &target.name, variance: target.variance }
    }
}

struct Target<'a> {
    name: &'a str,
    variance: f64,
}

impl Job for FormulaJob {
    fn run(
        &mut self,
        plan: &RunPlan,
        evaluator: &Evaluator,
        observers: &mut [&mut dyn Observer],
    ) -> Result<RunReport, RunError> {
        run(&mut self.strategy, &*self.task, evaluator, plan, observers)
    }

    fn restore(&mut self, store: &CheckpointStore) -> Result<Restored, RestoreError> {
        restore(&mut self.strategy, store)
    }

    fn write_results(&self, dir: &RunDir) -> Result<()> {
        let columns: Vec<Value> = self
            .columns
            .iter()
            .map(|(name, symbol)| json!({ "name": name, "symbol": symbol }))
            .collect();
        let found = json!({
            "columns": columns,
            "targets": self.all_found(),
            "counters": self.counters(),
        });
        dir.write_json("front.json", &found)?;
        let mut rows = String::from("target,complexity,loss,r2,score,best,formula\n");
        for (target, front) in self.fronts().iter().enumerate() {
            let Target { name, variance } = self.target(target);
            let best = self.best(front);
            for (index, Ranked { entry, score }) in front.iter().enumerate() {
                let text = entry.expression.text(&self.symbols(), Digits::Exact);
                rows += &format!(
                    "{},{},{:e},{},{score},{},{}\n",
                    quoted(name),
                    entry.complexity,
                    entry.loss * variance,
                    1.0 - entry.loss,
                    best == Some(index),
                    quoted(&text),
                );
            }
        }
        dir.write_text("front.csv", &rows)
    }

    fn conclude(&mut self, _: &RunReport, _: &Conclude<'_>) -> Result<Conclusion> {
        let targets = self.all_found();
        let mut summary = Map::new();
        summary.insert("front".into(), targets[0]["front"].clone());
        summary.insert("best".into(), targets[0]["best"].clone());
        if targets.len() > 1 {
            summary.insert("targets".into(), targets.into());
        }
        let mut lines: Vec<String> =
            (0..self.fronts().len()).flat_map(|target| self.table(target)).collect();
        lines.push(String::new());
        Ok(Conclusion { lines, summary, interrupted: false })
    }
}

/// A cell of comma-separated values.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

type Named = Vec<(String, String)>;

/// Rows of a built-in formula.
fn drawn(name: &str, options: &FormulaTaskConfig, seed: u64) -> Result<(Arc<Table>, Named)> {
    let formula = Formula::named(name).ok_or_else(|| anyhow!("there is no formula '{name}'"))?;
    let rows = options.rows.map_or(formula.rows, |rows| rows as usize);
    let sample = Sample::draw(formula, rows, options.noise, seed, Purpose::Training);
    let names = formula.columns.iter().map(|name| (*name).to_owned());
    let columns: Named = names.clone().zip(names.clone()).collect();
    let given = names.zip(sample.columns).map(|(name, values)| (name, None, values)).collect();
    let table = Table::try_new(given, vec![("y".to_owned(), None, sample.target)], None)?;
    Ok((table, columns))
}

/// What columns are called in formulas: their names, made fit for text that can be read again.
fn symbols(names: &[String]) -> Vec<String> {
    let mut symbols: Vec<String> = Vec::new();
    for name in names {
        let plain = |c: char| if c.is_alphanumeric() || c == '_' { c } else { '_' };
        let mut symbol: String = name.chars().map(plain).collect();
        if !symbol.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_') {
            symbol.insert(0, 'x');
        }
        while symbols.contains(&symbol) {
            symbol.push('_');
        }
        symbols.push(symbol);
    }
    symbols
}

/// Rows of a file.
fn read(path: &str, options: &FormulaTaskConfig) -> Result<(Arc<Table>, Named)> {
    let FormulaTaskConfig { targets, weights, units, .. } = options;
    let bytes = std::fs::read(path)?;
    let digest = digest(&bytes);
    if options.digest.as_ref().is_some_and(|known| *known != digest) {
        bail!("the file has changed since this search began; start a new one");
    }
    let frame = Frame::of_file(Path::new(path), bytes)?;
    let is_feature = |name: &&String| !targets.contains(name) && Some(*name) != weights.as_ref();
    let features: Vec<String> = match options.features.as_slice() {
        [] => frame.names().iter().filter(is_feature).cloned().collect(),
        given => given.to_vec(),
    };
    if let Some(both) = features.iter().find(|name| !is_feature(name)) {
        bail!("column '{both}' is a target or the weights, and cannot be a feature as well");
    }
    let known = |name: &String| features.contains(name) || targets.contains(name);
    if let Some(unknown) = units.keys().find(|name| !known(name)) {
        let all = features.iter().chain(targets).map(String::as_str);
        let hint =
            nearest(unknown, all).unwrap_or_else(|| "units are for features and targets".into());
        bail!("task.units: there is no column '{unknown}'; {hint}");
    }
    let whole = options.features.is_empty();
    let column = |name: &String, feature: bool| -> Result<(String, Option<Unit>, Vec<f64>)> {
        let values = frame.numbers(name).map_err(|error| explained(error, feature && whole))?;
        Ok((name.clone(), units.get(name).cloned(), values))
    };
    let given = features.iter().map(|name| column(name, true)).collect::<Result<Vec<_>>>()?;
    let explained_columns =
        targets.iter().map(|name| column(name, false)).collect::<Result<Vec<_>>>()?;
    let weights = weights.as_ref().map(|name| frame.numbers(name)).transpose();
    let weights = weights.map_err(|error| explained(error, false))?;
    if features.is_empty() {
        bail!("there are no columns besides the target");
    }
    let at_line = |error: TableError| match error {
        TableError::NotFinite { column, row, value } => {
            let line = frame.line(row - 1);
            anyhow!(
                "line {line}, column '{column}': {value:?} is beyond single precision; scale the column"
            )
        }
        TableError::Weight { row, value } => {
            let line = frame.line(row - 1);
            anyhow!("line {line}: weights must be 0 or more, and not all 0; found {value}")
        }
        other => other.into(),
    };
    let names = symbols(&features);
    let table = Table::try_new(given, explained_columns, weights).map_err(at_line)?;
    Ok((table, features.into_iter().zip(names).collect()))
}

/// An error of a table with what to do about it.
fn explained(error: FrameError, leave_out: bool) -> anyhow::Error {
    match error {
        FrameError::NoSuchColumn { wanted, found } => {
            let hint = nearest(&wanted, found.iter().map(String::as_str));
            let hint = hint.unwrap_or_else(|| format!("columns are: {}", found.join(", ")));
            anyhow!("there is no column '{wanted}'; {hint}")
        }
        FrameError::NotANumber { .. } if leave_out => {
            anyhow!("{error}; name the columns to use with --features to leave this one out")
        }
        other => other.into(),
    }
}

/// A digest of a file, to notice that it has changed.
pub(crate) fn digest(bytes: &[u8]) -> String {
    // FNV-1a, 64 bits: it guards against mistakes, not against malice.
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}
