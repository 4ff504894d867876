//! What is known of programs that were evaluated.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use serde::{Deserialize, Serialize};

use crate::program::Graph;
use crate::program::training::Outcome;

/// Outcomes by what programs compute. Two programs that have the same hash by chance are told apart by the graph itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cache {
    known: HashMap<u128, Known, BuildHasherDefault<FirstWord>>,
}

/// Keys are hashes, so their own bits will do.
#[derive(Clone, Copy, Debug, Default)]
struct FirstWord(u64);

impl Hasher for FirstWord {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, key: u128) {
        self.0 = key as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Known {
    /// The graph, see [`Graph::words`].
    graph: Box<[u32]>,
    outcome: Outcome,
    first: Option<f32>,
}

impl Cache {
    /// Outcome and first ratio of what computes the same.
    pub fn get(&self, graph: &Graph) -> Option<(Outcome, Option<f32>)> {
        let known = self.known.get(&graph.hash)?;
        graph.has_words(&known.graph).then_some((known.outcome, known.first))
    }

    /// Keeps an outcome.
    pub fn put(&mut self, graph: &Graph, outcome: Outcome, first: Option<f32>) {
        let graph_words = graph.words().into_boxed_slice();
        self.known.insert(graph.hash, Known { graph: graph_words, outcome, first });
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.known.clear();
    }

    /// Number of programs.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

/// Most fingerprints that are remembered.
const FINGERPRINTS: usize = 100_000;

/// Outcomes by fingerprint; the one that was not asked for longest is forgotten first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Fingerprints {
    known: HashMap<u128, (Outcome, Option<f32>, u64)>,
    /// When each was asked for, and which.
    order: std::collections::BTreeMap<u64, u128>,
    clock: u64,
}

impl Fingerprints {
    /// Outcome and first ratio of what behaves the same.
    pub fn get(&mut self, fingerprint: u128) -> Option<(Outcome, Option<f32>)> {
        let (outcome, first, asked) = self.known.get_mut(&fingerprint)?;
        self.order.remove(asked);
        self.clock += 1;
        *asked = self.clock;
        self.order.insert(self.clock, fingerprint);
        Some((*outcome, *first))
    }

    /// Keeps an outcome.
    pub fn put(&mut self, fingerprint: u128, outcome: Outcome, first: Option<f32>) {
        self.clock += 1;
        if let Some((_, _, asked)) = self.known.insert(fingerprint, (outcome, first, self.clock)) {
            self.order.remove(&asked);
        }
        self.order.insert(self.clock, fingerprint);
        while self.known.len() > FINGERPRINTS {
            let Some((_, oldest)) = self.order.pop_first() else { break };
            self.known.remove(&oldest);
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Number of fingerprints.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}
