//! Fewer states: one that is always a multiple of the other, or always zero.
//!
//! States begin at zero. If both are linear in the gradients in the same proportion at every step, v₂ = k v₁ holds throughout, and
//! every reading of v₂ can be one of k v₁. So is a state that never leaves zero (k = 0). The factor is measured on a run with
//! random gradients, and the program without the state must agree with the original on runs from zero.
//!
//! A state that the next step would overwrite before it is read is not carried in the first place (`Liveness`), so Lion written with
//! an average `m` and a state made of `m` has one state once the nested averages are merged, which the rewrites do.

use super::reals::{From, PROTECTION, Reals, agree, run};
use crate::program::{Argument, Dice, Graph, Kind, Operation, Program, Signature, Variable};

/// Steps of the run that proportions are measured on.
const STEPS: usize = 5;
/// Places of its trees.
const PLACES: usize = 12;
/// Largest relative spread of the measured factor.
const SPREAD: f64 = 1e-6;

/// The program with one state less, and why; none if no state is a multiple of another.
pub(super) fn eliminate(program: &Program, signature: &Signature) -> Option<(Program, String)> {
    let graph = Graph::of(program, signature).ok()?;
    let carried: Vec<Variable> = graph.states.iter().map(|state| state.variable).collect();
    let history = history(program, signature)?;
    let index = |variable: Variable| signature.states().iter().position(|(v, _)| *v == variable);
    let name = |variable: Variable| signature.inputs()[variable as usize].name.clone();
    for &gone in &carried {
        let of_gone = &history[index(gone)?];
        let zero = of_gone.iter().all(|x| *x == 0.0);
        let others = carried.iter().filter(|kept| **kept != gone);
        let candidates: Vec<(Option<Variable>, f64)> = match zero {
            true => vec![(None, 0.0)],
            false => others
                .filter_map(|kept| Some((Some(*kept), factor(of_gone, &history[index(*kept)?])?)))
                .collect(),
        };
        for (kept, factor) in candidates {
            let without = substitute(program, gone, kept, factor as f32);
            if Graph::of(&without, signature).is_ok_and(|g| g.states.len() < graph.states.len())
                && agree(program, &without, signature, From::Zeros, PROTECTION)
            {
                let why = match kept {
                    Some(kept) => {
                        format!("{} is always {} {}", name(gone), factor as f32, name(kept))
                    }
                    None => format!("{} never leaves zero", name(gone)),
                };
                return Some((without, why));
            }
        }
    }
    None
}

/// All values of each state along a run.
fn history(program: &Program, signature: &Signature) -> Option<Vec<Vec<f64>>> {
    let mut dice = Dice::new(0, 0, 0x52);
    let mut draw = || Reals::tree((0..PLACES).map(|_| 0.3 * dice.normal()).collect());
    let states = signature.states().len();
    let mut history = vec![Vec::new(); states];
    let mut carried = vec![Reals::tree(vec![0.0; PLACES]); states];
    for step in 0..STEPS {
        let mut next = carried.iter().cloned();
        let inputs: Vec<Reals> = signature
            .inputs()
            .iter()
            .enumerate()
            .map(|(variable, input)| {
                let state = signature.states().iter().any(|(v, _)| *v as usize == variable);
                match (input.kind, state) {
                    (Kind::Tree, true) => next.next().expect("one for each state"),
                    (Kind::Tree, false) => draw(),
                    _ => Reals::scalar(0.9 - 0.1 * step as f64),
                }
            })
            .collect();
        let results = run(program, signature, &[PLACES], PROTECTION, &inputs);
        carried = results[signature.outputs().len()..].to_vec();
        for (history, state) in history.iter_mut().zip(&carried) {
            history.extend(&state.numbers);
        }
    }
    history.iter().flatten().all(|x: &f64| x.is_finite()).then_some(history)
}

/// k with a = k b everywhere.
fn factor(a: &[f64], b: &[f64]) -> Option<f64> {
    let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    let k = dot(a, b) / dot(b, b);
    let k: f64 = format!("{k:.6e}").parse().ok()?;
    let size = a.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    let near = a.iter().zip(b).all(|(a, b)| (a - k * b).abs() <= SPREAD * size);
    (near && k.is_finite()).then_some(k)
}

/// Reads `factor · kept` at the beginning instead of `gone`.
fn substitute(program: &Program, gone: Variable, kept: Option<Variable>, factor: f32) -> Program {
    let mut changed = Program { statements: Vec::new(), constants: program.constants.clone() };
    let by = changed.literal(factor);
    let from = Argument::Variable(kept.unwrap_or(gone));
    changed.push(Operation::Multiply, gone, &[from, by]);
    changed.statements.extend(&program.statements);
    if kept.is_none() {
        // A tree of zeros that does not read the state.
        let zero = changed.literal(0.0);
        let weights = Argument::Variable(0);
        changed.statements[0] =
            crate::program::Statement::new(Operation::Multiply, gone, &[weights, zero]);
    }
    changed.tidy_constants();
    changed
}
