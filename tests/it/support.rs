//! A scratch folder in which the command runs, and what can be asked of a run directory afterwards.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use serde_json::Value;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_hatchery");

/// All presets, by name.
pub(crate) const PRESETS: [&str; 25] = [
    "cartpole",
    "acrobot",
    "mountain-car",
    "mountain-car-continuous",
    "pendulum",
    "door-key",
    "digits",
    "optimizer-search",
    "egg-bible",
    "egg",
    "egg-parity",
    "reward-tidy",
    "reward-lab",
    "reward-keydoor",
    "reward-countdown",
    "reward-sparsecar",
    "reward-pointmaze",
    "formula-nguyen-7",
    "formula-coulomb",
    "formula-relativity",
    "always-two",
    "regression",
    "sphere",
    "rosenbrock",
    "rastrigin",
];

/// A small, quick, real run.
pub(crate) const SMALL_CARTPOLE: &str = "run cartpole --set search.pairs=8 --quiet";

/// A run that takes minutes unless something ends it, with generations of milliseconds.
pub(crate) const ENDLESS: &str =
    "run pendulum --set search.pairs=4 --set task.episodes=1 --generations 1000000 --quiet";

/// A folder of its own for one test; the command runs in it.
#[derive(Debug)]
pub(crate) struct Scratch(tempfile::TempDir);

impl Scratch {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a scratch folder"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("written");
    }

    /// Names in the folder, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        names_in(self.0.path())
    }

    /// Names in a folder below, sorted.
    pub(crate) fn names_in(&self, folder: &str) -> Vec<String> {
        names_in(&self.path(folder))
    }

    /// The command with these words, split at spaces.
    pub(crate) fn command(&self, words: &str) -> Command {
        self.command_of(&words.split_whitespace().collect::<Vec<_>>())
    }

    /// The command with exactly these words.
    pub(crate) fn command_of(&self, words: &[&str]) -> Command {
        // Where tests have been carried to another machine, so has the command.
        let carried = std::env::var_os("HATCHERY_BINARY").unwrap_or_else(|| BINARY.into());
        let mut command = Command::new(carried);
        command.current_dir(self.0.path()).args(words).timeout(Duration::from_secs(60));
        command
    }

    /// Runs the command and expects success.
    pub(crate) fn ok(&self, words: &str) -> Assert {
        self.command(words).assert().success()
    }

    /// Runs the command with `--json`, expects success and returns the last line.
    pub(crate) fn json(&self, words: &str) -> Value {
        last_line(&self.ok(&format!("{words} --json")))
    }

    /// Starts the command and leaves it running, its standard error piped.
    pub(crate) fn spawn(&self, words: &str) -> Running {
        let child = std::process::Command::new(BINARY)
            .current_dir(self.0.path())
            .args(words.split_whitespace())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        Running(child)
    }

    /// Lines of a run's `metrics.jsonl` without what depends on the clock.
    pub(crate) fn metrics(&self, run: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.path(run).join("metrics.jsonl")).expect("metrics");
        text.lines()
            .map(|line| {
                let mut value: Value = serde_json::from_str(line).expect("each line is JSON");
                let object = value.as_object_mut().expect("each line is an object");
                object.remove("elapsed_s").expect("elapsed_s");
                object.remove("evaluations_per_s").expect("evaluations_per_s");
                value
            })
            .collect()
    }

    /// Checkpoint files of a run, oldest first.
    pub(crate) fn checkpoints(&self, run: &str) -> Vec<PathBuf> {
        let folder = self.path(run).join("checkpoints");
        names_in(&folder).into_iter().map(|name| folder.join(name)).collect()
    }

    /// A file of a run as JSON.
    pub(crate) fn json_file(&self, name: &str) -> Value {
        let text = fs::read_to_string(self.path(name)).expect("read");
        serde_json::from_str(&text).expect("JSON")
    }

    /// Waits until the run has so many generations behind it.
    pub(crate) fn await_generations(&self, run: &str, count: usize) {
        let metrics = self.path(run).join("metrics.jsonl");
        await_that("a generation", || {
            fs::read(&metrics).is_ok_and(|b| b.iter().filter(|b| **b == b'\n').count() >= count)
        });
    }
}

/// A command that was started; killed when dropped.
#[derive(Debug)]
pub(crate) struct Running(pub(crate) Child);

impl Running {
    /// Sends a signal by its short name, as in `INT`.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.0.id().to_string();
        let sent = std::process::Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.expect("there is a kill command").success(), "kill -s {name} {pid}");
    }

    /// Waits for the end, at most some seconds.
    pub(crate) fn status(&mut self) -> ExitStatus {
        let mut status = None;
        await_that("the command to end", || {
            status = self.0.try_wait().expect("a child can be waited for");
            status.is_some()
        });
        status.expect("it has ended")
    }

    /// Waits for the end and returns the exit code and all of standard error.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let code = self.status().code();
        let mut text = String::new();
        if let Some(mut stderr) = self.0.stderr.take() {
            std::io::Read::read_to_string(&mut stderr, &mut text).expect("utf-8");
        }
        (code, text)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Already gone in most tests.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The last line of standard output, read as JSON.
pub(crate) fn last_line(assert: &Assert) -> Value {
    let text = stdout(assert);
    let line = text.lines().last().expect("there is a last line");
    serde_json::from_str(line).expect("the last line is JSON")
}

pub(crate) fn stdout(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).expect("utf-8")
}

pub(crate) fn stderr(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).expect("utf-8")
}

pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder can be listed");
    let name = |e: std::io::Result<fs::DirEntry>| {
        e.expect("an entry").file_name().into_string().expect("utf-8")
    };
    let mut names: Vec<String> = entries.map(name).collect();
    names.sort();
    names
}

/// Polls until something holds; a machine under load gets half a minute.
fn await_that(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(30), "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
