//! Python: NumPy, PyTorch and Optax share one writer.
//!
//! Trees are lists with an array for each leaf, values of kind L lists with a number for each leaf, scalars numbers (0-d tensors in
//! PyTorch). A nested expression on trees is one list comprehension over the leaves.

use std::fmt::Write as _;

use super::expression::{Block, Expression, is_sum, local_name};
use crate::program::{Action, Kind, Operation, Reduction, Signature, Variable, number};

/// What differs between the libraries.
struct Dialect {
    /// Prefix of functions.
    module: &'static str,
    /// Sums over lists of arrays.
    sums: &'static str,
}

const NUMPY: Dialect = Dialect {
    module: "np",
    sums: "def _dot(x, y):
    return np.float32(sum(float(np.sum(np.asarray(a, np.float64) * np.asarray(b, np.float64))) for a, b in zip(x, y)))

def _norm(a):
    return np.float32(np.sqrt(np.sum(np.square(np.asarray(a, np.float64)))))

def _global_norm(x):
    return np.float32(np.sqrt(sum(float(np.sum(np.square(np.asarray(a, np.float64)))) for a in x)))
",
};

const TORCH: Dialect = Dialect {
    module: "torch",
    sums: "def _dot(x, y):
    return sum(torch.sum(torch.as_tensor(a) * torch.as_tensor(b)) for a, b in zip(x, y))

def _norm(a):
    return torch.sqrt(torch.sum(torch.square(torch.as_tensor(a))))

def _global_norm(x):
    return torch.sqrt(sum(torch.sum(torch.square(torch.as_tensor(a))) for a in x))
",
};

const JAX: Dialect = Dialect {
    module: "jnp",
    sums: "def _dot(x, y):
    return sum(jnp.sum(a * b) for a, b in zip(x, y))

def _norm(a):
    return jnp.sqrt(jnp.sum(jnp.square(a)))

def _global_norm(x):
    return jnp.sqrt(sum(jnp.sum(jnp.square(a)) for a in x))
",
};

struct Writer<'a> {
    block: &'a Block,
    signature: &'a Signature,
    dialect: &'static Dialect,
}

impl Writer<'_> {
    fn name(&self, variable: Variable) -> String {
        python_name(&self.signature.inputs()[variable as usize].name)
    }

    fn is_list(&self, expression: &Expression) -> bool {
        self.signature.is_optimizer() && self.block.kind(expression, self.signature) != Kind::Scalar
    }

    /// An expression on one leaf: lists have an underscore for their present element.
    fn leaf(&self, expression: &Expression) -> String {
        match expression {
            Expression::Input(_) | Expression::Local(_) => {
                let name = self.list(expression);
                if self.is_list(expression) { format!("{name}_") } else { name }
            }
            Expression::Number(value) if *value < 0.0 => format!("({})", number(*value)),
            Expression::Number(value) => number(*value),
            Expression::Call(operation, args) => {
                let a: Vec<String> = args.iter().map(|arg| self.leaf(arg)).collect();
                self.call(*operation, &a)
            }
        }
    }

    fn list(&self, expression: &Expression) -> String {
        match expression {
            Expression::Input(variable) => self.name(*variable),
            Expression::Local(index) => local_name(*index),
            other => self.leaf(other),
        }
    }

    /// An expression as a whole.
    fn whole(&self, expression: &Expression) -> String {
        if let Expression::Call(operation, args) = expression
            && is_sum(*operation)
        {
            return self.sum(*operation, args);
        }
        if !self.is_list(expression) {
            return self.leaf(expression);
        }
        let mut reads = Vec::new();
        Block::reads(expression, &mut reads);
        let lists: Vec<String> =
            reads.iter().filter(|read| self.is_list(read)).map(|read| self.list(read)).collect();
        if matches!(expression, Expression::Input(_) | Expression::Local(_)) {
            return format!("list({})", lists[0]);
        }
        let elements: Vec<String> = lists.iter().map(|name| format!("{name}_")).collect();
        let value = self.leaf(expression);
        match lists.as_slice() {
            [one] => format!("[{value} for {one}_ in {one}]"),
            _ => format!("[{value} for {} in zip({})]", elements.join(", "), lists.join(", ")),
        }
    }

    fn sum(&self, operation: Operation, args: &[Expression]) -> String {
        let list = |arg: &Expression| {
            if self.is_list(arg) { self.list(arg) } else { format!("[{}]", self.leaf(arg)) }
        };
        match operation.action() {
            Action::Reduce(Reduction::Norm) if self.is_list(&args[0]) => {
                format!("[_norm(a) for a in {}]", list(&args[0]))
            }
            Action::Reduce(Reduction::Norm | Reduction::GlobalNorm) => {
                format!("_global_norm({})", list(&args[0]))
            }
            Action::Reduce(Reduction::Dot) => {
                format!("_dot({}, {})", list(&args[0]), list(&args[1]))
            }
            Action::Reduce(Reduction::CosineSimilarity) => {
                let (x, y) = (list(&args[0]), list(&args[1]));
                format!("_dot({x}, {y}) / (_global_norm({x}) * _global_norm({y}))")
            }
            _ => {
                let (x, c) = (list(&args[0]), self.leaf(&args[1]));
                let module = self.dialect.module;
                let ratio = format!("({c}) / _global_norm({x})");
                let factor = match module {
                    "torch" => format!("torch.clamp({ratio}, max=1.0)"),
                    _ => format!("{module}.minimum(1.0, {ratio})"),
                };
                match self.is_list(&args[0]) {
                    true => format!("[a * f for f in [{factor}] for a in {x}]"),
                    false => format!("{} * {factor}", self.leaf(&args[0])),
                }
            }
        }
    }

    fn call(&self, operation: Operation, a: &[String]) -> String {
        use Operation as O;
        let module = self.dialect.module;
        let torch = module == "torch";
        let one = |name: &str| format!("{module}.{name}({})", a[0]);
        let of_abs = |name: &str| format!("{module}.{name}({module}.abs({}))", a[0]);
        let two = |name: &str| match torch {
            true => format!("torch.{name}(torch.as_tensor({}), torch.as_tensor({}))", a[0], a[1]),
            false => format!("{module}.{name}({}, {})", a[0], a[1]),
        };
        match operation {
            O::Add => format!("({} + {})", a[0], a[1]),
            O::Subtract => format!("({} - {})", a[0], a[1]),
            O::Multiply | O::Dot => format!("({} * {})", a[0], a[1]),
            O::Divide => format!("({} / ({} + 1e-8))", a[0], a[1]),
            O::Quotient => format!("({} / {})", a[0], a[1]),
            O::Max => two("maximum"),
            O::Min => two("minimum"),
            O::Pi => format!("{module}.pi"),
            O::E => format!("{module}.e"),
            O::Epsilon => "1e-8".to_owned(),
            O::Abs | O::Norm | O::GlobalNorm => one("abs"),
            O::Exp10 => format!("{module}.exp({} * 2.302585092994046)", a[0]),
            O::Log => of_abs("log"),
            O::Log10 => of_abs("log10"),
            O::Log2 => of_abs("log2"),
            O::Log1p => {
                // Near 0 by log1p, elsewhere by its definition; each is kept away from where the other is used.
                let near = match torch {
                    true => format!("torch.clamp({}, min=-0.5)", a[0]),
                    false => format!("{module}.maximum({}, -0.5)", a[0]),
                };
                let far = format!("{module}.log({module}.abs(1 + {}))", a[0]);
                format!("{module}.where({} > -0.5, {module}.log1p({near}), {far})", a[0])
            }
            O::Sqrt => of_abs("sqrt"),
            O::Cube => format!("({0} * {0} * {0})", a[0]),
            O::Cbrt if torch => format!("(torch.sign({0}) * torch.abs({0}) ** (1 / 3))", a[0]),
            O::Reciprocal => format!("(1 / {})", a[0]),
            O::Negative => format!("(-{})", a[0]),
            O::Interpolate => format!("((1 - {2}) * {0} + {2} * {1})", a[0], a[1], a[2]),
            O::Power if torch => format!("torch.pow({}, {})", a[0], a[1]),
            O::Power => two("power"),
            O::Ln => one("log"),
            O::Root => one("sqrt"),
            O::CosineSimilarity => format!("{module}.sign({} * {})", a[0], a[1]),
            O::Clip => {
                format!("({0} * {module}.minimum(1.0, {1} / {module}.abs({0})))", a[0], a[1])
            }
            O::Arcsin | O::Arccos | O::Arctan | O::Arcsinh | O::Arccosh | O::Arctanh => {
                one(operation.name())
            }
            O::Cos | O::Sin | O::Tan | O::Sinh | O::Cosh | O::Tanh => one(operation.name()),
            O::Exp | O::Exp2 | O::Expm1 | O::Square | O::Cbrt | O::Sign => one(operation.name()),
        }
    }

    /// The body: locals, the update, new states.
    fn body(&self, indent: &str) -> String {
        let mut text = String::new();
        for (index, local) in self.block.locals.iter().enumerate() {
            let _ = writeln!(text, "{indent}{} = {}", local_name(index), self.whole(&local.value));
        }
        for ((_, name), value) in self.signature.outputs().iter().zip(&self.block.outputs) {
            let _ = writeln!(text, "{indent}{} = {}", python_name(name), self.whole(value));
        }
        for (variable, value) in &self.block.states {
            let _ = writeln!(text, "{indent}new_{} = {}", self.name(*variable), self.whole(value));
        }
        text
    }

    fn states(&self) -> Vec<String> {
        self.block.states.iter().map(|(variable, _)| self.name(*variable)).collect()
    }

    fn scalars(&self) -> Vec<String> {
        let scalars = self.signature.inputs().iter().filter(|input| input.kind == Kind::Scalar);
        scalars.map(|input| input.name.clone()).collect()
    }
}

fn python_name(name: &str) -> String {
    const RESERVED: [&str; 14] = [
        "lambda", "in", "is", "as", "if", "or", "and", "not", "for", "from", "def", "np", "e", "pi",
    ];
    if RESERVED.contains(&name) { format!("{name}_") } else { name.to_owned() }
}

fn comment(head: &[String]) -> String {
    head.iter().map(|line| format!("# {line}\n")).collect()
}

pub(super) fn numpy(block: &Block, signature: &Signature, head: &[String]) -> String {
    let writer = Writer { block, signature, dialect: &NUMPY };
    let states = writer.states();
    let scalars = writer.scalars().join(", ");
    let unpack: String = states.iter().map(|s| format!("    {s} = state[\"{s}\"]\n")).collect();
    let packed: Vec<String> = states.iter().map(|s| format!("\"{s}\": new_{s}")).collect();
    let zeros: Vec<String> =
        states.iter().map(|s| format!("\"{s}\": [np.zeros_like(a) for a in w]")).collect();
    let body = writer.body("    ");
    let sums = NUMPY.sums;
    format!(
        "{}import numpy as np


{sums}

def init(w):
    \"\"\"The state before the first step; w is a list of arrays.\"\"\"
    return {{{}}}


def step(w, g, state, {scalars}):
    \"\"\"New weights and state; w and g are lists of arrays, one for each leaf.\"\"\"
{unpack}{body}    return [a - u for a, u in zip(w, update)], {{{}}}
",
        comment(head),
        zeros.join(", "),
        packed.join(", ")
    )
}

pub(super) fn formula(block: &Block, signature: &Signature, head: &[String]) -> String {
    let writer = Writer { block, signature, dialect: &NUMPY };
    let inputs: Vec<String> =
        (0..signature.inputs().len()).map(|v| writer.name(v as Variable)).collect();
    let target = python_name(&signature.outputs()[0].1);
    let body = writer.body("    ");
    format!(
        "{}import numpy as np


def formula({}):
    \"\"\"{target}, for numbers or arrays.\"\"\"
{body}    return {target}
",
        comment(head),
        inputs.join(", ")
    )
}

pub(super) fn pytorch(block: &Block, signature: &Signature, head: &[String]) -> String {
    let writer = Writer { block, signature, dialect: &TORCH };
    let states = writer.states();
    let progress = signature.inputs().len() > 5;
    let body = writer.body("        ");
    let unpack: String = states
        .iter()
        .map(|s| format!("        {s} = [self.state[p][\"{s}\"] for p in params]\n"))
        .collect();
    let zeros: String = states
        .iter()
        .map(|s| format!("                self.state[p][\"{s}\"] = torch.zeros_like(p)\n"))
        .collect();
    let zeros = match zeros.is_empty() {
        true => String::new(),
        false => format!("        for p in params:\n            if not self.state[p]:\n{zeros}"),
    };
    let save: String = states
        .iter()
        .map(|s| format!("        for p, x in zip(params, new_{s}):\n            self.state[p][\"{s}\"].copy_(x)\n"))
        .collect();
    let (extra, steps, scalars) = match progress {
        true => (
            ", steps",
            "        self.steps = steps\n        self.steps_done = 0\n",
            "        t = torch.as_tensor(self.steps_done / self.steps, device=device)\n        log_n = torch.as_tensor(math.log(self.steps), device=device)\n        self.steps_done += 1\n",
        ),
        false => ("", "", ""),
    };
    let sums = TORCH.sums;
    format!(
        "{}import math

import torch


{sums}

class Evolved(torch.optim.Optimizer):
    \"\"\"lr is the value of the schedule: 1.0 at its peak, changed by any torch.optim.lr_scheduler.\"\"\"

    def __init__(self, params, lr=1.0{extra}):
        super().__init__(params, {{\"lr\": lr}})
        if len(self.param_groups) != 1:
            raise ValueError(\"norms go over all parameters: give one group\")
{steps}
    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        group = self.param_groups[0]
        params = [p for p in group[\"params\"] if p.grad is not None]
        if not params:
            return loss
{zeros}        device = params[0].device
        lr = torch.as_tensor(group[\"lr\"], dtype=torch.float32, device=device)
{scalars}        w = [p.detach() for p in params]
        g = [p.grad for p in params]
{unpack}{body}{save}        for p, u in zip(params, update):
            p.sub_(u)
        return loss
",
        comment(head)
    )
}

pub(super) fn optax(block: &Block, signature: &Signature, head: &[String]) -> String {
    let writer = Writer { block, signature, dialect: &JAX };
    let states = writer.states();
    let progress = signature.inputs().len() > 5;
    let body = writer.body("        ");
    let unpack: String = states
        .iter()
        .map(|s| format!("        {s} = jax.tree_util.tree_leaves(state.{s})\n"))
        .collect();
    let fields: String = states.iter().map(|s| format!("    {s}: optax.Updates\n")).collect();
    let zeros: String = states
        .iter()
        .map(|s| format!(", {s}=jax.tree_util.tree_map(jnp.zeros_like, params)"))
        .collect();
    let packed: String = states
        .iter()
        .map(|s| format!(", {s}=jax.tree_util.tree_unflatten(structure, new_{s})"))
        .collect();
    let (extra, scalars) = match progress {
        true => (
            ", steps",
            "        t = state.count / steps\n        log_n = jnp.log(jnp.float32(steps))\n",
        ),
        false => ("", ""),
    };
    let sums = JAX.sums;
    format!(
        "{}from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax


{sums}

class EvolvedState(NamedTuple):
    count: jax.Array
{fields}

def evolved(learning_rate=1.0{extra}):
    \"\"\"learning_rate is the schedule: a number or a function of the step, 1.0 at its peak. Needs params in update().\"\"\"

    def init(params):
        return EvolvedState(count=jnp.zeros([], jnp.int32){zeros})

    def update(updates, state, params=None):
        if params is None:
            raise ValueError(\"this rule reads the weights: pass params\")
        lr = learning_rate(state.count) if callable(learning_rate) else jnp.float32(learning_rate)
{scalars}        g, structure = jax.tree_util.tree_flatten(updates)
        w = jax.tree_util.tree_leaves(params)
{unpack}{body}        changes = jax.tree_util.tree_unflatten(structure, [-u for u in update])
        return changes, EvolvedState(count=state.count + 1{packed})

    return optax.GradientTransformation(init, update)
",
        comment(head)
    )
}
