//! The table of `hatchery design` as text: a file with a header, a folder in the layout of Design-Bench, or an archive of two arrays.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use hatchery_surrogates::space::SpaceFile;
use hatchery_tasks::designs::Shards;
use hatchery_tasks::regression::Frame;
use toml::{Table, Value};

use crate::job::digest;

/// Name of the column of scores where columns have no names.
const SCORES: &str = "y";

/// Whole numbers from here on are amounts and not levels.
const LEVELS_MAX: f64 = 65_536.0;

/// A table, cell by cell.
#[derive(Debug)]
pub(crate) struct Source {
    /// A short name, from that of the file.
    pub(crate) name: String,
    pub(crate) names: Vec<String>,
    /// `(rows, columns)`.
    pub(crate) cells: Vec<Vec<String>>,
    /// Line of each row, from 1.
    pub(crate) lines: Vec<u64>,
    /// What parts cells, for the shortlist.
    pub(crate) delimiter: char,
    /// The column of scores, where the layout says it.
    pub(crate) target: Option<String>,
    /// Whether larger scores are better, where the layout says it.
    pub(crate) maximize: Option<bool>,
    /// Tells the table from a changed one.
    pub(crate) digest: String,
    /// Kinds of columns, where the layout says them.
    kinds: Table,
}

impl Source {
    /// Reads a file, an archive (`.npz`) or a folder; `folder/name` is the data set of that name in a folder of several.
    ///
    /// # Errors
    /// If it cannot be read as a table; the message has the path.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        match shards(path)? {
            Some((folder, name)) => Self::of_arrays(&name, Shards::read(&folder, &name)?),
            None => match path.extension().and_then(|extension| extension.to_str()) {
                Some("npz") => {
                    let name = path.file_stem().unwrap_or_default().to_string_lossy();
                    Self::of_arrays(&name, Shards::read_archive(path)?)
                }
                Some("npy") => bail!(
                    "{} is an array without scores; give an archive (.npz) with arrays x and y, or a folder with <name>-x-0.npy and <name>-y-0.npy",
                    path.display()
                ),
                _ => Self::of_file(path),
            },
        }
    }

    fn of_file(path: &Path) -> Result<Self> {
        let shown = path.display();
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
        let digest = digest(&bytes);
        let frame = Frame::of_file(path, bytes).with_context(|| format!("cannot use {shown}"))?;
        let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let stem = name.trim_end_matches(".gz").rsplit_once('.').map_or(&*name, |(stem, _)| stem);
        Ok(Self {
            name: plain(stem),
            names: frame.names().to_vec(),
            cells: frame.cells().to_vec(),
            lines: frame.lines().to_vec(),
            delimiter: frame.delimiter().into(),
            target: None,
            maximize: None,
            digest,
            kinds: Table::new(),
        })
    }

    fn of_arrays(name: &str, shards: Shards) -> Result<Self> {
        let columns = shards.designs.first().map_or(0, Vec::len);
        let mut names: Vec<String> = (1..=columns).map(|at| format!("x{at}")).collect();
        let mut kinds = Table::new();
        for (at, column) in names.iter().enumerate() {
            let largest = shards.designs.iter().map(|row| row[at]).fold(0.0, f64::max);
            let mut kind = Table::new();
            if !shards.discrete {
                kind.insert("kind".into(), "real".into());
            } else if largest < LEVELS_MAX {
                let levels: Vec<i64> = (0..=largest as i64).collect();
                kind.insert("kind".into(), "categorical".into());
                kind.insert("levels".into(), levels.into());
            }
            kinds.insert(column.clone(), kind.into());
        }
        names.push(SCORES.into());
        let rows = shards.designs.iter().zip(&shards.scores);
        let cells: Vec<Vec<String>> = rows
            .map(|(row, score)| row.iter().chain([score]).map(|v| cell(*v)).collect())
            .collect();
        let text: String = cells.iter().map(|row| row.join(",")).collect::<Vec<_>>().join("\n");
        Ok(Self {
            name: plain(name),
            names,
            lines: (1..=cells.len() as u64).collect(),
            cells,
            delimiter: ',',
            target: Some(SCORES.into()),
            maximize: Some(true),
            digest: digest(text.as_bytes()),
            kinds,
        })
    }

    /// What is known about the columns: the space file, if there is one, completed by what the layout says.
    ///
    /// # Errors
    /// If the file cannot be read or used.
    pub(crate) fn space(&self, path: Option<&Path>) -> Result<Option<SpaceFile>> {
        let text = match path {
            None => String::new(),
            Some(path) => std::fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?,
        };
        let shown = path.unwrap_or(Path::new("")).display();
        let given = SpaceFile::parse(&text).with_context(|| format!("cannot use {shown}"))?;
        if self.kinds.is_empty() {
            return Ok(path.map(|_| given));
        }
        let mut whole: Table = text.parse().context("it was TOML a moment ago")?;
        let columns = whole.entry("columns").or_insert_with(|| Value::Table(Table::new()));
        for (name, kind) in self.kinds.iter().filter(|(name, _)| !given.ignore.contains(*name)) {
            let said = given.column(name).is_some_and(|column| column.kind.is_some());
            let column = columns.as_table_mut().map(|columns| {
                columns.entry(name.as_str()).or_insert_with(|| Value::Table(Table::new()))
            });
            if let (false, Some(Value::Table(column)), Value::Table(kind)) = (said, column, kind) {
                for (key, value) in kind {
                    column.entry(key.as_str()).or_insert_with(|| value.clone());
                }
            }
        }
        let text = toml::to_string(&whole).context("a space file is TOML")?;
        Ok(Some(SpaceFile::parse(&text)?))
    }
}

/// Folder and name of a data set in shards, if the path is one.
fn shards(path: &Path) -> Result<Option<(PathBuf, String)>> {
    if path.is_dir() {
        let names = Shards::names(path)?;
        let shown = path.display();
        return match names.as_slice() {
            [] => bail!(
                "{shown} is a folder without <name>-x-0.npy and <name>-y-0.npy; give a file, or a folder of Design-Bench"
            ),
            [one] => Ok(Some((path.to_owned(), one.clone()))),
            several => Err(anyhow!(
                "{shown} holds several data sets; give one of them, as in {}",
                several
                    .iter()
                    .take(8)
                    .map(|n| format!("{shown}/{n}"))
                    .collect::<Vec<_>>()
                    .join(" ")
            )),
        };
    }
    let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|n| n.to_str()))
    else {
        return Ok(None);
    };
    let is_set = !path.exists() && folder.join(format!("{name}-x-0.npy")).is_file();
    Ok(is_set.then(|| (folder.to_owned(), name.to_owned())))
}

/// A number as it was before it became double.
fn cell(value: f64) -> String {
    let single = value as f32;
    if f64::from(single) == value { single.to_string() } else { value.to_string() }
}

/// A name that can be that of a folder.
fn plain(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let name: String = name.chars().map(plain).collect();
    match name.trim_start_matches('.') {
        "" => "design".into(),
        name => name.into(),
    }
}
