//! A search for optimizers: evolution of programs on proxy trainings, and what follows it.

mod conclude;
mod found;

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use hatchery_engine::checkpoint::CheckpointStore;
use hatchery_engine::observe::Observer;
use hatchery_engine::{Evaluator, RunError, RunPlan, RunReport, Trainable, run};
use hatchery_search::program::evolve::{Entry, Evolution};
use hatchery_search::program::interpret::Plan;
use hatchery_search::program::select::{self, Tuning, tune};
use hatchery_search::program::training::{Limits, ProxyTraining, Purpose, Suite};
use hatchery_search::program::{Graph, Names, Program, Signature};
use hatchery_tasks::proxy;

use self::conclude::Stopped;
use super::{Conclude, Conclusion, Job, RestoreError, Restored, restore};
use crate::config::{EvolutionConfig, OptimizerSearchConfig, RunConfig, SearchConfig};
use crate::run_dir::RunDir;

/// A search for optimizers.
pub(crate) struct ProgramsJob {
    task: ProxyTraining,
    strategy: Evolution,
    signature: Signature,
    limits: Limits,
    seed: u64,
    seeds: u32,
    search: EvolutionConfig,
    selection: select::Config,
}

impl ProgramsJob {
    /// From a checked configuration.
    ///
    /// # Errors
    /// If there is no program to begin with.
    pub(crate) fn try_new(config: &RunConfig, options: &OptimizerSearchConfig) -> Result<Self> {
        let SearchConfig::Evolution(search) = &config.search else {
            return Err(anyhow!("search.strategy: this task is for `evolution`"));
        };
        let signature = options.signature();
        let start = search
            .program(&signature, config.seed)
            .map_err(|reason| anyhow!("search.start: {reason}"))?;
        let suite = Suite::new(proxies(&options.proxies)?, signature.clone(), options.limits);
        let suite = Arc::new(suite);
        let mut strategy =
            Evolution::try_new(search.evolution.clone(), start, signature.clone(), config.seed)
                .map_err(|error| anyhow!("search.{error}"))?;
        if search.evolution.fingerprint {
            let suite = suite.clone();
            strategy = strategy
                .with_fingerprint(Arc::new(move |graph, set| suite.fingerprint(graph, set)));
        }
        Ok(Self {
            task: ProxyTraining::new(suite, options.seeds),
            strategy,
            signature,
            limits: options.limits,
            seed: config.seed,
            seeds: options.seeds,
            search: search.clone(),
            selection: config.selection.clone().unwrap_or_default(),
        })
    }

    /// The program to begin with, tuned on the proxies of the search by seeds that the search does not use.
    fn tuned_start(&self) -> Program {
        const SET: u64 = 1;
        let start = self.strategy.start();
        let suite = self.task.suite();
        let seeds = self.seeds.max(2);
        let score = |program: &Program| {
            let plan = plan_of(program, &self.signature)?;
            let ratio = |proxy| suite.ratio(&plan, proxy, Purpose::Selection, SET, seeds).ok();
            (0..suite.proxies().len()).map(ratio).sum::<Option<f64>>()
        };
        let tuning = Tuning { draws: self.search.tune_start, seed: self.seed };
        tune(start, tuning, score).map_or_else(|| start.clone(), |tuned| tuned.program)
    }

    fn text(&self, program: &Program) -> String {
        program.text(&self.signature, &Names::of(&self.signature))
    }

    /// The best program so far, by its mean over the seeds it was trained with.
    fn best(&self) -> Option<(u128, &Entry)> {
        self.strategy.progress().archive.best(1).into_iter().next()
    }
}

impl Job for ProgramsJob {
    fn run(
        &mut self,
        plan: &RunPlan,
        evaluator: &Evaluator,
        observers: &mut [&mut dyn Observer],
    ) -> Result<RunReport, RunError> {
        self.task.suite().prepare();
        if plan.from.generation == 0 && self.search.tune_start > 0 {
            let start = self.tuned_start();
            self.strategy.begin_with(start);
        }
        run(&mut self.strategy, &self.task, evaluator, plan, observers)
    }

    fn restore(&mut self, store: &CheckpointStore) -> Result<Restored, RestoreError> {
        restore(&mut self.strategy, store)
    }

    fn write_results(&self, dir: &RunDir) -> Result<()> {
        if let Some((_, best)) = self.best() {
            let program = best.program.without_dead(&self.signature);
            dir.write_text("best.txt", &self.text(&program))?;
        }
        dir.write_json("programs.json", &self.found())
    }

    fn conclude(&mut self, _: &RunReport, conclude: &Conclude<'_>) -> Result<Conclusion> {
        match self.conclude_or_stop(conclude) {
            Ok(conclusion) => Ok(conclusion),
            Err(Stopped::Interrupted) => {
                Ok(Conclusion { interrupted: true, ..Conclusion::default() })
            }
            Err(Stopped::Failed(error)) => Err(error),
        }
    }
}

fn proxies(names: &[String]) -> Result<Vec<Arc<dyn Trainable>>> {
    let one = |name: &String| proxy::named(name).map(Arc::from).map_err(|reason| anyhow!(reason));
    names.iter().map(one).collect::<Result<_>>().context("a proxy cannot be made")
}

fn plan_of(program: &Program, signature: &Signature) -> Option<Plan> {
    let graph = Graph::of(program, signature).ok()?;
    Some(Plan::compile(&graph, signature))
}
