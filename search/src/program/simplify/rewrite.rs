//! Rewriting to a cheaper program that computes the same.

use std::collections::BTreeMap;
use std::time::Duration;

use egg::{EGraph, Id, Language, Runner, StopReason};

use super::Effort;
use super::cost::fine_cost;
use super::extract::{Choice, extract};
use super::reals::{From, PROTECTION, agree, decimal};
use super::rules::rewrites;
use super::term::{Facts, Term};
use crate::program::{
    Argument, Graph, Node, Operation, Operations, Origin, Program, Signature, Variable,
};

/// What came out of the rewriting of one program.
#[derive(Debug)]
pub(super) struct Rewritten {
    /// A cheaper program, if one was found; it agrees with the original.
    pub(super) program: Option<Program>,
    /// How far the rules were followed.
    pub(super) note: String,
}

/// The cheapest equal program that the rules lead to within the effort, made of these operations if some are named.
pub(super) fn rewrite(
    program: &Program,
    signature: &Signature,
    effort: Effort,
    operations: Option<&Operations>,
) -> Rewritten {
    let Ok(graph) = Graph::of(program, signature) else {
        return Rewritten { program: None, note: String::new() };
    };
    let mut note = String::new();
    // With all rules, and if that was not the same program, with the exact ones; without a protected division these are all.
    let divides = |node: &Node| matches!(node.origin, Origin::Call(Operation::Divide, _));
    let ways: &[bool] = if graph.nodes.iter().any(divides) { &[true, false] } else { &[false] };
    for &protected in ways {
        let facts = Facts::new(signature, operations);
        let (runner, roots) = saturate(&graph, signature, effort, (facts, protected));
        note = format!(
            "{} equal values in {} classes, {}",
            runner.egraph.total_size(),
            runner.egraph.number_of_classes(),
            match runner.stop_reason {
                Some(StopReason::Saturated) => "all that the rules lead to",
                _ => "stopped at the limit",
            }
        );
        let Some(found) = cheapest(&runner.egraph, &graph, signature, &roots) else { continue };
        // What is equal but for the protection of the division is compared without it.
        let protection = if protected { 0.0 } else { PROTECTION };
        let same = |from| agree(program, &found, signature, from, protection);
        if same(From::AnyStates) && same(From::Zeros) {
            return Rewritten { program: Some(found), note };
        }
    }
    Rewritten { program: None, note }
}

fn saturate(
    graph: &Graph,
    signature: &Signature,
    effort: Effort,
    (facts, protected): (Facts, bool),
) -> (Runner<Term, Facts>, Vec<Id>) {
    let mut terms = EGraph::new(facts.clone());
    let mut ids: Vec<Id> = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        let term = match node.origin {
            Origin::Input(variable) => Term::Input(variable),
            Origin::Constant(bits) => Term::number(decimal(f32::from_bits(bits))),
            Origin::Call(operation, _) => {
                let args: Vec<Id> = node.args().iter().map(|arg| ids[*arg as usize]).collect();
                Term::call(operation, &args)
            }
        };
        ids.push(terms.add(term));
    }
    let results = graph.outputs.iter().chain(graph.states.iter().map(|state| &state.result));
    let roots: Vec<Id> = results.map(|value| ids[*value as usize]).collect();
    // Limits that are counted, not timed: the result must not depend on the machine.
    let runner = Runner::<Term, Facts>::new(facts)
        .with_egraph(terms)
        .with_node_limit(effort.terms)
        .with_iter_limit(effort.rounds)
        .with_time_limit(Duration::from_secs(86_400))
        .run(&rewrites(!signature.is_optimizer(), protected));
    (runner, roots)
}

/// The cheapest of the programs that the orders of the results give, if it is cheaper than the graph.
fn cheapest(
    terms: &EGraph<Term, Facts>,
    graph: &Graph,
    signature: &Signature,
    roots: &[Id],
) -> Option<Program> {
    let backwards: Vec<Id> = roots.iter().rev().copied().collect();
    let mut best: Option<(u64, Program)> = None;
    for order in [roots, &backwards] {
        let Some(choice) = extract(terms, signature, order) else { continue };
        let program = build(terms, &choice, graph, signature, roots);
        if program.check(signature).is_err() {
            continue;
        }
        let Ok(built) = Graph::of(&program, signature) else { continue };
        let cost = fine_cost(&built, signature);
        if best.as_ref().is_none_or(|(known, _)| cost < *known) {
            best = Some((cost, program));
        }
    }
    best.filter(|(cost, _)| *cost < fine_cost(graph, signature)).map(|(_, program)| program)
}

fn build(
    terms: &EGraph<Term, Facts>,
    choice: &Choice,
    graph: &Graph,
    signature: &Signature,
    roots: &[Id],
) -> Program {
    let mut builder = Builder {
        terms,
        choice,
        program: Program::default(),
        next: signature.first_local(),
        places: BTreeMap::new(),
    };
    let places: Vec<Argument> = roots.iter().map(|root| builder.visit(*root)).collect();
    let outputs = signature.outputs().iter().map(|(variable, _)| *variable);
    let results = outputs.chain(graph.states.iter().map(|state| state.variable));
    // Two rounds, since a result may be a state that is about to be overwritten.
    let mut moves: Vec<(Variable, Variable)> = Vec::new();
    for (variable, place) in results.zip(places) {
        let local = builder.next;
        builder.next += 1;
        let zero = builder.program.literal(0.0);
        let place = match place {
            Argument::Constant(index) => {
                builder.program.literal(builder.program.constants[index as usize])
            }
            place => place,
        };
        builder.program.push(Operation::Add, local, &[place, zero]);
        moves.push((variable, local));
    }
    for (variable, local) in moves {
        let zero = builder.program.literal(0.0);
        builder.program.push(Operation::Add, variable, &[Argument::Variable(local), zero]);
    }
    builder.program.tidy_constants();
    builder.program
}

struct Builder<'a> {
    terms: &'a EGraph<Term, Facts>,
    choice: &'a Choice,
    program: Program,
    next: Variable,
    places: BTreeMap<Id, Argument>,
}

impl Builder<'_> {
    fn visit(&mut self, id: Id) -> Argument {
        let class = self.terms.find(id);
        if let Some(place) = self.places.get(&class) {
            return *place;
        }
        let place = match &self.choice.0[&class] {
            Term::Input(variable) => Argument::Variable(*variable),
            Term::Number(bits) => self.program.literal(f64::from_bits(*bits) as f32),
            term @ Term::Call(operation, _) => {
                let children = term.children().to_vec();
                let args: Vec<Argument> =
                    children.into_iter().map(|child| self.visit(child)).collect();
                let target = self.next;
                self.next += 1;
                self.program.push(*operation, target, &args);
                Argument::Variable(target)
            }
        };
        self.places.insert(class, place);
        place
    }
}
