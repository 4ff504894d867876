//! Nested expressions in the syntax of program text: it can be read back.

use std::fmt::Write as _;

use super::expression::{Block, Expression, local_name};
use crate::program::Signature;

pub(super) fn write(block: &Block, signature: &Signature, head: &[String]) -> String {
    let mut text = String::new();
    for line in head {
        let _ = writeln!(text, "# {line}");
    }
    let inputs: Vec<&str> = signature.inputs().iter().map(|input| input.name.as_str()).collect();
    let _ = writeln!(text, "def train({}):", inputs.join(", "));
    let mut line = |target: &str, value: &Expression| {
        let _ = writeln!(text, "    {target} = {}", value.text(signature));
    };
    for (index, local) in block.locals.iter().enumerate() {
        line(&local_name(index), &local.value);
    }
    for ((_, name), value) in signature.outputs().iter().zip(&block.outputs) {
        line(name, value);
    }
    // States change all at once: what another state still reads is set aside.
    let name = |variable: u16| signature.inputs()[variable as usize].name.as_str();
    let mut late = Vec::new();
    for (index, (variable, value)) in block.states.iter().enumerate() {
        let read_later = block.states[index + 1..].iter().any(|(_, later)| {
            let mut reads = Vec::new();
            Block::reads(later, &mut reads);
            reads.contains(&&Expression::Input(*variable))
        });
        if read_later {
            let aside = format!("next_{}", name(*variable));
            line(&aside, value);
            late.push(format!("    {} = {aside}\n", name(*variable)));
        } else {
            line(name(*variable), value);
        }
    }
    text.push_str(&late.concat());
    let results: Vec<&str> = signature.results().iter().map(|(_, name)| name.as_str()).collect();
    let _ = writeln!(text, "    return {}", results.join(", "));
    text
}
