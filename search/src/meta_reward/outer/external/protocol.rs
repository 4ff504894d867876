//! The JSON lines that pass between us and a program.

use std::collections::VecDeque;

use hatchery_engine::world::Reducer;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::meta_reward::expression::{Node, Symbol, Vocabulary};

/// Version of the lines, in `hello`.
const VERSION: u32 = 1;
/// Longest line that is read, bytes.
pub(super) const LINE_BYTES_MAX: usize = 1 << 20;

/// What we say.
#[derive(Debug, Serialize)]
#[serde(tag = "t", rename_all = "lowercase")]
pub(super) enum Message<'a> {
    /// The first line.
    Hello {
        v: u32,
        task: &'a str,
        /// Primitives that may occur.
        prims: Vec<&'a Symbol>,
        ops: Vec<&'static str>,
        max_nodes: usize,
        /// Per-step signals that may occur, reduced; left out without any.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        signals: Vec<&'a Symbol>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        reducers: Vec<&'static str>,
    },
    /// Asks for rewards.
    Propose { step: u32, n: usize, seed: u64, history: &'a VecDeque<Tried> },
    /// What became of them.
    Feedback { step: u32, items: &'a [Item] },
    /// Write what was learnt to a file; no answer is awaited.
    Save { path: &'a str },
    /// Read it back; no answer is awaited.
    Load { path: &'a str },
    /// The last line.
    Bye,
}

impl<'a> Message<'a> {
    /// The first line, about the rewards of one world.
    pub(super) fn hello(task: &'a str, vocabulary: &'a Vocabulary) -> Self {
        let (mut prims, mut signals) = (Vec::new(), Vec::<&Symbol>::new());
        for production in vocabulary.productions() {
            match *production {
                Node::Primitive(number) => {
                    prims.push(&vocabulary.primitives()[usize::from(number)]);
                }
                Node::Reduced(_, number) => {
                    let signal = &vocabulary.signals()[usize::from(number)];
                    if !signals.contains(&signal) {
                        signals.push(signal);
                    }
                }
                Node::Constant(_) | Node::Call(_) => {}
            }
        }
        let ops = vocabulary.operators().list().iter().map(|operator| operator.name()).collect();
        let reducers = match signals.is_empty() {
            true => Vec::new(),
            false => Reducer::ALL.map(Reducer::name).to_vec(),
        };
        let max_nodes = vocabulary.limits().nodes;
        Self::Hello { v: VERSION, task, prims, ops, max_nodes, signals, reducers }
    }

    /// As a line, without its end.
    pub(super) fn line(&self) -> String {
        serde_json::to_string(self).expect("plain numbers and text into memory")
    }
}

/// A reward that was tried, and its value; NaN, which is `null` on the line, where the training failed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Tried {
    pub(super) expr: String,
    pub(super) v: f32,
}

/// What became of one proposal.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Item {
    /// As the program wrote it.
    pub(super) expr: String,
    pub(super) valid: bool,
    /// Its value; 0 if it is not valid.
    pub(super) v: f32,
    /// How much better than the others of the step, in deviations.
    pub(super) adv: f32,
    /// Why it is not valid.
    pub(super) err: Option<String>,
}

/// What a program says. Fields that we do not know are ignored.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "t", rename_all = "lowercase")]
pub(super) enum Answer {
    /// It can begin.
    Ready {
        /// Whether it updates itself from feedback, so that it has something to save.
        #[serde(default)]
        learns: bool,
    },
    /// Rewards, in infix.
    Proposal { step: u32, exprs: Vec<Value> },
    /// It has read the feedback.
    Ack { step: u32 },
}

/// Reads a line.
///
/// # Errors
/// Why it is none of the answers.
pub(super) fn read(line: &[u8]) -> Result<Answer, String> {
    let text = std::str::from_utf8(line).map_err(|_| "the line is no UTF-8".to_owned())?;
    serde_json::from_str(text).map_err(|error| format!("the line is no message: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_with_unknown_fields() {
        let proposal = read(br#"{"t":"proposal","step":3,"exprs":["g1",7],"why":"a guess"}"#);
        let exprs = vec![Value::from("g1"), Value::from(7)];
        assert_eq!(proposal, Ok(Answer::Proposal { step: 3, exprs }));
        assert_eq!(read(br#"{"t":"ready"}"#), Ok(Answer::Ready { learns: false }));
        assert_eq!(read(br#"{"step":1,"t":"ack"}"#), Ok(Answer::Ack { step: 1 }));
        let wrong: [&[u8]; 6] = [
            b"no json",
            b"{\"t\":\"proposal\",\"step\":3}",
            b"{\"t\":\"hello\"}",
            b"{\"t\":\"ack\",\"step\":-1}",
            b"[]",
            b"\xff",
        ];
        for line in wrong {
            assert!(read(line).is_err(), "{line:?}");
        }
    }

    #[test]
    fn messages_are_as_the_table_says() {
        let history = VecDeque::from([
            Tried { expr: "g1 + 0.5*g2".into(), v: 0.61 },
            Tried { expr: "g1".into(), v: f32::NAN },
        ]);
        let propose = Message::Propose { step: 3, n: 8, seed: 123, history: &history };
        let expected = concat!(
            r#"{"t":"propose","step":3,"n":8,"seed":123,"#,
            r#""history":[{"expr":"g1 + 0.5*g2","v":0.61},{"expr":"g1","v":null}]}"#
        );
        assert_eq!(propose.line(), expected);
        let items = [Item { expr: "g1".into(), valid: true, v: 0.5, adv: 1.25, err: None }];
        let expected = concat!(
            r#"{"t":"feedback","step":3,"#,
            r#""items":[{"expr":"g1","valid":true,"v":0.5,"adv":1.25,"err":null}]}"#
        );
        assert_eq!(Message::Feedback { step: 3, items: &items }.line(), expected);
        assert_eq!(Message::Save { path: "a" }.line(), r#"{"t":"save","path":"a"}"#);
        assert_eq!(Message::Bye.line(), r#"{"t":"bye"}"#);
    }
}
