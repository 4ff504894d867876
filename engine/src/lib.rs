//! # Hatchery engine
//!
//! Whatever can be scored is a [`Task`]. Whatever proposes is a [`Strategy`]. A generation is the meeting of the
//! two: [`run`](run()) asks the strategy for a population, lets an [`Evaluator`] score it with the task, and tells
//! the strategy the [`Fitness`].
//!
//! | module | what is in it |
//! |---|---|
//! | [`task`](Task), [`objective`](Objective) | what can be scored; plain functions as tasks |
//! | [`population`](Population), [`params`](Params) | members as values or as addresses; named tensors |
//! | [`int8`](Int8Perturbed) | the same where everything is an integer |
//! | [`strategy`](Strategy) | ask and tell |
//! | [`fitness`](Fitness), [`shaping`] | the rule for failures; ranks, z-scores, signs |
//! | [`update`], [`schedule`] | SGD, momentum, Adam, AdamW, Lion; step sizes over time |
//! | [`evaluator`](Evaluator), [`run`](run()), [`stop`](Budget) | batches and counts; the loop; what ends it |
//! | [`trainable`](Trainable), [`world`] | what optimizers are tried on; what rewards are searched for |
//! | [`child_process`] | programs in other languages, spoken to in lines |
//! | [`checkpoint`], [`observe`] | bit-exact resume; progress, JSON lines, TensorBoard, fitness log |
//!
//! Larger fitness is better everywhere, a failed evaluation is NaN, and a run is a function of configuration and
//! seed: the same bits for any batch size and any number of threads.

#![forbid(unsafe_code)]

pub mod checkpoint;
pub mod child_process;
mod error;
mod evaluator;
mod fitness;
mod int8;
mod objective;
pub mod observe;
mod params;
mod population;
mod report;
mod run;
pub mod schedule;
pub mod shaping;
mod stop;
mod strategy;
mod task;
mod trainable;
pub mod update;
pub mod world;

pub use error::{CheckpointError, EvaluationError, RunError, StrategyError, TaskError};
pub use evaluator::{Evaluator, panics_are_caught};
pub use fitness::{Fitness, FitnessStats};
pub use int8::{Int8Params, Int8Perturbed};
pub use objective::{Objective, PerturbedPoints, Points, write_member};
pub use params::{Digest, Kind, Layout, ParamSpec, Params};
pub use population::{Explicit, Generation, Perturbed, Population, Sampling};
pub use report::{GenerationReport, RunReport};
pub use run::{CheckpointPlan, RunPlan, run};
pub use stop::{Budget, Standing, StopFlag, StopReason, TargetStatistic};
pub use strategy::{Headline, Metrics, Strategy};
pub use task::Task;
pub use trainable::{Part, Scratch, Trainable};
