//! `hatchery predict`: a formula that was found, applied to new rows.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use hatchery_search::formula::{Expression, Machine, Node, Table};
use hatchery_tasks::regression::Frame;
use serde_json::Value;

use crate::cli::args::PredictArgs;
use crate::cli::{Outcome, usage};
use crate::run_dir::{RunDir, write_aside};

pub(in crate::cli) fn run(args: &PredictArgs) -> Result<Outcome> {
    let dir = RunDir::open(&args.run_dir).map_err(usage)?;
    let found = read_front(&dir).map_err(usage)?;
    let shown = args.data.display();
    let bytes = std::fs::read(&args.data);
    let bytes = bytes.with_context(|| format!("cannot read {shown}")).map_err(usage)?;
    let frame = Frame::of_file(&args.data, bytes);
    let frame = frame.with_context(|| format!("cannot use {shown}")).map_err(usage)?;
    let targets = found["targets"].as_array().map_or(&[][..], Vec::as_slice);
    let mut added = Vec::new();
    let mut failed = 0;
    for target in targets {
        let chosen = chosen(target, args.complexity).map_err(usage)?;
        let values = predicted(&found, chosen, &frame)
            .with_context(|| format!("cannot use {shown}"))
            .map_err(usage)?;
        let name = match targets.len() {
            1 => "prediction".to_owned(),
            _ => format!("prediction_{}", target["target"].as_str().unwrap_or_default()),
        };
        if frame.names().contains(&name) {
            return Err(usage(anyhow!("{shown} has a column '{name}' already")));
        }
        failed += values.iter().filter(|value| !value.is_finite()).count();
        added.push((name, values.iter().map(f32::to_string).collect()));
    }
    write(&args.out, &frame.with_columns(&added))?;
    if failed > 0 {
        eprintln!(
            "hatchery: {failed} predictions are infinite or no number: the formula has no value there"
        );
    }
    Ok(Outcome::Done)
}

fn read_front(dir: &RunDir) -> Result<Value> {
    let path = dir.path.join("front.json");
    let text = std::fs::read_to_string(&path).with_context(|| {
        format!("{} has no formulas: {} cannot be read", dir.path.display(), path.display())
    })?;
    serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()))
}

/// The formula of that complexity, or the best.
fn chosen(target: &Value, complexity: Option<u32>) -> Result<&str> {
    let entry = match complexity {
        None => &target["best"],
        Some(wanted) => {
            let front = target["front"].as_array().map_or(&[][..], Vec::as_slice);
            let of = |entry: &Value| entry["complexity"].as_u64();
            let found = front.iter().find(|entry| of(entry) == Some(u64::from(wanted)));
            let known = || {
                let all = front.iter().filter_map(|e| of(e).map(|n| n.to_string()));
                all.collect::<Vec<_>>().join(", ")
            };
            found.ok_or_else(|| {
                anyhow!("--complexity {wanted}: the front has no such formula; it has {}", known())
            })?
        }
    };
    entry["formula"].as_str().ok_or_else(|| anyhow!("the run has found no formula yet"))
}

fn predicted(found: &Value, text: &str, frame: &Frame) -> Result<Vec<f32>> {
    let columns = found["columns"].as_array().map_or(&[][..], Vec::as_slice);
    let word = |column: &Value, key: &str| column[key].as_str().unwrap_or_default().to_owned();
    let symbols: Vec<String> = columns.iter().map(|column| word(column, "symbol")).collect();
    let expression = Expression::parse(text, &symbols).map_err(|error| anyhow!("{error}"))?;
    let used = |index: usize| expression.nodes().contains(&Node::Column(index as u16));
    let given = columns.iter().enumerate().map(|(index, column)| {
        let name = word(column, "name");
        // Columns that the formula does not use need not be there.
        let values = if used(index) { frame.numbers(&name)? } else { vec![0.0; frame.rows()] };
        Ok((name, None, values))
    });
    let table = Table::of_columns(given.collect::<Result<_>>()?)?;
    Ok(Machine::new(&table).predict(&expression))
}

fn write(path: &Path, text: &str) -> Result<()> {
    if path == Path::new("-") {
        return write!(std::io::stdout(), "{text}").context("cannot write to standard output");
    }
    if path.is_dir() {
        bail!("{} is a directory; give a file", path.display());
    }
    write_aside(path, text.as_bytes())
}
