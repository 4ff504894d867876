//! Canonical forms back to trees, in few nodes.

use super::canonical::Canonical;
use super::parse::negated;
use super::polynomial::{Atom, Monomial, Number, Sum};
use super::reward::{Term, balanced};
use super::{Node, Operator, Vocabulary};

impl Canonical {
    /// The nodes of a reward of this form; monomials of one coefficient share it.
    pub(super) fn nodes(&self, vocabulary: &Vocabulary) -> Vec<Node> {
        sum(&self.sum, vocabulary)
    }
}

fn sum(sum: &Sum, vocabulary: &Vocabulary) -> Vec<Node> {
    let mut groups: Vec<(f64, Vec<(&Monomial, bool)>)> = Vec::new();
    let is_constant = |term: &&(Monomial, Number)| term.0.0.is_empty();
    for (monomial, Number(value)) in sum.0.iter().filter(|term| !is_constant(term)) {
        let (size, entry) = (value.abs(), (monomial, *value < 0.0));
        match groups.iter_mut().find(|(other, _)| *other == size) {
            Some((_, group)) => group.push(entry),
            None => groups.push((size, vec![entry])),
        }
    }
    // A constant comes last and shares no coefficient.
    for (monomial, Number(value)) in sum.0.iter().filter(is_constant) {
        groups.push((value.abs(), vec![(monomial, *value < 0.0)]));
    }
    let mut terms: Vec<Term> = Vec::new();
    for (size, group) in groups {
        match group.as_slice() {
            [(monomial, negative)] => {
                terms
                    .push(Term { negative: *negative, nodes: product(size, monomial, vocabulary) });
            }
            _ if size == 1.0 => terms.extend(group.into_iter().map(|(monomial, negative)| Term {
                negative,
                nodes: product(1.0, monomial, vocabulary),
            })),
            _ => {
                let inner = group.into_iter().map(|(monomial, negative)| Term {
                    negative,
                    nodes: product(1.0, monomial, vocabulary),
                });
                let (negative, inner) = signed(inner.collect());
                let nodes = call(Operator::Multiply, constant(size), balanced(&inner));
                terms.push(Term { negative, nodes });
            }
        }
    }
    let (negative, terms) = signed(terms);
    let nodes = balanced(&terms);
    match nodes.as_slice() {
        _ if !negative => nodes,
        [Node::Constant(value)] => vec![Node::Constant(-value)],
        _ => negated(nodes, vocabulary),
    }
}

/// A positive term first; where there is none, the negative of the whole.
fn signed(mut terms: Vec<Term>) -> (bool, Vec<Term>) {
    let positive = terms.iter().position(|term| !term.negative);
    match positive {
        Some(first) => terms[..=first].rotate_right(1),
        None => terms.iter_mut().for_each(|term| term.negative = false),
    }
    (positive.is_none() && !terms.is_empty(), terms)
}

/// c a b / q: numerators first.
fn product(coefficient: f64, monomial: &Monomial, vocabulary: &Vocabulary) -> Vec<Node> {
    let is_inverse = |atom: &&Atom| matches!(atom, Atom::Inverse(_));
    let mut nodes: Option<Vec<Node>> = None;
    for numerator in monomial.0.iter().filter(|atom| !is_inverse(atom)) {
        let factor = atom(numerator, vocabulary);
        nodes = Some(match nodes {
            None if coefficient == 1.0 => factor,
            None => call(Operator::Multiply, constant(coefficient), factor),
            Some(nodes) => call(Operator::Multiply, nodes, factor),
        });
    }
    let nodes = nodes.unwrap_or_else(|| constant(coefficient));
    let inverses = monomial.0.iter().filter(is_inverse);
    inverses.fold(nodes, |nodes, inverse| call(Operator::Divide, nodes, atom(inverse, vocabulary)))
}

fn atom(atom: &Atom, vocabulary: &Vocabulary) -> Vec<Node> {
    match atom {
        Atom::Inverse(inner) | Atom::Factor(inner) => sum(inner, vocabulary),
        Atom::Function(operator, sums) => {
            let mut nodes = vec![Node::Call(*operator)];
            nodes.extend(sums.iter().flat_map(|inner| sum(inner, vocabulary)));
            nodes
        }
        Atom::Primitive(primitive) => vec![Node::Primitive(*primitive)],
        Atom::Reduced(signal, reducer) => vec![Node::Reduced(*reducer, *signal)],
    }
}

fn constant(value: f64) -> Vec<Node> {
    vec![Node::Constant(value as f32)]
}

fn call(operator: Operator, a: Vec<Node>, b: Vec<Node>) -> Vec<Node> {
    let mut nodes = vec![Node::Call(operator)];
    nodes.extend(a);
    nodes.extend(b);
    nodes
}
