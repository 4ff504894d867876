//! What a program costs: what simplification makes smaller.

use egg::{EGraph, Id, Language};

use super::term::{Facts, Term};
use crate::program::{Graph, Kind, Origin, Signature, Variable};

/// Half a statement, with room below for what decides between equals.
const HALF: u64 = 1 << 20;

/// Cost of a graph: statements + 2 for each state that is carried + ½ for each literal.
pub fn cost(graph: &Graph) -> f64 {
    let literals = graph.nodes.iter().flat_map(|node| node.args());
    let literals = literals.filter(|arg| graph.nodes[**arg as usize].constant().is_some()).count();
    graph.calls() as f64 + 2.0 * graph.states.len() as f64 + 0.5 * literals as f64
}

/// Cost of a graph with what decides between equals: fewer operations on trees, shorter chains, averages with the state second.
pub(super) fn fine_cost(graph: &Graph, signature: &Signature) -> u64 {
    let mut total = 4 * HALF * graph.states.len() as u64;
    for node in &graph.nodes {
        if !matches!(node.origin, Origin::Call(..)) {
            continue;
        }
        let of = |value: &u32| {
            let arg = &graph.nodes[*value as usize];
            match arg.origin {
                Origin::Constant(_) => Arg::Number,
                Origin::Input(variable) if is_state(signature, variable) => Arg::State,
                Origin::Input(_) => Arg::Input,
                Origin::Call(..) => Arg::Call,
            }
        };
        let args: Vec<Arg> = node.args().iter().map(of).collect();
        total += call_cost(node.kind, &args);
    }
    total
}

pub(super) fn is_state(signature: &Signature, variable: Variable) -> bool {
    signature.states().iter().any(|(state, _)| *state == variable)
}

/// What an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arg {
    Number,
    State,
    Input,
    Call,
}

fn call_cost(kind: Kind, args: &[Arg]) -> u64 {
    let count = |what: Arg| args.iter().filter(|arg| **arg == what).count() as u64;
    let turned = args.len() == 3 && args[0] == Arg::State && args[1] != Arg::State;
    2 * HALF
        + HALF * count(Arg::Number)
        + 16 * u64::from(kind != Kind::Scalar)
        + 4 * count(Arg::Call)
        + u64::from(turned)
}

/// Cost of one term of a class, without its arguments; states cost where they are read.
pub(super) fn term_cost(
    graph: &EGraph<Term, Facts>,
    signature: &Signature,
    class: Id,
    term: &Term,
) -> u64 {
    let of = |id: &Id| {
        let class = &graph[*id];
        if class.data.number.is_some() && class.nodes.iter().any(|n| matches!(n, Term::Number(_))) {
            return Arg::Number;
        }
        class
            .nodes
            .iter()
            .find_map(|node| match node {
                Term::Input(variable) if is_state(signature, *variable) => Some(Arg::State),
                Term::Input(_) => Some(Arg::Input),
                _ => None,
            })
            .unwrap_or(Arg::Call)
    };
    match term {
        Term::Number(_) => 0,
        Term::Input(variable) if is_state(signature, *variable) => 4 * HALF,
        Term::Input(_) => 0,
        Term::Call(..) => {
            let args: Vec<Arg> = term.children().iter().map(of).collect();
            call_cost(graph[class].data.kind, &args)
        }
    }
}
