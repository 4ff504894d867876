//! A search for the reward that trains a policy.

mod conclude;
mod found;
mod inherited;
mod policy;
mod report;

use std::path::Path;

use anyhow::{Context, Result, bail};
use hatchery_engine::checkpoint::CheckpointStore;
use hatchery_engine::observe::Observer;
use hatchery_engine::world::World;
use hatchery_engine::{Evaluator, RunError, RunPlan, RunReport, run};
use hatchery_search::meta_reward::expression::Vocabulary;
use hatchery_search::meta_reward::outer::{Config, InnerRuns, Journal, Method, Outer, Screened};
use hatchery_tasks::worlds::WithWorld;

use inherited::InheritedJob;
pub(crate) use policy::{RewardPolicy, Scene};

use super::{Conclude, Conclusion, Job, RestoreError, Restored, restore};
use crate::config::{RewardTaskConfig, RunConfig, SearchConfig};
use crate::run_dir::RunDir;
use crate::worlds::with_world;

/// Every inner training, a line each.
const LOG: &str = "outer.log";
/// What was found.
const FOUND: &str = "reward.json";

/// The job of a checked configuration. Trainings are logged in the run directory, if there is one.
///
/// # Errors
/// If the log of a run that goes on cannot be read.
pub(crate) fn job(
    config: &RunConfig,
    options: &RewardTaskConfig,
    run_dir: Option<&Path>,
) -> Result<Box<dyn Job>> {
    let SearchConfig::Reward(search) = &config.search else {
        bail!("search.strategy: this task is for `reward`");
    };
    with_world(&options.environment, Build { seed: config.seed, search, options, run_dir })?
}

struct Build<'a> {
    seed: u64,
    search: &'a Config,
    options: &'a RewardTaskConfig,
    run_dir: Option<&'a Path>,
}

impl WithWorld for Build<'_> {
    type Output = Result<Box<dyn Job>>;

    fn with<W: World + 'static>(self, world: W) -> Self::Output {
        let Self { seed, search, options, run_dir } = self;
        let [vocabulary, all] = options.vocabularies(&world)?;
        let (inner, division) = (options.inner.clone(), options.division);
        let mut task = InnerRuns::new(world, inner, seed, search.trainings, division);
        task.journal = Some(match run_dir {
            None => Journal::new(all.clone()),
            Some(dir) => {
                let path = dir.join(LOG);
                let journal = Journal::try_open(all.clone(), &path);
                journal.with_context(|| format!("the log of trainings {}", path.display()))?
            }
        });
        if search.method.inherits() {
            let job = InheritedJob::try_new(task, search, [vocabulary, all])?;
            return Ok(Box::new(job));
        }
        let (name, folder) = (task.world.name(), run_dir.map(|dir| dir.join("external")));
        let method = Method::try_new(search, &vocabulary, &name, seed, folder)?;
        let screening = search.screening.clone();
        let method = Screened::new(method, vocabulary.clone(), screening, seed);
        let (group, rewards) = (search.group as usize, search.rewards() as usize);
        let strategy = Outer::new(method, vocabulary.clone(), group, rewards);
        Ok(Box::new(RewardJob { task, strategy, config: search.clone(), vocabulary, all }))
    }
}

/// A search for a reward in one world.
struct RewardJob<W> {
    task: InnerRuns<W>,
    strategy: Outer<Screened<Method>>,
    config: Config,
    /// What searched rewards are made of.
    vocabulary: Vocabulary,
    /// All that a person may write.
    all: Vocabulary,
}

impl<W: World> Job for RewardJob<W> {
    fn run(
        &mut self,
        plan: &RunPlan,
        evaluator: &Evaluator,
        observers: &mut [&mut dyn Observer],
    ) -> Result<RunReport, RunError> {
        self.task.stop = plan.stop.clone();
        run(&mut self.strategy, &self.task, evaluator, plan, observers)
    }

    fn restore(&mut self, store: &CheckpointStore) -> Result<Restored, RestoreError> {
        restore(&mut self.strategy, store)
    }

    fn write_results(&self, dir: &RunDir) -> Result<()> {
        dir.write_json(FOUND, &self.found())
    }

    fn reward_policy(&self) -> Option<&dyn RewardPolicy> {
        Some(&self.task)
    }

    fn conclude(&mut self, _: &RunReport, with: &Conclude<'_>) -> Result<Conclusion> {
        self.task.stop = with.stop.clone();
        let conclusion = self.conclude_or_stop(with)?;
        Ok(conclusion.unwrap_or_else(|| Conclusion { interrupted: true, ..Conclusion::default() }))
    }
}
