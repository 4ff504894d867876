//! The text of a file with `--set` values laid over it, and where each key came from.

use serde::de::DeserializeOwned;
use toml::de::DeTable;
use toml::{Table, Value};

use super::ConfigError;
use super::error::nearest;

/// A parsed file, its overrides, and enough of both to name the place of a mistake.
#[derive(Debug)]
pub(crate) struct Layers {
    /// Name of the run unless the file says otherwise.
    pub(crate) name: String,
    /// The merged tables.
    pub(crate) table: Table,
    place: String,
    text: String,
    /// Dotted keys of the overrides and the flags that gave them, last one last.
    overrides: Vec<(String, String)>,
}

impl Layers {
    /// Parses `text`, called `place` in messages, and lays `KEY=VALUE` overrides over it.
    ///
    /// # Errors
    /// If the text is not TOML or an override is not `KEY=VALUE`.
    pub(crate) fn new(
        name: &str,
        place: String,
        text: &str,
        overrides: &[String],
    ) -> Result<Self, ConfigError> {
        let table = text.parse::<Table>().map_err(|error| {
            let line = error.span().map_or(1, |span| line_of(text, span.start));
            let reason = error.message().to_owned();
            ConfigError { place: format!("{place}:{line}"), key: None, reason }
        })?;
        let (name, text) = (name.to_owned(), text.to_owned());
        let mut layers = Self { name, table, place, text, overrides: Vec::new() };
        for one in overrides {
            layers.lay(one)?;
        }
        Ok(layers)
    }

    fn lay(&mut self, assignment: &str) -> Result<(), ConfigError> {
        let flag = format!("--set {assignment}");
        let fail = |reason: &str| {
            Err(ConfigError { place: flag.clone(), key: None, reason: reason.to_owned() })
        };
        let Some((key, text)) = assignment.split_once('=') else {
            return fail("expected KEY=VALUE, as in `search.sigma=0.1`");
        };
        let (key, text) = (key.trim(), text.trim());
        let parts: Vec<&str> = key.split('.').collect();
        if parts.iter().any(|part| part.is_empty()) {
            return fail("expected a dotted key before the `=`, as in `search.sigma=0.1`");
        }
        let parsed = format!("value = {text}").parse::<Table>().ok();
        let value = parsed.and_then(|mut t| t.remove("value"));
        let value = value.unwrap_or_else(|| Value::String(text.to_owned()));
        let mut table = &mut self.table;
        for part in &parts[..parts.len() - 1] {
            let entry = table.entry(*part).or_insert_with(|| Value::Table(Table::new()));
            match entry {
                Value::Table(inner) => table = inner,
                _ => return fail(&format!("`{part}` is a value, not a table")),
            }
        }
        table.insert(parts[parts.len() - 1].to_owned(), value);
        self.overrides.push((key.to_owned(), flag));
        Ok(())
    }

    /// An error about a dotted key, with the place that key came from.
    pub(crate) fn error(&self, key: &str, reason: impl Into<String>) -> ConfigError {
        ConfigError { place: self.place_of(key), key: Some(key.to_owned()), reason: reason.into() }
    }

    /// Whether a `--set` gave this key.
    pub(crate) fn is_override(&self, key: &str) -> bool {
        self.overrides.iter().any(|(set, _)| set == key)
    }

    fn place_of(&self, key: &str) -> String {
        // Either may be the table around the other, and an element of an array is `key[1]`.
        let inside = |inner: &str, outer: &str| {
            inner
                .strip_prefix(outer)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        let within = |set: &str| inside(set, key) || inside(key, set);
        if let Some((_, flag)) = self.overrides.iter().rev().find(|(set, _)| within(set)) {
            return flag.clone();
        }
        match self.offset_of(key) {
            Some(offset) => format!("{}:{}", self.place, line_of(&self.text, offset)),
            None => self.place.clone(),
        }
    }

    /// Byte offset of a key in the file, or of the innermost table around it.
    fn offset_of(&self, key: &str) -> Option<usize> {
        let file = DeTable::parse(&self.text).ok()?;
        let mut table = file.get_ref();
        let mut found = None;
        for part in key.split('.') {
            let part = part.split('[').next().unwrap_or(part);
            let Some((name, value)) = table.iter().find(|(name, _)| name.get_ref() == part) else {
                break;
            };
            found = Some(name.span().start);
            match value.get_ref().as_table() {
                Some(inner) => table = inner,
                None => break,
            }
        }
        found
    }

    /// Reads table `section` (absent = empty) into a struct, leaving out the keys in `without`.
    ///
    /// # Errors
    /// Unknown key or wrong type, with the nearest valid name.
    pub(crate) fn section<T: DeserializeOwned>(
        &self,
        section: &str,
        without: &[&str],
    ) -> Result<T, ConfigError> {
        let mut table = self.section_table(section)?;
        for key in without {
            table.remove(*key);
        }
        serde_path_to_error::deserialize(Value::Table(table)).map_err(|error| {
            let path = error.path().to_string();
            let message = error.inner().message().to_owned();
            self.explain(section, &path, &message)
        })
    }

    /// A copy of table `section`, empty if it is absent.
    ///
    /// # Errors
    /// If it is there and no table.
    pub(crate) fn section_table(&self, section: &str) -> Result<Table, ConfigError> {
        match self.table.get(section) {
            None => Ok(Table::new()),
            Some(Value::Table(table)) => Ok(table.clone()),
            Some(other) => {
                Err(self.error(section, format!("expected a table, found {}", kind(other))))
            }
        }
    }

    fn explain(&self, section: &str, path: &str, message: &str) -> ConfigError {
        let path = path.trim_matches('.');
        let join = |last: &str| {
            let parts = [section, path, last];
            parts.into_iter().filter(|p| !p.is_empty() && *p != "?").collect::<Vec<_>>().join(".")
        };
        let mut quoted = message.split('`').skip(1).step_by(2);
        if message.starts_with("unknown field") {
            let wrong = quoted.next().unwrap_or_default();
            // The path may or may not already end in the unknown field.
            let key = if path.rsplit('.').next() == Some(wrong) { join("") } else { join(wrong) };
            return self.error(&key, unknown("key", wrong, quoted));
        }
        if message.starts_with("unknown variant") {
            let wrong = quoted.next().unwrap_or_default();
            return self.error(&join(""), unknown("value", wrong, quoted));
        }
        self.error(&join(""), in_words(message.trim_end()))
    }
}

/// "unknown key `sigmma`, did you mean `sigma`?", or the list of names if none is near.
pub(super) fn unknown<'a>(what: &str, wrong: &str, names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    let hint = nearest(wrong, names.iter().copied())
        .unwrap_or_else(|| format!("valid are: {}", names.join(", ")));
    format!("unknown {what} `{wrong}`; {hint}")
}

/// A message of the reader without the names of Rust's types.
fn in_words(message: &str) -> String {
    let plain = [
        ("expected u32", "expected a whole number from 0 to 4294967295"),
        ("expected u64", "expected a whole number of at least 0"),
        ("expected usize", "expected a whole number of at least 0"),
        ("expected f32", "expected a number"),
        ("expected f64", "expected a number"),
        ("expected a sequence", "expected an array"),
        ("floating point `", "number `"),
        ("wanted exactly 1 element, more than 1 element", "expected a name, found a table"),
    ];
    let replace = |text: String, (rust, words): &(&str, &str)| text.replace(rust, words);
    plain.iter().fold(message.to_owned(), replace)
}

/// What a value is, in words.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a string",
        Value::Integer(_) => "an integer",
        Value::Float(_) => "a number",
        Value::Boolean(_) => "a boolean",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "an array",
        Value::Table(_) => "a table",
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.as_bytes()[..offset.min(text.len())].iter().filter(|b| **b == b'\n').count()
}
