//! Where a program comes from: every birth is a function of its parent and its ticket, so lineages are made again, not stored.

use serde::{Deserialize, Serialize};

use super::island::Origin;
use super::{Config, State};
use crate::program::{Mutation, Mutator, Program};

/// One birth, as far as it has to be remembered.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Birth {
    /// The parent.
    pub parent: Origin,
    /// What was done to it.
    pub mutation: Mutation,
    /// The fitness that came out.
    pub fitness: f32,
}

/// One step of a lineage.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Ticket; none for the founder.
    pub ticket: Option<u64>,
    /// What was done.
    pub mutation: Option<Mutation>,
    /// Fitness; none for the founder.
    pub fitness: Option<f32>,
    /// What came out.
    pub program: Program,
}

impl State {
    /// The ancestors of a birth from its founder on, itself last.
    pub fn lineage(&self, ticket: u64, mutator: &Mutator, config: &Config, seed: u64) -> Vec<Step> {
        let mut chain = Vec::new();
        let mut origin = Origin::Birth(ticket);
        let founder = loop {
            match origin {
                Origin::Founder(founder) => break founder,
                Origin::Birth(ticket) => {
                    let birth = self.genealogy[ticket as usize];
                    chain.push((ticket, birth));
                    if self.crossed.contains_key(&ticket) {
                        break u32::MAX;
                    }
                    origin = birth.parent;
                }
            }
        };
        let mut steps = Vec::with_capacity(chain.len() + 1);
        if let Some(program) = self.founders.get(founder as usize) {
            let program = program.clone();
            steps.push(Step { ticket: None, mutation: None, fitness: None, program });
        }
        for (ticket, birth) in chain.into_iter().rev() {
            let program = match self.crossed.get(&ticket) {
                Some(program) => program.clone(),
                None => {
                    let parent = &steps.last().expect("lineages begin with a program").program;
                    match birth.mutation {
                        // A copy, or a child whose parent stayed in its place.
                        Mutation::None => parent.clone(),
                        _ => super::birth::child_of(parent, mutator, config, seed, ticket).program,
                    }
                }
            };
            steps.push(Step {
                ticket: Some(ticket),
                mutation: Some(birth.mutation),
                fitness: Some(birth.fitness),
                program,
            });
        }
        steps
    }
}
