//! One birth: what a ticket makes of a parent.

use std::cell::LazyCell;
use std::sync::Arc;

use super::island::Origin;
use super::{Config, Member, Method};
use crate::program::training::Outcome;
use crate::program::{Dice, Graph, Mutation, Mutator, Program};

/// Purpose of the dice of children.
const CHILD: u32 = 1;
/// Tries to find a child that computes something else, or anything finite.
const TRIES: u32 = 1000;

/// A child before it enters.
#[derive(Debug)]
pub(super) struct Newborn {
    pub(super) ticket: u64,
    pub(super) island: usize,
    pub(super) parent: Origin,
    /// The parent itself, if it may have to take the child's place.
    pub(super) stays: Option<Member>,
    pub(super) child: Child,
    pub(super) crossed: bool,
    pub(super) source: Source,
}

/// Where the outcome of a newborn comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    Cache(Outcome, Option<f32>),
    Fingerprint(Outcome, Option<f32>),
    /// Member of the population that is evaluated; whether another newborn brought it there.
    Member(usize, bool),
}

/// What a ticket makes of a parent.
#[derive(Debug)]
pub(super) struct Child {
    pub(super) program: Program,
    pub(super) mutation: Mutation,
    pub(super) graph: Arc<Graph>,
    pub(super) invalid: u32,
}

/// The child that a ticket makes of a parent: a function of both and of nothing else.
pub(super) fn child_of(
    parent: &Program,
    mutator: &Mutator,
    config: &Config,
    seed: u64,
    ticket: u64,
) -> Child {
    let mut dice = Dice::new(seed, ticket, CHILD);
    let signature = mutator.signature();
    let graph = |program: &Program| Graph::of(program, signature).ok().map(Arc::new);
    let copies = config.method == Method::Evolution && dice.chance(config.copies);
    // Most children are made without it.
    let own = LazyCell::new(|| graph(parent));
    let copy = |own: &Option<Arc<Graph>>, invalid: u32| {
        let (program, mutation) = (parent.clone(), Mutation::None);
        own.clone().map(|graph| Child { program, mutation, graph, invalid })
    };
    if copies && let Some(copy) = copy(&own, 0) {
        return copy;
    }
    let mut invalid = 0;
    loop {
        let (program, mutation) = match config.method {
            Method::Evolution => mutator.mutate(parent, &mut dice),
            Method::Random => {
                let statements = 1 + dice.below(config.random_length as usize);
                (mutator.grow(parent, statements, &mut dice), Mutation::Insert)
            }
        };
        if let Some(graph) = graph(&program) {
            let same = config.effective && own.as_ref().is_some_and(|own| own.hash == graph.hash);
            if !same || invalid >= TRIES {
                return Child { program, mutation, graph, invalid };
            }
        }
        invalid += 1;
        // A parent has entered, so its own graph is finite; it is what remains if nothing else can be made.
        if invalid > 2 * TRIES
            && let Some(copy) = copy(&own, invalid)
        {
            return copy;
        }
    }
}
