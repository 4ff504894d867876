//! What a program is asked during a search: from the record as far as that goes, then from the program, which may fail.

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::child::{Child, Heard};
use super::config::{ExternalConfig, OnFailure};
use super::protocol::{Answer, Message};
use super::record::{Event, Malformed, Record};

/// Expressions of an answer, and the lines before it that were none.
pub(super) type Exprs = (Vec<Value>, Vec<Malformed>);

/// A program over a whole search.
#[derive(Debug)]
pub(super) struct Session {
    config: ExternalConfig,
    /// The first line.
    hello: String,
    /// Where the record is, and where the program saves to.
    folder: Option<PathBuf>,
    record: Record,
    child: Option<Child>,
    /// Whether the program updates itself.
    learns: bool,
    pub(super) past: Past,
}

/// What has happened so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Past {
    /// Times that the program was started again.
    pub(super) restarts: u32,
    /// The last step after which it was told to save.
    pub(super) saved: Option<u32>,
    /// Why it is asked no more.
    pub(super) given_up: Option<String>,
}

/// What has gone wrong.
enum Trouble {
    /// The program has failed, and may be started again.
    Program(String),
    /// The record cannot be written, which ends the search.
    Record(io::Error),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Record(error)
    }
}

impl Session {
    /// A session with nothing behind it but what is recorded in the folder.
    ///
    /// # Errors
    /// If the record cannot be read.
    pub(super) fn open(
        config: ExternalConfig,
        hello: String,
        folder: Option<PathBuf>,
    ) -> Result<Self, String> {
        let record = open(&folder)?;
        let past = Past::default();
        Ok(Self { config, hello, folder, record, child: None, learns: false, past })
    }

    /// Goes on from another past.
    ///
    /// # Errors
    /// If the record cannot be read.
    pub(super) fn resume(&mut self, past: Past) -> Result<(), String> {
        self.record = open(&self.folder)?;
        (self.child, self.past) = (None, past);
        Ok(())
    }

    /// Whether the program is asked no more.
    pub(super) fn is_given_up(&self) -> bool {
        self.past.given_up.is_some()
    }

    /// What it proposes; `None` once it is given up.
    ///
    /// # Errors
    /// If the record is of another search or cannot be written, or if the program has failed and that is to end the search.
    pub(super) fn ask(&mut self, step: u32, request: &str) -> Result<Option<Exprs>, String> {
        while let Some(event) = self.record.next(step) {
            match event {
                Event::Proposed { request: recorded, exprs, malformed } => {
                    let same = |request: Value| request == recorded;
                    if serde_json::from_str(request).is_ok_and(same) {
                        return Ok(Some((exprs, malformed)));
                    }
                    return Err(format!(
                        "replay.jsonl is of another search, since its request of step {step} differs: remove it"
                    ));
                }
                event => self.replay(event),
            }
            if self.is_given_up() {
                return Ok(None);
            }
        }
        let fits = |answer: &Answer| match answer {
            Answer::Proposal { step: of, .. } if *of == step => Ok(()),
            Answer::Proposal { step: of, .. } => {
                Err(format!("this is a proposal of step {of}, not {step}"))
            }
            _ => Err("a proposal was asked for".to_owned()),
        };
        Ok(match self.exchange(step, request, fits)? {
            Some((Answer::Proposal { exprs, .. }, malformed)) => Some((exprs, malformed)),
            _ => None,
        })
    }

    /// Tells it what became of its proposals.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub(super) fn tell(&mut self, step: u32, feedback: &str) -> Result<(), String> {
        while let Some(event) = self.record.next(step) {
            let is_over = matches!(event, Event::Acknowledged | Event::GivenUp(_));
            self.replay(event);
            if is_over {
                if self.record.is_saved(step) {
                    self.past.saved = Some(step);
                }
                return Ok(());
            }
        }
        let fits = |answer: &Answer| match answer {
            Answer::Ack { step: of } if *of == step => Ok(()),
            _ => Err(format!("an ack of step {step} was awaited")),
        };
        if self.exchange(step, feedback, fits)?.is_some()
            && self.learns
            && let Some(file) = self.save_file(step)
        {
            self.say(step, &Message::Save { path: &file.to_string_lossy() }.line())
                .map_err(lost)?;
            self.past.saved = Some(step);
        }
        Ok(())
    }

    /// Makes an event that is no proposal have happened.
    fn replay(&mut self, event: Event) {
        match event {
            Event::Restarted => self.past.restarts += 1,
            Event::GivenUp(why) => self.past.given_up = Some(why),
            Event::Acknowledged | Event::Saved | Event::Proposed { .. } => {}
        }
    }

    /// Says something and waits for the answer, with as many restarts as there are left. `None` if the program is given up.
    fn exchange(
        &mut self,
        step: u32,
        message: &str,
        fits: impl Fn(&Answer) -> Result<(), String>,
    ) -> Result<Option<(Answer, Vec<Malformed>)>, String> {
        loop {
            let why = match self.try_exchange(step, message, &fits) {
                Ok(heard) => return Ok(Some(heard)),
                Err(Trouble::Record(error)) => return Err(lost(error)),
                Err(Trouble::Program(why)) => why,
            };
            self.child = None;
            if self.past.restarts < self.config.restarts {
                self.record.restart(step, &why).map_err(lost)?;
                self.past.restarts += 1;
            } else if self.config.on_failure == OnFailure::Stop {
                let restarts = self.past.restarts;
                return Err(format!("after {restarts} restarts the program has failed: {why}"));
            } else {
                self.record.fallback(step, &why).map_err(lost)?;
                self.past.given_up = Some(why);
                return Ok(None);
            }
        }
    }

    fn try_exchange(
        &mut self,
        step: u32,
        message: &str,
        fits: impl Fn(&Answer) -> Result<(), String>,
    ) -> Result<(Answer, Vec<Malformed>), Trouble> {
        if self.child.is_none() {
            self.start(step)?;
        }
        self.say(step, message)?;
        self.hear(step, fits)
    }

    /// Starts the program and waits until it is ready.
    fn start(&mut self, step: u32) -> Result<(), Trouble> {
        let child = Child::start(&self.config, self.folder.as_deref()).map_err(Trouble::Program)?;
        self.child = Some(child);
        let hello = self.hello.clone();
        self.say(step, &hello)?;
        let fits = |answer: &Answer| match answer {
            Answer::Ready { .. } => Ok(()),
            _ => Err("it must say that it is ready first".to_owned()),
        };
        let (answer, _) = self.hear(step, fits)?;
        self.learns = answer == Answer::Ready { learns: true };
        // A file that is not there was never written: the program begins anew.
        let saved = self.past.saved.filter(|_| self.learns).and_then(|step| self.save_file(step));
        if let Some(file) = saved.filter(|file| file.exists()) {
            self.say(step, &Message::Load { path: &file.to_string_lossy() }.line())?;
        }
        Ok(())
    }

    /// Where the program keeps what it has learnt up to a step.
    fn save_file(&self, step: u32) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(format!("proposer-{step}.save")))
    }

    fn say(&mut self, step: u32, message: &str) -> io::Result<()> {
        self.record.message(step, message)?;
        if let Some(child) = &mut self.child {
            child.say(message);
        }
        Ok(())
    }

    fn hear(
        &mut self,
        step: u32,
        fits: impl Fn(&Answer) -> Result<(), String>,
    ) -> Result<(Answer, Vec<Malformed>), Trouble> {
        let child = self.child.as_mut().expect("it was started before it was spoken to");
        let Heard { answer, malformed } = child.hear(fits);
        for line in &malformed {
            self.record.malformed(step, line)?;
        }
        let (answer, line) = answer.map_err(Trouble::Program)?;
        self.record.answer(step, &line)?;
        Ok((answer, malformed))
    }
}

/// The record in a folder.
fn open(folder: &Option<PathBuf>) -> Result<Record, String> {
    let path = folder.as_ref().map(|folder| folder.join("replay.jsonl"));
    Record::open(path).map_err(|error| format!("cannot read replay.jsonl: {error}"))
}

fn lost(error: io::Error) -> String {
    format!("cannot write replay.jsonl: {error}")
}
