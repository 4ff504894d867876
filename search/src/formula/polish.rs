//! The last fitting of constants: every formula of the front, until nothing is gained any more.

use rayon::prelude::*;

use super::complexity::Weighing;
use super::constants::{self, Fit};
use super::machine::Machine;
use super::{Entry, Expression, Front, Regression, Simplifier};

/// Steps of one formula, at most, and how many rows times steps that may be.
const STEPS: (usize, usize) = (200, 4_000_000);

/// A front whose constants are fitted to the end: no step of the method of Levenberg and Marquardt makes any formula better by more
/// than 10⁻⁶ of its loss. Formulas never get worse. Of the others, which a simpler one beats, constants stay as they are.
pub(super) fn polished(
    front: &Front,
    task: &Regression,
    target: usize,
    weighing: &Weighing,
    simplifier: Simplifier,
    keep: usize,
) -> Front {
    let all = front.pareto();
    let (most, work) = STEPS;
    let steps = (work / task.table().rows()).clamp(10, most) as u32;
    let better: Vec<Entry> = all
        .par_iter()
        .map(|entry| {
            let mut machine = Machine::new(task.table());
            let mut best = (*entry).clone();
            let simple = Expression::of(simplifier.simplify(entry.expression.nodes()));
            for start in [entry.expression.clone(), simple] {
                let mut expression = start;
                let fit = Fit { target, scaling: false, steps, enough: 0.0 };
                constants::fit(&mut machine, &mut expression, fit);
                machine.load(&expression);
                let loss = machine.exact_loss(target, 0.0, 1.0);
                let complexity = weighing.of(expression.nodes());
                let simpler = complexity < best.complexity && loss <= best.loss * (1.0 + 1e-6);
                if (loss < best.loss && complexity <= best.complexity) || simpler {
                    best = Entry { expression, complexity, loss, ticket: entry.ticket };
                }
            }
            best
        })
        .collect();
    let mut polished = front.clone();
    for entry in better {
        polished.offer(entry, keep);
    }
    polished
}
