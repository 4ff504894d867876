//! Everything a search needs to go on to the bit.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Archive, Birth, Cache, Counters, Fingerprints, Island};
use crate::program::Program;

/// A program that was better than all before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Improvement {
    /// Which run.
    pub run: u32,
    /// Births of that run so far.
    pub births: u64,
    /// Its ticket.
    pub ticket: u64,
    /// Its fitness.
    pub fitness: f32,
    /// The program.
    pub program: Program,
}

/// Everything a search needs to go on to the bit.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct State {
    /// Which run this is, from 0; as many as there are runs when all are over.
    pub run: u32,
    /// Births of this run.
    pub births: u64,
    /// The next ticket.
    pub ticket: u64,
    /// The populations.
    pub islands: Vec<Island>,
    /// The best programs of all runs.
    pub archive: Archive,
    /// Outcomes that are known.
    pub cache: Cache,
    /// Migrations of this run.
    pub migrations: u64,
    /// Counts.
    pub counters: Counters,
    /// Improvements of all runs.
    pub improvements: Vec<Improvement>,
    /// Births of the present run at its last improvement or restart.
    pub improved_at: u64,
    /// The programs that runs began with.
    pub founders: Vec<Program>,
    /// Every birth by its ticket.
    pub genealogy: Vec<Birth>,
    /// Children of two parents, which cannot be made again from one.
    pub crossed: BTreeMap<u64, Program>,
    /// Fingerprints of training, newest last.
    pub fingerprints: Fingerprints,
}
