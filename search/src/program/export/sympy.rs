//! A formula as a SymPy expression.

use super::expression::Expression;
use crate::program::{Graph, Operation, Signature, number};

pub(super) fn write(graph: &Graph, signature: &Signature, head: &[String]) -> String {
    let comment: String = head.iter().map(|line| format!("# {line}\n")).collect();
    let names: Vec<&str> = signature.inputs().iter().map(|input| input.name.as_str()).collect();
    let symbols: String = names
        .iter()
        .map(|n| format!("{} = sympy.Symbol(\"{n}\", real=True)\n", symbol(n)))
        .collect();
    let value = text(&Expression::of(graph, graph.outputs[0]), signature);
    let target = symbol(&signature.outputs()[0].1);
    format!("{comment}import sympy\n\n{symbols}{target} = {value}\n")
}

fn symbol(name: &str) -> String {
    match name {
        "sympy" | "lambda" | "in" | "is" | "as" | "if" | "or" | "and" | "not" | "for" => {
            format!("{name}_")
        }
        _ => name.to_owned(),
    }
}

fn text(expression: &Expression, signature: &Signature) -> String {
    use Operation as O;
    let (operation, args) = match expression {
        Expression::Input(variable) => {
            return symbol(&signature.inputs()[*variable as usize].name);
        }
        Expression::Local(_) => unreachable!("a formula is written without names"),
        Expression::Number(value) if value.fract() == 0.0 && value.abs() < 1e6 => {
            return format!("sympy.Integer({value})");
        }
        Expression::Number(value) => return format!("sympy.Float(\"{}\")", number(*value)),
        Expression::Call(operation, args) => (*operation, args),
    };
    let a: Vec<String> = args.iter().map(|arg| text(arg, signature)).collect();
    let one = |name: &str| format!("sympy.{name}({})", a[0]);
    let of_abs = |name: &str| format!("sympy.{name}(sympy.Abs({}))", a[0]);
    match operation {
        O::Add => format!("({} + {})", a[0], a[1]),
        O::Subtract => format!("({} - {})", a[0], a[1]),
        O::Multiply | O::Dot => format!("({} * {})", a[0], a[1]),
        O::Divide => format!("({} / ({} + sympy.Float(\"1e-8\")))", a[0], a[1]),
        O::Quotient => format!("({} / {})", a[0], a[1]),
        O::Max => format!("sympy.Max({}, {})", a[0], a[1]),
        O::Min => format!("sympy.Min({}, {})", a[0], a[1]),
        O::Pi => "sympy.pi".to_owned(),
        O::E => "sympy.E".to_owned(),
        O::Epsilon => "sympy.Float(\"1e-8\")".to_owned(),
        O::Abs | O::Norm | O::GlobalNorm => one("Abs"),
        O::Arcsin => one("asin"),
        O::Arccos => one("acos"),
        O::Arctan => one("atan"),
        O::Arcsinh => one("asinh"),
        O::Arccosh => one("acosh"),
        O::Arctanh => one("atanh"),
        O::Exp2 => format!("(2 ** {})", a[0]),
        O::Exp10 => format!("(10 ** {})", a[0]),
        O::Expm1 => format!("(sympy.exp({}) - 1)", a[0]),
        O::Log => of_abs("log"),
        O::Log10 => format!("(sympy.log(sympy.Abs({})) / sympy.log(10))", a[0]),
        O::Log2 => format!("(sympy.log(sympy.Abs({})) / sympy.log(2))", a[0]),
        O::Log1p => format!("sympy.log(sympy.Abs(1 + {}))", a[0]),
        O::Square => format!("({} ** 2)", a[0]),
        O::Sqrt => of_abs("sqrt"),
        O::Cube => format!("({} ** 3)", a[0]),
        O::Cbrt => format!("(sympy.sign({0}) * sympy.Abs({0}) ** sympy.Rational(1, 3))", a[0]),
        O::Reciprocal => format!("(1 / {})", a[0]),
        O::Negative => format!("(-{})", a[0]),
        O::CosineSimilarity => format!("sympy.sign({} * {})", a[0], a[1]),
        O::Clip => format!("({0} * sympy.Min(1, {1} / sympy.Abs({0})))", a[0], a[1]),
        O::Interpolate => format!("((1 - {2}) * {0} + {2} * {1})", a[0], a[1], a[2]),
        O::Power => format!("({} ** {})", a[0], a[1]),
        O::Ln => one("log"),
        O::Root => one("sqrt"),
        O::Cos | O::Sin | O::Tan | O::Sinh | O::Cosh | O::Tanh | O::Exp | O::Sign => {
            one(operation.name())
        }
    }
}
