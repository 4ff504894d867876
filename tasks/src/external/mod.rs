#![doc = include_str!("README.md")]

mod config;
mod counters;
mod pool;
mod protocol;
mod worker;

use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

pub use config::{Bound, Config, Direction};
pub use counters::Counters;
pub use hatchery_engine::child_process::kill_all;
use hatchery_engine::{
    Generation, Layout, ParamSpec, Params, Perturbed, Population, Task, TaskError, write_member,
};
use hatchery_kernels::{Backend, Domain, LayerNoise, NoiseAddress, NoiseStream};
use pool::Pool;

/// A user's program as a task: it is given vectors and returns numbers.
#[derive(Debug)]
pub struct External {
    config: Config,
    layout: Arc<Layout>,
    data: NoiseStream,
    pool: Pool,
    /// The generation that cannot be evaluated, and why: asking again member by member would not help.
    hopeless: Mutex<Option<(Generation, String)>>,
}

impl External {
    /// The task of a checked configuration; `seed` names the seeds that programs are given, error output goes to files
    /// in `folder`. Programs are started at the first evaluation.
    pub fn new(config: Config, seed: u64, workers: usize, folder: Option<PathBuf>) -> Self {
        let layout = Arc::new(Layout::new(vec![ParamSpec::vector("x", config.dimension as usize)]));
        let workers = match config.workers {
            0 => workers,
            workers => workers as usize,
        };
        let pool = Pool::new(config.clone(), workers, folder);
        let data = NoiseStream::new(seed).domain(Domain::Data);
        Self { config, layout, data, pool, hopeless: Mutex::new(None) }
    }

    /// Where the search begins.
    pub fn init(&self) -> Params {
        Params { layout: self.layout.clone(), values: self.config.start() }
    }

    /// What happened so far.
    pub fn counters(&self) -> Counters {
        self.pool.counters()
    }

    /// The seed of an evaluation, below 2⁵³ so that every language reads it whole; the two members of a pair share it.
    fn seed(&self, generation: Generation, pair: u32) -> u64 {
        let words = self.data.words(NoiseAddress { generation, pair, layer: 0, block: 0 });
        (u64::from(words[0]) << 21) | u64::from(words[1] >> 11)
    }
}

impl Task for External {
    type Population = Perturbed;

    fn name(&self) -> &str {
        "external"
    }

    fn evaluate(
        &self,
        population: &Perturbed,
        members: Range<usize>,
        _: &Backend,
        fitness: &mut [f32],
    ) -> Result<(), TaskError> {
        let mut hopeless = self.hopeless.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((generation, reason)) = &*hopeless
            && *generation == population.generation()
        {
            return Err(TaskError::msg(reason.clone()));
        }
        let (lower, upper) = self.config.bounds();
        let writer = || {
            let (mut noise, mut member) =
                (LayerNoise::default(), Params::zeros(population.theta.layout.clone()));
            let (lower, upper) = (&lower, &upper);
            move |index: usize, x: &mut Vec<f32>| {
                let number = members.start + index;
                write_member(population, number, &mut noise, &mut member);
                x.clone_from(&member.values);
                if let Some(lower) = lower {
                    x.iter_mut().zip(lower).for_each(|(x, low)| *x = x.max(*low));
                }
                if let Some(upper) = upper {
                    x.iter_mut().zip(upper).for_each(|(x, high)| *x = x.min(*high));
                }
                self.seed(population.generation(), population.direction(number))
            }
        };
        let outcome = self.pool.evaluate(fitness.len(), writer);
        let mut first_reason = None;
        match outcome {
            Ok(values) => {
                for (slot, value) in fitness.iter_mut().zip(values) {
                    *slot = match (value, self.config.objective) {
                        (Ok(value), Direction::Max) => value as f32,
                        (Ok(value), Direction::Min) => -value as f32,
                        (Err(reason), _) => {
                            first_reason.get_or_insert(reason);
                            f32::NAN
                        }
                    };
                }
                if fitness.iter().any(|value| !value.is_nan()) {
                    return Ok(());
                }
            }
            Err(reason) => first_reason = Some(reason),
        }
        let reason = first_reason.unwrap_or_default();
        *hopeless = Some((population.generation(), reason.clone()));
        Err(TaskError::msg(reason))
    }

    /// All members at once: the task has threads of its own, one for each program.
    fn batch_hint(&self, population: &Perturbed, _: &Backend) -> usize {
        population.len()
    }
}
