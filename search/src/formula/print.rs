//! Formulas to text, as mathematics is written.

use super::{Expression, Node};
use crate::program::{Operation, number};

/// How tightly the outermost operation binds.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Binding {
    Sum,
    Product,
    Sign,
    Power,
    Atom,
}

/// How constants are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digits {
    /// So that they read back to the same bits.
    Exact,
    /// With at most so many significant digits.
    Significant(usize),
}

impl Digits {
    /// A number as text.
    pub fn number(self, value: f32) -> String {
        match self {
            Self::Exact => number(value),
            Self::Significant(digits) => {
                let rounded = format!("{value:.*e}", digits.saturating_sub(1));
                number(rounded.parse().unwrap_or(value))
            }
        }
    }
}

impl Expression {
    /// The formula as text that [`Expression::parse`] reads back to the same values. Protected operations are spelled out:
    /// `sqrt(abs(x))`, `x / (y + 1e-8)`.
    pub fn text<S: AsRef<str>>(&self, columns: &[S], digits: Digits) -> String {
        let mut stack: Vec<(String, Binding)> = Vec::new();
        for node in self.nodes() {
            let written = match *node {
                Node::Column(column) => {
                    (columns[column as usize].as_ref().to_owned(), Binding::Atom)
                }
                Node::Constant(value) => {
                    let text = digits.number(value);
                    let binding = if text.starts_with('-') { Binding::Sign } else { Binding::Atom };
                    (text, binding)
                }
                Node::Call(operation) => {
                    let y = stack.pop().expect("a tree has arguments before calls");
                    if operation.args() == 1 {
                        of_one(operation, y)
                    } else {
                        let x = stack.pop().expect("a tree has arguments before calls");
                        of_two(operation, x, y)
                    }
                }
            };
            stack.push(written);
        }
        stack.pop().map_or_else(String::new, |(text, _)| text)
    }
}

/// In brackets, unless it binds at least as tightly.
fn at_least(binding: Binding, (text, own): (String, Binding)) -> String {
    if own >= binding { text } else { format!("({text})") }
}

fn of_one(operation: Operation, x: (String, Binding)) -> (String, Binding) {
    match operation {
        Operation::Square => (format!("{}^2", at_least(Binding::Atom, x)), Binding::Power),
        Operation::Cube => (format!("{}^3", at_least(Binding::Atom, x)), Binding::Power),
        Operation::Negative => (format!("-{}", at_least(Binding::Power, x)), Binding::Sign),
        Operation::Reciprocal => (format!("1 / {}", at_least(Binding::Sign, x)), Binding::Product),
        Operation::Root => (format!("sqrt({})", x.0), Binding::Atom),
        Operation::Sqrt => (format!("sqrt(abs({}))", x.0), Binding::Atom),
        Operation::Ln => (format!("log({})", x.0), Binding::Atom),
        Operation::Log => (format!("log(abs({}))", x.0), Binding::Atom),
        other => (format!("{}({})", other.name(), x.0), Binding::Atom),
    }
}

fn of_two(operation: Operation, x: (String, Binding), y: (String, Binding)) -> (String, Binding) {
    use Binding::{Atom, Power, Product, Sign, Sum};
    match operation {
        Operation::Add => {
            let (x, y) = (at_least(Sum, x), at_least(Product, y));
            let text = match y.strip_prefix('-') {
                Some(y) => format!("{x} - {y}"),
                None => format!("{x} + {y}"),
            };
            (text, Sum)
        }
        Operation::Subtract => (format!("{} - {}", at_least(Sum, x), at_least(Product, y)), Sum),
        Operation::Multiply => {
            (format!("{} * {}", at_least(Product, x), at_least(Sign, y)), Product)
        }
        Operation::Quotient => {
            (format!("{} / {}", at_least(Product, x), at_least(Sign, y)), Product)
        }
        Operation::Divide => {
            (format!("{} / ({} + 1e-8)", at_least(Product, x), at_least(Sum, y)), Product)
        }
        // An exponent of exactly 2 or 3 would be read as a square or a cube: the same function, other rounding.
        Operation::Power if y.0 == "2" || y.0 == "3" => (format!("pow({}, {})", x.0, y.0), Atom),
        Operation::Power => (format!("{}^{}", at_least(Atom, x), at_least(Sign, y)), Power),
        other => (format!("{}({}, {})", other.name(), x.0, y.0), Atom),
    }
}
