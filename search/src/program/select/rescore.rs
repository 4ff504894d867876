//! The archive once more, on seeds that no search used: with one or two seeds the order of the best is noise.

use hatchery_engine::StopFlag;
use rayon::prelude::*;

use super::{Interrupted, go_on};
use crate::program::interpret::Plan;
use crate::program::training::{Purpose, Suite};
use crate::program::{Graph, Program, Signature};

/// The set of seeds of rescoring.
const SET: u64 = 2;

/// Programs with their mean ratio over fresh seeds, best first; those that fail are left out. Of equals the one that came first.
///
/// # Errors
/// If it was interrupted.
pub fn rescore(
    programs: &[Program],
    suite: &Suite,
    signature: &Signature,
    seeds: u32,
    stop: &StopFlag,
) -> Result<Vec<(f64, Program)>, Interrupted> {
    let proxies = suite.proxies().len();
    let one = |program: &Program| {
        go_on(stop)?;
        let Ok(graph) = Graph::of(program, signature) else { return Ok(None) };
        let plan = Plan::compile(&graph, signature);
        let ratio = |proxy| suite.ratio(&plan, proxy, Purpose::Selection, SET, seeds).ok();
        let total = (0..proxies).map(ratio).sum::<Option<f64>>();
        Ok(total.map(|total| (total / proxies as f64, program.clone())))
    };
    let scored = programs.par_iter().map(one).collect::<Result<Vec<_>, Interrupted>>()?;
    let mut scored: Vec<(f64, Program)> = scored.into_iter().flatten().collect();
    scored.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(scored)
}
