//! What a space file says about one column.

use serde::Deserialize;

use super::SpaceFileError;
use crate::space::{Fault, Field, Kind, SpaceError};

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
    let wrong = |fault: Fault| SpaceError::Fixed {
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
