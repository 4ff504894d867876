//! The file of all messages, and what can be taken from it instead of asking again.
//!
//! One JSON object a line, with the outer step:
//!
//! | line | meaning |
//! |---|---|
//! | `{"step":3,"to":{..}}` | a message of ours |
//! | `{"step":3,"from":{..}}` | an answer |
//! | `{"step":3,"malformed":"..","err":".."}` | a line that was no answer, its beginning |
//! | `{"step":3,"restart":".."}` | the program was to be started again, and why |
//! | `{"step":3,"fallback":".."}` | it was given up, and why |
//!
//! Lines that cannot be read, such as the last of a run that was killed, are left out.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::protocol::Answer;

/// Characters of a malformed line that are kept.
const MALFORMED_CHARS: usize = 200;

/// A line that was no answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Malformed {
    /// Its beginning.
    pub(super) text: String,
    /// What is wrong with it.
    pub(super) reason: String,
}

impl Malformed {
    pub(super) fn new(line: &[u8], reason: String) -> Self {
        let text = String::from_utf8_lossy(line).chars().take(MALFORMED_CHARS).collect();
        Self { text, reason }
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Event {
    /// A request was answered.
    Proposed { request: Value, exprs: Vec<Value>, malformed: Vec<Malformed> },
    /// Feedback was read.
    Acknowledged,
    /// The program was told to save what it has learnt.
    Saved,
    /// It was to be started again.
    Restarted,
    /// It was given up, and why.
    GivenUp(String),
}

/// A line of the file; one of the fields besides `step` is there.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Line {
    step: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    malformed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    err: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    restart: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fallback: Option<String>,
}

/// The file, if there is one, and the events in it that were not yet come to.
#[derive(Debug, Default)]
pub(super) struct Record {
    path: Option<PathBuf>,
    file: Option<File>,
    events: VecDeque<(u32, Event)>,
}

impl Record {
    /// Reads the file at `path`; there need not be one.
    ///
    /// # Errors
    /// If it is there and cannot be read.
    pub(super) fn open(path: Option<PathBuf>) -> io::Result<Self> {
        let Some(path) = path else { return Ok(Self::default()) };
        let bytes = match std::fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            bytes => bytes?,
        };
        Ok(Self { path: Some(path), file: None, events: events(&bytes) })
    }

    /// The next event of a step, if the file has come so far; what is left of earlier steps is passed over.
    pub(super) fn next(&mut self, step: u32) -> Option<Event> {
        while self.events.front().is_some_and(|(of, _)| *of < step) {
            self.events.pop_front();
        }
        self.events.pop_front_if(|(of, _)| *of == step).map(|(_, event)| event)
    }

    /// Whether the next event is that the program was told to save; if so, passes over it.
    pub(super) fn is_saved(&mut self, step: u32) -> bool {
        self.events.pop_front_if(|(of, event)| *of == step && *event == Event::Saved).is_some()
    }

    /// A message of ours, as it is sent.
    pub(super) fn message(&mut self, step: u32, line: &str) -> io::Result<()> {
        self.write(&format!("{{\"step\":{step},\"to\":{line}}}\n"))
    }

    /// An answer, as it was read.
    pub(super) fn answer(&mut self, step: u32, line: &str) -> io::Result<()> {
        self.write(&format!("{{\"step\":{step},\"from\":{line}}}\n"))
    }

    /// A line that was no answer.
    pub(super) fn malformed(&mut self, step: u32, line: &Malformed) -> io::Result<()> {
        let malformed = Some(line.text.clone());
        self.line(&Line { step, malformed, err: Some(line.reason.clone()), ..Line::default() })
    }

    /// The program is to be started again.
    pub(super) fn restart(&mut self, step: u32, why: &str) -> io::Result<()> {
        self.line(&Line { step, restart: Some(why.to_owned()), ..Line::default() })
    }

    /// The program is given up.
    pub(super) fn fallback(&mut self, step: u32, why: &str) -> io::Result<()> {
        self.line(&Line { step, fallback: Some(why.to_owned()), ..Line::default() })
    }

    fn line(&mut self, line: &Line) -> io::Result<()> {
        let text = serde_json::to_string(line).expect("plain text into memory");
        self.write(&(text + "\n"))
    }

    fn write(&mut self, line: &str) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(append(path)?),
        };
        file.write_all(line.as_bytes())
    }
}

/// Opens a file to append to. If its last line was torn, what follows begins a new one.
fn append(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    if std::fs::read(path)?.last().is_some_and(|&last| last != b'\n') {
        file.write_all(b"\n")?;
    }
    Ok(file)
}

fn events(bytes: &[u8]) -> VecDeque<(u32, Event)> {
    let mut events = VecDeque::new();
    let (mut request, mut malformed) = (None, Vec::new());
    for line in bytes.split(|&byte| byte == b'\n') {
        let Ok(line) = serde_json::from_slice::<Line>(line) else { continue };
        let step = line.step;
        if let Some(to) = line.to {
            match to["t"].as_str() {
                // Asked again after a death: lines of the dead count no more.
                Some("propose") => (request, malformed) = (Some(to), Vec::new()),
                Some("save") => events.push_back((step, Event::Saved)),
                _ => {}
            }
        } else if let Some(from) = line.from {
            match serde_json::from_value(from) {
                Ok(Answer::Proposal { exprs, .. }) => {
                    if let Some(request) = request.take() {
                        let malformed = std::mem::take(&mut malformed);
                        events.push_back((step, Event::Proposed { request, exprs, malformed }));
                    }
                }
                Ok(Answer::Ack { .. }) => events.push_back((step, Event::Acknowledged)),
                _ => {}
            }
        } else if let Some(text) = line.malformed {
            let reason = line.err.unwrap_or_default();
            malformed.push(Malformed { text, reason });
        } else if line.restart.is_some() {
            events.push_back((step, Event::Restarted));
        } else if let Some(why) = line.fallback {
            events.push_back((step, Event::GivenUp(why)));
        }
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_torn_lines_are_left_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new").join("replay.jsonl");
        let open = || Record::open(Some(path.clone())).expect("it can be read");
        let mut record = open();
        let nonsense = Malformed::new(b"\xffhi \"there\"", "no UTF-8".to_owned());
        record.message(0, r#"{"t":"propose","n":1}"#).expect("it is written");
        record.restart(0, "it died").expect("it is written");
        record.message(0, r#"{"t":"propose","n":2}"#).expect("it is written");
        record.malformed(0, &nonsense).expect("it is written");
        record.answer(0, r#"{"t":"proposal","step":0,"exprs":["g1"]}"#).expect("it is written");
        record.answer(0, r#"{"t":"ack","step":0}"#).expect("it is written");
        record.message(0, r#"{"t":"save","path":"p"}"#).expect("it is written");
        record.message(1, r#"{"t":"propose","n":3}"#).expect("it is written");
        record.write(r#"{"step":1,"fro"#).expect("it is written");
        let mut record = open();
        record.message(1, r#"{"t":"propose","n":4}"#).expect("it is written");
        record.answer(1, r#"{"t":"proposal","step":1,"exprs":[]}"#).expect("it is written");
        record.fallback(2, "it died again").expect("it is written");

        let mut record = open();
        assert_eq!(record.next(0), Some(Event::Restarted));
        let proposed = |n: u32, exprs: Vec<Value>, malformed| {
            let request = serde_json::json!({ "t": "propose", "n": n });
            Some(Event::Proposed { request, exprs, malformed })
        };
        assert_eq!(record.next(0), proposed(2, vec!["g1".into()], vec![nonsense]));
        assert_eq!(record.next(0), Some(Event::Acknowledged));
        assert!(record.is_saved(0) && !record.is_saved(0));
        assert_eq!(record.next(0), None);
        assert_eq!(record.next(1), proposed(4, vec![], vec![]));
        assert_eq!(record.next(3), None);
        let mut record = open();
        assert_eq!(record.next(2), Some(Event::GivenUp("it died again".to_owned())));
    }
}
