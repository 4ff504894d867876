//! One JSON object per generation.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::still_there::still_there;
use super::{Observer, ObserverError};
use crate::{Generation, GenerationReport};

/// Appends a line to a file after every generation.
///
/// Keys, in this order: `generation, evaluations, best, mean, std, min, q25, median, q75, best_so_far, failures,
/// failures_total, elapsed_s, evaluations_per_s, digest`, then what the strategy logs; a logged name that is taken
/// gets `search/` before it. NaN and infinities are `null`.
#[derive(Debug)]
pub struct JsonLines {
    path: PathBuf,
    file: File,
}

impl JsonLines {
    /// Starts a new file, over an old one of that name.
    ///
    /// # Errors
    /// [`ObserverError::Io`] if it cannot be made.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, ObserverError> {
        let path = path.into();
        match File::create(&path) {
            Ok(file) => Ok(Self { path, file }),
            Err(source) => Err(ObserverError::Io { path, source }),
        }
    }

    /// Goes on with a file, keeping only the whole lines of generations before `generation`: what came after the
    /// checkpoint is made again.
    ///
    /// # Errors
    /// [`ObserverError::Io`] if it cannot be read or written.
    pub fn resume(path: impl Into<PathBuf>, generation: Generation) -> Result<Self, ObserverError> {
        let path = path.into();
        let opened = keep_before(&path, generation)
            .and_then(|()| OpenOptions::new().append(true).create(true).open(&path));
        match opened {
            Ok(file) => Ok(Self { path, file }),
            Err(source) => Err(ObserverError::Io { path, source }),
        }
    }
}

fn keep_before(path: &Path, generation: Generation) -> std::io::Result<()> {
    let mut kept = Vec::new();
    match File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(file) => {
            for line in BufReader::new(file).split(b'\n') {
                let line = line?;
                let of = serde_json::from_slice::<Value>(&line).ok();
                let of = of.and_then(|value| value.get("generation")?.as_u64());
                if of.is_some_and(|g| g < u64::from(generation)) {
                    kept.extend_from_slice(&line);
                    kept.push(b'\n');
                }
            }
        }
    }
    let aside = path.with_extension("jsonl.tmp");
    fs::write(&aside, kept)?;
    fs::rename(aside, path)
}

impl Observer for JsonLines {
    fn on_generation(&mut self, report: &GenerationReport) -> Result<(), ObserverError> {
        if !still_there(&self.path, &self.file) {
            return Err(ObserverError::Removed { path: self.path.clone() });
        }
        // One write for the whole line: a reader that follows the file never sees half of one.
        let mut line = serde_json::to_vec(&Line(report)).expect("string keys and plain values");
        line.push(b'\n');
        self.file
            .write_all(&line)
            .map_err(|source| ObserverError::Io { path: self.path.clone(), source })
    }
}

/// A report in the form that [`JsonLines`] documents.
struct Line<'a>(&'a GenerationReport);

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(report) = self;
        let stats = &report.stats;
        let reals = [
            ("best", stats.best),
            ("mean", stats.mean),
            ("std", stats.std),
            ("min", stats.min),
            ("q25", stats.q25),
            ("median", stats.median),
            ("q75", stats.q75),
            ("best_so_far", report.best_so_far),
        ];
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("generation", &report.generation)?;
        map.serialize_entry("evaluations", &report.evaluations)?;
        reals.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?;
        map.serialize_entry("failures", &report.failures)?;
        map.serialize_entry("failures_total", &report.failures_total)?;
        map.serialize_entry("elapsed_s", &report.elapsed_s)?;
        map.serialize_entry("evaluations_per_s", &report.evaluations_per_s)?;
        map.serialize_entry("digest", &report.digest.map(|d| d.to_string()))?;
        for (name, value) in &report.metrics.0 {
            if KEYS.contains(name) {
                map.serialize_entry(&format!("search/{name}"), value)?;
            } else {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

/// Keys that every line has.
const KEYS: [&str; 15] = [
    "generation",
    "evaluations",
    "best",
    "mean",
    "std",
    "min",
    "q25",
    "median",
    "q75",
    "best_so_far",
    "failures",
    "failures_total",
    "elapsed_s",
    "evaluations_per_s",
    "digest",
];

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{Digest, Fitness, Metrics};

    pub(in crate::observe) fn report(generation: u32) -> GenerationReport {
        let mut metrics = Metrics::default();
        metrics.push("sigma", 0.5);
        metrics.push("broken", f64::NAN);
        GenerationReport {
            generation,
            evaluations: u64::from(generation + 1) * 4,
            failures: 1,
            failures_total: 2,
            stats: Fitness::new(vec![1.0, 2.0, 3.0, f32::NAN], None).stats(),
            best_so_far: 3.0,
            elapsed_s: 0.25,
            evaluations_per_s: 16.0,
            digest: Some(Digest(0xab)),
            metrics,
            headline: None,
        }
    }

    fn generations(path: &Path) -> Vec<u64> {
        let text = fs::read_to_string(path).expect("readable");
        let parse = |line: &str| serde_json::from_str::<Value>(line).expect("JSON");
        text.lines().map(|l| parse(l)["generation"].as_u64().expect("a number")).collect()
    }

    #[test]
    fn a_line_has_every_number_and_null_for_nan() {
        let line = serde_json::to_string(&Line(&report(3))).expect("plain values");
        let value: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(value["generation"], 3);
        assert_eq!(value["best"], 3.0);
        assert_eq!(value["mean"], 2.0);
        assert_eq!(value["digest"], "00000000000000ab");
        assert_eq!(value["sigma"], 0.5);
        assert!(value["broken"].is_null());
    }

    #[test]
    fn keys_come_in_the_documented_order_and_once() {
        let mut report = report(0);
        report.metrics.push("best", 9.0);
        let line = serde_json::to_string(&Line(&report)).expect("plain values");
        let keys = KEYS.iter().copied().chain(["sigma", "broken", "search/best"]);
        let places: Vec<_> = keys.map(|key| line.find(&format!("\"{key}\":"))).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{line}");
        assert_eq!(line.matches("\"best\":").count(), 1);
    }

    #[test]
    fn resuming_drops_later_and_damaged_lines() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let path = folder.path().join("metrics.jsonl");
        let mut lines = JsonLines::create(&path).expect("made");
        (0..6).for_each(|g| lines.on_generation(&report(g)).expect("written"));
        let mut text = fs::read_to_string(&path).expect("readable");
        text.push_str("{\"generation\":1,\"me");
        fs::write(&path, text).expect("damaged");
        let mut resumed = JsonLines::resume(&path, 4).expect("resumed");
        resumed.on_generation(&report(4)).expect("written");
        assert_eq!(generations(&path), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn a_removed_file_is_noticed() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let path = folder.path().join("metrics.jsonl");
        let mut lines = JsonLines::create(&path).expect("made");
        fs::remove_file(&path).expect("removed");
        let error = lines.on_generation(&report(0)).expect_err("noticed");
        assert!(error.to_string().contains("was removed"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn another_file_of_that_name_is_noticed() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let path = folder.path().join("metrics.jsonl");
        let mut lines = JsonLines::create(&path).expect("made");
        fs::rename(&path, folder.path().join("old.jsonl")).expect("moved");
        fs::write(&path, "").expect("another run began");
        let error = lines.on_generation(&report(0)).expect_err("noticed");
        assert!(matches!(error, ObserverError::Removed { .. }), "{error}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error_with_the_path() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let path = folder.path().join("metrics.jsonl");
        std::os::unix::fs::symlink("/dev/full", &path).expect("linked");
        let mut lines = JsonLines::create(&path).expect("made");
        let error = lines.on_generation(&report(0)).expect_err("full");
        assert!(error.to_string().contains("metrics.jsonl"), "{error}");
    }
}
