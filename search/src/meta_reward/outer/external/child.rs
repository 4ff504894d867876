//! The program that runs: what it is asked, and when it must die.

use std::collections::VecDeque;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use hatchery_engine::child_process::{ChildProcess, Ended, Output};

use super::config::ExternalConfig;
use super::protocol::{self, Answer, LINE_BYTES_MAX, Message};
use super::record::Malformed;

/// How long a program that was told to leave may take.
const BYE: Duration = Duration::from_secs(1);
/// Lines that are no answer after which a program is taken to flood, while one answer is awaited.
const MALFORMED_MAX: usize = 100;

/// A program that is ready. Dropping it says goodbye, waits a little and kills it.
#[derive(Debug)]
pub(super) struct Child {
    process: ChildProcess,
    /// Lines that were read and not yet looked at; `None` for one that could not be read.
    inbox: VecDeque<Option<Vec<u8>>>,
    timeout: Duration,
    /// Whether it has failed, so that nothing more is to be expected of it.
    failed: bool,
}

/// What came of waiting for an answer.
pub(super) struct Heard {
    /// The answer and its line, or why there is none.
    pub(super) answer: Result<(Answer, String), String>,
    /// The lines that were no answer.
    pub(super) malformed: Vec<Malformed>,
}

impl Child {
    /// Starts the program. Its error output is ours, its environment is PATH, HOME, which is the folder of the search, and the
    /// names in `env`, HOME perhaps among them.
    ///
    /// # Errors
    /// Why it could not be started.
    pub(super) fn start(config: &ExternalConfig, folder: Option<&Path>) -> Result<Self, String> {
        let program = &config.command[0];
        let mut command = Command::new(program);
        command.args(&config.command[1..]).env_clear().stderr(Stdio::inherit());
        command.env("HOME", folder.unwrap_or(Path::new("/nonexistent")));
        for name in config.env.iter().map(String::as_str).chain(["PATH"]) {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        let process = ChildProcess::start(&mut command, LINE_BYTES_MAX)
            .map_err(|error| format!("cannot start `{program}`: {error}"))?;
        Ok(Self { process, inbox: VecDeque::new(), timeout: config.timeout(), failed: false })
    }

    /// Says something; what the pipe does not take goes out while the next answer is awaited.
    pub(super) fn say(&mut self, line: &str) {
        let to_send = self.process.to_send();
        to_send.extend_from_slice(line.as_bytes());
        to_send.push(b'\n');
        self.process.flush();
    }

    /// Waits for an answer that `fits`, which says of others what is wrong with them. Lines behind the answer are left to the next.
    pub(super) fn hear(&mut self, fits: impl Fn(&Answer) -> Result<(), String>) -> Heard {
        let deadline = Instant::now() + self.timeout;
        let mut malformed = Vec::new();
        let mut ended = None;
        loop {
            while let Some(line) = self.inbox.pop_front() {
                let Some(line) = line else {
                    let reason = format!("a line is whole and has at most {LINE_BYTES_MAX} bytes");
                    malformed.push(Malformed::new(b"", reason));
                    continue;
                };
                match protocol::read(&line).and_then(|answer| fits(&answer).map(|()| answer)) {
                    Ok(answer) => {
                        let text = String::from_utf8_lossy(&line).trim().to_owned();
                        return Heard { answer: Ok((answer, text)), malformed };
                    }
                    Err(reason) => malformed.push(Malformed::new(&line, reason)),
                }
            }
            if malformed.len() > MALFORMED_MAX {
                ended = Some("it wrote far more than answers and was killed".to_owned());
            } else if ended.is_none() && Instant::now() >= deadline {
                let seconds = self.timeout.as_secs_f64();
                ended = Some(format!("it did not answer within {seconds} s and was killed"));
            }
            if let Some(why) = ended {
                self.failed = true;
                malformed.truncate(MALFORMED_MAX);
                return Heard { answer: Err(why), malformed };
            }
            let inbox = &mut self.inbox;
            let turned = self.process.turn(deadline, |output| match output {
                Output::Line(line) => inbox.push_back(Some(line.to_vec())),
                Output::Dropped => inbox.push_back(None),
                Output::Errors(_) => {}
            });
            ended = turned.err().map(Ended::text);
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.failed {
            self.say(&Message::Bye.line());
            self.process.close_input();
            self.process.wait_for_exit(BYE);
        }
    }
}
