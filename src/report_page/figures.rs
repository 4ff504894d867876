//! The key figures of a run: from its summary, or from its last generation while there is no summary.

use super::number;
use super::run_files::RunFiles;

/// Numbers at the top of the page; what is not known is `None`.
#[derive(Debug)]
pub(super) struct Figures {
    pub(super) name: String,
    pub(super) task: Option<String>,
    pub(super) strategy: Option<String>,
    pub(super) outcome: Outcome,
    /// Mean fitness of the last generation.
    pub(super) mean: Option<f64>,
    /// Best fitness of any member.
    pub(super) best: Option<f64>,
    pub(super) generations: Option<f64>,
    /// Programs that were made, in a search for some.
    pub(super) births: Option<f64>,
    pub(super) evaluations: Option<f64>,
    pub(super) seconds: Option<f64>,
    pub(super) failures: Option<f64>,
    pub(super) first_error: Option<String>,
    pub(super) seed: Option<String>,
    pub(super) digest: Option<String>,
}

/// How a run ended, for people.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outcome {
    /// Class of the mark: `good`, `plain`, `warn` or `open`.
    pub(super) class: &'static str,
    pub(super) short: String,
    pub(super) sentence: String,
}

impl Figures {
    /// The figures of a run.
    pub(super) fn of(files: &RunFiles) -> Self {
        let history = &files.history;
        let text = |value: Option<&toml::Value>| Some(value?.as_str()?.to_owned());
        let either =
            |summed: &str, logged: &str| files.summed_up(summed).or_else(|| history.last(logged));
        let directory = || files.path.file_name().map(|name| name.to_string_lossy().into_owned());
        let generations = files
            .summed_up("generations")
            .or_else(|| history.generations.last().map(|last| last + 1.0));
        let seconds = either("seconds", "elapsed_s");
        Self {
            name: files
                .said("name")
                .map(str::to_owned)
                .or_else(|| text(files.config.get("name")))
                .or_else(directory)
                .unwrap_or_else(|| "run".into()),
            task: text(files.configured("task", "name")),
            strategy: text(files.configured("search", "strategy")),
            mean: either("mean_fitness", "mean"),
            best: either("best_fitness", "best_so_far"),
            outcome: outcome(files, generations, seconds),
            generations,
            births: history.last("births"),
            evaluations: either("evaluations", "evaluations"),
            seconds,
            failures: either("failures", "failures_total"),
            first_error: files.said("first_error").map(str::to_owned),
            seed: seed(files),
            digest: files.said("digest").map(str::to_owned).or_else(|| history.digest.clone()),
        }
    }

    /// Evaluations per second over the whole run.
    pub(super) fn evaluations_per_s(&self) -> Option<f64> {
        let seconds = self.seconds.filter(|&s| s > 0.0)?;
        Some(self.evaluations? / seconds)
    }
}

fn outcome(files: &RunFiles, generations: Option<f64>, seconds: Option<f64>) -> Outcome {
    let outcome = Outcome::of(files.said("stopped_by"), generations, seconds);
    match &files.design {
        Some(design) => design.outcome(outcome),
        None => outcome,
    }
}

/// As text: a seed may be larger than an f64 can tell.
fn seed(files: &RunFiles) -> Option<String> {
    let summed = files.summary.as_ref().and_then(|s| s.get("seed")).filter(|s| s.is_number());
    let configured = files.config.get("seed").and_then(toml::Value::as_integer);
    summed.map(ToString::to_string).or_else(|| configured.map(|seed| seed.to_string()))
}

impl Outcome {
    fn of(stopped_by: Option<&str>, generations: Option<f64>, seconds: Option<f64>) -> Self {
        let (class, what) = match stopped_by {
            Some("target-reached") => ("good", "The target fitness was reached"),
            Some("generation-limit") => ("plain", "The budget of generations was spent"),
            Some("evaluation-limit") => ("plain", "The budget of evaluations was spent"),
            Some("time-limit") => ("plain", "The budget of time was spent"),
            Some("finished") => ("good", "The search came to its end"),
            Some("stagnated") => ("warn", "Nothing improved any more"),
            Some("interrupted") => ("warn", "The run was asked to stop"),
            Some(_) => ("plain", "The run ended"),
            None => ("open", "There is no summary: the run goes on, or an error ended it"),
        };
        let after = generations.map(|n| match n {
            1.0 => "1 generation".to_owned(),
            n => format!("{} generations", number::count(n as u64)),
        });
        let parts: Vec<String> = after.into_iter().chain(seconds.map(number::duration)).collect();
        let after = if parts.is_empty() {
            String::new()
        } else {
            format!(" after {}", parts.join(" and "))
        };
        let short = stopped_by.unwrap_or("not finished").replace('-', " ");
        Self { class, short, sentence: format!("{what}{after}.") }
    }
}
