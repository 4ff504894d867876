//! One column of a design, and the sites that it takes up.

use std::ops::Range;

/// One number a *site*: the value of a real or an integer, the index of a level of an ordinal or a categorical. A
/// sequence takes as many sites as it has letters, every other field takes one.
pub type Design = Vec<f64>;

/// What values a field takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Any number between two bounds, both included.
    Real {
        /// The least value.
        lower: f64,
        /// The greatest value.
        upper: f64,
    },
    /// A whole number between two bounds, both included.
    Integer {
        /// The least value, whole.
        lower: f64,
        /// The greatest value, whole.
        upper: f64,
    },
    /// One of some levels that have an order.
    Ordinal {
        /// The levels in their order.
        levels: Vec<String>,
    },
    /// One of some levels without an order.
    Categorical {
        /// The levels.
        levels: Vec<String>,
    },
    /// A word of fixed length.
    Sequence {
        /// The letters.
        alphabet: Vec<char>,
        /// Letters in a word.
        length: usize,
    },
}

impl Kind {
    /// How a space file calls it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Real { .. } => "real",
            Self::Integer { .. } => "integer",
            Self::Ordinal { .. } => "ordinal",
            Self::Categorical { .. } => "categorical",
            Self::Sequence { .. } => "sequence",
        }
    }

    /// Number of sites.
    pub fn sites(&self) -> usize {
        if let Self::Sequence { length, .. } = self { *length } else { 1 }
    }

    /// What each of its sites is.
    pub fn site(&self) -> Site {
        match self {
            Self::Real { lower, upper } => Site::Real { lower: *lower, upper: *upper },
            Self::Integer { lower, upper } => Site::Integer { lower: *lower, upper: *upper },
            Self::Ordinal { levels } => Site::Ordinal { levels: levels.len() },
            Self::Categorical { levels } => Site::Categorical { levels: levels.len() },
            Self::Sequence { alphabet, .. } => Site::Categorical { levels: alphabet.len() },
        }
    }
}

/// What one number of a design is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Site {
    /// Any number of an interval.
    Real {
        /// The least value.
        lower: f64,
        /// The greatest value.
        upper: f64,
    },
    /// A whole number of an interval.
    Integer {
        /// The least value.
        lower: f64,
        /// The greatest value.
        upper: f64,
    },
    /// The index of one of `levels` with an order.
    Ordinal {
        /// How many.
        levels: usize,
    },
    /// The index of one of `levels` without an order: a level of a categorical or a letter of a sequence.
    Categorical {
        /// How many.
        levels: usize,
    },
}

impl Site {
    /// The least number.
    pub fn lower(self) -> f64 {
        match self {
            Self::Real { lower, .. } | Self::Integer { lower, .. } => lower,
            Self::Ordinal { .. } | Self::Categorical { .. } => 0.0,
        }
    }

    /// The greatest number.
    pub fn upper(self) -> f64 {
        match self {
            Self::Real { upper, .. } | Self::Integer { upper, .. } => upper,
            Self::Ordinal { levels } | Self::Categorical { levels } => levels as f64 - 1.0,
        }
    }

    /// Upper less lower.
    pub fn range(self) -> f64 {
        self.upper() - self.lower()
    }

    /// Whether it is a real or an integer, to which sums and linear limits apply.
    pub fn is_number(self) -> bool {
        matches!(self, Self::Real { .. } | Self::Integer { .. })
    }

    /// How many values it takes; `None` of a real.
    pub fn count(self) -> Option<u64> {
        match self {
            Self::Real { .. } => None,
            Self::Integer { lower, upper } => Some((upper - lower) as u64 + 1),
            Self::Ordinal { levels } | Self::Categorical { levels } => Some(levels as u64),
        }
    }

    /// The nearest number that it takes.
    pub fn nearest(self, value: f64) -> f64 {
        let value = if matches!(self, Self::Real { .. }) { value } else { value.round() };
        value.clamp(self.lower(), self.upper())
    }
}

/// One column of a design.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The column's name.
    pub name: String,
    /// What values it takes.
    pub kind: Kind,
    /// Where in a design it is; a [`Space`](super::Space) sets this.
    pub sites: Range<usize>,
    /// For each of its sites the value that no design may change, or `None`. Empty: all are free.
    pub fixed: Vec<Option<f64>>,
    /// What one unit of a number costs, for the report.
    pub cost: Option<f64>,
}

/// Why a text is no value of a field.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// No finite number.
    NotANumber,
    /// A number with a fraction.
    NotWhole,
    /// None of the levels.
    UnknownLevel,
    /// A word of another length.
    Length {
        /// Letters that it has.
        found: usize,
    },
    /// A letter that is not in the alphabet.
    Letter {
        /// The letter.
        found: char,
        /// Where, from 1.
        position: usize,
    },
}

impl Field {
    /// A free field without cost.
    pub fn new(name: impl Into<String>, kind: Kind) -> Self {
        let sites = 0..kind.sites();
        Self { name: name.into(), kind, sites, fixed: Vec::new(), cost: None }
    }

    /// The same field held at the values `fixed`, one a site.
    #[must_use]
    pub fn with_fixed(mut self, fixed: &[f64]) -> Self {
        self.fixed = fixed.iter().copied().map(Some).collect();
        self
    }

    /// The numbers that a text of a table stands for, one a site. Bounds are not looked at.
    ///
    /// # Errors
    /// [`Fault`] if it is no value of this kind.
    pub fn parse(&self, text: &str) -> Result<Vec<f64>, Fault> {
        match &self.kind {
            Kind::Real { .. } => Ok(vec![number(text).ok_or(Fault::NotANumber)?]),
            Kind::Integer { .. } => {
                let value = number(text).ok_or(Fault::NotANumber)?;
                if value.fract() == 0.0 { Ok(vec![value]) } else { Err(Fault::NotWhole) }
            }
            Kind::Ordinal { levels } | Kind::Categorical { levels } => {
                // Levels may be written as numbers, "10" in the one place and "10.0" in the other.
                let same = |level: &String| {
                    level == text || number(text).is_some_and(|value| number(level) == Some(value))
                };
                let exact = levels.iter().position(|level| level == text);
                let at = exact.or_else(|| levels.iter().position(same));
                Ok(vec![at.ok_or(Fault::UnknownLevel)? as f64])
            }
            Kind::Sequence { alphabet, length } => {
                let found = text.chars().count();
                if found != *length {
                    return Err(Fault::Length { found });
                }
                let index = |(at, letter): (usize, char)| {
                    let index = alphabet.iter().position(|known| *known == letter);
                    let fault = Fault::Letter { found: letter, position: at + 1 };
                    index.map(|index| index as f64).ok_or(fault)
                };
                text.chars().enumerate().map(index).collect()
            }
        }
    }

    /// The text of the numbers of this field's sites: what [`parse`](Self::parse) reads.
    ///
    /// # Panics
    /// If there are not as many, or an index has no level.
    pub fn show(&self, values: &[f64]) -> String {
        assert_eq!(values.len(), self.kind.sites(), "one number a site of {:?}", self.name);
        match &self.kind {
            Kind::Real { .. } | Kind::Integer { .. } => values[0].to_string(),
            Kind::Ordinal { levels } | Kind::Categorical { levels } => {
                levels[values[0] as usize].clone()
            }
            Kind::Sequence { alphabet, .. } => {
                values.iter().map(|&index| alphabet[index as usize]).collect()
            }
        }
    }
}

/// A finite number, as text says it.
pub(crate) fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| name.to_string()).collect()
    }

    #[test]
    fn texts_and_numbers_go_both_ways() {
        let real = Kind::Real { lower: 0.0, upper: 1.0 };
        let integer = Kind::Integer { lower: -3.0, upper: 9.0 };
        let ordinal = Kind::Ordinal { levels: levels(&["10", "20.5", "high"]) };
        let word = Kind::Sequence { alphabet: vec!['A', 'C', 'G', 'T'], length: 3 };
        for (kind, text, values) in [
            (&real, "0.25", &[0.25][..]),
            (&integer, "-2", &[-2.0]),
            (&ordinal, "high", &[2.0]),
            (&word, "GAT", &[2.0, 0.0, 3.0]),
        ] {
            let field = Field::new("x", kind.clone());
            assert_eq!(field.parse(text).as_deref(), Ok(values));
            assert_eq!(field.show(values), text);
        }
        assert_eq!(Field::new("x", ordinal.clone()).parse("10.0"), Ok(vec![0.0]));
        let fault = |kind: &Kind, text| Field::new("x", kind.clone()).parse(text).unwrap_err();
        assert_eq!(fault(&real, "inf"), Fault::NotANumber);
        assert_eq!(fault(&integer, "2.5"), Fault::NotWhole);
        assert_eq!(fault(&ordinal, "low"), Fault::UnknownLevel);
        assert_eq!(fault(&word, "GA"), Fault::Length { found: 2 });
        assert_eq!(fault(&word, "GAU"), Fault::Letter { found: 'U', position: 3 });
    }
}
