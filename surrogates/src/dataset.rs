//! Past experiments: one design and one score a row.

use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::{Place, SurrogateError};

/// Fewest rows of a table: below that there is nothing to tell apart.
pub const ROWS_MIN: usize = 2;

/// A checked table: rectangular, finite, and no column constant.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    names: Vec<String>,
    /// Row-major, `(rows, columns)`.
    designs: Vec<f64>,
    scores: Vec<f64>,
}

impl Dataset {
    /// A table from arrays: `designs` is `(rows, columns)`, `scores` has one value a row (larger is better), `names`
    /// has one name a column.
    ///
    /// # Errors
    /// A [`SurrogateError`] that names row and column of the first fault.
    pub fn from_arrays(
        names: Vec<String>,
        designs: &[Vec<f64>],
        scores: &[f64],
    ) -> Result<Self, SurrogateError> {
        if designs.len() != scores.len() {
            let place = Place::Row(designs.len().min(scores.len()));
            let cells = |there: bool, count: usize| if there { count } else { 0 };
            let row = cells(designs.len() > scores.len(), names.len());
            let found = row + cells(scores.len() > designs.len(), 1);
            return Err(SurrogateError::Ragged { place, expected: names.len() + 1, found });
        }
        let mut table = Reading::new(names, "score");
        for (row, (design, score)) in designs.iter().zip(scores).enumerate() {
            table.push(Place::Row(row), design, *score)?;
        }
        table.finish()
    }

    /// A table from CSV text with a header; the column `score` holds the scores, all others are the design.
    ///
    /// ```
    /// use hatchery_surrogates::Dataset;
    ///
    /// let error = Dataset::from_csv("a,score\n1,2\n3,oops\n".as_bytes(), "score").unwrap_err();
    /// assert_eq!(error.to_string(), r#"line 3, column "score": "oops" is not a number"#);
    /// ```
    ///
    /// # Errors
    /// A [`SurrogateError`] that names line and column of the first fault.
    pub fn from_csv(mut reader: impl Read, score: &str) -> Result<Self, SurrogateError> {
        let mut text = String::new();
        reader.read_to_string(&mut text).map_err(|e| SurrogateError::Csv(e.into()))?;
        let mut options = csv::ReaderBuilder::new();
        let mut reader = options.flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
        let header: Vec<String> =
            reader.headers().map_err(SurrogateError::Csv)?.iter().map(str::to_owned).collect();
        let Some(score_at) = header.iter().position(|name| name == score) else {
            return Err(SurrogateError::NoSuchColumn { wanted: score.to_owned(), found: header });
        };
        let mut seen = HashSet::new();
        if let Some(name) = header.iter().find(|name| !seen.insert(name.as_str())) {
            return Err(SurrogateError::DuplicateColumn { name: name.clone() });
        }
        let mut names = header.clone();
        names.remove(score_at);
        let mut table = Reading::new(names, score);
        for record in reader.records() {
            let record = record.map_err(SurrogateError::Csv)?;
            let place = Place::Line(record.position().map_or(0, |start| line_of(&text, start)));
            if record.len() != header.len() {
                let (expected, found) = (header.len(), record.len());
                return Err(SurrogateError::Ragged { place, expected, found });
            }
            let cells = header.iter().zip(record.iter());
            let mut design = cells
                .map(|(column, cell)| number(place, column, cell))
                .collect::<Result<Vec<f64>, _>>()?;
            let score = design.remove(score_at);
            table.push(place, &design, score)?;
        }
        table.finish()
    }

    /// A table from a CSV file; see [`from_csv`](Self::from_csv).
    ///
    /// # Errors
    /// [`SurrogateError::Io`] if the file cannot be opened, else as for [`from_csv`](Self::from_csv).
    pub fn from_csv_path(path: impl AsRef<Path>, score: &str) -> Result<Self, SurrogateError> {
        let path = path.as_ref();
        let file = File::open(path)
            .map_err(|source| SurrogateError::Io { path: path.to_owned(), source })?;
        Self::from_csv(file, score)
    }

    /// Names of the design columns, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Number of design columns.
    pub fn columns(&self) -> usize {
        self.names.len()
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.scores.len()
    }

    /// The design of row `row`, `(columns,)`.
    pub fn design(&self, row: usize) -> &[f64] {
        &self.designs[row * self.columns()..(row + 1) * self.columns()]
    }

    /// The designs, row after row.
    pub fn designs(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.designs.chunks_exact(self.columns())
    }

    /// The scores, one a row; larger is better.
    pub fn scores(&self) -> &[f64] {
        &self.scores
    }
}

/// The line a record is on: its position may lie before empty lines, which the reader skips.
fn line_of(text: &str, start: &csv::Position) -> u64 {
    let rest = text.bytes().skip(start.byte() as usize);
    let skipped = rest.take_while(|byte| matches!(byte, b'\n' | b'\r')).filter(|b| *b == b'\n');
    start.line() + skipped.count() as u64
}

fn number(place: Place, column: &str, cell: &str) -> Result<f64, SurrogateError> {
    cell.parse().map_err(|_| SurrogateError::NotANumber {
        place,
        column: column.to_owned(),
        found: cell.to_owned(),
    })
}

/// A table while it is being read, with the places that errors name.
struct Reading {
    names: Vec<String>,
    score_name: String,
    designs: Vec<f64>,
    scores: Vec<f64>,
    ends: Option<(Place, Place)>,
}

impl Reading {
    fn new(names: Vec<String>, score: &str) -> Self {
        let (designs, scores) = (Vec::new(), Vec::new());
        Self { names, score_name: score.to_owned(), designs, scores, ends: None }
    }

    fn push(&mut self, place: Place, design: &[f64], score: f64) -> Result<(), SurrogateError> {
        let (expected, found) = (self.names.len(), design.len());
        if expected != found {
            return Err(SurrogateError::Ragged { place, expected, found });
        }
        let columns = self.names.iter().chain([&self.score_name]);
        for (column, &value) in columns.zip(design.iter().chain([&score])) {
            if !value.is_finite() {
                let column = column.clone();
                return Err(SurrogateError::NotFinite { place, column, found: value });
            }
        }
        self.designs.extend_from_slice(design);
        self.scores.push(score);
        self.ends = Some((self.ends.map_or(place, |(first, _)| first), place));
        Ok(())
    }

    fn finish(self) -> Result<Dataset, SurrogateError> {
        let (rows, columns) = (self.scores.len(), self.names.len());
        let Some((first, last)) = self.ends.filter(|_| rows >= ROWS_MIN && columns > 0) else {
            return Err(SurrogateError::TooSmall { rows, columns, rows_min: ROWS_MIN });
        };
        let constant = |column: &str, value: f64| SurrogateError::Constant {
            column: column.to_owned(),
            value,
            first,
            last,
        };
        for (at, name) in self.names.iter().enumerate() {
            let mut column = self.designs.iter().skip(at).step_by(columns);
            if column.all(|v| *v == self.designs[at]) {
                return Err(constant(name, self.designs[at]));
            }
        }
        if self.scores.iter().all(|v| *v == self.scores[0]) {
            return Err(constant(&self.score_name, self.scores[0]));
        }
        Ok(Dataset { names: self.names, designs: self.designs, scores: self.scores })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        Dataset::from_csv(text.as_bytes(), "y").expect_err("it is faulty").to_string()
    }

    fn arrays(designs: &[&[f64]], scores: &[f64]) -> Result<Dataset, SurrogateError> {
        let designs: Vec<Vec<f64>> = designs.iter().map(|row| row.to_vec()).collect();
        Dataset::from_arrays(vec!["a".into(), "b".into()], &designs, scores)
    }

    #[test]
    fn csv_and_arrays_give_the_same_table() {
        let text = "a, y, b\n1,10,2\n3,11,4\n\n5,12,7e1\n";
        let read = Dataset::from_csv(text.as_bytes(), "y").expect("it is sound");
        let given = arrays(&[&[1.0, 2.0], &[3.0, 4.0], &[5.0, 70.0]], &[10.0, 11.0, 12.0]);
        assert_eq!(read, given.expect("it is sound"));
        assert_eq!(read.names(), ["a", "b"]);
        assert_eq!((read.rows(), read.columns(), read.design(1)), (3, 2, &[3.0, 4.0][..]));
        assert_eq!(read.designs().len(), 3);
    }

    #[test]
    fn a_file_is_read_and_a_missing_one_is_named() {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let path = folder.path().join("table.csv");
        std::fs::write(&path, "a,y\n1,2\n3,4\n").expect("writable");
        assert_eq!(Dataset::from_csv_path(&path, "y").expect("it is sound").scores(), [2.0, 4.0]);
        let error =
            Dataset::from_csv_path(folder.path().join("none.csv"), "y").expect_err("absent");
        assert!(error.to_string().contains("none.csv"), "{error}");
    }

    #[test]
    fn faults_name_line_and_column() {
        assert_eq!(fault("a,y\n1,2\n3\n"), "line 3 has 1 cells, 2 expected");
        assert_eq!(fault("a,y\n1,2\n\n3,4,5\n"), "line 4 has 3 cells, 2 expected");
        assert_eq!(fault("a,y\n1,2\nx,4\n"), r#"line 3, column "a": "x" is not a number"#);
        assert_eq!(fault("a,y\n1,\n"), r#"line 2, column "y": "" is not a number"#);
        let not_finite =
            |v| format!("line 3, column \"y\": {v} is not finite; leave failed experiments out");
        assert_eq!(fault("a,y\n1,2\n3,nan\n"), not_finite("NaN"));
        assert_eq!(fault("a,y\n1,2\n3,-inf\n"), not_finite("-inf"));
        assert_eq!(
            fault("a,y\n1,2\n1,4\n1,5\n"),
            r#"column "a" is 1 from line 2 to line 4: nothing to learn; leave it out"#
        );
        assert!(fault("a,y\n1,2\n3,2\n").starts_with(r#"column "y" is 2 from line 2 to line 3"#));
        assert_eq!(fault("a,b\n1,2\n"), r#"no column "y" in the header; it has ["a", "b"]"#);
        assert!(fault("a,a,y\n1,2,3\n").contains(r#"two columns are named "a""#));
        for empty in ["y\n1\n2\n", "a,y\n", "a,y\n1,2\n"] {
            assert!(fault(empty).contains("at least 2 and 1 are needed"), "{}", fault(empty));
        }
        assert!(fault("").contains(r#"no column "y""#));
    }

    #[test]
    fn array_faults_name_row_and_column() {
        let fault = |designs: &[&[f64]], scores: &[f64]| {
            arrays(designs, scores).expect_err("it is faulty").to_string()
        };
        assert_eq!(fault(&[&[1.0, 2.0], &[3.0]], &[1.0, 2.0]), "row 1 has 1 cells, 2 expected");
        assert_eq!(fault(&[&[1.0, 2.0]], &[1.0, 2.0]), "row 1 has 1 cells, 3 expected");
        let nan = fault(&[&[1.0, 2.0], &[3.0, f64::NAN]], &[1.0, 2.0]);
        assert!(nan.starts_with(r#"row 1, column "b": NaN is not finite"#), "{nan}");
    }
}
