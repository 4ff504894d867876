//! All steps, and the list of what each has done.

use serde::Serialize;

use super::cost::fine_cost;
use super::numeric::{Tolerance, reduce};
use super::rewrite::{Rewritten, rewrite};
use super::states::eliminate;
use super::{cost, explain};
use crate::program::export::Expression;
use crate::program::training::Failure;
use crate::program::{Graph, Names, Operations, Program, Signature};

/// How far rewriting goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Terms of the e-graph.
    pub terms: usize,
    /// Times that all rules are applied.
    pub rounds: usize,
}

impl Default for Effort {
    /// 10,000 terms in 12 rounds: some tenths of a second.
    fn default() -> Self {
        Self { terms: 10_000, rounds: 12 }
    }
}

/// What one step has done.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// Which step.
    pub name: &'static str,
    /// Statements before and after.
    pub statements: (usize, usize),
    /// Carried states before and after.
    pub states: (usize, usize),
    /// Which lines went and why.
    pub notes: Vec<String>,
}

/// A program and how it came to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Simplified {
    /// It, in canonical form: the first state is `v1`.
    pub program: Program,
    /// What each step did that did something.
    pub steps: Vec<Step>,
    /// Cost before and after.
    pub cost: (f64, f64),
    /// The rule in words, where it was recognised.
    pub explanation: Vec<String>,
}

/// Simplifies without scores: nothing goes that could change a result.
///
/// A program with a function of constants that is not finite comes back without its dead statements.
pub fn simplify(program: &Program, signature: &Signature, effort: Effort) -> Simplified {
    let mut work = Work::new(program, signature, effort);
    work.exact();
    work.finish(program)
}

/// Simplifies a formula as [`simplify`] does, but to calls of these operations only; those of the formula should be among them.
pub(crate) fn simplify_formula(
    program: &Program,
    signature: &Signature,
    effort: Effort,
    operations: &Operations,
) -> Program {
    let mut work = Work::new(program, signature, effort);
    work.operations = Some(operations);
    work.exact();
    work.program
}

/// Simplifies with scores: statements that hardly change them go as well. Larger scores are better, one for each seed.
///
/// # Errors
/// Why the program itself has no scores.
pub fn simplify_scored<S>(
    program: &Program,
    signature: &Signature,
    effort: Effort,
    tolerance: Tolerance,
    score: S,
) -> Result<Simplified, Failure>
where
    S: Fn(&Program) -> Result<Vec<f64>, Failure>,
{
    let mut work = Work::new(program, signature, effort);
    // Equal forms first: fewer statements to try.
    work.exact();
    let (program_left, removals) = reduce(&work.program, signature, tolerance, score)?;
    let notes = removals
        .iter()
        .map(|r| {
            format!(
                "{}: {} instead changes the scores by {:+.2} %",
                r.line,
                r.instead,
                100.0 * r.change
            )
        })
        .collect();
    work.step("numeric", program_left, notes);
    work.exact();
    Ok(work.finish(program))
}

struct Work<'a> {
    program: Program,
    signature: &'a Signature,
    effort: Effort,
    operations: Option<&'a Operations>,
    steps: Vec<Step>,
}

/// Statements and carried states as written.
fn sizes(program: &Program, signature: &Signature) -> (usize, usize) {
    (program.statements.len(), crate::program::Liveness::of(program, signature).live_states())
}

impl<'a> Work<'a> {
    fn new(program: &Program, signature: &'a Signature, effort: Effort) -> Self {
        let program_now = program.clone();
        let mut work =
            Self { program: program_now, signature, effort, operations: None, steps: Vec::new() };
        let live = crate::program::Liveness::of(program, signature);
        let mut names = Names::of(signature);
        names.complete(program, signature);
        let dead = program.statements.iter().zip(&live.statements).filter(|(_, live)| !**live);
        let notes = dead
            .map(|(statement, _)| {
                format!("{}: nothing depends on it", program.line(statement, &names))
            })
            .collect();
        work.step("dead", program.without_dead(signature), notes);
        work
    }

    /// Takes a program over, if it is another.
    fn step(&mut self, name: &'static str, program: Program, notes: Vec<String>) {
        if program.statements == self.program.statements && notes.is_empty() {
            return;
        }
        let (before, after) =
            (sizes(&self.program, self.signature), sizes(&program, self.signature));
        if before != after || !notes.is_empty() {
            let statements = (before.0, after.0);
            self.steps.push(Step { name, statements, states: (before.1, after.1), notes });
        }
        self.program = program;
    }

    fn canonical(&self, program: &Program) -> Option<Program> {
        Some(Graph::of(program, self.signature).ok()?.program(self.signature))
    }

    /// Rewrites and eliminates states until neither makes the program cheaper.
    fn exact(&mut self) {
        let Some(canonical) = self.canonical(&self.program) else { return };
        self.step("identities", canonical, Vec::new());
        loop {
            let known = self.fine();
            let found = self.rewritten();
            if let Some(program) = found.program.and_then(|program| self.canonical(&program)) {
                let gone = self.gone(&program);
                self.step("rewrites", program, gone.into_iter().chain([found.note]).collect());
            }
            if let Some((program, why)) = eliminate(&self.program, self.signature)
                && let Some(program) = self.canonical(&program)
            {
                let before = self.program.clone();
                let steps = self.steps.len();
                self.step("states", program, vec![why]);
                // A state less may cost more statements than it is worth; then it stays.
                let shorter = self.rewritten();
                if let Some(program) = shorter.program.and_then(|p| self.canonical(&p)) {
                    let gone = self.gone(&program);
                    self.step("rewrites", program, gone);
                }
                if self.fine() >= known {
                    self.program = before;
                    self.steps.truncate(steps);
                }
            }
            if self.fine() >= known {
                return;
            }
        }
    }

    fn rewritten(&self) -> Rewritten {
        rewrite(&self.program, self.signature, self.effort, self.operations)
    }

    fn fine(&self) -> u64 {
        Graph::of(&self.program, self.signature)
            .map_or(u64::MAX, |graph| fine_cost(&graph, self.signature))
    }

    /// The results that are computed otherwise now: before and after.
    fn gone(&self, new: &Program) -> Vec<String> {
        let of = |program: &Program| -> Vec<(String, String)> {
            let Ok(graph) = Graph::of(program, self.signature) else { return Vec::new() };
            let text = |value| Expression::of(&graph, value).text(self.signature);
            let outputs = self.signature.outputs().iter().zip(&graph.outputs);
            let states = graph.states.iter().map(|state| {
                let name = &self.signature.inputs()[state.variable as usize].name;
                (name.clone(), text(state.result))
            });
            outputs.map(|((_, name), value)| (name.clone(), text(*value))).chain(states).collect()
        };
        let (old, new) = (of(&self.program), of(new));
        old.iter()
            .zip(&new)
            .filter(|(old, new)| old != new)
            .map(|((name, old), (_, new))| format!("{name} = {old}  →  {new}"))
            .collect()
    }

    fn finish(self, original: &Program) -> Simplified {
        let of = |program: &Program| {
            Graph::of(program, self.signature).map_or(f64::INFINITY, |graph| cost(&graph))
        };
        let explanation = explain(&self.program, self.signature);
        let cost = (of(original), of(&self.program));
        Simplified { program: self.program, steps: self.steps, cost, explanation }
    }
}
