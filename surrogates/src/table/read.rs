//! From cells of text to a checked table.

use std::collections::HashSet;

use super::infer::Column;
use super::review::review;
use super::{COLUMNS_MAX, Finding, Missing, Note, Options, ROWS_MIN, Severity, Table, TableError};
use crate::space::{Constraints, Design, Direction, Fault, Field, Kind, Space, SpaceFile, hint};

/// What cells without a value hold.
const MISSING: [&str; 9] = ["", "NA", "N/A", "na", "nan", "NaN", "NAN", "null", "?"];

/// Largest score that can be learned from.
const SCORE_MAX: f64 = 1e100;

impl Table {
    /// Reads a table: the names of its columns, its cells as `(rows, columns)` and the line of each row in its file.
    ///
    /// ```
    /// use hatchery_surrogates::table::{Options, Table};
    ///
    /// let names = ["x", "y"].map(String::from);
    /// let cells: Vec<Vec<String>> = (0..9).map(|k| vec![k.to_string(), format!("{k},5")]).collect();
    /// let options = Options { target: Some("y".into()), ..Options::default() };
    /// let error = Table::read(&names, &cells, &(2..11).collect::<Vec<_>>(), &options).unwrap_err();
    /// let text = r#"line 2, column "y": "0,5" is not a number; write a decimal point instead of the comma"#;
    /// assert_eq!(error.to_string(), text);
    /// ```
    ///
    /// # Errors
    /// [`TableError`] for the first fault that no model should be fitted in spite of. Others are [`Table::notes`].
    ///
    /// # Panics
    /// If there is not one line a row.
    pub fn read(
        names: &[String],
        cells: &[Vec<String>],
        lines: &[u64],
        options: &Options,
    ) -> Result<Self, TableError> {
        assert_eq!(cells.len(), lines.len(), "one line a row");
        check_shape(names, cells, lines)?;
        let file = options.space.clone().unwrap_or_default();
        let roles = Roles::of(names, options, &file)?;
        let sheet = Sheet { names, cells, lines };
        let (rows, mut notes) = sheet.complete_rows(&roles, &file, options.missing)?;
        let kept: Vec<u64> = rows.iter().map(|&row| lines[row]).collect();
        let texts = |column: usize| -> Vec<&str> {
            rows.iter().map(|&row| cells[row][column].trim()).collect()
        };
        let numbers = |column: usize| {
            let texts = texts(column);
            Column { name: &names[column], cells: &texts, lines: &kept }.numbers()
        };
        let (scores, noise) = (numbers(roles.target)?, roles.noise.map(numbers).transpose()?);
        let target = names[roles.target].clone();
        if scores.iter().all(|score| *score == scores[0]) {
            let (value, first, last) = (scores[0], kept[0], kept[kept.len() - 1]);
            return Err(TableError::ConstantTarget { column: target, value, first, last });
        }
        let farthest =
            scores.iter().fold(0.0, |far: f64, y| if y.abs() > far.abs() { *y } else { far });
        if farthest.abs() > SCORE_MAX {
            return Err(TableError::HugeTarget { column: target, value: farthest });
        }
        check_noise(names, roles.noise, noise.as_deref(), &kept)?;
        let mut fields = Vec::new();
        let mut designs: Vec<Design> = vec![Vec::new(); rows.len()];
        for &column in &roles.design {
            let texts = texts(column);
            let column = Column { name: &names[column], cells: &texts, lines: &kept };
            let mut field = column.field(file.column(column.name))?;
            let values = values(&field, column)?;
            notes.extend(hold_constants(&mut field, &values));
            designs.iter_mut().zip(values).for_each(|(design, values)| design.extend(values));
            fields.push(field);
        }
        let constraints = file.constraints()?;
        let space = make_space(fields, constraints)?;
        let maximize = options.maximize.unwrap_or_else(|| {
            file.objective.direction.is_some_and(|way| way == Direction::Maximize)
        });
        if options.maximize.is_none() && file.objective.direction.is_none() {
            let finding = Finding::Undirected { target: target.clone() };
            notes.push(Note { severity: Severity::Remark, finding });
        }
        let sign = if maximize { 1.0 } else { -1.0 };
        let mut table = Self {
            names: space.fields().iter().map(|field| field.name.clone()).collect(),
            declared: space.fields().iter().map(|f| file.column(&f.name).is_some()).collect(),
            scores: scores.iter().map(|score| sign * score).collect(),
            lines: kept,
            space,
            designs,
            noise,
            target,
            maximize,
            notes,
        };
        let found = review(&table, &file);
        table.notes.extend(found);
        table.notes.sort_by_key(|note| note.severity);
        Ok(table)
    }
}

/// Which column is what.
struct Roles {
    target: usize,
    noise: Option<usize>,
    design: Vec<usize>,
}

impl Roles {
    fn of(names: &[String], options: &Options, file: &SpaceFile) -> Result<Self, TableError> {
        let find = |place: &'static str, wanted: &str| {
            let at = names.iter().position(|name| name == wanted);
            at.ok_or_else(|| {
                let (wanted, hint) = (wanted.to_owned(), hint(wanted, names));
                TableError::NoSuchColumn { place, wanted, hint }
            })
        };
        let target = match (&options.target, &file.objective.column) {
            (Some(target), _) => find("--target", target)?,
            (None, Some(target)) => find("space file, [objective] column", target)?,
            (None, None) => return Err(TableError::NoTarget { hint: hint("", names) }),
        };
        let noise = file.objective.noise.as_ref();
        let noise = noise.map(|n| find("space file, [objective] noise", n)).transpose()?;
        let mut ignored = HashSet::new();
        for name in &options.ignore {
            ignored.insert(find("--ignore", name)?);
        }
        for name in &file.ignore {
            ignored.insert(find("space file, ignore", name)?);
        }
        let two = |column: usize, first: &'static str, second: &'static str| {
            Err(TableError::TwoRoles { column: names[column].clone(), first, second })
        };
        if ignored.contains(&target) {
            return two(target, "the scores", "ignored");
        }
        if let Some(noise) = noise {
            if noise == target {
                return two(noise, "the scores", "their noise");
            }
            if ignored.contains(&noise) {
                return two(noise, "the noise of the scores", "ignored");
            }
        }
        for (name, _) in file.columns() {
            let column = find("space file, [columns]", name)?;
            if column == target {
                return two(column, "the scores", "a column of the design in the space file");
            }
            if Some(column) == noise {
                return two(column, "the noise of the scores", "a column of the design");
            }
            if ignored.contains(&column) {
                return two(column, "ignored", "a column of the design in the space file");
            }
        }
        let taken = |&at: &usize| at == target || Some(at) == noise || ignored.contains(&at);
        let design: Vec<usize> = (0..names.len()).filter(|at| !taken(at)).collect();
        if design.is_empty() {
            let (target, ignored) = (names[target].clone(), ignored.len());
            return Err(TableError::NoColumns { target, ignored });
        }
        Ok(Self { target, noise, design })
    }

    /// All columns that are read.
    fn read(&self) -> impl Iterator<Item = usize> + '_ {
        [self.target].into_iter().chain(self.noise).chain(self.design.iter().copied())
    }
}

/// The text of a table.
struct Sheet<'a> {
    names: &'a [String],
    cells: &'a [Vec<String>],
    lines: &'a [u64],
}

impl Sheet<'_> {
    /// The rows without missing cells.
    fn complete_rows(
        &self,
        roles: &Roles,
        file: &SpaceFile,
        missing: Missing,
    ) -> Result<(Vec<usize>, Vec<Note>), TableError> {
        let mut lacking: Vec<(usize, usize)> = Vec::new();
        for column in roles.read() {
            // A level may be called "NA".
            let levels = file.column(&self.names[column]).and_then(|c| c.levels.as_ref());
            let is_level = |text: &str| {
                levels.is_some_and(|l| l.iter().any(|level| level.to_string() == text))
            };
            let is_missing = |&row: &usize| {
                let text = self.cells[row][column].trim();
                MISSING.contains(&text) && !is_level(text)
            };
            let before = lacking.len();
            lacking.extend((0..self.cells.len()).filter(is_missing).map(|row| (row, column)));
            if !self.cells.is_empty() && lacking.len() - before == self.cells.len() {
                let name = self.names[column].clone();
                return Err(match column == roles.target {
                    true => TableError::NoScores { column: name },
                    false => TableError::EmptyColumn { column: name },
                });
            }
        }
        let of = self.cells.len();
        let Some(&(row, column)) = lacking.iter().min() else {
            return enough(0..of, of).map(|rows| (rows, Vec::new()));
        };
        let first_line = self.lines[row];
        if missing == Missing::Refuse {
            let (line, text) = (first_line, self.cells[row][column].trim().to_owned());
            let column = self.names[column].clone();
            return Err(TableError::MissingCell { line, column, text, cells: lacking.len() });
        }
        let lacking: HashSet<usize> = lacking.into_iter().map(|(row, _)| row).collect();
        let rows = enough((0..of).filter(|row| !lacking.contains(row)), of)?;
        let finding = Finding::DroppedRows { rows: lacking.len(), of, first_line };
        let severity = if 2 * lacking.len() > of { Severity::Alarm } else { Severity::Warning };
        Ok((rows, vec![Note { severity, finding }]))
    }
}

fn enough(rows: impl Iterator<Item = usize>, of: usize) -> Result<Vec<usize>, TableError> {
    let rows: Vec<usize> = rows.collect();
    if rows.len() < ROWS_MIN {
        let dropped = of - rows.len();
        return Err(TableError::TooFewRows { rows: rows.len(), dropped, rows_min: ROWS_MIN });
    }
    Ok(rows)
}

fn check_shape(names: &[String], cells: &[Vec<String>], lines: &[u64]) -> Result<(), TableError> {
    if names.is_empty() {
        return Err(TableError::NoHeader);
    }
    if names.len() > COLUMNS_MAX {
        return Err(TableError::TooManyColumns { found: names.len(), most: COLUMNS_MAX });
    }
    if let Some(at) = names.iter().position(|name| name.trim().is_empty()) {
        return Err(TableError::EmptyName { position: at + 1 });
    }
    let mut seen = HashSet::new();
    if let Some(name) = names.iter().find(|name| !seen.insert(name.as_str())) {
        return Err(TableError::DuplicateColumn { name: name.clone() });
    }
    let expected = names.len();
    let ragged = cells.iter().zip(lines).find(|(row, _)| row.len() != expected);
    ragged
        .map_or(Ok(()), |(row, &line)| Err(TableError::Ragged { line, expected, found: row.len() }))
}

fn check_noise(
    names: &[String],
    column: Option<usize>,
    noise: Option<&[f64]>,
    lines: &[u64],
) -> Result<(), TableError> {
    let (Some(column), Some(noise)) = (column, noise) else { return Ok(()) };
    let negative = noise.iter().zip(lines).find(|(noise, _)| **noise < 0.0);
    negative.map_or(Ok(()), |(&found, &line)| {
        Err(TableError::NegativeNoise { line, column: names[column].clone(), found })
    })
}

/// The numbers of a column's cells, one list a row.
fn values(field: &Field, column: Column<'_>) -> Result<Vec<Vec<f64>>, TableError> {
    if let Kind::Real { .. } = field.kind {
        return Ok(column.numbers()?.into_iter().map(|value| vec![value + 0.0]).collect());
    }
    if let Kind::Integer { .. } = field.kind {
        column.numbers()?; // For the better message.
    }
    let known = match &field.kind {
        Kind::Ordinal { levels } | Kind::Categorical { levels } => levels.clone(),
        _ => Vec::new(),
    };
    let parse = |(cell, &line): (&&str, &u64)| {
        field.parse(cell).map_err(|fault| {
            let mut reason = fault.reason(cell, &known);
            if let (Fault::Length { .. }, Kind::Sequence { length, .. }) = (&fault, &field.kind) {
                reason += &format!(", {length} expected as in the other rows");
            }
            if fault == Fault::NotWhole {
                reason += ", but the column is an integer; say kind = \"real\" in the space file";
            }
            TableError::Cell { line, column: field.name.clone(), reason }
        })
    };
    column.cells.iter().zip(column.lines).map(parse).collect()
}

/// Fixes what is the same in every row, unless it is fixed already.
fn hold_constants(field: &mut Field, values: &[Vec<f64>]) -> Vec<Note> {
    let sites = field.kind.sites();
    let same = |site: &usize| values.iter().all(|value| value[*site] == values[0][*site]);
    let constant: Vec<usize> = (0..sites).filter(same).collect();
    let declared: Vec<bool> = field.fixed.iter().map(Option::is_some).collect();
    let is_free = |site: &usize| !declared.get(*site).copied().unwrap_or(false);
    let number = field.kind.site().is_number();
    let inferred = number && field.kind.site().range() == 0.0;
    let new: Vec<usize> = constant.iter().copied().filter(|s| is_free(s) || inferred).collect();
    if new.is_empty() {
        return Vec::new();
    }
    let column = field.name.clone();
    let finding = if constant.len() == sites {
        Finding::ConstantColumn { column, value: field.show(&values[0]) }
    } else {
        Finding::ConstantLetters { column, positions: new.iter().map(|site| site + 1).collect() }
    };
    field.fixed.resize(sites, None);
    for site in new {
        field.fixed[site] = Some(values[0][site]);
    }
    if let Kind::Real { lower, upper } | Kind::Integer { lower, upper } = &mut field.kind {
        // Bounds that the only value contradicts are told elsewhere.
        (*lower, *upper) = (lower.min(values[0][0]), upper.max(values[0][0]));
    }
    vec![Note { severity: Severity::Warning, finding }]
}

fn make_space(fields: Vec<Field>, constraints: Constraints) -> Result<Space, TableError> {
    let columns = fields.len();
    let space = Space::try_new(fields, constraints)?;
    if space.free_sites().is_empty() {
        return Err(TableError::NothingVaries { columns });
    }
    Ok(space)
}
