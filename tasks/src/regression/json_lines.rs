//! Tables of JSON lines: one object a line, its keys the columns.

use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::{Frame, FrameError};

impl Frame {
    /// Reads JSON lines. Columns come in the order in which keys are first seen; a key that a row lacks, or that is `null`, is a missing cell; truth values are
    /// `true` and `false`.
    ///
    /// # Errors
    /// [`FrameError`] for the first line that is no object of single values.
    pub(super) fn of_json_lines(text: &str) -> Result<Self, FrameError> {
        let (mut names, mut places) = (Vec::new(), HashMap::new());
        let (mut cells, mut lines) = (Vec::new(), Vec::new());
        for (line, row) in (1..).zip(text.lines()).filter(|(_, row)| !row.trim().is_empty()) {
            let wrong = |reason: String| FrameError::Json { line, reason };
            let Object(entries) = serde_json::from_str(row).map_err(|error| {
                wrong(format!("it is no JSON object on a line of its own: {}", fault(&error)))
            })?;
            let mut found: Vec<Option<String>> = vec![None; names.len()];
            for (name, value) in entries {
                let at = *places.entry(name).or_insert_with_key(|name: &String| {
                    names.push(name.clone());
                    names.len() - 1
                });
                found.resize(names.len(), None);
                let text = match value {
                    Value::Null => String::new(),
                    Value::Bool(value) => value.to_string(),
                    Value::Number(value) => value.to_string(),
                    Value::String(text) => text,
                    Value::Array(_) | Value::Object(_) => {
                        return Err(wrong(format!(
                            "'{}' holds a list or an object; give each of its parts a key of its own",
                            names[at]
                        )));
                    }
                };
                if found[at].replace(text).is_some() {
                    return Err(wrong(format!("the key '{}' is there twice", names[at])));
                }
            }
            cells.push(found);
            lines.push(line);
        }
        let whole = |mut row: Vec<Option<String>>| {
            row.resize(names.len(), None);
            row.into_iter().map(Option::unwrap_or_default).collect()
        };
        let cells = cells.into_iter().map(whole).collect();
        Self::try_new(names, cells, lines)
    }
}

/// What is wrong, without the place: the parser has seen one line, and calls it the first.
fn fault(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let what = text.strip_suffix(&place).unwrap_or(&text);
    match error.column() {
        0 => what.to_owned(),
        column => format!("{what}, at character {column}"),
    }
}

/// The entries of an object as they come.
struct Object(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Object(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_become_rows() {
        let text = "{\"t\": 1.50, \"solvent\": \"DMF\", \"y\": 1e-7}\n\n{\"y\": 3, \"dry\": true, \"t\": null}\n";
        let frame = Frame::of_json_lines(text).expect("a table");
        assert_eq!(frame.names(), ["t", "solvent", "y", "dry"]);
        assert_eq!(frame.cells(), [["1.5", "DMF", "1e-7", ""], ["", "", "3", "true"]]);
        assert_eq!(frame.lines(), [1, 3]);
        assert_eq!(frame.numbers("y"), Ok(vec![1e-7, 3.0]));
    }

    #[test]
    fn faults_are_named_with_their_line() {
        let message = |text: &str| Frame::of_json_lines(text).expect_err("it is wrong").to_string();
        assert_eq!(
            message("{\"a\": 1}\n[2]\n"),
            "line 2: it is no JSON object on a line of its own: invalid type: sequence, expected an object"
        );
        assert_eq!(
            message("{\"a\": 1}\n{\"a\": NaN}\n"),
            "line 2: it is no JSON object on a line of its own: expected value, at character 7"
        );
        assert!(message("{\n\"a\": 1}\n").starts_with("line 1: it is no JSON object on a line"));
        assert_eq!(
            message("{\"a\": 1, \"b\": [1]}\n"),
            "line 1: 'b' holds a list or an object; give each of its parts a key of its own"
        );
        assert_eq!(message("{\"a\": 1, \"a\": 2}\n"), "line 1: the key 'a' is there twice");
        assert_eq!(message("{}\n"), "there are no rows below a header");
    }
}
