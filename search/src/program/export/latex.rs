//! An `align*` block.

use std::fmt::Write as _;

use super::expression::{Block, Expression};
use crate::program::{Operation, Signature, number};

pub(super) fn write(block: &Block, signature: &Signature, head: &[String]) -> String {
    let mut text = String::new();
    for line in head {
        let _ = writeln!(text, "% {line}");
    }
    text.push_str("\\begin{align*}\n");
    let mut lines = Vec::new();
    let writer = Writer { signature };
    let optimizer = signature.is_optimizer();
    for (index, local) in block.locals.iter().enumerate() {
        lines.push(format!("x_{{{}}} &= {}", index + 1, writer.text(&local.value).0));
    }
    for ((_, name), value) in signature.outputs().iter().zip(&block.outputs) {
        let (value, bound) = writer.text(value);
        lines.push(match optimizer {
            true if bound < 2 => format!("w &\\leftarrow w - \\left({value}\\right)"),
            true => format!("w &\\leftarrow w - {value}"),
            false => format!("{} &= {value}", symbol(name)),
        });
    }
    for (variable, value) in &block.states {
        let name = symbol(&signature.inputs()[*variable as usize].name);
        lines.push(format!("{name} &\\leftarrow {}", writer.text(value).0));
    }
    let _ = writeln!(text, "{}\n\\end{{align*}}", lines.join(" \\\\\n"));
    text
}

/// A name with its digits as an index.
fn symbol(name: &str) -> String {
    if name == "lr" {
        return "\\eta".to_owned();
    }
    let letters = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = &name[letters.len()..];
    let letters = letters.replace('_', "\\_");
    let letters = match letters.chars().count() {
        0 | 1 => letters,
        _ => format!("\\mathrm{{{letters}}}"),
    };
    if digits.is_empty() { letters } else { format!("{letters}_{{{digits}}}") }
}

struct Writer<'a> {
    signature: &'a Signature,
}

impl Writer<'_> {
    /// Text and how tightly it is bound: 1 sums, 2 products, 3 powers, 4 the rest.
    fn text(&self, expression: &Expression) -> (String, u8) {
        use Operation as O;
        let (operation, args) = match expression {
            Expression::Input(variable) => {
                return (symbol(&self.signature.inputs()[*variable as usize].name), 4);
            }
            Expression::Local(index) => return (format!("x_{{{}}}", index + 1), 4),
            Expression::Number(value) => {
                let digits = number(*value);
                let text = match digits.split_once('e') {
                    Some((digits, power)) => format!("{digits} \\cdot 10^{{{power}}}"),
                    None => digits.clone(),
                };
                let bound = if *value < 0.0 {
                    1
                } else if digits.contains('e') {
                    2
                } else {
                    4
                };
                return (text, bound);
            }
            Expression::Call(operation, args) => (*operation, args),
        };
        let plain = |index: usize| self.text(&args[index]).0;
        let at_least = |index: usize, level: u8| {
            let (text, bound) = self.text(&args[index]);
            if bound < level { format!("\\left({text}\\right)") } else { text }
        };
        let call = |name: &str| (format!("{name}\\left({}\\right)", plain(0)), 4);
        let named = |name: &str| {
            let all: Vec<String> = (0..args.len()).map(plain).collect();
            (format!("\\operatorname{{{name}}}\\left({}\\right)", all.join(", ")), 4)
        };
        let size = |index: usize| format!("\\left|{}\\right|", plain(index));
        let norm = |index: usize| format!("\\left\\lVert {} \\right\\rVert", plain(index));
        match operation {
            O::Add => (format!("{} + {}", at_least(0, 1), at_least(1, 2)), 1),
            O::Subtract => (format!("{} - {}", at_least(0, 1), at_least(1, 2)), 1),
            O::Multiply => (format!("{} \\cdot {}", at_least(0, 2), at_least(1, 2)), 2),
            O::Divide => (format!("\\frac{{{}}}{{{} + 10^{{-8}}}}", plain(0), plain(1)), 3),
            O::Quotient => (format!("\\frac{{{}}}{{{}}}", plain(0), plain(1)), 3),
            O::Max => (format!("\\max\\left({}, {}\\right)", plain(0), plain(1)), 4),
            O::Min => (format!("\\min\\left({}, {}\\right)", plain(0), plain(1)), 4),
            O::Pi => ("\\pi".to_owned(), 4),
            O::E => ("e".to_owned(), 4),
            O::Epsilon => ("10^{-8}".to_owned(), 3),
            O::Abs => (size(0), 4),
            O::Arcsin | O::Arccos | O::Arctan => call(&format!("\\{}", operation.name())),
            O::Cos | O::Sin | O::Tan | O::Sinh | O::Cosh | O::Tanh => {
                call(&format!("\\{}", operation.name()))
            }
            O::Arcsinh | O::Arccosh | O::Arctanh | O::Sign => named(operation.name()),
            O::Exp => (format!("e^{{{}}}", plain(0)), 3),
            O::Exp2 => (format!("2^{{{}}}", plain(0)), 3),
            O::Exp10 => (format!("10^{{{}}}", plain(0)), 3),
            O::Expm1 => (format!("e^{{{}}} - 1", plain(0)), 1),
            O::Log => (format!("\\ln {}", size(0)), 2),
            O::Log10 => (format!("\\log_{{10}} {}", size(0)), 2),
            O::Log2 => (format!("\\log_2 {}", size(0)), 2),
            O::Log1p => (format!("\\ln \\left|1 + {}\\right|", plain(0)), 2),
            O::Square => (format!("{}^{{2}}", at_least(0, 4)), 3),
            O::Cube => (format!("{}^{{3}}", at_least(0, 4)), 3),
            O::Sqrt => (format!("\\sqrt{{{}}}", size(0)), 4),
            O::Root => (format!("\\sqrt{{{}}}", plain(0)), 4),
            O::Cbrt => (format!("\\sqrt[3]{{{}}}", plain(0)), 4),
            O::Reciprocal => (format!("\\frac{{1}}{{{}}}", plain(0)), 3),
            O::Negative => (format!("-{}", at_least(0, 2)), 1),
            O::Norm => (format!("{}_{{\\text{{leaf}}}}", norm(0)), 4),
            O::GlobalNorm => (norm(0), 4),
            O::Dot => (format!("\\left\\langle {}, {} \\right\\rangle", plain(0), plain(1)), 4),
            O::CosineSimilarity => (
                format!(
                    "\\frac{{\\left\\langle {}, {} \\right\\rangle}}{{{} {}}}",
                    plain(0),
                    plain(1),
                    norm(0),
                    norm(1)
                ),
                3,
            ),
            O::Clip => (
                format!(
                    "{} \\cdot \\min\\left(1, \\frac{{{}}}{{{}}}\\right)",
                    at_least(0, 2),
                    plain(1),
                    norm(0)
                ),
                2,
            ),
            O::Interpolate => {
                // Literal weights are carried out: 0.101 g + 0.899 v.
                let (new, old) = match &args[2] {
                    Expression::Number(a) => {
                        let rest: f64 = format!("{:.9}", 1.0 - decimal(*a)).parse().unwrap_or(0.0);
                        (format!("{rest}"), number(*a))
                    }
                    _ => (format!("\\left(1 - {}\\right)", at_least(2, 2)), at_least(2, 2)),
                };
                let minus = old.starts_with('-');
                let (sign, old) = if minus { ("-", &old[1..]) } else { ("+", old.as_str()) };
                (
                    format!(
                        "{new} \\cdot {} {sign} {old} \\cdot {}",
                        at_least(0, 2),
                        at_least(1, 2)
                    ),
                    1,
                )
            }
            O::Power => (format!("{}^{{{}}}", at_least(0, 4), plain(1)), 3),
            O::Ln => call("\\ln"),
        }
    }
}

fn decimal(value: f32) -> f64 {
    number(value).parse().expect("numbers read back")
}
