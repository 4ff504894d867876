//! `metrics.jsonl` as columns.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value};

/// The numbers of every generation, one column per key; NaN where a line has none.
#[derive(Debug, Default)]
pub(super) struct History {
    /// Generation of each row, increasing.
    pub(super) generations: Vec<f64>,
    columns: BTreeMap<String, Vec<f64>>,
    /// Digest of the last row that has one.
    pub(super) digest: Option<String>,
    /// Lines that are no JSON object with a generation.
    pub(super) unreadable: usize,
}

impl History {
    /// Reads a file; without one there is no history.
    ///
    /// # Errors
    /// If the file is there but cannot be read.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let file = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            file => file.with_context(|| format!("cannot read {}", path.display()))?,
        };
        let mut history = Self::default();
        for line in BufReader::new(file).split(b'\n') {
            let line = line.with_context(|| format!("cannot read {}", path.display()))?;
            if !line.trim_ascii().is_empty() {
                history.push_line(&line);
            }
        }
        history.settle();
        Ok(history)
    }

    /// Rows.
    pub(super) fn len(&self) -> usize {
        self.generations.len()
    }

    /// Whether there is no row.
    pub(super) fn is_empty(&self) -> bool {
        self.generations.is_empty()
    }

    /// A column, unless it is missing or has no number in it.
    pub(super) fn column(&self, key: &str) -> Option<&[f64]> {
        let column = self.columns.get(key)?;
        column.iter().any(|x| x.is_finite()).then_some(column)
    }

    /// The value of the last row, if it is a number.
    pub(super) fn last(&self, key: &str) -> Option<f64> {
        self.columns.get(key)?.last().copied().filter(|x| x.is_finite())
    }

    /// Names of all columns with numbers, in the order of the alphabet.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.columns.keys().map(String::as_str).filter(|key| self.column(key).is_some())
    }

    fn push_line(&mut self, line: &[u8]) {
        let object = serde_json::from_slice::<Map<String, Value>>(line).ok();
        let row = object.and_then(|o| Some((o.get("generation")?.as_u64()?, o)));
        let Some((generation, object)) = row else {
            self.unreadable += 1;
            return;
        };
        let before = self.generations.len();
        self.generations.push(generation as f64);
        for (key, value) in object {
            if let Some(number) = value.as_f64() {
                let column = self.columns.entry(key).or_default();
                column.resize(before, f64::NAN);
                column.push(number);
            } else if let (Value::String(digest), "digest") = (value, key.as_str()) {
                self.digest = Some(digest);
            }
        }
    }

    /// Gives all columns the same length, and rows in order: of a generation that was made again the last counts.
    fn settle(&mut self) {
        let rows = self.generations.len();
        self.columns.values_mut().for_each(|column| column.resize(rows, f64::NAN));
        if self.generations.is_sorted_by(|a, b| a < b) {
            return;
        }
        let newest: BTreeMap<u64, usize> =
            self.generations.iter().enumerate().map(|(row, &g)| (g as u64, row)).collect();
        let pick = |column: &[f64]| newest.values().map(|&row| column[row]).collect();
        self.columns.values_mut().for_each(|column| *column = pick(column));
        self.generations = pick(&self.generations);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(text: &str) -> History {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let path = folder.path().join("metrics.jsonl");
        std::fs::write(&path, text).expect("written");
        History::read(&path).expect("readable")
    }

    #[test]
    fn nulls_and_missing_keys_are_gaps() {
        let history = history(
            "{\"generation\":0,\"mean\":1}\n{\"generation\":1,\"mean\":null,\"sigma\":0.5}\n\
             {\"generation\":2,\"mean\":3,\"digest\":\"ab\"}\n",
        );
        let mean = history.column("mean").expect("a column");
        assert_eq!((mean[0], mean[2]), (1.0, 3.0));
        assert!(mean[1].is_nan());
        let sigma = history.column("sigma").expect("a column");
        assert!(sigma[0].is_nan() && sigma[1] == 0.5 && sigma[2].is_nan());
        assert_eq!(history.last("sigma"), None);
        assert_eq!(history.digest.as_deref(), Some("ab"));
    }

    #[test]
    fn damaged_lines_are_counted_and_left_out() {
        let history = history("{\"generation\":0,\"mean\":1}\nnonsense\n\n{\"generation\":1,\"me");
        assert_eq!((history.len(), history.unreadable), (1, 2));
    }

    #[test]
    fn a_generation_made_again_replaces_the_first() {
        let line = |g: u32, mean: f64| format!("{{\"generation\":{g},\"mean\":{mean}}}\n");
        let text: String = [(0, 0.0), (1, 1.0), (2, 2.0), (1, 10.0), (2, 20.0), (3, 30.0)]
            .into_iter()
            .map(|(g, mean)| line(g, mean))
            .collect();
        let history = history(&text);
        assert_eq!(history.generations, [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(history.column("mean"), Some([0.0, 10.0, 20.0, 30.0].as_slice()));
    }

    #[test]
    fn no_file_is_no_history() {
        let history = History::read(Path::new("no such file")).expect("nothing to read");
        assert!(history.is_empty() && history.keys().next().is_none());
    }
}
