//! `hatchery program score`: an optimizer on small trainings, with seeds and data that only reports use.

use anyhow::{Result, anyhow, bail};
use hatchery_search::program::interpret::Plan;
use hatchery_search::program::training::{Failure, Limits, Purpose, Suite};
use hatchery_search::program::{Graph, Liveness};
use rayon::prelude::*;
use serde_json::{Value, json};

use super::{Source, print, proxies};
use crate::cli::args::ScoreArgs;
use crate::cli::{Outcome, usage};

/// Set of seeds of this command.
const SET: u64 = 0;

pub(super) fn run(args: &ScoreArgs) -> Result<Outcome> {
    let source = Source::read(&args.source)?;
    if !source.signature.is_optimizer() {
        return Err(usage(anyhow!("a formula trains nothing: only optimizers have a score")));
    }
    let proxies = proxies(&[&args.proxy])?;
    let suite = Suite::new(proxies, source.signature.clone(), Limits::default());
    let graph = Graph::of(&source.program, &source.signature)?;
    let plan = Plan::compile(&graph, &source.signature);
    let purpose = Purpose::Report;
    let loss = |index: u32| suite.loss(&plan, 0, purpose, purpose.seed(SET, index));
    let losses: Vec<Result<f64, Failure>> = (0..args.seeds).into_par_iter().map(loss).collect();
    let live = Liveness::of(&source.program, &source.signature);
    let mut object = json!({
        "proxy": suite.names()[0],
        "seeds": args.seeds,
        "states": graph.states.len(),
        "live_statements": live.live_statements(),
        "statements": source.program.statements.len(),
        "hash": Source::hash(&source.program, &source.signature),
    });
    let failed: Vec<(usize, Failure)> = losses
        .iter()
        .enumerate()
        .filter_map(|(index, loss)| loss.as_ref().err().map(|failure| (index, *failure)))
        .collect();
    if let Some((index, failure)) = failed.first() {
        if args.json {
            object["failure"] = json!(failure);
            object["failed_seeds"] = json!(failed.len());
            print(&object.to_string())?;
        }
        bail!(
            "{} on {} of {} seeds of {} (first: seed {index})",
            failure.name(),
            failed.len(),
            args.seeds,
            suite.names()[0]
        );
    }
    let losses: Vec<f64> = losses.into_iter().flatten().collect();
    let count = losses.len() as f64;
    let mean = losses.iter().sum::<f64>() / count;
    let variance = losses.iter().map(|loss| (loss - mean).powi(2)).sum::<f64>() / (count - 1.0);
    // One seed has no spread.
    let error = (losses.len() > 1).then(|| (variance / count).sqrt());
    let reference = suite.reference_loss(0, purpose, SET, args.seeds);
    object["loss"] = json!(mean);
    object["standard_error"] = error.map_or(Value::Null, Value::from);
    object["reference_loss"] = json!(reference);
    object["ratio"] = json!(mean / reference);
    object["losses"] = json!(losses);
    if args.json {
        return print(&object.to_string()).map(|()| Outcome::Done);
    }
    let spread = error.map_or(String::new(), |error| format!(" ± {error:.4} (standard error)"));
    print(&format!(
        "loss        {mean:.4}{spread} on the test part of {}, {} seeds\n\
         ratio       {:.4} to AdamW with the best of six step sizes ({reference:.4})\n\
         program     {} of {} statements matter, {} carried states\n\
         hash        {}",
        suite.names()[0],
        args.seeds,
        mean / reference,
        live.live_statements(),
        source.program.statements.len(),
        graph.states.len(),
        Source::hash(&source.program, &source.signature),
    ))?;
    Ok(Outcome::Done)
}
