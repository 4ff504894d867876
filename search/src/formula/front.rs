//! The best formulas of each complexity.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Expression;

/// A formula that is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The formula, offset and slope included.
    pub expression: Expression,
    /// Its complexity.
    pub complexity: u32,
    /// Its loss, relative to the variance of the target: 1 − R² of the rows it was fitted to.
    pub loss: f64,
    /// Number of the birth that brought it.
    pub ticket: u64,
}

/// The best formulas of each complexity, whether or not a simpler one is better.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Front {
    sizes: BTreeMap<u32, Vec<Entry>>,
}

/// A formula of the front with its score.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// The formula.
    pub entry: Entry,
    /// −d ln(loss) / d complexity, from the next simpler formula of the front to this one; 0 for the simplest.
    pub score: f64,
}

/// What a loss counts as at least, so that its logarithm is finite.
const LOSS_MIN: f64 = 1e-30;

impl Front {
    /// Whether a formula of this complexity and loss would be among the best `keep` of its complexity.
    pub fn welcomes(&self, complexity: u32, loss: f64, keep: usize) -> bool {
        if !loss.is_finite() {
            return false;
        }
        let Some(entries) = self.sizes.get(&complexity) else { return true };
        entries.len() < keep || loss < entries[entries.len() - 1].loss
    }

    /// Whether a formula of at least this complexity may be among the best `keep` of its own: whether no simpler or equally complex
    /// one is better.
    pub fn welcomes_from(&self, complexity: u32, loss: f64, keep: usize) -> bool {
        if !loss.is_finite() {
            return false;
        }
        let simpler = self.sizes.range(..=complexity);
        simpler
            .filter_map(|(_, entries)| if entries.len() < keep { None } else { entries.last() })
            .all(|entry| loss < entry.loss)
    }

    /// Takes up a formula if it is among the best `keep` of its complexity and no other is the same. Returns whether it is.
    pub fn offer(&mut self, entry: Entry, keep: usize) -> bool {
        if !self.welcomes(entry.complexity, entry.loss, keep) {
            return false;
        }
        let entries = self.sizes.entry(entry.complexity).or_default();
        // Formulas that differ in their numbers only are one.
        let shape = entry.expression.hash(false);
        if let Some(same) = entries.iter().position(|known| known.expression.hash(false) == shape) {
            if entries[same].loss <= entry.loss {
                return false;
            }
            entries.remove(same);
        }
        let at = entries.partition_point(|known| known.loss <= entry.loss);
        entries.insert(at, entry);
        entries.truncate(keep);
        true
    }

    /// All that are kept, by complexity, the best first.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.sizes.values().flatten()
    }

    /// Formulas than which none is both simpler and better, the simplest first: losses fall strictly.
    pub fn pareto(&self) -> Vec<&Entry> {
        let mut front: Vec<&Entry> = Vec::new();
        for entry in self.sizes.values().filter_map(|entries| entries.first()) {
            if front.last().is_none_or(|last| entry.loss < last.loss) {
                front.push(entry);
            }
        }
        front
    }

    /// The smallest loss of all.
    pub fn least(&self) -> f64 {
        let losses = self.sizes.values().filter_map(|entries| entries.first()).map(|e| e.loss);
        losses.fold(f64::INFINITY, f64::min)
    }

    /// [`Self::pareto`] with scores.
    pub fn ranked(&self) -> Vec<Ranked> {
        let front = self.pareto();
        let score = |at: usize| {
            if at == 0 {
                return 0.0;
            }
            let (last, this) = (front[at - 1], front[at]);
            let fall = ln(last.loss.max(LOSS_MIN)) - ln(this.loss.max(LOSS_MIN));
            fall / f64::from(this.complexity - last.complexity)
        };
        (0..front.len()).map(|at| Ranked { entry: front[at].clone(), score: score(at) }).collect()
    }
}

/// The natural logarithm, the same on every machine.
pub(super) fn ln(x: f64) -> f64 {
    libm::log(x)
}
