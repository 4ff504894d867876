//! What a column is, where the space file does not say it.

use std::collections::HashSet;

use super::TableError;
use crate::space::{ColumnFile, Field, KindName, Scalar, number};

/// Categories that a short table may have in almost as many rows.
const CATEGORIES_FEW: usize = 12;
/// Letters of an alphabet, and words that may still be categories.
const LETTERS_MAX: usize = 26;
/// Shortest word.
const LETTERS_MIN: usize = 4;

/// The cells of one column, with the line of each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column<'a> {
    pub(super) name: &'a str,
    pub(super) cells: &'a [&'a str],
    pub(super) lines: &'a [u64],
}

impl<'a> Column<'a> {
    /// Its field: what is declared, completed by what its cells say.
    pub(super) fn field(self, declared: Option<&ColumnFile>) -> Result<Field, TableError> {
        let mut column = declared.cloned().unwrap_or_default();
        let kind = match column.kind {
            Some(kind) => kind,
            None => self.kind(&column)?,
        };
        column.kind = Some(kind);
        match kind {
            KindName::Real | KindName::Integer if column.bounds.is_none() => {
                let numbers = self.numbers()?;
                let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
                let most = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                // A value that is to be kept may lie beyond what was tried.
                let kept = column.fixed.as_ref().and_then(|fixed| number(&fixed.to_string()));
                let kept = kept.unwrap_or(least);
                column.bounds = Some([least.min(kept), most.max(kept)]);
                if least == most && column.fixed.is_none() {
                    column.fixed = Some(Scalar::Number(least));
                }
            }
            KindName::Ordinal | KindName::Categorical if column.levels.is_none() => {
                let mut levels = self.distinct();
                let numbers = levels.iter().all(|level| number(level).is_some());
                if !numbers && kind == KindName::Ordinal {
                    return Err(TableError::NoOrder { column: self.name.to_owned() });
                }
                levels.sort_unstable();
                if numbers {
                    let value = |level: &&str| number(level).unwrap_or(f64::NAN);
                    levels.sort_by(|a, b| value(a).total_cmp(&value(b)));
                    levels.dedup_by_key(|level| number(level));
                }
                let levels = levels.into_iter().map(|level| Scalar::Text(level.to_owned()));
                column.levels = Some(levels.collect());
            }
            KindName::Sequence => {
                if column.alphabet.is_none() {
                    column.alphabet = Some(self.letters().into_iter().collect());
                }
                if column.length.is_none() {
                    column.length = Some(self.cells.first().map_or(0, |cell| cell.chars().count()));
                }
            }
            _ => (),
        }
        Ok(column.field(self.name)?)
    }

    /// The kind that keys of the space file or else the cells suggest.
    fn kind(self, declared: &ColumnFile) -> Result<KindName, TableError> {
        if declared.levels.is_some() {
            return Ok(KindName::Categorical);
        }
        if declared.alphabet.is_some() || declared.length.is_some() {
            return Ok(KindName::Sequence);
        }
        let numbers = self.cells.iter().filter(|cell| number(cell).is_some()).count();
        if 2 * numbers > self.cells.len() || declared.bounds.is_some() {
            self.numbers()?;
            let whole = |cell: &&str| cell.parse::<i64>().is_ok_and(|v| v.abs() < 1 << 53);
            let bounds_whole = declared.bounds.is_none_or(|b| b.iter().all(|v| v.fract() == 0.0));
            let is_whole = bounds_whole && self.cells.iter().all(whole);
            return Ok(if is_whole { KindName::Integer } else { KindName::Real });
        }
        let (rows, distinct) = (self.cells.len(), self.distinct().len());
        if self.are_words() && distinct > LETTERS_MAX.min(rows / 2) {
            return Ok(KindName::Sequence);
        }
        if distinct <= (rows / 2).max(CATEGORIES_FEW.min(rows - 1)) {
            return Ok(KindName::Categorical);
        }
        let example: String = self.cells[0].chars().take(40).collect();
        Err(TableError::FreeText { column: self.name.to_owned(), distinct, rows, example })
    }

    fn distinct(self) -> Vec<&'a str> {
        let mut seen = HashSet::new();
        self.cells.iter().copied().filter(|cell| seen.insert(*cell)).collect()
    }

    /// Whether all cells are words of one length over few letters.
    fn are_words(self) -> bool {
        let length = self.cells[0].chars().count();
        let is_word = |cell: &&str| {
            cell.chars().count() == length
                && cell.chars().all(|letter| letter.is_alphabetic() || letter == '-')
        };
        length >= LETTERS_MIN
            && self.cells.iter().all(is_word)
            && self.letters().len() <= LETTERS_MAX
    }

    fn letters(self) -> Vec<char> {
        let letters: HashSet<char> = self.cells.iter().flat_map(|cell| cell.chars()).collect();
        let mut letters: Vec<char> = letters.into_iter().collect();
        letters.sort_unstable();
        letters
    }

    /// Its cells as finite numbers.
    pub(super) fn numbers(self) -> Result<Vec<f64>, TableError> {
        let parse = |(cell, &line): (&&str, &u64)| {
            number(cell).ok_or_else(|| {
                let (column, text) = (self.name.to_owned(), (*cell).to_owned());
                if cell.parse::<f64>().is_ok() {
                    return TableError::NotFinite { line, column, text };
                }
                let hint = hint(cell);
                TableError::NotANumber { line, column, text, hint }
            })
        };
        self.cells.iter().zip(self.lines).map(parse).collect()
    }
}

/// What may be wrong with a number.
fn hint(text: &str) -> String {
    let start: String =
        text.chars().take_while(|c| c.is_ascii_digit() || ".+-eE".contains(*c)).collect();
    if number(&text.replace(',', ".")).is_some() {
        "; write a decimal point instead of the comma".to_owned()
    } else if number(&text.replace([',', ' ', '_', '\''], "")).is_some() {
        "; write it without separators".to_owned()
    } else if start != text && number(start.trim_end_matches(['e', 'E'])).is_some() {
        "; write the number without its unit".to_owned()
    } else if text.starts_with(['<', '>', '~']) {
        "; a bound or estimate is no value: leave the row out or decide on a number".to_owned()
    } else {
        "; correct it, or leave the row out".to_owned()
    }
}
