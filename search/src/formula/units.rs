//! Units of columns, and whether a formula respects them.
//!
//! A unit is a product of powers of base units: `m/s^2`, `kg*m^2`, `1`. Named SI units (`N`, `J`, …) are written out as what they
//! are made of. Numbers are not converted: `km` and `m` are two base units.
//!
//! Constants may carry any unit, as in PySR. So a subtree's unit is known, or free: the product of something with a constant is
//! free, a sum with something free is known. Arguments of `sin`, `exp`, … must have no unit, or be free.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Expression, Node};
use crate::program::{Action, Operation};
use hatchery_kernels::cpu::elementwise::{Binary, Unary};

/// Exponents are kept in parts of this, so that roots of units stay exact.
const PARTS: i32 = 12;

/// A product of powers of base units.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Unit {
    /// Base units with their exponents in twelfths, sorted by name, none 0.
    powers: Vec<(String, i32)>,
}

/// Text that is no unit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is no unit: {reason}; write it as in 'kg*m/s^2'")]
pub struct UnitError {
    /// What was given.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Named units of the SI, in base units.
const NAMED: [(&str, &[(&str, i32)]); 13] = [
    ("Hz", &[("s", -1)]),
    ("N", &[("kg", 1), ("m", 1), ("s", -2)]),
    ("Pa", &[("kg", 1), ("m", -1), ("s", -2)]),
    ("J", &[("kg", 1), ("m", 2), ("s", -2)]),
    ("W", &[("kg", 1), ("m", 2), ("s", -3)]),
    ("C", &[("A", 1), ("s", 1)]),
    ("V", &[("kg", 1), ("m", 2), ("s", -3), ("A", -1)]),
    ("F", &[("kg", -1), ("m", -2), ("s", 4), ("A", 2)]),
    ("Ohm", &[("kg", 1), ("m", 2), ("s", -3), ("A", -2)]),
    ("Wb", &[("kg", 1), ("m", 2), ("s", -2), ("A", -1)]),
    ("T", &[("kg", 1), ("s", -2), ("A", -1)]),
    ("H", &[("kg", 1), ("m", 2), ("s", -2), ("A", -2)]),
    ("rad", &[]),
];

impl FromStr for Unit {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let fails = |reason: String| UnitError { text: text.to_owned(), reason };
        let mut unit = Self::default();
        let spaced = text.replace("**", "^").replace(['·', ' '], "*");
        let mut sign = 1;
        let mut rest = spaced.trim_matches('*');
        if rest.is_empty() {
            return Err(fails("it is empty".into()));
        }
        loop {
            let end = rest.find(['*', '/']).unwrap_or(rest.len());
            let factor = &rest[..end];
            let (name, exponent) = factor.split_once('^').unwrap_or((factor, "1"));
            let exponent: f64 = exponent
                .trim_matches(['(', ')'])
                .parse()
                .map_err(|_| fails(format!("'{exponent}' is no exponent")))?;
            let parts = exponent * f64::from(PARTS);
            if parts.fract() != 0.0 || parts.abs() > 1000.0 {
                return Err(fails(format!("the exponent {exponent} is no fraction of twelfths")));
            }
            let parts = sign * parts as i32;
            match name {
                "1" => {}
                name if name.chars().next().is_some_and(char::is_alphabetic)
                    && name.chars().all(|c| c.is_alphanumeric() || c == '_') =>
                {
                    match NAMED.iter().find(|(named, _)| *named == name) {
                        Some((_, base)) => {
                            base.iter().for_each(|(name, power)| unit.add(name, power * parts));
                        }
                        None => unit.add(name, parts),
                    }
                }
                other => return Err(fails(format!("'{other}' is no name of a base unit"))),
            }
            if end == rest.len() {
                break;
            }
            sign = if rest[end..].starts_with('/') { -1 } else { 1 };
            rest = &rest[end + 1..];
        }
        unit.powers.retain(|(_, parts)| *parts != 0);
        unit.powers.sort();
        Ok(unit)
    }
}

impl Unit {
    fn add(&mut self, name: &str, parts: i32) {
        match self.powers.iter_mut().find(|(known, _)| known == name) {
            Some((_, exponent)) => *exponent += parts,
            None => self.powers.push((name.to_owned(), parts)),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.powers.is_empty() {
            return write!(f, "1");
        }
        for (index, (name, parts)) in self.powers.iter().enumerate() {
            let star = if index > 0 { "*" } else { "" };
            match *parts {
                PARTS => write!(f, "{star}{name}")?,
                parts => write!(f, "{star}{name}^{}", f64::from(parts) / f64::from(PARTS))?,
            }
        }
        Ok(())
    }
}

impl TryFrom<String> for Unit {
    type Error = UnitError;

    fn try_from(text: String) -> Result<Self, UnitError> {
        text.parse()
    }
}

impl From<Unit> for String {
    fn from(unit: Unit) -> Self {
        unit.to_string()
    }
}

/// Most base units of a table.
const BASES: usize = 8;

/// Exponents of the base units of a table.
type Powers = [i32; BASES];

/// What is known of the unit of a subtree.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Known {
    /// This one.
    Is(Powers),
    /// Whatever is needed: there is a constant in it.
    Free,
}

/// The units of a table in the form that formulas are checked with.
#[derive(Clone, Debug, PartialEq)]
pub struct Dimensions {
    columns: Vec<Known>,
    target: Known,
}

impl Dimensions {
    /// The units of columns and of a target; a column without one fits everywhere.
    ///
    /// # Errors
    /// If there are more than eight base units.
    pub fn try_new(columns: &[Option<&Unit>], target: Option<&Unit>) -> Result<Self, UnitError> {
        let mut bases: Vec<&str> = Vec::new();
        for unit in columns.iter().flatten().copied().chain(target) {
            for (name, _) in &unit.powers {
                if !bases.contains(&name.as_str()) {
                    bases.push(name);
                }
            }
        }
        if bases.len() > BASES {
            let reason = format!("there are more than {BASES} base units in the table");
            return Err(UnitError { text: bases.join("*"), reason });
        }
        let known = |unit: Option<&Unit>| match unit {
            None => Known::Free,
            Some(unit) => {
                let mut powers = [0; BASES];
                for (name, parts) in &unit.powers {
                    let at = bases.iter().position(|base| base == name);
                    powers[at.expect("every base was collected above")] = *parts;
                }
                Known::Is(powers)
            }
        };
        Ok(Self {
            columns: columns.iter().map(|unit| known(*unit)).collect(),
            target: known(target),
        })
    }

    /// Whether no operation of the formula mixes units that do not fit, and the result has the unit of the target. A formula that
    /// will be `scaled` by a free constant may have any.
    pub fn allow(&self, expression: &Expression, scaled: bool) -> bool {
        let mut stack: Vec<(Known, Option<f32>)> = Vec::with_capacity(16);
        for node in expression.nodes() {
            let found = match *node {
                Node::Column(column) => Some((self.columns[column as usize], None)),
                Node::Constant(value) => Some((Known::Free, Some(value))),
                Node::Call(operation) => {
                    let last = stack.pop().expect("a tree has arguments before calls");
                    if operation.args() == 1 {
                        of_one(operation, last.0).map(|known| (known, None))
                    } else {
                        let first = stack.pop().expect("a tree has arguments before calls");
                        of_two(operation, first.0, last).map(|known| (known, None))
                    }
                }
            };
            match found {
                Some(found) => stack.push(found),
                None => return false,
            }
        }
        match (stack.first().map(|(known, _)| *known), self.target) {
            (Some(Known::Is(found)), Known::Is(expected)) => scaled || found == expected,
            _ => true,
        }
    }
}

const NONE: Powers = [0; BASES];

fn powered(known: Known, numerator: i32, denominator: i32) -> Known {
    match known {
        Known::Free => Known::Free,
        Known::Is(powers) => Known::Is(powers.map(|power| power * numerator / denominator)),
    }
}

fn of_one(operation: Operation, x: Known) -> Option<Known> {
    let Action::One(function) = operation.action() else { return None };
    match function {
        Unary::Abs | Unary::Negative => Some(x),
        Unary::Square => Some(powered(x, 2, 1)),
        Unary::Cube => Some(powered(x, 3, 1)),
        Unary::Sqrt | Unary::SqrtAbs => Some(powered(x, 1, 2)),
        Unary::Cbrt => Some(powered(x, 1, 3)),
        Unary::Reciprocal => Some(powered(x, -1, 1)),
        Unary::Sign => Some(Known::Is(NONE)),
        _ => matches!(x, Known::Free | Known::Is(NONE)).then_some(Known::Is(NONE)),
    }
}

fn of_two(operation: Operation, x: Known, (y, value): (Known, Option<f32>)) -> Option<Known> {
    let Action::Two(function) = operation.action() else { return None };
    match function {
        Binary::Add | Binary::Subtract | Binary::Max | Binary::Min => match (x, y) {
            (Known::Free, other) | (other, Known::Free) => Some(other),
            (Known::Is(x), Known::Is(y)) => (x == y).then_some(Known::Is(x)),
        },
        Binary::Multiply | Binary::Divide | Binary::ProtectedDivide => match (x, y) {
            (Known::Is(x), Known::Is(y)) => {
                let sign = if function == Binary::Multiply { 1 } else { -1 };
                Some(Known::Is(std::array::from_fn(|base| x[base] + sign * y[base])))
            }
            _ => Some(Known::Free),
        },
        Binary::Power => match (x, y, value) {
            (_, Known::Is(y), _) if y != NONE => None,
            (Known::Free, ..) => Some(Known::Free),
            (Known::Is(NONE), ..) => Some(Known::Is(NONE)),
            // A column as exponent of something with a unit has no unit of its own.
            (Known::Is(x), _, Some(value)) => {
                Some(Known::Is(x.map(|power| (power as f32 * value).round() as i32)))
            }
            (Known::Is(_), ..) => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(text: &str) -> Unit {
        text.parse().expect("a unit")
    }

    #[test]
    fn units_are_read_and_written() {
        for (text, expected) in
            [("m/s^2", "m*s^-2"), ("kg*m^2/s^2", "kg*m^2*s^-2"), ("1", "1"), ("m^0.5", "m^0.5")]
        {
            assert_eq!(unit(text).to_string(), expected);
            assert_eq!(unit(expected), unit(text));
        }
        assert_eq!(unit("N*m"), unit("J"));
        assert_eq!(unit("m/m"), unit("1"));
        for wrong in ["", "m^x", "3m", "m//s", "m^0.1"] {
            assert!(wrong.parse::<Unit>().is_err(), "{wrong}");
        }
    }

    /// m g z is an energy, m + g is nothing.
    #[test]
    fn sums_of_different_units_are_rejected() {
        let (m, g, z, energy) = (unit("kg"), unit("m/s^2"), unit("m"), unit("J"));
        let columns = [Some(&m), Some(&g), Some(&z)];
        let dimensions = Dimensions::try_new(&columns, Some(&energy)).expect("few bases");
        let allows = |text: &str, scaled: bool| {
            let expression = Expression::parse(text, &["m", "g", "z"]).expect("a formula");
            dimensions.allow(&expression, scaled)
        };
        assert!(allows("m * g * z", false));
        assert!(!allows("m + g", true));
        assert!(!allows("m * g", false));
        assert!(allows("m * g", true));
        assert!(allows("2 * m * g", false), "a constant may carry metres");
        assert!(!allows("m * g * z * cos(z)", false));
        assert!(allows("m * g * z * cos(z / 0.5)", false));
        assert!(allows("m * sqrt((g * z)^2)", false));
        assert!(allows("m * g * z + 1.5", false));
    }
}
