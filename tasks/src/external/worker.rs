//! One running program: what is sent, what has come back, when it must die.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use hatchery_engine::child_process::{ChildProcess, Ended, Output};

use super::config::Config;
use super::counters::{Tally, count};
use super::protocol::{self, Answer, LINE_BYTES_MAX, Ready};

/// Bytes of error output that are kept for each worker.
const STDERR_BYTES_MAX: u64 = 8 << 20;
/// Bytes of the end of it that an error message quotes.
const TAIL_BYTES: usize = 600;
/// Bytes without a single answer after which a program is taken to flood.
const FLOOD_BYTES: u64 = 64 << 20;
/// Lines without a single answer after which a program is taken to flood.
const FLOOD_LINES: u64 = 10_000;
/// How long a program that was told to stop may take.
const STOP_MS: u64 = 1_000;

/// Why a program is no longer there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Death {
    /// It ended by itself, or by a signal that we did not send, or closed its output.
    Ended(Ended),
    /// An evaluation took too long.
    Timeout,
    /// It wrote without end and without sense.
    Flood,
}

impl Death {
    /// As part of a sentence about the program.
    pub(super) fn text(self) -> String {
        match self {
            Self::Ended(ended) => ended.text(),
            Self::Timeout => "it took too long and was killed".to_owned(),
            Self::Flood => "it wrote far more than answers and was killed".to_owned(),
        }
    }

    pub(super) fn count(self, tally: &Tally) {
        count(match self {
            Self::Ended(Ended::Exit(_)) => &tally.exits,
            Self::Ended(Ended::Signal) => &tally.signals,
            Self::Timeout => &tally.timeouts,
            Self::Flood => &tally.floods,
        });
    }
}

/// An evaluation that was sent and not answered.
#[derive(Debug)]
struct Outstanding<J> {
    id: u64,
    job: J,
    deadline: Instant,
}

/// A running program. `J` is what the caller remembers of an evaluation.
#[derive(Debug)]
pub(super) struct Worker<J> {
    process: ChildProcess,
    log: StderrLog,
    parallel: usize,
    hex: bool,
    outstanding: Vec<Outstanding<J>>,
    next_id: u64,
    timeout: Duration,
    useless_bytes: u64,
    useless_lines: u64,
}

impl<J> Worker<J> {
    /// Starts the program and waits until it is ready.
    ///
    /// # Errors
    /// Why it could not be started, or what it did instead of becoming ready.
    pub(super) fn start(
        config: &Config,
        number: usize,
        folder: Option<&Path>,
        tally: &Tally,
    ) -> Result<Self, String> {
        let program = &config.command[0];
        let mut command = Command::new(program);
        command.args(&config.command[1..]).env_clear();
        let passed = config.env.iter().map(String::as_str).chain(["PATH"]);
        for name in passed {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("HOME", folder.unwrap_or(Path::new("/nonexistent")));
        command.env("HATCHERY_WORKER", number.to_string());
        let process = ChildProcess::start(command.stderr(Stdio::piped()), LINE_BYTES_MAX)
            .map_err(|error| format!("cannot start `{program}`: {error}"))?;
        count(&tally.starts);
        let mut worker = Self {
            process,
            log: StderrLog::new(
                folder.map(|folder| folder.join(format!("worker-{number}.stderr"))),
            ),
            parallel: 1,
            hex: false,
            outstanding: Vec::new(),
            next_id: 0,
            timeout: Duration::from_millis(config.timeout_ms),
            useless_bytes: 0,
            useless_lines: 0,
        };
        worker.greet(config, tally).map_err(|reason| {
            worker.kill();
            let tail = worker.log.tail();
            let said =
                if tail.is_empty() { String::new() } else { format!("; its last words: {tail}") };
            format!("`{}` did not become ready: {reason}{said}", config.command.join(" "))
        })?;
        Ok(worker)
    }

    fn greet(&mut self, config: &Config, tally: &Tally) -> Result<(), String> {
        let (lower, upper) = config.bounds();
        let dimension = config.dimension as usize;
        protocol::hello(
            self.process.to_send(),
            dimension,
            lower.as_deref(),
            upper.as_deref(),
            config.objective,
        );
        let deadline = Instant::now() + Duration::from_millis(config.start_timeout_ms);
        let mut ready = None;
        while ready.is_none() {
            let lines = self.turn(deadline, tally, |line| {
                let read = Ready::read(line);
                let useful = read.is_some();
                ready = ready.take().or(read);
                useful
            });
            match lines {
                Ok(()) if ready.is_none() && Instant::now() >= deadline => {
                    return Err(format!("no `ready` line within {} ms", config.start_timeout_ms));
                }
                Ok(()) => {}
                Err(death) => return Err(death.text()),
            }
        }
        if let Some(ready) = ready {
            self.parallel = ready.parallel.clamp(1, 1024) as usize;
            self.hex = ready.x_hex;
        }
        Ok(())
    }

    /// Whether it would take another evaluation.
    pub(super) fn has_room(&self) -> bool {
        self.outstanding.len() < self.parallel
    }

    /// Whether it owes no answer.
    pub(super) fn is_idle(&self) -> bool {
        self.outstanding.is_empty()
    }

    /// Hands it an evaluation. A program that works on one after the other is given the time of all before.
    pub(super) fn send(&mut self, job: J, x: &[f32], seed: u64) {
        let id = self.next_id;
        self.next_id += 1;
        let deadline_ms = self.timeout.as_millis() as u64;
        protocol::eval(self.process.to_send(), id, x, seed, deadline_ms, self.hex);
        let place = self.outstanding.len() as u32 + 1;
        self.outstanding.push(Outstanding {
            id,
            job,
            deadline: Instant::now() + place * self.timeout,
        });
    }

    /// Writes and reads what can be written and read, and waits for an answer if none is there.
    ///
    /// # Errors
    /// How the program died. It is still to be [`kill`](Self::kill)ed.
    pub(super) fn answers(
        &mut self,
        tally: &Tally,
        mut each: impl FnMut(J, Result<f64, String>),
    ) -> Result<(), Death> {
        let earliest = self.outstanding.iter().map(|sent| sent.deadline).min();
        let deadline = earliest.unwrap_or_else(|| Instant::now() + self.timeout);
        let mut outstanding = std::mem::take(&mut self.outstanding);
        let turned = self.turn(deadline, tally, |line| {
            let Some(answer) = Answer::read(line) else { return false };
            let Some(at) = outstanding.iter().position(|sent| sent.id == answer.id) else {
                return false;
            };
            let sent = outstanding.remove(at);
            each(sent.job, answer.value());
            true
        });
        self.outstanding = outstanding;
        turned?;
        let now = Instant::now();
        if self.outstanding.iter().any(|sent| sent.deadline <= now) {
            Err(Death::Timeout)
        } else {
            Ok(())
        }
    }

    /// The evaluations that it still owes.
    pub(super) fn take_outstanding(&mut self) -> Vec<J> {
        self.outstanding.drain(..).map(|sent| sent.job).collect()
    }

    /// One round of writing, waiting and reading; `each` says of a line whether it was of use.
    fn turn(
        &mut self,
        deadline: Instant,
        tally: &Tally,
        mut each: impl FnMut(&[u8]) -> bool,
    ) -> Result<(), Death> {
        let (mut useful, mut useless) = (0, 0);
        let log = &mut self.log;
        let turned = self.process.turn(deadline, |output| match output {
            Output::Line(line) if each(line) => useful += 1,
            Output::Line(_) => useless += 1,
            Output::Dropped => count(&tally.dropped_lines),
            Output::Errors(bytes) => log.write(bytes),
        });
        tally.dropped_lines.fetch_add(useless, Ordering::Relaxed);
        let read = turned.map_err(Death::Ended)?;
        if useful > 0 {
            (self.useless_bytes, self.useless_lines) = (0, 0);
        } else {
            self.useless_bytes += read as u64;
            self.useless_lines += useless;
        }
        if self.useless_bytes > FLOOD_BYTES || self.useless_lines > FLOOD_LINES {
            return Err(Death::Flood);
        }
        Ok(())
    }

    /// Asks it to stop; [`Drop`] sees to it that it does.
    pub(super) fn ask_to_stop(&mut self) {
        self.process.to_send().extend_from_slice(protocol::STOP);
        self.process.close_input();
    }

    /// Kills it and its group, and keeps the last of its error output.
    pub(super) fn kill(&mut self) {
        self.process.kill();
        let log = &mut self.log;
        self.process.last_errors(|output| {
            if let Output::Errors(bytes) = output {
                log.write(bytes);
            }
        });
    }
}

impl<J> Drop for Worker<J> {
    fn drop(&mut self) {
        if self.process.is_input_closed() && self.outstanding.is_empty() {
            self.process.wait_for_exit(Duration::from_millis(STOP_MS));
        }
        self.kill();
    }
}

/// The error output of a worker: a file that does not grow without end, and its last bytes.
#[derive(Debug)]
struct StderrLog {
    path: Option<PathBuf>,
    file: Option<File>,
    tail: Vec<u8>,
}

impl StderrLog {
    fn new(path: Option<PathBuf>) -> Self {
        Self { path, file: None, tail: Vec::new() }
    }

    fn write(&mut self, bytes: &[u8]) {
        self.tail.extend_from_slice(bytes);
        let excess = self.tail.len().saturating_sub(TAIL_BYTES);
        self.tail.drain(..excess);
        if let Some(path) = &self.path
            && self.file.is_none()
        {
            // A log that cannot be written is no reason to stop a run.
            let _ = path.parent().map(std::fs::create_dir_all);
            self.file = OpenOptions::new().append(true).create(true).open(path).ok();
        }
        let Some(file) = &mut self.file else { return };
        let length = file.metadata().map_or(STDERR_BYTES_MAX, |metadata| metadata.len());
        let room = STDERR_BYTES_MAX.saturating_sub(length) as usize;
        if room == 0 {
            return;
        }
        let _ = file.write_all(&bytes[..bytes.len().min(room)]);
        if bytes.len() >= room {
            let _ = file.write_all(b"\n[cut off here: the file is full]\n");
        }
    }

    /// The last lines, on one line.
    fn tail(&self) -> String {
        let text = String::from_utf8_lossy(&self.tail);
        text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" | ")
    }
}
