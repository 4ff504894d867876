//! One running program: what is sent, what has come back, when it must die.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::config::Config;
use super::counters::{Tally, count};
use super::lines::Lines;
use super::protocol::{self, Answer, Ready};
use super::sys;

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

/// Process groups of all programs that run.
static GROUPS: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// Kills all programs of all tasks, for a process that is about to leave without unwinding.
pub fn kill_all() {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner).drain(..).for_each(sys::kill_group);
}

/// Why a program is no longer there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Death {
    /// It ended by itself, or closed its output.
    Exit(Option<i32>),
    /// A signal that we did not send.
    Signal,
    /// An evaluation took too long.
    Timeout,
    /// It wrote without end and without sense.
    Flood,
}

impl Death {
    /// As part of a sentence about the program.
    pub(super) fn text(self) -> String {
        match self {
            Self::Exit(Some(code)) => format!("it ended with exit code {code}"),
            Self::Exit(None) => "it closed its output".to_owned(),
            Self::Signal => "a signal killed it".to_owned(),
            Self::Timeout => "it took too long and was killed".to_owned(),
            Self::Flood => "it wrote far more than answers and was killed".to_owned(),
        }
    }

    pub(super) fn count(self, tally: &Tally) {
        count(match self {
            Self::Exit(_) => &tally.exits,
            Self::Signal => &tally.signals,
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
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    stderr: Option<ChildStderr>,
    log: StderrLog,
    /// Written from `sent` on as soon as the pipe takes it.
    to_send: Vec<u8>,
    sent: usize,
    lines: Lines,
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
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        sys::isolate(&mut command);
        let mut child =
            command.spawn().map_err(|error| format!("cannot start `{program}`: {error}"))?;
        GROUPS.lock().unwrap_or_else(PoisonError::into_inner).push(child.id());
        count(&tally.starts);
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), stderr) = pipes else {
            return Err(format!("`{program}` has no pipes"));
        };
        let mut worker = Self {
            child,
            stdin: Some(stdin),
            stdout,
            stderr,
            log: StderrLog::new(
                folder.map(|folder| folder.join(format!("worker-{number}.stderr"))),
            ),
            to_send: Vec::new(),
            sent: 0,
            lines: Lines::default(),
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
        if let Some(stdin) = &self.stdin {
            sys::adopt(stdin).map_err(|error| error.to_string())?;
        }
        let (lower, upper) = config.bounds();
        let dimension = config.dimension as usize;
        protocol::hello(
            &mut self.to_send,
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
        protocol::eval(&mut self.to_send, id, x, seed, deadline_ms, self.hex);
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
        self.write()?;
        let unsent = self.stdin.as_ref().filter(|_| self.sent < self.to_send.len());
        let timeout = deadline.saturating_duration_since(Instant::now());
        let ready = sys::wait(unsent, &self.stdout, self.stderr.as_ref(), timeout)
            .map_err(|_| Death::Exit(None))?;
        if ready.errors {
            self.read_errors();
        }
        if !ready.output {
            return Ok(());
        }
        let mut buffer = [0; 1 << 16];
        let count = match self.stdout.read(&mut buffer) {
            Ok(0) => return Err(self.ended(tally)),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            Err(_) => return Err(self.ended(tally)),
        };
        let (mut useful, mut useless) = (0, 0);
        let dropped = self
            .lines
            .push(&buffer[..count], |line| if each(line) { useful += 1 } else { useless += 1 });
        tally.dropped_lines.fetch_add(useless + dropped, Ordering::Relaxed);
        if useful > 0 {
            (self.useless_bytes, self.useless_lines) = (0, 0);
        } else {
            self.useless_bytes += count as u64;
            self.useless_lines += useless;
        }
        if self.useless_bytes > FLOOD_BYTES || self.useless_lines > FLOOD_LINES {
            return Err(Death::Flood);
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), Death> {
        let Some(stdin) = &mut self.stdin else { return Ok(()) };
        while self.sent < self.to_send.len() {
            match stdin.write(&self.to_send[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // It reads no more. What it still has to say, or its end, is found by reading.
                Err(_) => {
                    self.stdin = None;
                    return Ok(());
                }
            }
        }
        self.to_send.clear();
        self.sent = 0;
        Ok(())
    }

    /// The output is closed: what became of the program.
    fn ended(&mut self, tally: &Tally) -> Death {
        if self.lines.is_torn() {
            count(&tally.dropped_lines);
        }
        match self.wait_for_exit(Duration::from_millis(100)) {
            Some(status) if status.code().is_none() => Death::Signal,
            Some(status) => Death::Exit(status.code()),
            None => Death::Exit(None),
        }
    }

    fn wait_for_exit(&mut self, limit: Duration) -> Option<ExitStatus> {
        let end = Instant::now() + limit;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_millis(1)),
                _ => return None,
            }
        }
    }

    fn read_errors(&mut self) {
        let mut buffer = [0; 1 << 14];
        let Some(stderr) = &mut self.stderr else { return };
        match stderr.read(&mut buffer) {
            Ok(0) => self.stderr = None,
            Ok(count) => self.log.write(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => self.stderr = None,
        }
    }

    /// Asks it to stop; [`Drop`] sees to it that it does.
    pub(super) fn ask_to_stop(&mut self) {
        self.to_send.extend_from_slice(protocol::STOP);
        let _ = self.write();
        self.stdin = None;
    }

    /// Kills it and its group, and keeps the last of its error output.
    pub(super) fn kill(&mut self) {
        let group = self.child.id();
        let mut groups = GROUPS.lock().unwrap_or_else(PoisonError::into_inner);
        // Once: after it has been waited for, its number may belong to another.
        let Some(at) = groups.iter().position(|known| *known == group) else { return };
        groups.swap_remove(at);
        sys::kill_group(group);
        drop(groups);
        let _ = self.child.wait();
        // All writers of the group are dead; one that left it must not keep us here.
        for _ in 0..64 {
            let some = sys::wait(None, &self.stdout, self.stderr.as_ref(), Duration::ZERO);
            if self.stderr.is_none() || !some.is_ok_and(|ready| ready.errors) {
                break;
            }
            self.read_errors();
        }
    }
}

impl<J> Drop for Worker<J> {
    fn drop(&mut self) {
        if self.stdin.is_none() && self.outstanding.is_empty() {
            self.wait_for_exit(Duration::from_millis(STOP_MS));
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
