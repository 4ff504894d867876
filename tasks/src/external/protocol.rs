//! The JSON lines that pass between us and a program.

use std::io::Write;

use serde::{Deserialize, Serialize};

use super::config::Direction;

/// Version of the lines, in `hello`.
const VERSION: u32 = 1;
/// Longest line that is read.
pub(super) const LINE_BYTES_MAX: usize = 16 << 20;

#[derive(Serialize)]
struct Hello<'a> {
    v: u32,
    op: &'static str,
    dim: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    lower: Option<&'a [f32]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upper: Option<&'a [f32]>,
    objective: Direction,
}

/// Appends the first line.
pub(super) fn hello(
    out: &mut Vec<u8>,
    dim: usize,
    lower: Option<&[f32]>,
    upper: Option<&[f32]>,
    objective: Direction,
) {
    let hello = Hello { v: VERSION, op: "hello", dim, lower, upper, objective };
    serde_json::to_writer(&mut *out, &hello).expect("plain numbers into memory");
    out.push(b'\n');
}

/// Appends a request. Numbers are the shortest decimals that read back to the same `f32`; `hex` adds their bits.
pub(super) fn eval(out: &mut Vec<u8>, id: u64, x: &[f32], seed: u64, deadline_ms: u64, hex: bool) {
    let _ = write!(out, "{{\"op\":\"eval\",\"id\":{id},\"x\":[");
    for (k, value) in x.iter().enumerate() {
        let _ = write!(out, "{}{value:?}", if k == 0 { "" } else { "," });
    }
    out.push(b']');
    if hex {
        out.extend_from_slice(b",\"x_hex\":[");
        for (k, value) in x.iter().enumerate() {
            let _ = write!(out, "{}\"{:08x}\"", if k == 0 { "" } else { "," }, value.to_bits());
        }
        out.push(b']');
    }
    let _ = writeln!(out, ",\"seed\":{seed},\"fidelity\":1.0,\"deadline_ms\":{deadline_ms}}}");
}

/// The last line.
pub(super) const STOP: &[u8] = b"{\"op\":\"stop\"}\n";

/// What a program says when it can begin.
#[derive(Debug, Deserialize)]
pub(super) struct Ready {
    /// Must be `ready`.
    pub(super) op: String,
    /// Requests that it takes before it answers the first.
    #[serde(default = "one")]
    pub(super) parallel: u32,
    /// Whether it wants the bits of the numbers too.
    #[serde(default)]
    pub(super) x_hex: bool,
}

fn one() -> u32 {
    1
}

impl Ready {
    /// The line as that word, if it is one.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        serde_json::from_slice(line).ok().filter(|ready: &Self| ready.op == "ready")
    }
}

/// What a program says about one evaluation.
#[derive(Debug, PartialEq, Deserialize)]
pub(super) struct Answer {
    pub(super) id: u64,
    #[serde(default)]
    f: Option<f64>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    why: Option<String>,
}

impl Answer {
    /// Reads a line. NaN and infinities are no JSON, but common: they are read as no number.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(line).ok()?;
        serde_json::from_str(text).ok().or_else(|| {
            let plain = ["-Infinity", "Infinity", "NaN", "-nan", "nan", "-inf", "inf"].iter().fold(
                text.to_owned(),
                |text, word| {
                    text.replace(&format!(": {word}"), ": null")
                        .replace(&format!(":{word}"), ":null")
                },
            );
            serde_json::from_str(&plain).ok()
        })
    }

    /// The value, or why there is none.
    pub(super) fn value(&self) -> Result<f64, String> {
        let status = self.status.as_deref().unwrap_or("ok");
        match self.f {
            Some(f) if status == "ok" && f.is_finite() => Ok(f),
            _ if status == "ok" => Err("the value is no finite number".to_owned()),
            _ => Err(self
                .why
                .as_ref()
                .map_or_else(|| status.to_owned(), |why| format!("{status}: {why}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_the_grammar() {
        let mut out = Vec::new();
        hello(&mut out, 2, Some(&[-1.0, 0.5]), None, Direction::Min);
        eval(&mut out, 17, &[0.1, -3e-9], 9001, 60_000, true);
        let expected = concat!(
            "{\"v\":1,\"op\":\"hello\",\"dim\":2,\"lower\":[-1.0,0.5],\"objective\":\"min\"}\n",
            "{\"op\":\"eval\",\"id\":17,\"x\":[0.1,-3e-9],\"x_hex\":[\"3dcccccd\",\"b14e288f\"],",
            "\"seed\":9001,\"fidelity\":1.0,\"deadline_ms\":60000}\n"
        );
        assert_eq!(String::from_utf8(out).expect("text"), expected);
    }

    #[test]
    fn numbers_survive_the_way_there_and_back() {
        for bits in [1_u32, 0x0080_0000, 0x3dcc_cccd, 0x7f7f_ffff, 0x8000_0000, 0x4b80_0001] {
            let mut out = Vec::new();
            eval(&mut out, 0, &[f32::from_bits(bits)], 0, 1, false);
            let line: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
            let back = line["x"][0].as_f64().expect("a number") as f32;
            assert_eq!(back.to_bits(), bits);
        }
    }

    #[test]
    fn answers_are_read_with_unknown_fields_and_without_a_status() {
        let value = |line: &str| Answer::read(line.as_bytes()).map(|answer| answer.value());
        assert_eq!(
            value(r#"{"id":17,"f":3.25,"g":[-0.1],"se":0.02,"aux":{"drag":0.3}}"#),
            Some(Ok(3.25))
        );
        assert_eq!(
            value(r#"{"id":1,"status":"fail","why":"mesh"}"#),
            Some(Err("fail: mesh".into()))
        );
        let none = Some(Err("the value is no finite number".to_owned()));
        for f in ["NaN", "Infinity", "-Infinity", "null", "1e999"] {
            let found = value(&format!("{{\"id\":1,\"f\": {f}}}"));
            assert!(found == none || found.is_none() && f == "1e999", "{f}: {found:?}");
        }
        assert_eq!(value("half a li"), None);
        assert_eq!(value(r#"{"f":1.0}"#), None);
        assert_eq!(Answer::read(b"\xff\xfe{\"id\":1,\"f\":1}"), None);
        assert!(Ready::read(br#"{"op":"hello"}"#).is_none());
        assert_eq!(Ready::read(br#"{"op":"ready","name":"x"}"#).map(|r| r.parallel), Some(1));
    }
}
