//! One message for every mistake.

use std::fmt;

/// A configuration that cannot be used: where, which key, what is wrong, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigError {
    /// `file.toml:12`, `--set a=b`, or the preset.
    pub(crate) place: String,
    /// Dotted key, if the mistake has one.
    pub(crate) key: Option<String>,
    /// What was expected and what came.
    pub(crate) reason: String,
}

impl ConfigError {
    pub(super) fn no_preset(name: &str) -> Self {
        let names = crate::presets::ALL.iter().map(|preset| preset.name);
        let hint = nearest(name, names)
            .unwrap_or_else(|| "`hatchery list presets` shows them all".to_owned());
        Self {
            place: name.to_owned(),
            key: None,
            reason: format!("there is no preset and no file of this name; {hint}"),
        }
    }

    pub(super) fn unreadable(path: &str, source: &std::io::Error) -> Self {
        Self { place: path.to_owned(), key: None, reason: format!("cannot be read: {source}") }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(f, "{}: {key}: {}", self.place, self.reason),
            None => write!(f, "{}: {}", self.place, self.reason),
        }
    }
}

impl std::error::Error for ConfigError {}

/// "did you mean `sigma`?" for the closest of the names, if one is close.
pub(crate) fn nearest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let score = |name: &str| {
        let contained = name.contains(wrong) || wrong.contains(name);
        strsim::jaro_winkler(wrong, name) + if contained { 0.1 } else { 0.0 }
    };
    names
        .map(|name| (score(name), name))
        .filter(|(score, _)| *score > 0.72)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| format!("did you mean `{name}`?"))
}
