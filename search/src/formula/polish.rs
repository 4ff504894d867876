//! What is done with a front at the end: its formulas become shorter, and their constants are fitted until nothing is gained any more.

use rayon::prelude::*;

use super::complexity::Weighing;
use super::constants::{self, Fit};
use super::machine::Machine;
use super::trim::{EXACT, trimmed};
use super::{Entry, Expression, Front, Node, Regression, Simplifier};
use crate::program::simplify::{Effort, simplify_formula};
use crate::program::{Operations, Signature};

/// Steps of one formula, at most, and how many rows times steps that may be.
const STEPS: (usize, usize) = (200, 4_000_000);
/// How far shorter forms are looked for: some hundredths of a second each.
const EFFORT: Effort = Effort { terms: 1500, rounds: 7 };

/// How formulas of a front are written, and what for.
#[derive(Debug)]
pub(super) struct Form<'a> {
    pub(super) task: &'a Regression,
    pub(super) target: usize,
    pub(super) weighing: &'a Weighing,
    pub(super) simplifier: Simplifier,
    pub(super) operations: Operations,
    /// Whether formulas are [trimmed].
    pub(super) trim: bool,
}

/// The front with shorter forms, trimmed, and with constants fitted to the end: no step of the method of Levenberg and Marquardt on
/// those that are not whole makes a formula better by more than 10⁻⁶ of its loss. Only what no simpler formula beats is left.
pub(super) fn polished(front: &Front, form: &Form<'_>) -> Front {
    let polish = |entry: &&Entry| {
        let mut machine = Machine::new(form.task.table());
        let mut best = fitted(&mut machine, entry, form);
        if !form.trim {
            return best;
        }
        loop {
            let trimmed = trimmed(&mut machine, best.clone(), form);
            if trimmed == best {
                return best;
            }
            // Whole numbers may have made more forms equal.
            let again = fitted(&mut machine, &trimmed, form);
            if again.complexity == best.complexity {
                return again;
            }
            best = again;
        }
    };
    let entries: Vec<Entry> = front.pareto().par_iter().map(polish).collect();
    let mut polished = Front::default();
    for entry in entries {
        polished.offer(entry, 1);
    }
    polished
}

/// The best of the formula and its shorter forms with their constants fitted; never worse than it was but by rounding errors.
fn fitted(machine: &mut Machine<'_>, entry: &Entry, form: &Form<'_>) -> Entry {
    let (most, work) = STEPS;
    let steps = (work / form.task.table().rows()).clamp(10, most) as u32;
    let itself = entry.expression.clone();
    let simple = Expression::of(form.simplifier.simplify(itself.nodes()));
    let short = equal(&itself, form);
    let mut best = entry.clone();
    for mut expression in [itself, simple].into_iter().chain(short) {
        let target = form.target;
        let fits = |dimensions: &super::Dimensions| dimensions.allow(&expression, false);
        if !form.task.dimensions(target).is_none_or(fits) {
            continue;
        }
        let whole_stay = form.trim;
        let fit = Fit { target, scaling: false, steps, enough: 0.0, whole_stay };
        constants::fit(machine, &mut expression, fit);
        machine.load(&expression);
        let loss = machine.exact_loss(target, 0.0, 1.0);
        let complexity = form.weighing.of(expression.nodes());
        let as_good = loss <= EXACT.max(best.loss * (1.0 + 1e-6));
        let simpler = complexity < best.complexity && as_good;
        if (loss < best.loss && complexity <= best.complexity) || simpler {
            best = Entry { expression, complexity, loss, ticket: entry.ticket };
        }
    }
    best
}

/// An equal formula of the same operations that the rules of the simplifier for programs lead to.
fn equal(formula: &Expression, form: &Form<'_>) -> Option<Expression> {
    let columns = form.task.table().columns().len();
    let names: Vec<String> = (0..columns).map(|column| format!("x{column}")).collect();
    let signature = Signature::formula(&names, "y");
    let program = formula.program(&signature);
    let shorter = simplify_formula(&program, &signature, EFFORT, &form.operations);
    let shorter = Expression::from_program(&shorter, &signature).ok()?;
    let allowed = |node: &Node| match node {
        Node::Call(operation) => form.operations.as_slice().contains(operation),
        _ => true,
    };
    (shorter.nodes().iter().all(allowed) && shorter != *formula).then_some(shorter)
}
