//! A run directory: its files, written and read.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use hatchery_engine::checkpoint::CheckpointStore;
use hatchery_engine::{Params, RunReport};
use hatchery_tasks::external::Counters;
use safetensors::tensor::{Dtype, TensorView, serialize};
use serde::Serialize;
use serde_json::{Value, json};

use crate::config::RunConfig;

/// The files of one run.
#[derive(Debug, Clone)]
pub(crate) struct RunDir {
    pub(crate) path: PathBuf,
}

impl RunDir {
    /// A directory to be made: the one asked for with `--out`, or the next free `runs/<name>-seed<seed>`.
    ///
    /// # Errors
    /// If the one asked for exists and is not empty.
    pub(crate) fn choose(asked: Option<&Path>, config: &RunConfig) -> Result<Self> {
        let hint = |path: &Path| format!(", or go on with `hatchery resume {}`", path.display());
        Self::free(asked, &config.name, config.seed, "--out", hint)
    }

    /// As [`choose`](Self::choose), for a command that cannot go on, with another word for the directory.
    ///
    /// # Errors
    /// If the one asked for exists and is not empty.
    pub(crate) fn choose_named(
        asked: Option<&Path>,
        name: &str,
        seed: u64,
        flag: &str,
    ) -> Result<Self> {
        Self::free(asked, name, seed, flag, |_| String::new())
    }

    fn free(
        asked: Option<&Path>,
        name: &str,
        seed: u64,
        flag: &str,
        hint: impl Fn(&Path) -> String,
    ) -> Result<Self> {
        if let Some(path) = asked {
            let shown = path.display();
            if path.exists() && !path.is_dir() {
                bail!("{shown} is a file; choose a new directory with {flag}");
            }
            if fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some()) {
                bail!("{shown} exists and is not empty; choose another with {flag}{}", hint(path));
            }
            return Ok(Self { path: path.to_owned() });
        }
        let stem = format!("runs/{name}-seed{seed}");
        let numbered = (2..).map(|n| PathBuf::from(format!("{stem}-{n}")));
        let mut names = std::iter::once(PathBuf::from(&stem)).chain(numbered);
        let path = names.find(|path| !path.exists()).expect("the names do not end");
        Ok(Self { path })
    }

    /// An existing run.
    ///
    /// # Errors
    /// If it does not look like one.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        if !path.is_dir() {
            bail!("{} is no directory; give the directory of a run", path.display());
        }
        let dir = Self { path: path.to_owned() };
        if !dir.config().is_file() && !dir.checkpoints().is_dir() {
            bail!(
                "{} is no run directory: it has neither config.toml nor checkpoints",
                path.display()
            );
        }
        Ok(dir)
    }

    /// Makes the directory and writes the configuration.
    ///
    /// # Errors
    /// If the file system refuses.
    pub(crate) fn create(&self, config: &RunConfig) -> Result<()> {
        fs::create_dir_all(self.checkpoints())
            .with_context(|| format!("cannot make {}", self.path.display()))?;
        self.write_config(config)
    }

    pub(crate) fn write_config(&self, config: &RunConfig) -> Result<()> {
        write_aside(&self.config(), config.to_toml().as_bytes())
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path.join("config.toml")
    }

    pub(crate) fn metrics(&self) -> PathBuf {
        self.path.join("metrics.jsonl")
    }

    pub(crate) fn fitness_log(&self) -> PathBuf {
        self.path.join("fitness.log")
    }

    pub(crate) fn checkpoints(&self) -> PathBuf {
        self.path.join("checkpoints")
    }

    pub(crate) fn store(&self, keep: u32) -> CheckpointStore {
        CheckpointStore::new(self.checkpoints(), keep as usize)
    }

    pub(crate) fn parameters(&self) -> PathBuf {
        self.path.join("parameters.safetensors")
    }

    /// Reads `config.toml`.
    ///
    /// # Errors
    /// If it is missing or wrong.
    pub(crate) fn read_config(&self) -> Result<RunConfig> {
        let path = self.config();
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(RunConfig::parse(&path.display().to_string(), &text)?)
    }

    /// Writes `parameters.safetensors`.
    ///
    /// # Errors
    /// If the file system refuses.
    pub(crate) fn write_parameters(&self, params: &Params) -> Result<()> {
        write_aside(&self.parameters(), &to_safetensors(params)?)
    }

    /// Writes a text of this name, which may be in a folder of its own.
    ///
    /// # Errors
    /// If the file system refuses.
    pub(crate) fn write_text(&self, name: &str, text: &str) -> Result<()> {
        let path = self.path.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        write_aside(&path, text.as_bytes())
    }

    /// Writes a file of JSON of this name.
    ///
    /// # Errors
    /// If the file system refuses.
    pub(crate) fn write_json<T: Serialize>(&self, name: &str, value: &T) -> Result<()> {
        let text = serde_json::to_string_pretty(value).context("results are JSON")?;
        self.write_text(name, &format!("{text}\n"))
    }

    /// Reads `summary.json`, if there is one that can be read.
    pub(crate) fn read_summary(&self) -> Option<Value> {
        serde_json::from_slice(&fs::read(self.path.join("summary.json")).ok()?).ok()
    }

    /// Writes `summary.json`.
    ///
    /// # Errors
    /// If the file system refuses.
    pub(crate) fn write_summary(&self, summary: &Value) -> Result<()> {
        let text = serde_json::to_string_pretty(summary).context("the summary is JSON")?;
        write_aside(&self.path.join("summary.json"), format!("{text}\n").as_bytes())
    }
}

/// The summary of a run as JSON; NaN becomes null.
pub(crate) fn summary(
    config: &RunConfig,
    report: &RunReport,
    external: Option<&Counters>,
    dir: &RunDir,
) -> Value {
    let mut summary = json!({
        "name": config.name,
        "seed": config.seed,
        "stopped_by": report.stopped_by.to_string(),
        "generations": report.generations,
        "evaluations": report.evaluations,
        "seconds": report.seconds,
        "best_fitness": report.best_fitness,
        "mean_fitness": report.mean_fitness,
        "failures": report.failures,
        "first_error": report.first_error,
        "digest": report.digest.map(|d| d.to_string()),
        "run_dir": dir.path.display().to_string(),
    });
    if let Some(counters) = external {
        summary["external"] = json!(counters);
    }
    summary
}

/// All tensors in the safetensors format, f32 little-endian.
pub(crate) fn to_safetensors(params: &Params) -> Result<Vec<u8>> {
    let specs = params.layout.specs();
    let bytes: Vec<Vec<u8>> = (0..specs.len())
        .map(|i| params.tensor(i).iter().flat_map(|v| v.to_le_bytes()).collect())
        .collect();
    let mut views = Vec::new();
    for (spec, bytes) in specs.iter().zip(&bytes) {
        views.push((spec.name.clone(), TensorView::new(Dtype::F32, spec.shape(), bytes)?));
    }
    Ok(serialize(views, None)?)
}

/// Writes under another name and renames, so that no reader sees half a file.
pub(crate) fn write_aside(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".tmp");
    let aside = PathBuf::from(aside);
    fs::write(&aside, bytes)
        .and_then(|()| fs::rename(&aside, path))
        .with_context(|| format!("cannot write {}", path.display()))
}
