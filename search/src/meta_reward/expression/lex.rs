//! Characters to words.

use std::fmt;

/// Text that is no reward, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong, and what to do.
    pub message: String,
}

impl ParseError {
    pub(super) fn new(column: usize, message: impl Into<String>) -> Self {
        Self { column, message: message.into() }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.message)
    }
}

impl std::error::Error for ParseError {}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word {
    Name(String),
    Number(f32),
    Sign(char),
    End,
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "'{name}'"),
            Self::Number(value) => write!(f, "{value}"),
            Self::Sign(sign) => write!(f, "'{sign}'"),
            Self::End => f.write_str("the end"),
        }
    }
}

/// Most characters of an expression.
pub(super) const CHARACTERS_MAX: usize = 4096;

/// The words of a text with their columns; [`Word::End`] is the last.
pub(super) fn words(text: &str) -> Result<Vec<(Word, usize)>, ParseError> {
    let characters: Vec<char> = text.chars().take(CHARACTERS_MAX + 1).collect();
    if characters.len() > CHARACTERS_MAX {
        let message = format!("an expression has at most {CHARACTERS_MAX} characters: shorten it");
        return Err(ParseError::new(CHARACTERS_MAX + 1, message));
    }
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(&first) = characters.get(at) {
        let begin = at;
        let word = if first.is_whitespace() {
            at += 1;
            continue;
        } else if first.is_ascii_alphabetic() {
            at += run(&characters[at..], |c| c.is_ascii_alphanumeric() || c == '_');
            Word::Name(characters[begin..at].iter().collect())
        } else if first.is_ascii_digit() || first == '.' {
            let (value, length) = number(&characters, at)?;
            at += length;
            Word::Number(value)
        } else if "+-*/(),".contains(first) {
            at += 1;
            Word::Sign(first)
        } else {
            let message = format!("{first:?} has no meaning here: remove it");
            return Err(ParseError::new(begin + 1, message));
        };
        words.push((word, begin + 1));
    }
    words.push((Word::End, characters.len() + 1));
    Ok(words)
}

/// `1`, `.5`, `0.25`, `1e-6`: its value and how many characters it has.
fn number(characters: &[char], begin: usize) -> Result<(f32, usize), ParseError> {
    let digits = |at: usize| run(&characters[at..], |c| c.is_ascii_digit());
    let mut at = begin + digits(begin);
    let mut count = at - begin;
    if characters.get(at) == Some(&'.') {
        let decimals = digits(at + 1);
        at += 1 + decimals;
        count += decimals;
    }
    if count == 0 {
        return Err(ParseError::new(begin + 1, "'.' is no number: write digits beside it"));
    }
    if matches!(characters.get(at), Some('e' | 'E')) {
        at += 1;
        at += usize::from(matches!(characters.get(at), Some('+' | '-')));
        let exponent = digits(at);
        if exponent == 0 {
            let message = "the exponent of a number needs digits right here, without a space: 1e-6";
            return Err(ParseError::new(at + 1, message));
        }
        at += exponent;
    }
    let text: String = characters[begin..at].iter().collect();
    let value = text.parse::<f32>().ok().filter(|value| value.is_finite());
    let too_large = || ParseError::new(begin + 1, format!("{text} is too large: use at most 3e38"));
    Ok((value.ok_or_else(too_large)?, at - begin))
}

fn run(characters: &[char], belongs: impl Fn(char) -> bool) -> usize {
    characters.iter().take_while(|c| belongs(**c)).count()
}
