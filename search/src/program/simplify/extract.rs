//! The cheapest program in an e-graph, shared values counted once.
//!
//! For each class the cheapest known set of classes that computes it, from the bottom up until nothing becomes cheaper. Greedy:
//! a class takes the set that is best for itself, not for whoever reads it; so results are taken one after the other, and what
//! an earlier one has computed is free for the next.

use std::collections::{BTreeMap, BTreeSet};

use egg::{EGraph, Id, Language};

use super::cost::term_cost;
use super::term::{Facts, Term};
use crate::program::Signature;

/// Rounds after which the search for cheaper sets ends.
const ROUNDS: usize = 60;

/// A choice of one term for each class that is needed.
#[derive(Clone, Debug, Default)]
pub(super) struct Choice(pub(super) BTreeMap<Id, Term>);

struct Best {
    total: u64,
    term: Term,
    needs: BTreeMap<Id, u64>,
}

/// Chooses terms for these classes, in this order; none if a class cannot be built without itself.
pub(super) fn extract(
    graph: &EGraph<Term, Facts>,
    signature: &Signature,
    roots: &[Id],
) -> Option<Choice> {
    let mut choice = Choice::default();
    for root in roots {
        let mut best = best(graph, signature, &choice.0.keys().copied().collect());
        let mut open = vec![graph.find(*root)];
        while let Some(class) = open.pop() {
            if choice.0.contains_key(&class) {
                continue;
            }
            let term = best.remove(&class)?.term;
            open.extend(term.children().iter().map(|id| graph.find(*id)));
            choice.0.insert(class, term);
        }
    }
    Some(choice)
}

fn best(
    graph: &EGraph<Term, Facts>,
    signature: &Signature,
    free: &BTreeSet<Id>,
) -> BTreeMap<Id, Best> {
    let mut ids: Vec<Id> = graph.classes().map(|class| class.id).collect();
    ids.sort_unstable();
    let mut best: BTreeMap<Id, Best> = BTreeMap::new();
    for _ in 0..ROUNDS {
        let mut changed = false;
        for &id in &ids {
            for term in graph[id].iter().filter(|term| graph.analysis.allow(term)) {
                let found = assemble(graph, signature, &best, free, id, term);
                let Some(found) = found else { continue };
                if best.get(&id).is_none_or(|known| found.total < known.total) {
                    best.insert(id, found);
                    changed = true;
                }
            }
        }
        if !changed {
            break;
        }
    }
    best
}

fn assemble(
    graph: &EGraph<Term, Facts>,
    signature: &Signature,
    best: &BTreeMap<Id, Best>,
    free: &BTreeSet<Id>,
    id: Id,
    term: &Term,
) -> Option<Best> {
    let own = term_cost(graph, signature, id, term);
    let known = best.get(&id).map_or(u64::MAX, |known| known.total);
    let children: Vec<Id> = term.children().iter().map(|child| graph.find(*child)).collect();
    if own >= known {
        return None;
    }
    let mut needs = BTreeMap::new();
    let mut total = own;
    for child in children {
        if free.contains(&child) {
            continue;
        }
        for (class, cost) in &best.get(&child)?.needs {
            if needs.insert(*class, *cost).is_none() {
                total += cost;
            }
        }
        if total >= known {
            return None;
        }
    }
    if needs.contains_key(&id) {
        return None;
    }
    needs.insert(id, own);
    Some(Best { total, term: term.clone(), needs })
}
