//! Statements whose removal hardly changes the result.
//!
//! A statement is replaced by one of its arguments of the same kind, or dropped where its target had a value before; the candidate
//! that changes the scores least goes first, and all are held against the scores of the program one began with, so that small
//! changes cannot add up. Chen et al. 2023 reach the same by going on with the search with insertion switched off.

use super::cost::cost;
use rayon::prelude::*;

use crate::program::interpret::Plan;
use crate::program::training::{Failure, Purpose, Suite};
use crate::program::{Argument, Graph, Kind, Operation, Origin, Program, Signature, optimizer};

/// When a statement may go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// Largest mean paired change of the scores, as a share of the mean size of the scores.
    pub change: f64,
    /// Let statements go whose removal makes the scores better by more than that. Off: who finds a better program has not simplified
    /// the one he had.
    pub better: bool,
    /// Let what reads the weights go or change. Off: a weight decay acts over more steps than a small proxy trains, so no such score
    /// can tell that it is useless.
    pub weights: bool,
}

impl Default for Tolerance {
    /// 0.1 %: on the digits perceptron `clip` and `arcsin` of the program that became Lion count for 0.01 %, its averages for 0.4 and
    /// 0.7 %. Scores are paired by seed, so changes of that size can be seen.
    fn default() -> Self {
        Self { change: 0.001, better: false, weights: false }
    }
}

/// A statement that went.
#[derive(Clone, Debug, PartialEq)]
pub struct Removal {
    /// The line.
    pub line: String,
    /// What its readers read now.
    pub instead: String,
    /// Mean change of the scores to those of the original, as a share of their mean size; larger is better.
    pub change: f64,
}

/// Removes statements while the scores stay; larger scores are better, one for each seed, the same seeds for each call.
///
/// # Errors
/// Why the program itself has no scores.
pub fn reduce<S>(
    program: &Program,
    signature: &Signature,
    tolerance: Tolerance,
    score: S,
) -> Result<(Program, Vec<Removal>), Failure>
where
    S: Fn(&Program) -> Result<Vec<f64>, Failure>,
{
    let original = score(program)?;
    let size = original.iter().map(|s| s.abs()).sum::<f64>() / original.len() as f64;
    let mut kept = program.without_dead(signature);
    let mut removals = Vec::new();
    loop {
        let mut best: Option<(Program, Removal)> = None;
        for (candidate, line, instead) in candidates(&kept, signature, tolerance) {
            let Ok(scores) = score(&candidate) else { continue };
            let pairs = scores.iter().zip(&original);
            let change = pairs.map(|(s, o)| s - o).sum::<f64>() / original.len() as f64 / size;
            let allowed =
                change >= -tolerance.change && (tolerance.better || change <= tolerance.change);
            let less = best.as_ref().is_none_or(|(_, known)| change.abs() < known.change.abs());
            if allowed && less {
                best = Some((candidate, Removal { line, instead, change }));
            }
        }
        let Some((candidate, removal)) = best else { return Ok((kept, removals)) };
        kept = candidate;
        removals.push(removal);
    }
}

/// Scores for [`reduce`] from trainings: for each seed −mean over proxies of loss / mean loss of `program` itself, on the seeds of a
/// set for selection.
///
/// # Errors
/// Why the program has no losses.
pub fn training_scores<'a>(
    suite: &'a Suite,
    program: &Program,
    set: u64,
    seeds: u32,
) -> Result<impl Fn(&Program) -> Result<Vec<f64>, Failure> + use<'a>, Failure> {
    let losses = move |program: &Program| -> Result<Vec<Vec<f64>>, Failure> {
        let graph = Graph::of(program, suite.signature()).map_err(|_| Failure::NotFinite)?;
        let plan = Plan::compile(&graph, suite.signature());
        let runs = (0..suite.proxies().len() * seeds as usize).into_par_iter();
        let losses = runs.map(|run| {
            let (proxy, index) = (run / seeds as usize, (run % seeds as usize) as u32);
            suite.loss(&plan, proxy, Purpose::Selection, Purpose::Selection.seed(set, index))
        });
        let losses: Vec<Result<f64, Failure>> = losses.collect();
        let losses = losses.into_iter().collect::<Result<Vec<f64>, Failure>>()?;
        Ok(losses.chunks(seeds as usize).map(<[f64]>::to_vec).collect())
    };
    let own = losses(program)?;
    let means: Vec<f64> =
        own.iter().map(|losses| losses.iter().sum::<f64>() / losses.len() as f64).collect();
    Ok(move |program: &Program| {
        let found = losses(program)?;
        let score = |seed: usize| {
            let ratios = found.iter().zip(&means).map(|(losses, mean)| losses[seed] / mean);
            -ratios.sum::<f64>() / means.len() as f64
        };
        Ok((0..seeds as usize).map(score).collect())
    })
}

/// Every cheaper program with one statement less: it, the line, and what is read instead.
fn candidates(
    program: &Program,
    signature: &Signature,
    tolerance: Tolerance,
) -> Vec<(Program, String, String)> {
    let Ok(graph) = Graph::of(program, signature) else { return Vec::new() };
    let mut names = crate::program::Names::of(signature);
    names.complete(program, signature);
    let mut seen = vec![graph.hash];
    let mut found = Vec::new();
    let mut add = |mut candidate: Program, index: usize, instead: String| {
        candidate.tidy_constants();
        if candidate.check(signature).is_err() {
            return;
        }
        let Ok(new) = Graph::of(&candidate, signature) else { return };
        let regular = signature.is_optimizer() && weight_terms(&graph) != weight_terms(&new);
        if seen.contains(&new.hash) || cost(&new) >= cost(&graph) || regular && !tolerance.weights {
            return;
        }
        seen.push(new.hash);
        let line = program.line(&program.statements[index], &names);
        found.push((new.program(signature), line, instead));
    };
    for (index, statement) in program.statements.iter().enumerate() {
        for argument in statement.args() {
            let mut candidate = program.clone();
            let zero = candidate.literal(0.0);
            candidate.statements[index] = crate::program::Statement::new(
                Operation::Add,
                statement.target,
                &[*argument, zero],
            );
            if matches!(argument, Argument::Constant(_)) && statement.args().len() == 3 {
                // The weight of a mean is not one of its values.
                continue;
            }
            let instead = match argument {
                Argument::Variable(variable) => names.get(*variable).to_owned(),
                Argument::Constant(_) => continue,
            };
            if same_kind(program, signature, index, *argument) {
                add(candidate, index, instead);
            }
        }
        let mut candidate = program.clone();
        candidate.statements.remove(index);
        let target = names.get(statement.target).to_owned();
        add(candidate, index, format!("{target} as it was"));
    }
    found
}

/// The calls that read the weights: operation and the constants beside them.
fn weight_terms(graph: &Graph) -> Vec<(Operation, Vec<u32>)> {
    let weights = Origin::Input(optimizer::WEIGHTS);
    let at = |value: &u32| &graph.nodes[*value as usize];
    let mut terms = Vec::new();
    for node in &graph.nodes {
        if let Origin::Call(operation, _) = node.origin
            && node.args().iter().any(|arg| at(arg).origin == weights)
        {
            let constants = node.args().iter().filter_map(|arg| at(arg).constant());
            terms.push((operation, constants.map(f32::to_bits).collect()));
        }
    }
    terms.sort_unstable();
    terms
}

/// Whether the argument of a statement is of the kind of its result.
fn same_kind(program: &Program, signature: &Signature, index: usize, argument: Argument) -> bool {
    let mut scope = crate::program::genome::Scope::new(signature);
    for (number, statement) in program.statements[..index].iter().enumerate() {
        if scope.follow(number, statement, program).is_err() {
            return false;
        }
    }
    let kind = match argument {
        Argument::Variable(variable) => scope.get(variable),
        Argument::Constant(_) => Some(Kind::Scalar),
    };
    let statement = &program.statements[index];
    scope.follow(index, statement, program).is_ok() && scope.get(statement.target) == kind
}
