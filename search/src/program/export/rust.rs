//! Rust functions that depend on nothing.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::expression::{Block, Expression, is_sum, local_name};
use crate::program::{Action, Kind, Operation, Reduction, Signature, Variable, number};

pub(super) fn write(block: &Block, signature: &Signature, head: &[String]) -> String {
    let mut text = String::new();
    for line in head {
        let _ = writeln!(text, "// {line}");
    }
    let writer = Writer { block, signature, whole: whole(block) };
    text.push_str(&match signature.is_optimizer() {
        true => writer.optimizer(),
        false => writer.formula(),
    });
    text
}

/// Locals of kind T that must be there as a whole before a sum over them: what sums read, and what that is made of.
fn whole(block: &Block) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    for (index, local) in block.locals.iter().enumerate().rev() {
        let sum = matches!(&local.value, Expression::Call(operation, _) if is_sum(*operation));
        if sum || found.contains(&index) {
            let mut reads = Vec::new();
            Block::reads(&local.value, &mut reads);
            for read in reads {
                if let Expression::Local(read) = read {
                    found.insert(*read);
                }
            }
            found.insert(index);
        }
    }
    found
}

struct Writer<'a> {
    block: &'a Block,
    signature: &'a Signature,
    whole: BTreeSet<usize>,
}

impl Writer<'_> {
    fn name(&self, variable: Variable) -> String {
        let name = &self.signature.inputs()[variable as usize].name;
        const RESERVED: [&str; 18] = [
            "as", "box", "else", "fn", "for", "if", "impl", "in", "let", "loop", "match", "mod",
            "move", "mut", "ref", "type", "use", "where",
        ];
        if RESERVED.contains(&name.as_str()) { format!("{name}_") } else { name.clone() }
    }

    /// An expression at place `i`.
    fn at(&self, expression: &Expression) -> String {
        let formula = !self.signature.is_optimizer();
        let (operation, args) = match expression {
            Expression::Input(variable) => {
                let tree = self.signature.inputs()[*variable as usize].kind == Kind::Tree;
                let name = self.name(*variable);
                return if tree && !formula { format!("{name}[i]") } else { name };
            }
            Expression::Local(index) => {
                let name = local_name(*index);
                return match self.block.locals[*index].kind {
                    Kind::Leaves => format!("{name}[leaf_of[i]]"),
                    Kind::Tree if self.whole.contains(index) => format!("{name}[i]"),
                    _ => name,
                };
            }
            Expression::Number(value) => return self.number(*value),
            Expression::Call(operation, args) => (*operation, args),
        };
        let a: Vec<String> = args.iter().map(|arg| self.at(arg)).collect();
        self.call(operation, &a)
    }

    fn number(&self, value: f32) -> String {
        let digits = number(value);
        let float = if digits.contains(['.', 'e']) { digits } else { format!("{digits}.0") };
        let kind = if self.signature.is_optimizer() { "f32" } else { "f64" };
        if value < 0.0 { format!("({float}_{kind})") } else { format!("{float}_{kind}") }
    }

    fn call(&self, operation: Operation, a: &[String]) -> String {
        use Operation as O;
        let one = |method: &str| format!("({}).{method}()", a[0]);
        match operation {
            O::Add => format!("({} + {})", a[0], a[1]),
            O::Subtract => format!("({} - {})", a[0], a[1]),
            O::Multiply => format!("({} * {})", a[0], a[1]),
            O::Divide => format!("({} / ({} + 1e-8))", a[0], a[1]),
            O::Quotient => format!("({} / {})", a[0], a[1]),
            O::Max => format!("larger({}, {})", a[0], a[1]),
            O::Min => format!("smaller({}, {})", a[0], a[1]),
            O::Abs => one("abs"),
            O::Cos => one("cos"),
            O::Sin => one("sin"),
            O::Tan => one("tan"),
            O::Arcsin => one("asin"),
            O::Arccos => one("acos"),
            O::Arctan => one("atan"),
            O::Sinh => one("sinh"),
            O::Cosh => one("cosh"),
            O::Tanh => one("tanh"),
            O::Arcsinh => one("asinh"),
            O::Arccosh => one("acosh"),
            O::Arctanh => one("atanh"),
            O::Exp => one("exp"),
            O::Exp2 => one("exp2"),
            O::Exp10 => format!("({}).powf({})", self.number(10.0), a[0]),
            O::Expm1 => one("exp_m1"),
            O::Log => one("abs().ln"),
            O::Log10 => one("abs().log10"),
            O::Log2 => one("abs().log2"),
            O::Log1p => format!("ln_1p_abs({})", a[0]),
            O::Square => format!("square({})", a[0]),
            O::Sqrt => one("abs().sqrt"),
            O::Cube => format!("cube({})", a[0]),
            O::Cbrt => one("cbrt"),
            O::Sign => format!("sign({})", a[0]),
            O::Reciprocal => one("recip"),
            O::Negative => format!("(-{})", a[0]),
            O::Interpolate => format!("interp({}, {}, {})", a[0], a[1], a[2]),
            O::Power => format!("({}).powf({})", a[0], a[1]),
            O::Ln => one("ln"),
            O::Root => one("sqrt"),
            // Of scalars; those of trees are locals of their own.
            O::Norm | O::GlobalNorm => one("abs"),
            O::Dot => format!("({} * {})", a[0], a[1]),
            O::CosineSimilarity => format!("cosine_sim(&[{}], &[{}])", a[0], a[1]),
            O::Clip => format!("({} * clip_factor(&[{}], {}))", a[0], a[0], a[1]),
            O::Pi => "std::f32::consts::PI".to_owned(),
            O::E => "std::f32::consts::E".to_owned(),
            O::Epsilon => self.number(1e-8),
        }
    }

    /// A local that is there as a whole: `let` with a vector, or a number.
    fn whole_local(&self, index: usize) -> String {
        let local = &self.block.locals[index];
        let name = local_name(index);
        let slice = |expression: &Expression| -> String {
            match expression {
                Expression::Input(variable)
                    if self.block.kind(expression, self.signature) == Kind::Tree =>
                {
                    format!("&*{}", self.name(*variable))
                }
                Expression::Local(index) if self.block.locals[*index].kind != Kind::Scalar => {
                    format!("&{}", local_name(*index))
                }
                scalar => format!("&[{}]", self.at(scalar)),
            }
        };
        if let Expression::Call(operation, args) = &local.value
            && is_sum(*operation)
        {
            let trees = self.block.kind(&args[0], self.signature);
            let value = match operation.action() {
                Action::Reduce(Reduction::Norm) if trees == Kind::Tree => {
                    format!("norms({}, leaves)", slice(&args[0]))
                }
                Action::Reduce(Reduction::Norm) if trees == Kind::Leaves => {
                    format!("({}).iter().map(|x| x.abs()).collect::<Vec<f32>>()", slice(&args[0]))
                }
                Action::Reduce(Reduction::Norm | Reduction::GlobalNorm) => {
                    format!("global_norm({})", slice(&args[0]))
                }
                Action::Reduce(Reduction::Dot) => {
                    format!("dot({}, {}) as f32", slice(&args[0]), slice(&args[1]))
                }
                Action::Reduce(Reduction::CosineSimilarity) => {
                    format!("cosine_sim({}, {})", slice(&args[0]), slice(&args[1]))
                }
                _ => {
                    let factor = format!("clip_factor({}, {})", slice(&args[0]), self.at(&args[1]));
                    match trees {
                        Kind::Scalar => format!("{factor} * {}", self.at(&args[0])),
                        _ => format!(
                            "{{\n        let factor = {factor};\n        ({}).iter().map(|x| factor * x).collect::<Vec<f32>>()\n    }}",
                            slice(&args[0])
                        ),
                    }
                }
            };
            return format!("    let {name} = {value};\n");
        }
        match local.kind {
            Kind::Scalar => format!("    let {name} = {};\n", self.at(&local.value)),
            Kind::Tree => format!(
                "    let {name}: Vec<f32> = (0..w.len()).map(|i| {}).collect();\n",
                self.at(&local.value)
            ),
            Kind::Leaves => {
                let value = self.at(&local.value).replace("[leaf_of[i]]", "[i]");
                format!(
                    "    let {name}: Vec<f32> = (0..leaves.len()).map(|i| {value}).collect();\n"
                )
            }
        }
    }

    fn optimizer(&self) -> String {
        let inputs = self.signature.inputs();
        let mut text = String::from(
            "\n/// One step: `w` and the states change in place; `leaves` are the sizes of the weight tensors, one behind the other in `w`.\n#[allow(unused_variables, clippy::all)]\npub fn step(\n    w: &mut [f32],\n    g: &[f32],\n",
        );
        for (variable, _) in &self.block.states {
            let _ = writeln!(text, "    {}: &mut [f32],", self.name(*variable));
        }
        for input in inputs.iter().filter(|input| input.kind == Kind::Scalar) {
            let _ = writeln!(text, "    {}: f32,", input.name);
        }
        text.push_str("    leaves: &[usize],\n) {\n");
        if self.block.locals.iter().any(|local| local.kind == Kind::Leaves) {
            text.push_str("    let leaf_of: Vec<usize> = leaves.iter().enumerate().flat_map(|(l, size)| vec![l; *size]).collect();\n");
        }
        let inner = |index: &usize| {
            self.block.locals[*index].kind == Kind::Tree && !self.whole.contains(index)
        };
        for index in (0..self.block.locals.len()).filter(|index| !inner(index)) {
            text.push_str(&self.whole_local(index));
        }
        text.push_str("    for i in 0..w.len() {\n");
        for index in (0..self.block.locals.len()).filter(inner) {
            let value = self.at(&self.block.locals[index].value);
            let _ = writeln!(text, "        let {} = {value};", local_name(index));
        }
        let _ = writeln!(text, "        let update = {};", self.at(&self.block.outputs[0]));
        for (variable, value) in &self.block.states {
            let _ =
                writeln!(text, "        let new_{} = {};", self.name(*variable), self.at(value));
        }
        text.push_str("        w[i] -= update;\n");
        for (variable, _) in &self.block.states {
            let name = self.name(*variable);
            let _ = writeln!(text, "        {name}[i] = new_{name};");
        }
        text.push_str("    }\n}\n");
        text + &helpers("f32")
    }

    fn formula(&self) -> String {
        let names: Vec<String> = (0..self.signature.inputs().len())
            .map(|v| format!("{}: f64", self.name(v as u16)))
            .collect();
        let target = &self.signature.outputs()[0].1;
        let mut text = format!(
            "\n/// {target} of one row.\n#[allow(unused_variables, unused_parens, clippy::all)]\npub fn formula({}) -> f64 {{\n",
            names.join(", ")
        );
        for (index, local) in self.block.locals.iter().enumerate() {
            let _ = writeln!(text, "    let {} = {};", local_name(index), self.at(&local.value));
        }
        let _ = writeln!(text, "    {}\n}}", self.at(&self.block.outputs[0]));
        text + &helpers("f64")
    }
}

/// Functions of the table that Rust does not have.
fn helpers(float: &str) -> String {
    let sums = match float {
        "f32" => {
            "
#[allow(dead_code)]
fn dot(x: &[f32], y: &[f32]) -> f64 {
    x.iter().zip(y).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum()
}

#[allow(dead_code)]
fn global_norm(x: &[f32]) -> f32 {
    dot(x, x).sqrt() as f32
}

#[allow(dead_code)]
fn norms(x: &[f32], leaves: &[usize]) -> Vec<f32> {
    let mut rest = x;
    leaves
        .iter()
        .map(|size| {
            let (leaf, after) = rest.split_at(*size);
            rest = after;
            global_norm(leaf)
        })
        .collect()
}

#[allow(dead_code)]
fn cosine_sim(x: &[f32], y: &[f32]) -> f32 {
    (dot(x, y) / (dot(x, x).sqrt() * dot(y, y).sqrt())) as f32
}

/// min(1, c / norm).
#[allow(dead_code)]
fn clip_factor(x: &[f32], c: f32) -> f32 {
    let factor = c / global_norm(x);
    if factor > 1.0 { 1.0 } else { factor }
}
"
        }
        _ => "",
    };
    format!(
        "
#[allow(dead_code)]
fn sign(x: {float}) -> {float} {{
    if x > 0.0 {{ 1.0 }} else if x < 0.0 {{ -1.0 }} else {{ x }}
}}

#[allow(dead_code)]
fn square(x: {float}) -> {float} {{
    x * x
}}

#[allow(dead_code)]
fn cube(x: {float}) -> {float} {{
    x * x * x
}}

#[allow(dead_code)]
fn interp(x: {float}, y: {float}, a: {float}) -> {float} {{
    (1.0 - a) * x + a * y
}}

#[allow(dead_code)]
fn larger(x: {float}, y: {float}) -> {float} {{
    if x > y || x.is_nan() {{ x }} else {{ y }}
}}

#[allow(dead_code)]
fn smaller(x: {float}, y: {float}) -> {float} {{
    if x < y || x.is_nan() {{ x }} else {{ y }}
}}

#[allow(dead_code)]
fn ln_1p_abs(x: {float}) -> {float} {{
    if x > -1.0 {{ x.ln_1p() }} else {{ (1.0 + x).abs().ln() }}
}}
{sums}"
    )
}
