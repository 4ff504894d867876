//! Programs in other languages that are spoken to in lines: started in a process group of their own, read with deadlines, killed whole.
//!
//! A [`ChildProcess`] never makes its owner wait longer than was said: writing does not block, reading ends at a deadline, and what
//! the program has started dies with it. What the lines mean is for its owner. Needs a Unix system.

mod groups;
mod lines;
mod sys;

use std::io::{self, ErrorKind, Read, Write};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

pub use groups::kill_all;
use lines::Lines;

/// How long a program that has closed its output is waited for, to learn how it ended.
const EXIT_WAIT: Duration = Duration::from_millis(100);

/// What a program has written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output<'a> {
    /// A line of its output, without its end; never an empty one.
    Line(&'a [u8]),
    /// Something instead of a line: one that was too long, or that the program's end has torn.
    Dropped,
    /// A piece of its error output, cut anywhere; only if that is a pipe.
    Errors(&'a [u8]),
}

/// Why a program writes no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// With an exit code, or none if it has closed its output and lives on.
    Exit(Option<i32>),
    /// By a signal.
    Signal,
}

impl Ended {
    /// As part of a sentence about the program.
    pub fn text(self) -> String {
        match self {
            Self::Exit(Some(code)) => format!("it ended with exit code {code}"),
            Self::Exit(None) => "it closed its output".to_owned(),
            Self::Signal => "a signal killed it".to_owned(),
        }
    }
}

/// A running program. Dropping it kills it.
#[derive(Debug)]
pub struct ChildProcess {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    stderr: Option<ChildStderr>,
    /// Written from `sent` on as soon as the pipe takes it.
    to_send: Vec<u8>,
    sent: usize,
    lines: Lines,
}

impl ChildProcess {
    /// Starts a program with pipes for input and output; its error output goes where `command` says. Lines of more than
    /// `line_bytes_max` bytes will be dropped.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(command: &mut Command, line_bytes_max: usize) -> io::Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        sys::isolate(command);
        let mut child = command.spawn()?;
        groups::add(child.id());
        let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
        let stdout = child.stdout.take().expect("its output is a pipe");
        let (lines, to_send) = (Lines::new(line_bytes_max), Vec::new());
        let process = Self { child, stdin, stdout, stderr, to_send, sent: 0, lines };
        if let Some(stdin) = &process.stdin {
            sys::adopt(stdin)?;
        }
        Ok(process)
    }

    /// What is to be sent, to be appended to; it goes out with [`flush`](Self::flush) and during the next turns.
    pub fn to_send(&mut self) -> &mut Vec<u8> {
        &mut self.to_send
    }

    /// Sends what the pipe takes now; the rest goes out during the next turns.
    pub fn flush(&mut self) {
        let Some(stdin) = &mut self.stdin else { return };
        while self.sent < self.to_send.len() {
            match stdin.write(&self.to_send[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // It reads no more. What it still has to say, or its end, is found by reading.
                Err(_) => {
                    self.stdin = None;
                    return;
                }
            }
        }
        self.to_send.clear();
        self.sent = 0;
    }

    /// One round of writing, waiting and reading: returns after something came, or at the deadline. `each` is given what came.
    /// Returns how many bytes of output were read.
    ///
    /// # Errors
    /// If the program writes no more.
    pub fn turn(
        &mut self,
        deadline: Instant,
        mut each: impl FnMut(Output<'_>),
    ) -> Result<usize, Ended> {
        self.flush();
        let unsent = self.stdin.as_ref().filter(|_| self.sent < self.to_send.len());
        let timeout = deadline.saturating_duration_since(Instant::now());
        let ready = sys::wait(unsent, &self.stdout, self.stderr.as_ref(), timeout)
            .map_err(|_| Ended::Exit(None))?;
        if ready.errors {
            self.read_errors(&mut each);
        }
        if !ready.output {
            return Ok(0);
        }
        let mut buffer = [0; 1 << 16];
        let count = match self.stdout.read(&mut buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(0),
            Ok(0) | Err(_) => {
                if self.lines.is_torn() {
                    each(Output::Dropped);
                }
                return Err(self.ended());
            }
            Ok(count) => count,
        };
        let dropped = self.lines.push(&buffer[..count], |line| each(Output::Line(line)));
        (0..dropped).for_each(|_| each(Output::Dropped));
        Ok(count)
    }

    /// Sends what the pipe takes and closes it: a program that reads until the end of its input leaves.
    pub fn close_input(&mut self) {
        self.flush();
        self.stdin = None;
    }

    /// Whether its input is closed, by us or by it.
    pub fn is_input_closed(&self) -> bool {
        self.stdin.is_none()
    }

    /// Waits until it has ended, at most so long.
    pub fn wait_for_exit(&mut self, limit: Duration) -> Option<ExitStatus> {
        let end = Instant::now() + limit;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_millis(1)),
                _ => return None,
            }
        }
    }

    /// Kills it and what it has started, unless that was done before.
    pub fn kill(&mut self) {
        if groups::kill(self.child.id()) {
            let _ = self.child.wait();
        }
    }

    /// The error output of a killed program that was not read yet.
    pub fn last_errors(&mut self, mut each: impl FnMut(Output<'_>)) {
        // All writers of the group are dead; one that left it must not keep us here.
        for _ in 0..64 {
            let some = sys::wait(None, &self.stdout, self.stderr.as_ref(), Duration::ZERO);
            if self.stderr.is_none() || !some.is_ok_and(|ready| ready.errors) {
                break;
            }
            self.read_errors(&mut each);
        }
    }

    fn read_errors(&mut self, each: &mut impl FnMut(Output<'_>)) {
        let mut buffer = [0; 1 << 14];
        let Some(stderr) = &mut self.stderr else { return };
        match stderr.read(&mut buffer) {
            Ok(0) => self.stderr = None,
            Ok(count) => each(Output::Errors(&buffer[..count])),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => self.stderr = None,
        }
    }

    /// The output is closed: what became of the program.
    fn ended(&mut self) -> Ended {
        match self.wait_for_exit(EXIT_WAIT) {
            Some(status) if status.code().is_none() => Ended::Signal,
            Some(status) => Ended::Exit(status.code()),
            None => Ended::Exit(None),
        }
    }
}

impl Drop for ChildProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> ChildProcess {
        ChildProcess::start(Command::new("sh").args(["-c", script]), 100).expect("there is a shell")
    }

    /// Lines until the end or the deadline, with a `!` for each that was dropped.
    fn listen(process: &mut ChildProcess, limit: Duration) -> (Vec<String>, Option<Ended>) {
        let (mut lines, deadline) = (Vec::new(), Instant::now() + limit);
        while Instant::now() < deadline {
            let turn = process.turn(deadline, |output| match output {
                Output::Line(line) => lines.push(String::from_utf8_lossy(line).into_owned()),
                Output::Dropped => lines.push("!".to_owned()),
                Output::Errors(_) => {}
            });
            if let Err(ended) = turn {
                return (lines, Some(ended));
            }
        }
        (lines, None)
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn what_is_sent_is_answered() {
        let mut process = shell("while read -r line; do echo \"<$line>\"; done; exit 3");
        process.to_send().extend_from_slice(b"one\ntwo\n");
        process.close_input();
        let (lines, ended) = listen(&mut process, LONG);
        assert_eq!(lines, ["<one>", "<two>"]);
        assert_eq!(ended, Some(Ended::Exit(Some(3))));
    }

    #[test]
    fn more_than_a_pipe_holds_does_not_block() {
        let mut process = shell("wc -c");
        process.to_send().resize(1 << 20, b'x');
        let deadline = Instant::now() + LONG;
        while !process.to_send().is_empty() {
            assert!(Instant::now() < deadline);
            process.turn(Instant::now() + Duration::from_millis(5), |_| {}).expect("it reads");
        }
        process.close_input();
        let (lines, _) = listen(&mut process, LONG);
        assert_eq!(lines.concat().trim(), (1 << 20).to_string());
    }

    #[test]
    fn long_and_torn_lines_are_dropped() {
        let mut process = shell("printf '%0200d\\nshort\\ntorn' 1; kill -9 $$");
        let (lines, ended) = listen(&mut process, LONG);
        assert!(lines == ["!", "short", "!"] || lines == ["short", "!", "!"], "{lines:?}");
        assert_eq!(ended, Some(Ended::Signal));
    }

    #[test]
    fn what_a_killed_program_has_started_dies_too() {
        let mut process = shell("sleep 1000 & echo $!; wait");
        let mut pid = String::new();
        let deadline = Instant::now() + LONG;
        while pid.is_empty() {
            let turn = process.turn(deadline, |output| {
                if let Output::Line(line) = output {
                    pid = String::from_utf8_lossy(line).into_owned();
                }
            });
            turn.expect("it waits");
        }
        let lives = || {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
            // Until someone asks for its end it is a zombie.
            stat.is_ok_and(|stat| !stat.contains(") Z "))
        };
        assert!(lives() || !std::path::Path::new("/proc/self").exists());
        drop(process);
        while lives() {
            assert!(Instant::now() < deadline, "it lives on");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
