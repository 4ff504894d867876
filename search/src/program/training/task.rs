//! Proxy trainings as the task of a search.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use hatchery_engine::{Explicit, Task, TaskError};
use hatchery_kernels::Backend;
use serde::{Deserialize, Serialize};

use super::{Failure, Outcome, Purpose, Suite};
use crate::program::Graph;
use crate::program::interpret::Plan;

/// What a program that failed is worth in a tournament: finite and below every score. The engine is told NaN.
pub const WORST: f32 = -1e6;

/// Where training stops early: after the first proxy, if its ratio is above this.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hurdle(pub f32);

/// A program to be scored.
#[derive(Debug)]
pub struct Candidate {
    /// What it computes.
    pub graph: Arc<Graph>,
    /// Which set of seeds it is trained with.
    pub set: u64,
    /// What the first proxy has to reach.
    pub hurdle: Option<Hurdle>,
    /// How it went, once it was scored.
    pub outcome: OnceLock<Outcome>,
    /// The ratio of the first proxy, if it was trained to the end.
    pub first: OnceLock<f32>,
    /// What it does in its first steps, if that was looked at.
    pub fingerprint: Option<u128>,
}

impl Candidate {
    /// A program that was not scored yet.
    pub fn new(graph: Arc<Graph>, set: u64, hurdle: Option<Hurdle>) -> Self {
        let (outcome, first) = (OnceLock::new(), OnceLock::new());
        Self { graph, set, hurdle, outcome, first, fingerprint: None }
    }

    /// How it went; an evaluation that left nothing has crashed.
    pub fn known(&self) -> Outcome {
        self.outcome.get().copied().unwrap_or(Outcome::Failed(Failure::Crashed))
    }
}

/// Trains every proxy of a suite with each program, on a few seeds.
#[derive(Debug)]
pub struct ProxyTraining {
    suite: Arc<Suite>,
    seeds: u32,
}

impl ProxyTraining {
    /// So many seeds for each proxy.
    pub fn new(suite: Arc<Suite>, seeds: u32) -> Self {
        Self { suite, seeds: seeds.max(1) }
    }

    /// The proxies.
    pub fn suite(&self) -> &Arc<Suite> {
        &self.suite
    }

    /// Trains with one program.
    pub fn score(&self, candidate: &Candidate) -> Outcome {
        let plan = Plan::compile(&candidate.graph, self.suite.signature());
        let proxies = self.suite.proxies().len();
        let mut total = 0.0;
        for proxy in 0..proxies {
            let ratio = self.suite.ratio(&plan, proxy, Purpose::Search, candidate.set, self.seeds);
            match ratio {
                Ok(ratio) => total += ratio,
                Err(failure) => return Outcome::Failed(failure),
            }
            if proxy == 0 {
                let first = total as f32;
                let _ = candidate.first.set(first);
                if proxies > 1 && candidate.hurdle.is_some_and(|hurdle| first > hurdle.0) {
                    return Outcome::Hurdled(first);
                }
            }
        }
        Outcome::Scored((total / proxies as f64) as f32)
    }
}

impl Outcome {
    /// What tournaments go by: minus the ratio, or [`WORST`].
    pub fn fitness(self) -> f32 {
        match self {
            Self::Scored(ratio) | Self::Hurdled(ratio) => (-ratio).max(WORST),
            Self::Failed(_) => WORST,
        }
    }

    /// What the engine is told: minus the ratio, or NaN for what failed.
    pub fn as_fitness(self) -> f32 {
        if matches!(self, Self::Failed(_)) { f32::NAN } else { self.fitness() }
    }
}

impl Task for ProxyTraining {
    type Population = Explicit<Candidate>;

    fn name(&self) -> &str {
        "proxies"
    }

    fn evaluate(
        &self,
        population: &Explicit<Candidate>,
        members: Range<usize>,
        _: &Backend,
        fitness: &mut [f32],
    ) -> Result<(), TaskError> {
        for (slot, candidate) in fitness.iter_mut().zip(&population.members[members]) {
            *slot = candidate.outcome.get_or_init(|| self.score(candidate)).as_fitness();
        }
        Ok(())
    }

    fn batch_hint(&self, _: &Explicit<Candidate>, _: &Backend) -> usize {
        1
    }

    /// Programs diverge; a window full of them is no fault.
    fn may_all_fail(&self) -> bool {
        true
    }
}
