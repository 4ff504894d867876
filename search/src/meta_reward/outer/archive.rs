//! All rewards that were tried, with the mean of what they reached.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::meta_reward::expression::{Invariance, Reward, Vocabulary};

/// What is known of one reward.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The reward, as it was first written.
    pub reward: Reward,
    /// Values of its proposals, each the mean of some trainings with fresh seeds.
    pub values: Vec<f32>,
}

impl Record {
    /// Mean of the values.
    pub fn mean(&self) -> f64 {
        self.values.iter().map(|&value| f64::from(value)).sum::<f64>()
            / self.values.len().max(1) as f64
    }

    /// Mean less one standard error, the deviation of a single value being `deviation`: what luck hardly explains.
    pub fn lower(&self, deviation: f64) -> f64 {
        self.mean() - deviation / (self.values.len().max(1) as f64).sqrt()
    }
}

/// Rewards by what they mean: two that train the same policy share a record, whatever they look like.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Archive {
    records: BTreeMap<u64, Record>,
}

impl Archive {
    /// Adds a value, unless it is NaN.
    pub fn add(&mut self, reward: &Reward, value: f32, vocabulary: &Vocabulary) {
        if value.is_nan() {
            return;
        }
        let record = self
            .records
            .entry(reward.canonical_hash(vocabulary, Invariance::Affine))
            .or_insert_with(|| Record { reward: reward.clone(), values: Vec::new() });
        record.values.push(value);
    }

    /// Number of different rewards.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether nothing was tried yet.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// All rewards, in the order of their hashes.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.values()
    }

    /// Mean of all values; 0 if there are none.
    pub fn mean(&self) -> f64 {
        let values = || self.records.values().flat_map(|record| &record.values);
        values().map(|&value| f64::from(value)).sum::<f64>() / values().count().max(1) as f64
    }

    /// The rewards with the largest lower bounds, best first. Of equals the shorter, then the one of the lower hash.
    pub fn best(&self, count: usize) -> Vec<&Record> {
        let deviation = self.deviation();
        let mut records: Vec<&Record> = self.records.values().collect();
        records.sort_by(|a, b| {
            let bounds = b.lower(deviation).total_cmp(&a.lower(deviation));
            bounds.then(a.reward.nodes().len().cmp(&b.reward.nodes().len()))
        });
        records.truncate(count);
        records
    }

    /// Deviation of single values, pooled over the rewards that have several; a quarter if there are none.
    fn deviation(&self) -> f64 {
        let (mut squares, mut free) = (0.0, 0);
        for record in self.records.values() {
            let mean = record.mean();
            squares += record.values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>();
            free += record.values.len() - 1;
        }
        if free == 0 { 0.25 } else { (squares / free as f64).sqrt() }
    }
}
