//! Finished cells, one JSON line each, in a file that grows: a run that was cut off goes on where it was.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Cells by name, such as `q1/hartmann6/ascent/plain/3`.
#[derive(Debug)]
pub(crate) struct Store {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    cells: BTreeMap<String, Value>,
    file: Option<File>,
}

impl Store {
    /// The cells of a file, to which new ones are appended; in memory only without a path.
    ///
    /// # Errors
    /// What is wrong, as a sentence.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, String> {
        let mut cells = BTreeMap::new();
        let Some(path) = path else {
            return Ok(Self { inner: Mutex::new(Inner { cells, file: None }) });
        };
        let wrong = |error: std::io::Error| format!("{}: {error}", path.display());
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(wrong(error)),
        };
        // A last line without an end was being written when the run was cut off.
        let whole = text.rfind('\n').map_or(0, |at| at + 1);
        for (at, line) in text[..whole].lines().enumerate() {
            let value: Value = serde_json::from_str(line)
                .map_err(|error| format!("{}, line {}: {error}", path.display(), at + 1))?;
            let cell = value["cell"].as_str().unwrap_or_default().to_owned();
            cells.insert(cell, value);
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(wrong)?;
        }
        let file = OpenOptions::new().create(true).append(true).open(path).map_err(wrong)?;
        file.set_len(whole as u64).map_err(wrong)?;
        Ok(Self { inner: Mutex::new(Inner { cells, file: Some(file) }) })
    }

    /// Holds settings against those that the cells of an experiment were made with; keeps them if there are none yet.
    ///
    /// # Errors
    /// If they differ.
    pub(crate) fn agree(&self, experiment: &str, settings: &Value) -> Result<(), String> {
        let cell = format!("settings/{experiment}");
        match self.get::<Value>(&cell) {
            Some(found) if found["settings"] == *settings => Ok(()),
            Some(found) => Err(format!(
                "the cells of that file were made with other settings: {}, now {settings}; take another --out",
                found["settings"]
            )),
            None => self.push(&cell, &serde_json::json!({ "settings": settings })),
        }
    }

    /// Whether a cell is there.
    pub(crate) fn has(&self, cell: &str) -> bool {
        self.locked(|inner| inner.cells.contains_key(cell))
    }

    /// A cell.
    pub(crate) fn get<T: DeserializeOwned>(&self, cell: &str) -> Option<T> {
        let value = self.locked(|inner| inner.cells.get(cell).cloned())?;
        serde_json::from_value(value).ok()
    }

    /// All cells whose names begin so, in the order of their names.
    pub(crate) fn all<T: DeserializeOwned>(&self, prefix: &str) -> Vec<T> {
        let values: Vec<Value> = self.locked(|inner| {
            let some = inner.cells.iter().filter(|(cell, _)| cell.starts_with(prefix));
            some.map(|(_, value)| value.clone()).collect()
        });
        values.into_iter().filter_map(|value| serde_json::from_value(value).ok()).collect()
    }

    /// Adds a finished cell.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn push(&self, cell: &str, content: &impl Serialize) -> Result<(), String> {
        let mut value = serde_json::to_value(content).map_err(|error| error.to_string())?;
        value["cell"] = cell.into();
        let line = format!("{value}\n");
        self.locked(|inner| {
            if let Some(file) = &mut inner.file {
                file.write_all(line.as_bytes()).map_err(|error| format!("{cell}: {error}"))?;
            }
            inner.cells.insert(cell.to_owned(), value);
            Ok(())
        })
    }

    fn locked<T>(&self, f: impl FnOnce(&mut Inner) -> T) -> T {
        f(&mut self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}
