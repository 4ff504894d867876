//! The funnel: what beats the tuned baseline on one stage goes on to the next.

use std::sync::Arc;

use hatchery_engine::{StopFlag, Trainable};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Interrupted, Paired, Rule, Tuning, go_on, paired, tune};
use crate::program::interpret::Plan;
use crate::program::training::{Limits, Purpose, Suite};
use crate::program::{Graph, Program, Signature};

/// A program that enters the funnel.
#[derive(Clone, Debug)]
pub struct Contender {
    /// Its canonical hash when it entered; it keeps that name while its literals are tuned.
    pub hash: u128,
    /// It.
    pub program: Program,
}

/// How one program did on a stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// See [`Contender::hash`], as 32 hexadecimal digits.
    pub hash: String,
    /// With the literals of this stage; as it came, if no draw had a score.
    pub program: Program,
    /// Mean ratio to the reference over the seeds of the stage; none if it failed.
    pub ratio: Option<f64>,
    /// Its ratio minus that of the baseline, over the same seeds.
    pub difference: Option<Paired>,
    /// Whether it goes on: the whole interval is below 0.
    pub passed: bool,
}

/// One stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Its proxies.
    pub proxies: Vec<String>,
    /// Programs that came in.
    pub entered: u32,
    /// Programs that went on.
    pub passed: u32,
    /// Mean ratio of the tuned baseline.
    pub baseline: Option<f64>,
    /// Every program, best first, failures last.
    pub standings: Vec<Standing>,
}

/// Set of seeds of tuning on stage `s` is `TUNING_SET + 2 s`, and the one after it is of the comparison.
const TUNING_SET: u64 = 100;

/// Sends programs through stages of proxies. Before each comparison every program and the baseline are tuned with the same number of draws
/// (`draws`, by `tuning_seeds` seeds), then compared on `seeds` fresh ones. Ends early if nothing is left.
///
/// # Errors
/// If it was interrupted.
pub fn funnel(
    contenders: Vec<Contender>,
    signature: &Signature,
    baseline: &Rule,
    stages: &[Vec<Arc<dyn Trainable>>],
    (draws, tuning_seeds, seeds): (u32, u32, u32),
    limits: Limits,
    stop: &StopFlag,
) -> Result<Vec<Stage>, Interrupted> {
    let mut left = contenders;
    let mut done = Vec::new();
    for (number, proxies) in stages.iter().enumerate() {
        if left.is_empty() {
            break;
        }
        let suite = Suite::new(proxies.clone(), signature.clone(), limits);
        suite.prepare();
        let set = TUNING_SET + 2 * number as u64;
        let tuned = |program: &Program, signature: &Signature, name: u128| {
            go_on(stop)?;
            let seed = set << 32 ^ (name as u64) ^ (name >> 64) as u64;
            let score = |program: &Program| {
                go_on(stop).ok()?;
                let ratios = ratios(program, signature, &suite, set, tuning_seeds)?;
                Some(ratios.iter().sum::<f64>() / ratios.len() as f64)
            };
            let tuned = tune(program, Tuning { draws, seed }, score);
            go_on(stop)?;
            let tuned = tuned.map_or_else(|| program.clone(), |tuned| tuned.program);
            let final_ratios = ratios(&tuned, signature, &suite, set + 1, seeds);
            Ok((tuned, final_ratios))
        };
        let (_, of_baseline) = tuned(&baseline.program, &baseline.signature, 0)?;
        let of_baseline = of_baseline.as_deref();
        let mut standings = left
            .par_iter()
            .map(|contender| {
                let (program, ratios) = tuned(&contender.program, signature, contender.hash)?;
                let mean = |ratios: &[f64]| ratios.iter().sum::<f64>() / ratios.len() as f64;
                // A baseline that fails where a program does not is beaten.
                let difference = ratios.as_deref().zip(of_baseline).map(|(a, b)| paired(a, b));
                let passed = match (&ratios, of_baseline) {
                    (Some(_), None) => true,
                    _ => difference.is_some_and(|difference| difference.is_below()),
                };
                let hash = format!("{:032x}", contender.hash);
                let ratio = ratios.as_deref().map(mean);
                Ok(Standing { hash, program, ratio, difference, passed })
            })
            .collect::<Result<Vec<Standing>, Interrupted>>()?;
        let rank = |standing: &Standing| standing.ratio.unwrap_or(f64::INFINITY);
        standings.sort_by(|a, b| rank(a).total_cmp(&rank(b)).then(a.hash.cmp(&b.hash)));
        let entered = left.len() as u32;
        let hashes: Vec<u128> = left.iter().map(|contender| contender.hash).collect();
        left = standings
            .iter()
            .filter(|standing| standing.passed)
            .map(|standing| Contender {
                hash: hashes
                    .iter()
                    .copied()
                    .find(|hash| format!("{hash:032x}") == standing.hash)
                    .expect("it came in under that name"),
                program: standing.program.clone(),
            })
            .collect();
        let baseline = of_baseline.map(|all| all.iter().sum::<f64>() / all.len() as f64);
        let passed = left.len() as u32;
        done.push(Stage { proxies: suite.names(), entered, passed, baseline, standings });
    }
    Ok(done)
}

/// Mean over the proxies of loss / mean loss of the reference, for each seed of a set. None if a training fails.
fn ratios(
    program: &Program,
    signature: &Signature,
    suite: &Suite,
    set: u64,
    seeds: u32,
) -> Option<Vec<f64>> {
    let graph = Graph::of(program, signature).ok()?;
    let plan = Plan::compile(&graph, signature);
    let proxies = suite.proxies().len();
    let mut ratios = vec![0.0; seeds as usize];
    for proxy in 0..proxies {
        let reference = suite.reference_loss(proxy, Purpose::Selection, set, seeds);
        let losses = suite.losses(&plan, proxy, Purpose::Selection, set, seeds).ok()?;
        for (ratio, loss) in ratios.iter_mut().zip(losses) {
            *ratio += loss / reference / proxies as f64;
        }
    }
    Some(ratios)
}
