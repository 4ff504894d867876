//! What observers are told.

use crate::{Digest, FitnessStats, Generation, Headline, Metrics, StopReason};

/// One finished generation.
#[derive(Debug, Clone)]
pub struct GenerationReport {
    /// Which one, from 0.
    pub generation: Generation,
    /// Evaluations so far, failed ones included.
    pub evaluations: u64,
    /// Failed evaluations of this generation.
    pub failures: u64,
    /// Failed evaluations so far.
    pub failures_total: u64,
    /// Summary of the fitness of the members.
    pub stats: FitnessStats,
    /// Best fitness of any member so far.
    pub best_so_far: f64,
    /// Seconds so far, those before a resume included.
    pub elapsed_s: f64,
    /// Evaluations per second in this generation.
    pub evaluations_per_s: f64,
    /// Hash of the bits of the centre after this generation.
    pub digest: Option<Digest>,
    /// What the strategy logged.
    pub metrics: Metrics,
    /// How the strategy says that it is doing, if it does.
    pub headline: Option<Headline>,
}

/// A finished run.
#[derive(Debug, Clone)]
pub struct RunReport {
    /// Why it ended.
    pub stopped_by: StopReason,
    /// Generations finished.
    pub generations: u32,
    /// Evaluations made, failed ones included.
    pub evaluations: u64,
    /// Wall-clock seconds, those before a resume included.
    pub seconds: f64,
    /// Best fitness of any member; NaN if there was no generation.
    pub best_fitness: f64,
    /// Mean fitness of the last generation; NaN if there was no generation.
    pub mean_fitness: f64,
    /// Failed evaluations.
    pub failures: u64,
    /// Hash of the bits of the final centre.
    pub digest: Option<Digest>,
    /// What the first failed evaluation of the latest generation with failures reported.
    pub first_error: Option<String>,
}
