//! A table of a file: text until a column is asked for as numbers.

use std::collections::HashSet;
use std::fmt;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;

/// A table with a header.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    names: Vec<String>,
    /// `(rows, columns)`.
    cells: Vec<Vec<String>>,
    /// Line of each row in the file, from 1.
    lines: Vec<u64>,
    delimiter: u8,
}

/// A table that cannot be used, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameError {
    /// Text that is no CSV.
    Csv {
        /// What the reader says.
        reason: String,
    },
    /// No header, or no rows below it.
    Empty,
    /// Two columns of one name.
    DuplicateColumn {
        /// The name.
        name: String,
    },
    /// A row has more or fewer cells than the header.
    Ragged {
        /// From 1.
        line: u64,
        /// Cells of the header.
        expected: usize,
        /// Cells of the row.
        found: usize,
    },
    /// A column that is not there.
    NoSuchColumn {
        /// What was asked for.
        wanted: String,
        /// What there is.
        found: Vec<String>,
    },
    /// An empty cell, or one that says that there is no value.
    Missing {
        /// From 1.
        line: u64,
        /// Name of the column.
        column: String,
        /// What is there.
        text: String,
    },
    /// A line that is no object of single values, where each line is to be one.
    Json {
        /// From 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// Bytes that are no UTF-8 text.
    NotText,
    /// A Parquet file that is none, or this build does not read them.
    Parquet {
        /// What is wrong.
        reason: String,
    },
    /// A cell that is no finite number.
    NotANumber {
        /// From 1.
        line: u64,
        /// Name of the column.
        column: String,
        /// What is there.
        text: String,
    },
}

impl std::error::Error for FrameError {}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Csv { reason } => write!(f, "{reason}"),
            Self::Parquet { reason } => write!(f, "{reason}"),
            Self::Json { line, reason } => write!(f, "line {line}: {reason}"),
            Self::NotText => write!(f, "it is no UTF-8 text"),
            Self::Empty => write!(f, "there are no rows below a header"),
            Self::DuplicateColumn { name } => write!(f, "line 1: two columns are called '{name}'"),
            Self::Ragged { line, expected, found } => {
                write!(f, "line {line}: expected {expected} cells as in the header, found {found}")
            }
            Self::NoSuchColumn { wanted, found } => {
                write!(f, "there is no column '{wanted}'; columns are: {}", found.join(", "))
            }
            Self::Missing { line, column, text } if text.is_empty() => {
                write!(
                    f,
                    "line {line}, column '{column}': the value is missing; fill it in or leave the row out"
                )
            }
            Self::Missing { line, column, text } => {
                write!(
                    f,
                    "line {line}, column '{column}': '{text}' is no value; fill it in or leave the row out"
                )
            }
            Self::NotANumber { line, column, text } => {
                write!(f, "line {line}, column '{column}': '{text}' is not a finite number")
            }
        }
    }
}

/// What cells without a value hold.
const MISSING: [&str; 8] = ["", "NA", "N/A", "na", "nan", "NaN", "null", "?"];

impl Frame {
    /// Reads the bytes of a file: Parquet if its name ends so, else text with a header line, or JSON lines if it begins with `{`; each may be packed with gzip.
    ///
    /// # Errors
    /// [`FrameError`] for the first fault of the table as such; what is in its cells is looked at later.
    pub fn of_file(path: &Path, bytes: Vec<u8>) -> Result<Self, FrameError> {
        if bytes.starts_with(&[0x1F, 0x8B]) {
            let mut unpacked = Vec::new();
            let read = GzDecoder::new(&bytes[..]).read_to_end(&mut unpacked);
            let broken = |error: std::io::Error| FrameError::Csv {
                reason: format!("it is no whole gzip file: {error}"),
            };
            read.map_err(broken)?;
            let stem = path.file_stem().map(Path::new).unwrap_or(path);
            return Self::of_file(stem, unpacked);
        }
        if path.extension().is_some_and(|extension| extension == "parquet") {
            return Self::of_parquet(bytes);
        }
        if bytes.starts_with(b"PK\x03\x04") {
            let reason = "it is a spreadsheet (.xlsx, .ods) or another zip file; save it as CSV";
            return Err(FrameError::Csv { reason: reason.into() });
        }
        let text = String::from_utf8(bytes).map_err(|_| FrameError::NotText)?;
        let start = text.trim_start_matches('\u{feff}').trim_start();
        if start.starts_with('{') {
            return Self::of_json_lines(text.trim_start_matches('\u{feff}'));
        }
        if start.starts_with('[') {
            let reason = "it looks like one list of JSON; write it as CSV, or as JSON lines: one object a line";
            return Err(FrameError::Csv { reason: reason.into() });
        }
        Self::read(&text)
    }

    #[cfg(not(feature = "parquet"))]
    fn of_parquet(_: Vec<u8>) -> Result<Self, FrameError> {
        let reason = "this build does not read Parquet files; build it with `--features parquet`, or write the table as CSV";
        Err(FrameError::Parquet { reason: reason.into() })
    }

    /// A table from its columns' names and cells; `lines` are those of the rows in the file.
    pub(super) fn try_new(
        names: Vec<String>,
        cells: Vec<Vec<String>>,
        lines: Vec<u64>,
    ) -> Result<Self, FrameError> {
        check_names(&names)?;
        if names.is_empty() || cells.is_empty() {
            return Err(FrameError::Empty);
        }
        Ok(Self { names, cells, lines, delimiter: b',' })
    }

    /// Reads text with a header line. Cells are parted by commas, semicolons or tabs, whichever the header has most of.
    ///
    /// # Errors
    /// [`FrameError`] for the first fault of the table as such; what is in its cells is looked at later.
    pub fn read(text: &str) -> Result<Self, FrameError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let header = text.lines().find(|line| !line.trim().is_empty()).ok_or(FrameError::Empty)?;
        let count = |delimiter: &u8| header.bytes().filter(|byte| byte == delimiter).count();
        // Of equals the last is taken: a header of one column has none, and is a comma's.
        let delimiter = [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',');
        let mut options = csv::ReaderBuilder::new();
        options.flexible(true).trim(csv::Trim::All).delimiter(delimiter);
        let mut reader = options.from_reader(text.as_bytes());
        let wrong = |error: csv::Error| FrameError::Csv { reason: error.to_string() };
        let names: Vec<String> =
            reader.headers().map_err(wrong)?.iter().map(str::to_owned).collect();
        check_names(&names)?;
        let (mut cells, mut lines) = (Vec::new(), Vec::new());
        for record in reader.records() {
            let record = record.map_err(wrong)?;
            let line = record.position().map_or(0, csv::Position::line);
            if record.len() != names.len() {
                let (expected, found) = (names.len(), record.len());
                return Err(FrameError::Ragged { line, expected, found });
            }
            cells.push(record.iter().map(str::to_owned).collect());
            lines.push(line);
        }
        if cells.is_empty() {
            return Err(FrameError::Empty);
        }
        Ok(Self { names, cells, lines, delimiter })
    }

    /// Names of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The text of all cells, `(rows, columns)`.
    pub fn cells(&self) -> &[Vec<String>] {
        &self.cells
    }

    /// Line of each row in the file, from 1.
    pub fn lines(&self) -> &[u64] {
        &self.lines
    }

    /// What parts cells in the file.
    pub fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.cells.len()
    }

    /// Line of a row in the file, from 1.
    pub fn line(&self, row: usize) -> u64 {
        self.lines[row]
    }

    /// A column as numbers.
    ///
    /// # Errors
    /// [`FrameError`] if there is none of that name, or for the first cell that is no finite number.
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>, FrameError> {
        let at = self.names.iter().position(|known| known == name);
        let at = at.ok_or_else(|| FrameError::NoSuchColumn {
            wanted: name.to_owned(),
            found: self.names.clone(),
        })?;
        let number = |(row, cells): (usize, &Vec<String>)| {
            let (text, line, column) = (cells[at].as_str(), self.lines[row], name.to_owned());
            if MISSING.contains(&text) {
                return Err(FrameError::Missing { line, column, text: text.to_owned() });
            }
            let value = text.parse::<f64>().ok().filter(|value| value.is_finite());
            value.ok_or_else(|| FrameError::NotANumber { line, column, text: text.to_owned() })
        };
        self.cells.iter().enumerate().map(number).collect()
    }

    /// The table as text, with a column more for each of `added`, in the same form as it was read.
    pub fn with_columns(&self, added: &[(String, Vec<String>)]) -> String {
        let mut options = csv::WriterBuilder::new();
        let mut writer = options.delimiter(self.delimiter).from_writer(Vec::new());
        let head = self.names.iter().chain(added.iter().map(|(name, _)| name));
        let mut write = |record: Vec<&String>| {
            writer.write_record(record).expect("a buffer in memory takes everything");
        };
        write(head.collect());
        for (row, cells) in self.cells.iter().enumerate() {
            write(cells.iter().chain(added.iter().map(|(_, values)| &values[row])).collect());
        }
        let bytes = writer.into_inner().expect("a buffer in memory takes everything");
        String::from_utf8(bytes).expect("it was text that was read")
    }
}

fn check_names(names: &[String]) -> Result<(), FrameError> {
    let mut seen = HashSet::new();
    let twice = names.iter().find(|name| !seen.insert(name.as_str()));
    twice.map_or(Ok(()), |name| Err(FrameError::DuplicateColumn { name: name.clone() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_tables_are_read() {
        use std::io::Write;
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(b"a,b\n1,2\n").expect("memory takes it");
        let bytes = packed.finish().expect("memory takes it");
        let frame = Frame::of_file(Path::new("t.csv.gz"), bytes.clone()).expect("a table");
        assert_eq!(frame.numbers("b"), Ok(vec![2.0]));
        let half = Frame::of_file(Path::new("t.csv.gz"), bytes[..bytes.len() / 2].to_vec());
        assert!(matches!(half, Err(FrameError::Csv { .. })), "{half:?}");
    }

    #[test]
    fn tables_of_all_three_delimiters_are_read() {
        for text in
            ["a,b c\n1,2\n3,4e1\n", "\u{feff}a;b c\n1;2\n3;4e1\n", "a\tb c\r\n1\t2\r\n3\t40\r\n"]
        {
            let frame = Frame::read(text).expect("a table");
            assert_eq!(frame.names(), ["a", "b c"]);
            assert_eq!(frame.numbers("b c"), Ok(vec![2.0, 40.0]));
        }
        assert_eq!(Frame::read("only\n5\n").expect("a table").numbers("only"), Ok(vec![5.0]));
    }

    #[test]
    fn faults_are_named_with_their_place() {
        let message = |text: &str, column: &str| {
            let numbers = Frame::read(text).and_then(|frame| frame.numbers(column));
            numbers.expect_err("it is wrong").to_string()
        };
        assert_eq!(message("", "a"), "there are no rows below a header");
        assert_eq!(message("a,b\n", "a"), "there are no rows below a header");
        assert_eq!(message("a,a\n1,2\n", "a"), "line 1: two columns are called 'a'");
        assert_eq!(
            message("a,b\n1,2\n3\n", "a"),
            "line 3: expected 2 cells as in the header, found 1"
        );
        assert_eq!(message("a,b\n1,2\n", "c"), "there is no column 'c'; columns are: a, b");
        assert_eq!(
            message("a,b\n1,2\n3,\n", "b"),
            "line 3, column 'b': the value is missing; fill it in or leave the row out"
        );
        assert_eq!(
            message("a,b\n1,2\n3,red\n", "b"),
            "line 3, column 'b': 'red' is not a finite number"
        );
    }

    #[test]
    fn added_columns_come_last() {
        let frame = Frame::read("a;name\n1;\"x;y\"\n").expect("a table");
        let text = frame.with_columns(&[("p".into(), vec!["0.5".into()])]);
        assert_eq!(text, "a;name;p\n1;\"x;y\";0.5\n");
    }
}
