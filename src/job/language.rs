//! The integer language model with its strategy, judged by bits per byte.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use hatchery_engine::checkpoint::CheckpointStore;
use hatchery_engine::observe::Observer;
use hatchery_engine::{
    Digest, Evaluator, Fitness, Generation, Int8Params, Int8Perturbed, Metrics, RunError, RunPlan,
    RunReport, Strategy, StrategyError, run,
};
use hatchery_kernels::Backend;
use hatchery_search::Egg;
use hatchery_search::egg::State;
use hatchery_tasks::language::{ByteLm, Corpus, Model, Score, levels, score};
use safetensors::tensor::{Dtype, TensorView, serialize};
use serde_json::{Map, Value, json};

use super::{Conclude, Conclusion, Job, RestoreError, Restored, restore};
use crate::config::{LanguageConfig, RunConfig, SearchConfig};
use crate::run_dir::{RunDir, write_aside};

/// Longest context of the n-grams that a result is held against.
const ORDER_MAX: usize = 5;

/// A language model that learns.
pub(crate) struct LanguageJob {
    task: Arc<ByteLm>,
    strategy: Watched,
    streams: usize,
}

impl LanguageJob {
    /// From a checked configuration.
    ///
    /// # Errors
    /// If the text cannot be read or is too short, or the strategy refuses its settings.
    pub(crate) fn try_new(config: &RunConfig, options: &LanguageConfig) -> Result<Self> {
        let SearchConfig::Egg(search) = &config.search else {
            bail!("search.strategy: this task is for `egg`");
        };
        let bytes = Corpus::read(&options.corpus).context("task.corpus")?;
        let corpus = Corpus::of(bytes, options.validation, options.test);
        let (tokens, group) = (options.tokens as usize, options.group as usize);
        let task =
            ByteLm::try_new(options.model(), corpus, tokens, group).context("task.corpus")?;
        let task = Arc::new(task);
        let (centre, carried) = (options.model().init(config.seed), options.model().state_len());
        let inner = Egg::try_new(search.clone(), centre, carried, config.seed)
            .context("the [search] table")?;
        let streams = options.validation_streams as usize;
        let every = options.validate_every;
        Ok(Self { task: task.clone(), strategy: Watched { inner, task, streams, every }, streams })
    }

    /// The model's numbers.
    pub(crate) fn centre(&self) -> &Int8Params {
        self.strategy.inner.centre_int8()
    }

    /// The model.
    pub(crate) fn model(&self) -> Model {
        *self.task.model()
    }

    /// How well the validation part is predicted.
    pub(crate) fn validate(&self) -> Score {
        self.strategy.validate()
    }

    /// How well other bytes are predicted.
    pub(crate) fn score(&self, bytes: &[u8]) -> Score {
        score(self.task.model(), self.centre(), bytes, self.streams)
    }

    /// All tensors in the safetensors format, int8; what else a reader must know is in the metadata.
    ///
    /// # Errors
    /// If the format refuses a tensor.
    pub(crate) fn safetensors(&self) -> Result<Vec<u8>> {
        let (model, centre) = (self.task.model(), self.centre());
        let bytes: Vec<u8> = centre.values.iter().map(|&v| v as u8).collect();
        let views = centre.layout.specs().iter().enumerate().map(|(tensor, spec)| {
            let view =
                TensorView::new(Dtype::I8, spec.shape(), &bytes[centre.layout.range(tensor)]);
            Ok((spec.name.clone(), view?))
        });
        let views: Vec<_> = views.collect::<Result<_>>()?;
        // One entry: with several, their order in the file would be chance.
        let about = serde_json::json!({
            "width": model.width,
            "depth": model.depth,
            "zero_mean": format!("{:?}", model.zero).to_lowercase(),
        });
        let about = [("model".to_owned(), about.to_string())];
        Ok(serialize(views, Some(about.into()))?)
    }
}

impl Job for LanguageJob {
    fn run(
        &mut self,
        plan: &RunPlan,
        evaluator: &Evaluator,
        observers: &mut [&mut dyn Observer],
    ) -> Result<RunReport, RunError> {
        run(&mut self.strategy, &*self.task, evaluator, plan, observers)
    }

    fn restore(&mut self, store: &CheckpointStore) -> Result<Restored, RestoreError> {
        restore(&mut self.strategy, store)
    }

    fn write_results(&self, dir: &RunDir) -> Result<()> {
        write_aside(&dir.parameters(), &self.safetensors()?)
    }

    /// The validation part under the model and under simple methods.
    fn conclude(&mut self, _: &RunReport, with: &Conclude<'_>) -> Result<Conclusion> {
        let reached = self.validate().bits_per_byte();
        (with.say)("counting n-grams, to hold the result against");
        let corpus = self.task.corpus();
        let part = |range: &std::ops::Range<usize>| &corpus.bytes[range.clone()];
        let (train, validation) = (part(&corpus.train), part(&corpus.validation));
        let ngrams = levels::ngrams(train, validation, ORDER_MAX);
        let (gzip, xz) = (levels::gzip(validation), levels::xz(validation));
        let named: Vec<(String, f64)> = ngrams
            .iter()
            .enumerate()
            .map(|(order, &bits)| (format!("order {order}"), bits))
            .chain([("gzip".to_owned(), gzip), ("xz".to_owned(), xz)])
            .collect();
        let text: Vec<String> = named.iter().map(|(n, bits)| format!("{n} {bits:.3}")).collect();
        let lines = vec![
            format!("validation {reached:.4} bits per byte"),
            format!("levels   {}", text.join(", ")),
        ];
        let of_levels: Map<String, Value> =
            named.into_iter().map(|(name, bits)| (name.replace(' ', "_"), json!(bits))).collect();
        let mut summary = Map::new();
        summary.insert("validation_bits_per_byte".into(), json!(reached));
        summary.insert("levels_bits_per_byte".into(), of_levels.into());
        Ok(Conclusion { lines, summary, interrupted: false })
    }

    fn language(&self) -> Option<&LanguageJob> {
        Some(self)
    }
}

/// The strategy, with a look at the validation part now and then.
#[derive(Debug)]
struct Watched {
    inner: Egg,
    task: Arc<ByteLm>,
    streams: usize,
    every: u32,
}

impl Watched {
    fn validate(&self) -> Score {
        let part = self.task.corpus().validation.clone();
        self.task.score(self.inner.centre_int8(), part, self.streams)
    }
}

impl Strategy for Watched {
    type Population = Int8Perturbed;
    type State = State;

    fn ask(&mut self, generation: Generation) -> Result<Int8Perturbed, StrategyError> {
        self.inner.ask(generation)
    }

    fn tell(
        &mut self,
        population: Int8Perturbed,
        fitness: &Fitness,
        backend: &Backend,
    ) -> Result<Metrics, StrategyError> {
        let done = population.generation + 1;
        let read = Score {
            log_likelihood: fitness
                .values
                .iter()
                .filter(|f| f.is_finite())
                .map(|&f| f as i64)
                .sum(),
            tokens: ((fitness.values.len() - fitness.failures) * self.task.tokens()) as u64,
        };
        let mut metrics = self.inner.tell(population, fitness, backend)?;
        metrics.push("bits_per_byte", read.bits_per_byte());
        if self.every > 0 && done.is_multiple_of(self.every) {
            metrics.push("validation_bits_per_byte", self.validate().bits_per_byte());
        }
        Ok(metrics)
    }

    fn state(&self) -> Result<State, StrategyError> {
        self.inner.state()
    }

    fn restore(&mut self, state: State) -> Result<(), StrategyError> {
        self.inner.restore(state)
    }

    fn digest(&self) -> Option<Digest> {
        self.inner.digest()
    }
}
