//! `hatchery list`: what there is by name.

use std::io::Write;

use anyhow::{Context, Result};

use crate::cli::Outcome;
use crate::cli::args::{ListArgs, Listed};
use crate::config::{STRATEGIES, TASKS};
use crate::presets;

const STRATEGY_NOTES: [(&str, &str); 8] = [
    ("eggroll", "low-rank perturbations of matrices, any rank"),
    ("open-es", "dense perturbations: the naive baseline"),
    ("sign-update", "low-rank perturbations, update from the signs of the factors"),
    ("sparse", "a few random entries perturbed; experimental"),
    ("cma-es", "full covariance, for some hundred parameters of a plain function"),
    ("evolution", "regularised evolution of programs"),
    ("symbolic-regression", "formulas that explain a column of a table"),
    ("egg", "integers all the way: pairs vote, weights move by one"),
];

pub(in crate::cli) fn run(args: &ListArgs) -> Result<Outcome> {
    let wanted = |what: Listed| args.what.is_none_or(|only| only == what);
    let mut lines = Vec::new();
    let heading = |lines: &mut Vec<String>, text: &str| {
        if args.what.is_none() {
            lines.push(format!("{}{text}:", if lines.is_empty() { "" } else { "\n" }));
        }
    };
    if wanted(Listed::Tasks) {
        heading(&mut lines, "tasks");
        lines.extend(TASKS.iter().map(|name| format!("  {name}")));
    }
    if wanted(Listed::Strategies) {
        heading(&mut lines, "strategies");
        let note = |name: &str| STRATEGY_NOTES.iter().find(|(n, _)| *n == name).map_or("", |n| n.1);
        lines.extend(STRATEGIES.iter().map(|name| format!("  {name:<24} {}", note(name))));
    }
    if wanted(Listed::Presets) {
        heading(&mut lines, "presets");
        lines.extend(presets::ALL.iter().map(|p| format!("  {:<24} {}", p.name, p.about)));
    }
    writeln!(std::io::stdout(), "{}", lines.join("\n"))
        .context("cannot write to standard output")?;
    Ok(Outcome::Done)
}
