//! Text to learn from, and its parts.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of a corpus with its three parts, one behind the other.
#[derive(Debug, Clone)]
pub struct Corpus {
    /// All bytes.
    pub bytes: Arc<[u8]>,
    /// What is learned from.
    pub train: Range<usize>,
    /// What a search may look at.
    pub validation: Range<usize>,
    /// What only a report may look at.
    pub test: Range<usize>,
}

/// A corpus cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CorpusError {
    /// The file system refused.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A folder without a file.
    #[error("{} holds no files", path.display())]
    Empty {
        /// Which folder.
        path: PathBuf,
    },
    /// Too short to be learned from.
    #[error(
        "the {part} part has {found} bytes, at least {needed} are needed: give more text, or fewer streams"
    )]
    Short {
        /// `training` or `validation`.
        part: &'static str,
        /// Bytes that there are.
        found: usize,
        /// Bytes that are needed.
        needed: usize,
    },
}

impl Corpus {
    /// Name of the corpus that travels with the library: the King James Version of the Bible.
    pub const BUILT_IN: &'static str = "kjv";

    /// Cuts bytes: the last `test` of them, then `validation` before these, the rest to learn from; both are shares.
    pub fn of(bytes: Arc<[u8]>, validation: f64, test: f64) -> Self {
        let length = bytes.len();
        let at = |share: f64| ((length as f64 * share).floor() as usize).min(length);
        // As decimal fractions, so that 1 − 0.1 is 0.9 and not a little less.
        let cut = |share: f64| at((1e9 * (1.0 - share)).round() / 1e9);
        let (first, second) = (cut(validation + test), cut(test));
        Self { bytes, train: 0..first, validation: first..second, test: second..length }
    }

    /// Reads [`BUILT_IN`](Self::BUILT_IN), a file, or a folder: then all files in it and in its folders, in the order of their
    /// paths, each behind a byte 0, at which the model forgets.
    ///
    /// # Errors
    /// [`CorpusError`] if something cannot be read, or nothing is there.
    pub fn read(name: &str) -> Result<Arc<[u8]>, CorpusError> {
        if name == Self::BUILT_IN {
            return Ok(crate::text::kjv().into());
        }
        let path = Path::new(name);
        if !path.is_dir() {
            return Ok(read(path)?.into());
        }
        let mut files = Vec::new();
        list(path, &mut files)?;
        files.sort();
        if files.is_empty() {
            return Err(CorpusError::Empty { path: path.to_owned() });
        }
        let mut bytes = Vec::new();
        for file in files {
            bytes.push(0);
            bytes.extend(read(&file)?);
        }
        Ok(bytes.into())
    }
}

fn read(path: &Path) -> Result<Vec<u8>, CorpusError> {
    fs::read(path).map_err(|source| CorpusError::Io { path: path.to_owned(), source })
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), CorpusError> {
    let fail = |source| CorpusError::Io { path: folder.to_owned(), source };
    for entry in fs::read_dir(folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        match path.is_dir() {
            true => list(&path, files)?,
            false => files.push(path),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_text_is_cut_at_90_and_95_percent() {
        let corpus = Corpus::of(Corpus::read("kjv").expect("it is there"), 0.05, 0.05);
        assert_eq!((corpus.train.end, corpus.validation.end), (3_868_415, 4_083_327));
        assert_eq!(corpus.test.end, 4_298_239);
    }

    #[test]
    fn a_folder_is_its_files_in_order_each_behind_a_zero() {
        let folder = std::env::temp_dir().join(format!("hatchery-corpus-{}", std::process::id()));
        fs::create_dir_all(folder.join("b")).expect("made");
        fs::write(folder.join("c.txt"), "third").expect("written");
        fs::write(folder.join("a.txt"), "first").expect("written");
        fs::write(folder.join("b/x.txt"), "second").expect("written");
        let bytes = Corpus::read(folder.to_str().expect("plain")).expect("readable");
        assert_eq!(&*bytes, b"\0first\0second\0third");
        fs::remove_dir_all(&folder).expect("removed");
        let missing = Corpus::read("no/such/text").expect_err("there is none");
        assert!(missing.to_string().contains("no/such/text"), "{missing}");
    }
}
