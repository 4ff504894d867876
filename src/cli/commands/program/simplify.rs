//! `hatchery program simplify`: the shortest form that does the same.

use anyhow::{Result, anyhow, bail};
use hatchery_search::program::simplify::{
    Effort, Simplified, Tolerance, simplify, simplify_scored, training_scores,
};
use hatchery_search::program::training::{Limits, Suite};
use hatchery_search::program::{Names, Signature};
use serde_json::json;

use super::{Source, print, proxies, write};
use crate::cli::args::SimplifyArgs;
use crate::cli::{Outcome, usage};

/// Proxies of `--numeric`.
const PROXIES: [&str; 2] = ["m1", "n1"];
/// Set of seeds that no other command selects with.
const SET: u64 = 4000;

pub(super) fn run(args: &SimplifyArgs) -> Result<Outcome> {
    let source = Source::read(&args.source)?;
    if !(args.tolerance >= 0.0 && args.tolerance < 1.0) {
        return Err(usage(anyhow!("--tolerance must be at least 0 and below 1")));
    }
    let mut ids: Vec<&str> = args.proxy.iter().map(String::as_str).collect();
    if args.numeric && ids.is_empty() {
        ids = PROXIES.to_vec();
    }
    if !ids.is_empty() && !source.signature.is_optimizer() {
        return Err(usage(anyhow!("a formula trains nothing: leave out --proxy and --numeric")));
    }
    let simplified = match ids.is_empty() {
        true => simplify(&source.program, &source.signature, Effort::default()),
        false => scored(&source, &ids, args)?,
    };
    let text = simplified.program.text(&source.signature, &Names::of(&source.signature));
    if let Some(path) = &args.out {
        write(path, &text)?;
    }
    print(&match args.json {
        true => object(&source, &simplified, &text, &ids, args).to_string(),
        false => words(&simplified, &text, &source.signature),
    })?;
    Ok(Outcome::Done)
}

fn scored(source: &Source, ids: &[&str], args: &SimplifyArgs) -> Result<Simplified> {
    let suite = Suite::new(proxies(ids)?, source.signature.clone(), Limits::default());
    let tolerance = Tolerance { change: args.tolerance, ..Tolerance::default() };
    let scores = training_scores(&suite, &source.program, SET, args.seeds);
    let simplified = scores.and_then(|scores| {
        let effort = Effort::default();
        simplify_scored(&source.program, &source.signature, effort, tolerance, scores)
    });
    match simplified {
        Ok(simplified) => Ok(simplified),
        Err(failure) => bail!(
            "the program does not train {}: {}; without --proxy it is simplified by its form alone",
            ids.join(" and "),
            failure.name()
        ),
    }
}

fn words(simplified: &Simplified, text: &str, signature: &Signature) -> String {
    let mut lines = vec![text.trim_end().to_owned(), String::new()];
    for step in &simplified.steps {
        let states = match signature.is_optimizer() {
            true => format!(", states {} → {}", step.states.0, step.states.1),
            false => String::new(),
        };
        let statements = format!("statements {} → {}", step.statements.0, step.statements.1);
        lines.push(format!("{:<11} {statements}{states}", step.name));
        lines.extend(step.notes.iter().map(|note| format!("            {note}")));
    }
    lines.push(format!("{:<11} {} → {}", "cost", simplified.cost.0, simplified.cost.1));
    if !simplified.explanation.is_empty() {
        lines.push(String::new());
        lines.extend(simplified.explanation.iter().cloned());
    }
    lines.join("\n")
}

fn object(
    source: &Source,
    simplified: &Simplified,
    text: &str,
    ids: &[&str],
    args: &SimplifyArgs,
) -> serde_json::Value {
    let signature = &source.signature;
    let size = |program: &hatchery_search::program::Program| {
        let live = hatchery_search::program::Liveness::of(program, signature);
        json!({
            "hash": Source::hash(program, signature),
            "statements": program.statements.len(),
            "states": live.live_states(),
        })
    };
    json!({
        "program": text,
        "before": size(&source.program),
        "after": size(&simplified.program),
        "cost_before": simplified.cost.0,
        "cost_after": simplified.cost.1,
        "steps": simplified.steps,
        "explanation": simplified.explanation,
        "proxies": ids,
        "seeds": if ids.is_empty() { 0 } else { args.seeds },
        "out": args.out.as_ref().map(|path| path.display().to_string()),
    })
}
