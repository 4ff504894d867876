//! Graphs back to programs.

use super::graph::{Graph, Origin, Value};
use super::{Argument, Operation, Program, Signature, Variable};

/// A statement for each call. Values that are read after a state is overwritten are kept in locals, and a result is assigned by the
/// statement that makes it where nothing stands against that.
pub(super) fn program(graph: &Graph, signature: &Signature) -> Program {
    let mut program = Program::default();
    let mut next = signature.first_local();
    let outputs = signature
        .outputs()
        .iter()
        .map(|(variable, _)| *variable)
        .zip(graph.outputs.iter().copied());
    let states = graph.states.iter().map(|carried| (carried.variable, carried.result));
    let results: Vec<(Variable, Value)> = outputs.chain(states).collect();
    // The last place where each value is read.
    let mut last_read = vec![0; graph.nodes.len()];
    for (index, node) in graph.nodes.iter().enumerate() {
        for arg in node.args() {
            last_read[*arg as usize] = index;
        }
    }
    let input = |variable: Variable| {
        graph.nodes.iter().position(|node| node.origin == Origin::Input(variable))
    };
    let is_result = |value: usize| results.iter().any(|(_, result)| *result as usize == value);
    let mut place = vec![Argument::Constant(0); graph.nodes.len()];
    let mut late = Vec::new();
    let mut done = vec![false; results.len()];
    for (index, node) in graph.nodes.iter().enumerate() {
        match node.origin {
            Origin::Input(variable) => place[index] = Argument::Variable(variable),
            // Each use writes its own.
            Origin::Constant(_) => {}
            Origin::Call(operation, _) => {
                let direct = results.iter().enumerate().find(|(number, (variable, value))| {
                    let old = input(*variable);
                    // The old value of the state must have been read for the last time, and not be a result itself.
                    let free = old.is_none_or(|old| last_read[old] <= index && !is_result(old));
                    *value as usize == index && free && !done[*number]
                });
                let target = match direct {
                    Some((number, (variable, _))) => {
                        done[number] = true;
                        *variable
                    }
                    None => {
                        next += 1;
                        next - 1
                    }
                };
                let args: Vec<Argument> = node
                    .args()
                    .iter()
                    .map(|arg| match graph.nodes[*arg as usize].constant() {
                        Some(number) => program.literal(number),
                        None => place[*arg as usize],
                    })
                    .collect();
                program.push(operation, target, &args);
                place[index] = Argument::Variable(target);
            }
        }
    }
    for (number, (variable, value)) in results.iter().enumerate() {
        if done[number] || place[*value as usize] == Argument::Variable(*variable) {
            continue;
        }
        late.push((*variable, *value));
    }
    // Copies last: first to locals, so that one cannot overwrite what the next reads.
    let copies = late.len() > 1;
    let mut moved = Vec::new();
    for (variable, value) in late {
        let from = match graph.nodes[value as usize].constant() {
            Some(number) => program.literal(number),
            None => place[value as usize],
        };
        let reads_state = matches!(graph.nodes[value as usize].origin, Origin::Input(_));
        let to = if copies && reads_state { next } else { variable };
        if to != variable {
            next += 1;
            moved.push((variable, to));
        }
        let zero = program.literal(0.0);
        program.push(Operation::Add, to, &[from, zero]);
    }
    for (variable, from) in moved {
        let zero = program.literal(0.0);
        program.push(Operation::Add, variable, &[Argument::Variable(from), zero]);
    }
    program.tidy_constants();
    program
}
