//! The space file: what a user says about the columns of a table, in TOML.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Constraints, Field, Forbidden, Kind, Linear, Space, SpaceError, Sum, hint};

/// A space file as it was written.
///
/// ```
/// use hatchery_surrogates::space::SpaceFile;
///
/// let text = r#"
///     ignore = ["operator", "date"] # columns that are no part of a design
///
///     [objective]
///     column = "yield"
///     direction = "maximize"      # or minimize
///     noise = "yield_sd"          # column with the standard deviation of each score
///
///     [columns.temperature]
///     kind = "real"               # real | integer | ordinal | categorical | sequence
///     bounds = [20, 120]
///     cost = 0.05                 # of one unit, for the report
///
///     [columns.base]
///     kind = "categorical"
///     levels = ["KOH", "NaH"]
///
///     [columns.solvent]
///     kind = "categorical"
///     levels = ["DMF", "THF"]
///     fixed = "DMF"               # proposals keep it; the table may have others
///
///     [columns.size]
///     kind = "ordinal"            # levels in their order
///     levels = ["small", "medium", "large"]
///
///     [columns.dna]
///     kind = "sequence"
///     alphabet = "ACGT"
///     length = 8
///     fixed = "AC****GT"          # letters are kept, * is free
///
///     [columns.a]
///     kind = "real"
///     bounds = [0, 1]
///
///     [columns.b]
///     kind = "real"
///     bounds = [0, 1]
///
///     [[sum]]
///     columns = ["a", "b"]
///     total = 1.0
///     tolerance = 0.01            # 0 if left out
///
///     [[linear]]
///     terms = { a = 1.0, temperature = 0.1 }
///     at_most = 12.5              # or at_least, or both
///
///     [[forbid]]                  # never all of these together
///     solvent = "THF"
///     base = "NaH"
/// "#;
/// let space = SpaceFile::parse(text)?.space()?;
/// assert_eq!((space.fields().len(), space.sites().len()), (7, 14));
/// # Ok::<(), hatchery_surrogates::space::SpaceFileError>(())
/// ```
///
/// Every key may be left out: what a file does not say about a column of a table, the table does.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SpaceFile {
    /// Columns that are no part of a design.
    pub ignore: Vec<String>,
    /// What the score is.
    pub objective: ObjectiveFile,
    columns: BTreeMap<String, ::toml::Spanned<ColumnFile>>,
    /// Sums.
    pub sum: Vec<SumFile>,
    /// Linear limits.
    pub linear: Vec<LinearFile>,
    /// Forbidden combinations.
    pub forbid: Vec<Forbid>,
}

/// What the score is.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ObjectiveFile {
    /// Its column.
    pub column: Option<String>,
    /// Which way is better.
    pub direction: Option<Direction>,
    /// Column with the standard deviation of each score.
    pub noise: Option<String>,
}

/// Which scores are better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The larger.
    #[serde(alias = "max")]
    Maximize,
    /// The smaller.
    #[serde(alias = "min")]
    Minimize,
}

/// What is said about one column.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ColumnFile {
    /// Name of a [`Kind`].
    pub kind: Option<KindName>,
    /// Of a real or integer, both included.
    pub bounds: Option<[f64; 2]>,
    /// Of an ordinal or categorical.
    pub levels: Option<Vec<Scalar>>,
    /// Letters of a sequence.
    pub alphabet: Option<String>,
    /// Letters in a word of a sequence.
    pub length: Option<usize>,
    /// Value that no proposal changes.
    pub fixed: Option<Scalar>,
    /// Cost of one unit of a real or integer.
    pub cost: Option<f64>,
}

/// The kinds by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it, and `Kind` documents them")]
pub enum KindName {
    Real,
    Integer,
    Ordinal,
    Categorical,
    Sequence,
}

/// A value that may be written as text, number, true or false.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    /// "text"
    Text(String),
    /// 3
    Whole(i64),
    /// 2.5
    Number(f64),
    /// true
    Flag(bool),
}

impl std::fmt::Display for Scalar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Whole(number) => number.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Flag(flag) => flag.fmt(f),
        }
    }
}

/// A sum of columns.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SumFile {
    /// Its members.
    pub columns: Vec<String>,
    /// What they sum to.
    pub total: f64,
    /// How far off a design may be.
    #[serde(default)]
    pub tolerance: f64,
}

/// A linear limit.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinearFile {
    /// Columns and their weights.
    pub terms: BTreeMap<String, f64>,
    /// Upper bound of the weighted sum.
    pub at_most: Option<f64>,
    /// Lower bound of the weighted sum.
    pub at_least: Option<f64>,
}

/// Columns and values that must not come together.
pub type Forbid = BTreeMap<String, Scalar>;

/// A space file that cannot be used: where, what is wrong, what to do.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpaceFileError {
    /// No TOML, or a value of another type than the key has.
    #[error("space file, line {line}: {reason}")]
    Syntax {
        /// From 1.
        line: usize,
        /// What the reader says.
        reason: String,
    },
    /// A key or a name of a kind or direction that does not exist.
    #[error("space file, line {line}: {found:?} is not known here; {hint}")]
    Unknown {
        /// From 1.
        line: usize,
        /// What was written.
        found: String,
        /// The nearest one, or all.
        hint: String,
    },
    /// A key that a column of this kind does not have.
    #[error("space file, column {column:?}: {key} does not belong to a column of kind {kind}")]
    Foreign {
        /// The column.
        column: String,
        /// The key.
        key: &'static str,
        /// Its kind.
        kind: &'static str,
    },
    /// A key that is needed.
    #[error("space file, column {column:?}: {key} is missing")]
    Missing {
        /// The column.
        column: String,
        /// The key.
        key: &'static str,
    },
    /// A linear limit without a bound.
    #[error("space file: the [[linear]] limit number {number} needs at_most or at_least")]
    NoBound {
        /// Which of the limits, from 1.
        number: usize,
    },
    /// The columns and constraints make no space.
    #[error(transparent)]
    Space(#[from] SpaceError),
}

impl SpaceFile {
    /// Reads the text of a space file.
    ///
    /// # Errors
    /// [`SpaceFileError`] with the line of the first fault.
    pub fn parse(text: &str) -> Result<Self, SpaceFileError> {
        ::toml::from_str(text).map_err(|error| explain(text, &error))
    }

    /// The columns in the order in which they were written.
    pub fn columns(&self) -> Vec<(&str, &ColumnFile)> {
        let mut columns: Vec<_> = self.columns.iter().collect();
        columns.sort_by_key(|(_, column)| column.span().start);
        columns.into_iter().map(|(name, column)| (name.as_str(), column.get_ref())).collect()
    }

    /// What is said about a column.
    pub fn column(&self, name: &str) -> Option<&ColumnFile> {
        self.columns.get(name).map(::toml::Spanned::get_ref)
    }

    /// The constraints.
    ///
    /// # Errors
    /// [`SpaceFileError::NoBound`].
    pub fn constraints(&self) -> Result<Constraints, SpaceFileError> {
        let sums = self.sum.iter().map(|sum| Sum {
            columns: sum.columns.clone(),
            total: sum.total,
            tolerance: sum.tolerance,
        });
        let mut limits = Vec::new();
        for (at, limit) in self.linear.iter().enumerate() {
            if limit.at_most.is_none() && limit.at_least.is_none() {
                return Err(SpaceFileError::NoBound { number: at + 1 });
            }
            let terms = |sign: f64| limit.terms.iter().map(move |(c, w)| (c.clone(), sign * w));
            let at_most = limit.at_most.map(|bound| (1.0, bound));
            let at_least = limit.at_least.map(|bound| (-1.0, -bound));
            limits.extend(
                [at_most, at_least]
                    .into_iter()
                    .flatten()
                    .map(|(sign, at_most)| Linear { terms: terms(sign).collect(), at_most }),
            );
        }
        let forbidden = self.forbid.iter().map(|rule| Forbidden {
            values: rule
                .iter()
                .map(|(column, value)| (column.clone(), value.to_string()))
                .collect(),
        });
        Ok(Constraints { sums: sums.collect(), limits, forbidden: forbidden.collect() })
    }

    /// The space of a file that says everything, without a table.
    ///
    /// # Errors
    /// [`SpaceFileError`] if something is missing, or makes no space.
    pub fn space(&self) -> Result<Space, SpaceFileError> {
        let field = |(name, column): (&str, &ColumnFile)| column.field(name);
        let fields = self.columns().into_iter().map(field).collect::<Result<_, _>>()?;
        Ok(Space::try_new(fields, self.constraints()?)?)
    }
}

impl ColumnFile {
    /// The field of a column about which everything is said.
    ///
    /// # Errors
    /// [`SpaceFileError`] if a key is missing or does not belong here, or the fixed value is not possible.
    pub fn field(&self, name: &str) -> Result<Field, SpaceFileError> {
        let missing = |key| SpaceFileError::Missing { column: name.to_owned(), key };
        let kind_name = self.kind.ok_or_else(|| missing("kind"))?;
        let bounds = || self.bounds.ok_or_else(|| missing("bounds"));
        let levels = || {
            let levels = self.levels.as_ref().ok_or_else(|| missing("levels"))?;
            Ok::<_, SpaceFileError>(levels.iter().map(Scalar::to_string).collect())
        };
        let kind = match kind_name {
            KindName::Real => bounds().map(|[lower, upper]| Kind::Real { lower, upper })?,
            KindName::Integer => bounds().map(|[lower, upper]| Kind::Integer { lower, upper })?,
            KindName::Ordinal => Kind::Ordinal { levels: levels()? },
            KindName::Categorical => Kind::Categorical { levels: levels()? },
            KindName::Sequence => {
                let alphabet = self.alphabet.as_ref().ok_or_else(|| missing("alphabet"))?;
                let length = self.length.ok_or_else(|| missing("length"))?;
                Kind::Sequence { alphabet: alphabet.chars().collect(), length }
            }
        };
        self.check_keys(name, &kind)?;
        let mut field = Field::new(name, kind);
        field.cost = self.cost;
        if let Some(fixed) = &self.fixed {
            field.fixed = fixed_sites(&field, &fixed.to_string())?;
        }
        Ok(field)
    }

    /// No key of another kind.
    fn check_keys(&self, name: &str, kind: &Kind) -> Result<(), SpaceFileError> {
        let number = kind.site().is_number();
        let word = matches!(kind, Kind::Sequence { .. });
        let given = [
            ("bounds", self.bounds.is_some() && !number),
            ("levels", self.levels.is_some() && (number || word)),
            ("alphabet", self.alphabet.is_some() && !word),
            ("length", self.length.is_some() && !word),
        ];
        match given.into_iter().find(|(_, wrong)| *wrong) {
            None => Ok(()),
            Some((key, _)) => {
                let (column, kind) = (name.to_owned(), kind.name());
                Err(SpaceFileError::Foreign { column, key, kind })
            }
        }
    }
}

/// The fixed values of a field's sites; in a word `*` is a free place.
fn fixed_sites(field: &Field, text: &str) -> Result<Vec<Option<f64>>, SpaceFileError> {
    let known = match &field.kind {
        Kind::Ordinal { levels } | Kind::Categorical { levels } => levels.clone(),
        _ => Vec::new(),
    };
    let wrong = |fault: super::Fault| SpaceError::Fixed {
        column: field.name.clone(),
        value: text.to_owned(),
        expected: fault.reason(text, &known),
    };
    let Kind::Sequence { alphabet, .. } = &field.kind else {
        return Ok(field.parse(text).map_err(wrong)?.into_iter().map(Some).collect());
    };
    let stars: Vec<bool> = text.chars().map(|letter| letter == '*').collect();
    let first = alphabet.first().copied().unwrap_or('*');
    let filled: String = text.chars().map(|c| if c == '*' { first } else { c }).collect();
    let letters = field.parse(&filled).map_err(wrong)?;
    Ok(letters.into_iter().zip(stars).map(|(letter, star)| (!star).then_some(letter)).collect())
}

/// The reader's error with the line, and with the nearest name instead of a list of all.
fn explain(text: &str, error: &::toml::de::Error) -> SpaceFileError {
    let start = error.span().map_or(0, |span| span.start.min(text.len()));
    let line = text.as_bytes()[..start].iter().filter(|&&byte| byte == b'\n').count() + 1;
    let message = error.message();
    let names: Vec<String> = message.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    let is_unknown = message.starts_with("unknown field") || message.starts_with("unknown variant");
    match names.split_first() {
        Some((found, known)) if is_unknown => {
            let (found, hint) = (found.clone(), hint(found, known));
            SpaceFileError::Unknown { line, found, hint }
        }
        _ => SpaceFileError::Syntax { line, reason: message.replace('\n', " ") },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: &str = r#"
ignore = ["operator"]
[objective]
column = "yield"
direction = "maximize"
noise = "sd"
[columns.temperature]
kind = "real"
bounds = [20, 120]
cost = 0.05
[columns.a]
kind = "real"
bounds = [0, 1]
[columns.b]
kind = "real"
bounds = [0, 1.0]
[columns.n]
kind = "integer"
bounds = [1, 5]
fixed = 2
[columns.solvent]
kind = "categorical"
levels = ["DMF", "THF", 7, true]
[columns.base]
kind = "ordinal"
levels = ["KOH", "NaH"]
[columns.dna]
kind = "sequence"
alphabet = "ACGT"
length = 4
fixed = "A**T"
[[sum]]
columns = ["a", "b"]
total = 1
[[linear]]
terms = { temperature = 1, n = 2.0 }
at_most = 100
at_least = 50
[[forbid]]
solvent = "THF"
base = "NaH"
"#;

    #[test]
    fn a_full_file_gives_a_space() {
        let file = SpaceFile::parse(FULL).expect("a space file");
        let objective = (file.objective.column.as_deref(), file.objective.direction);
        assert_eq!(objective, (Some("yield"), Some(Direction::Maximize)));
        let space = file.space().expect("a space");
        let names: Vec<&str> = space.fields().iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["temperature", "a", "b", "n", "solvent", "base", "dna"]);
        assert_eq!((space.sites().len(), space.constraints().limits.len()), (10, 2));
        assert_eq!([3, 6, 7, 9].map(|s| space.fixed(s)), [Some(2.0), Some(0.0), None, Some(3.0)]);
        let mut design = vec![60.0, 0.4, 0.6, 2.0, 1.0, 0.0, 0.0, 1.0, 2.0, 3.0];
        assert_eq!(space.violation(&design), 0.0);
        assert_eq!(space.show(&design), ["60", "0.4", "0.6", "2", "THF", "KOH", "ACGT"]);
        assert_eq!((space.cost(&design), space.slacks(&design)), (3.0, vec![36.0, 14.0]));
        design[5] = 1.0;
        assert!(!space.is_valid(&design), "THF with NaH");
    }

    #[test]
    fn faults_are_one_line_with_what_to_do() {
        let fault = |text: &str| {
            let error = SpaceFile::parse(text).and_then(|file| file.space()).unwrap_err();
            assert!(!error.to_string().contains('\n'), "{error}");
            error.to_string()
        };
        let column = |text: &str| fault(&format!("[columns.x]\n{text}\n"));
        for (found, expected) in [
            (
                column("kind = \"rael\""),
                r#"line 2: "rael" is not known here; did you mean "real"?"#,
            ),
            (
                column("bound = [0, 1]"),
                r#"line 2: "bound" is not known here; did you mean "bounds"?"#,
            ),
            (fault("[colums.x]"), r#"line 1: "colums" is not known here; did you mean "columns"?"#),
            (
                fault("[[sum]]\ncolumns = 3\ntotal = 1"),
                "line 2: invalid type: integer `3`, expected a sequence",
            ),
            (fault("[[sum]]\ncolumns = [\"a\", \"b\"]"), "missing field `total`"),
            (fault("a = = 1"), "line 1: "),
            (column("kind = \"real\""), r#"column "x": bounds is missing"#),
            (column("bounds = [0, 1]"), r#"column "x": kind is missing"#),
            (
                column("kind = \"real\"\nbounds = [0, 1]\nlevels = [1]"),
                "levels does not belong to a column of kind real",
            ),
            (
                column("kind = \"categorical\"\nlevels = [1]\nlength = 2"),
                "length does not belong to a column of kind categorical",
            ),
            (
                column("kind = \"categorical\"\nlevels = [\"a\"]\nfixed = \"b\""),
                r#"the fixed value "b" is not possible; "b" is none of its levels; there are: a"#,
            ),
            (
                column("kind = \"sequence\"\nalphabet = \"AC\"\nlength = 2\nfixed = \"A\""),
                r#""A" has 1 letters"#,
            ),
            (fault("[[linear]]\nterms = { a = 1 }"), "limit number 1 needs at_most or at_least"),
            (fault(""), "a space needs at least one column"),
        ] {
            assert!(found.contains(expected), "{found}\n   does not say: {expected}");
        }
    }
}
