//! Rules against each other on proxies that nothing before has seen.

use std::sync::Arc;

use hatchery_engine::{StopFlag, Trainable};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Interrupted, Paired, Rule, Tuned, Tuning, go_on, paired, tune};
use crate::program::interpret::Plan;
use crate::program::training::{Limits, Purpose, Suite};
use crate::program::{Graph, Program, Signature};

/// One rule on one proxy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Name of the rule.
    pub rule: String,
    /// With the literals that were best for this proxy; none if no draw had a score.
    pub tuned: Option<Program>,
    /// Test loss of each seed; none if a training failed.
    pub losses: Option<Vec<f64>>,
    /// Mean test loss.
    pub mean: Option<f64>,
    /// Standard error of the mean.
    pub standard_error: Option<f64>,
    /// Its losses minus those of the second rule, over the same seeds.
    pub difference: Option<Paired>,
}

/// All rules on one proxy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// The proxy.
    pub proxy: String,
    /// The rules in the order in which they were given.
    pub rows: Vec<Row>,
}

/// Set of seeds of tuning for the report.
const TUNING_SET: u64 = 90;
/// Set of seeds of the report itself, under its own purpose.
const SET: u64 = 0;

/// Tunes every rule on every proxy with the same number of draws, on validation data, then takes test losses over fresh seeds.
/// Differences are taken to the second rule: give the discovered one first and the baseline second.
///
/// # Errors
/// If it was interrupted.
pub fn report(
    rules: &[Rule],
    proxies: &[Arc<dyn Trainable>],
    (draws, tuning_seeds, seeds): (u32, u32, u32),
    limits: Limits,
    stop: &StopFlag,
) -> Result<Vec<Table>, Interrupted> {
    let mut tables = Vec::new();
    for proxy in proxies {
        let suite = Suite::new(vec![proxy.clone()], Signature::optimizer(false), limits);
        let mut rows = rules
            .par_iter()
            .enumerate()
            .map(|(number, rule)| {
                go_on(stop)?;
                let tuning = Tuning { draws, seed: 0x5E1E_C700 ^ number as u64 };
                let score = |program: &Program| {
                    go_on(stop).ok()?;
                    let plan = compiled(program, &rule.signature)?;
                    let losses =
                        suite.losses(&plan, 0, Purpose::Selection, TUNING_SET, tuning_seeds);
                    losses.ok().map(|losses| mean(&losses))
                };
                let tuned: Option<Tuned> = tune(&rule.program, tuning, score);
                go_on(stop)?;
                let losses = tuned.as_ref().and_then(|tuned| {
                    let plan = compiled(&tuned.program, &rule.signature)?;
                    let one = |index: u32| {
                        suite.loss(&plan, 0, Purpose::Report, Purpose::Report.seed(SET, index))
                    };
                    (0..seeds).into_par_iter().map(one).collect::<Result<Vec<f64>, _>>().ok()
                });
                Ok(Row {
                    rule: rule.name.clone(),
                    tuned: tuned.map(|tuned| tuned.program),
                    mean: losses.as_deref().map(mean),
                    standard_error: losses.as_deref().map(standard_error),
                    losses,
                    difference: None,
                })
            })
            .collect::<Result<Vec<Row>, Interrupted>>()?;
        let baseline = rows.get(1).and_then(|row| row.losses.clone());
        for row in &mut rows {
            let both = row.losses.as_deref().zip(baseline.as_deref());
            row.difference = both.map(|(own, baseline)| paired(own, baseline));
        }
        tables.push(Table { proxy: proxy.name(), rows });
    }
    Ok(tables)
}

fn compiled(program: &Program, signature: &Signature) -> Option<Plan> {
    let graph = Graph::of(program, signature).ok()?;
    Some(Plan::compile(&graph, signature))
}

fn mean(losses: &[f64]) -> f64 {
    losses.iter().sum::<f64>() / losses.len() as f64
}

fn standard_error(losses: &[f64]) -> f64 {
    let (mean, count) = (mean(losses), losses.len() as f64);
    let variance = losses.iter().map(|loss| (loss - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (variance / count).sqrt()
}
