//! The functions that statements call.
//!
//! Names and meaning of the first 45 are those of the published search space of Lion (Chen et al. 2023, arXiv 2302.06675,
//! code in `google/automl`). Departures: `cbrt` works, `invert` (bitwise, it never worked on floats) is left out,
//! `power` works on trees too, and the weight of `interp` is its third argument everywhere. Four more are for formulas:
//! `div`, `ln`, `root` and `pow` do not protect anyone from infinity and NaN.

use hatchery_kernels::cpu::elementwise::{Binary, Unary};
use serde::{Deserialize, Serialize};

use super::Kind;

/// What a statement calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
#[allow(missing_docs, reason = "the table below says what each is")]
pub enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Max,
    Min,
    Pi,
    E,
    Epsilon,
    Abs,
    Cos,
    Sin,
    Tan,
    Arcsin,
    Arccos,
    Arctan,
    Sinh,
    Cosh,
    Tanh,
    Arcsinh,
    Arccosh,
    Arctanh,
    Exp,
    Exp2,
    Exp10,
    Expm1,
    Log,
    Log10,
    Log2,
    Log1p,
    Square,
    Sqrt,
    Cube,
    Cbrt,
    Sign,
    Reciprocal,
    Negative,
    Norm,
    GlobalNorm,
    Dot,
    CosineSimilarity,
    Clip,
    Interpolate,
    Power,
    Quotient,
    Ln,
    Root,
}

/// How an operation computes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    /// A constant.
    Number(f32),
    /// Each number by itself.
    One(Unary),
    /// Two numbers at a time.
    Two(Binary),
    /// `(1 − a) x + a y`.
    Interpolate,
    /// A sum over the numbers of a leaf or of all of them.
    Reduce(Reduction),
    /// `x · min(1, c / ‖x‖)`.
    Clip,
}

/// What is summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// The 2-norm of each leaf.
    Norm,
    /// The 2-norm of all numbers.
    GlobalNorm,
    /// The inner product of all numbers.
    Dot,
    /// The inner product over the product of the norms.
    CosineSimilarity,
}

struct Entry {
    operation: Operation,
    /// In program text.
    name: &'static str,
    args: u8,
    action: Action,
}

const fn entry(operation: Operation, name: &'static str, args: u8, action: Action) -> Entry {
    Entry { operation, name, args, action }
}

use Action::{Number, One, Reduce, Two};

const TABLE: [Entry; 47] = [
    entry(Operation::Add, "+", 2, Two(Binary::Add)),
    entry(Operation::Subtract, "-", 2, Two(Binary::Subtract)),
    entry(Operation::Multiply, "*", 2, Two(Binary::Multiply)),
    entry(Operation::Divide, "/", 2, Two(Binary::ProtectedDivide)),
    entry(Operation::Max, "max", 2, Two(Binary::Max)),
    entry(Operation::Min, "min", 2, Two(Binary::Min)),
    entry(Operation::Pi, "get_pi", 0, Number(std::f32::consts::PI)),
    entry(Operation::E, "get_e", 0, Number(std::f32::consts::E)),
    entry(Operation::Epsilon, "get_eps", 0, Number(1e-8)),
    entry(Operation::Abs, "abs", 1, One(Unary::Abs)),
    entry(Operation::Cos, "cos", 1, One(Unary::Cos)),
    entry(Operation::Sin, "sin", 1, One(Unary::Sin)),
    entry(Operation::Tan, "tan", 1, One(Unary::Tan)),
    entry(Operation::Arcsin, "arcsin", 1, One(Unary::Arcsin)),
    entry(Operation::Arccos, "arccos", 1, One(Unary::Arccos)),
    entry(Operation::Arctan, "arctan", 1, One(Unary::Arctan)),
    entry(Operation::Sinh, "sinh", 1, One(Unary::Sinh)),
    entry(Operation::Cosh, "cosh", 1, One(Unary::Cosh)),
    entry(Operation::Tanh, "tanh", 1, One(Unary::Tanh)),
    entry(Operation::Arcsinh, "arcsinh", 1, One(Unary::Arcsinh)),
    entry(Operation::Arccosh, "arccosh", 1, One(Unary::Arccosh)),
    entry(Operation::Arctanh, "arctanh", 1, One(Unary::Arctanh)),
    entry(Operation::Exp, "exp", 1, One(Unary::Exp)),
    entry(Operation::Exp2, "exp2", 1, One(Unary::Exp2)),
    entry(Operation::Exp10, "exp10", 1, One(Unary::Exp10)),
    entry(Operation::Expm1, "expm1", 1, One(Unary::Expm1)),
    entry(Operation::Log, "log", 1, One(Unary::LogAbs)),
    entry(Operation::Log10, "log10", 1, One(Unary::Log10Abs)),
    entry(Operation::Log2, "log2", 1, One(Unary::Log2Abs)),
    entry(Operation::Log1p, "log1p", 1, One(Unary::Log1pAbs)),
    entry(Operation::Square, "square", 1, One(Unary::Square)),
    entry(Operation::Sqrt, "sqrt", 1, One(Unary::SqrtAbs)),
    entry(Operation::Cube, "cube", 1, One(Unary::Cube)),
    entry(Operation::Cbrt, "cbrt", 1, One(Unary::Cbrt)),
    entry(Operation::Sign, "sign", 1, One(Unary::Sign)),
    entry(Operation::Reciprocal, "reciprocal", 1, One(Unary::Reciprocal)),
    entry(Operation::Negative, "negative", 1, One(Unary::Negative)),
    entry(Operation::Norm, "norm", 1, Reduce(Reduction::Norm)),
    entry(Operation::GlobalNorm, "global_norm", 1, Reduce(Reduction::GlobalNorm)),
    entry(Operation::Dot, "dot", 2, Reduce(Reduction::Dot)),
    entry(Operation::CosineSimilarity, "cosine_sim", 2, Reduce(Reduction::CosineSimilarity)),
    entry(Operation::Clip, "clip", 2, Action::Clip),
    entry(Operation::Interpolate, "interp", 3, Action::Interpolate),
    entry(Operation::Power, "power", 2, Two(Binary::Power)),
    entry(Operation::Quotient, "div", 2, Two(Binary::Divide)),
    entry(Operation::Ln, "ln", 1, One(Unary::Log)),
    entry(Operation::Root, "root", 1, One(Unary::Sqrt)),
];

/// Longer names that program text may use as well.
const ALIASES: [(&str, Operation); 5] = [
    ("clip_by_global_norm", Operation::Clip),
    ("interpolate", Operation::Interpolate),
    ("pow", Operation::Power),
    ("neg", Operation::Negative),
    ("inv", Operation::Reciprocal),
];

impl Operation {
    /// All of them, in the order of the table.
    pub fn all() -> impl ExactSizeIterator<Item = Self> + Clone {
        TABLE.iter().map(|entry| entry.operation)
    }

    /// Its name in program text.
    pub fn name(self) -> &'static str {
        TABLE[self as usize].name
    }

    /// Number of arguments, 0 to 3.
    pub fn args(self) -> usize {
        TABLE[self as usize].args as usize
    }

    /// How it computes.
    pub fn action(self) -> Action {
        TABLE[self as usize].action
    }

    /// The operation of that name.
    pub fn named(name: &str) -> Option<Self> {
        let entry = TABLE.iter().find(|entry| entry.name == name).map(|entry| entry.operation);
        entry.or_else(|| {
            ALIASES.iter().find(|(alias, _)| *alias == name).map(|&(_, operation)| operation)
        })
    }

    /// Whether its first two arguments may be swapped.
    pub fn is_commutative(self) -> bool {
        use Operation::{Add, CosineSimilarity, Dot, Max, Min, Multiply};
        matches!(self, Add | Multiply | Max | Min | Dot | CosineSimilarity)
    }

    /// Whether each place of the result depends on that place of the arguments only.
    pub fn is_elementwise(self) -> bool {
        matches!(self.action(), Action::Number(_) | One(_) | Two(_) | Action::Interpolate)
    }

    /// Kind of the result for arguments of these kinds; none if it does not take them.
    pub fn result(self, args: &[Kind]) -> Option<Kind> {
        use Kind::{Leaves, Scalar};
        match (self.action(), args) {
            (Number(_), []) => Some(Scalar),
            (One(_), &[x]) => Some(x),
            (Two(_), &[x, y]) => Some(x.max(y)),
            (Action::Interpolate, &[x, y, Scalar]) => Some(x.max(y)),
            (Action::Clip, &[x, Scalar]) => Some(x),
            (Reduce(Reduction::Norm), &[x]) => Some(x.min(Leaves)),
            (Reduce(Reduction::GlobalNorm), &[_]) => Some(Scalar),
            (Reduce(Reduction::Dot | Reduction::CosineSimilarity), &[x, y]) if x == y => {
                Some(Scalar)
            }
            _ => None,
        }
    }
}

/// Which operations a search may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Operations(Vec<Operation>);

const SMALL: [Operation; 22] = {
    use Operation::*;
    [
        Add,
        Subtract,
        Multiply,
        Divide,
        Max,
        Min,
        Interpolate,
        Clip,
        Dot,
        CosineSimilarity,
        GlobalNorm,
        Abs,
        Square,
        Sqrt,
        Sign,
        Negative,
        Exp,
        Log,
        Tanh,
        Arcsin,
        Cosh,
        Reciprocal,
    ]
};

impl Operations {
    /// The published set with its two defects decided: 44 operations.
    pub fn lion45() -> Self {
        Self(Operation::all().filter(|op| *op <= Operation::Power).collect())
    }

    /// What of the published set works as published: without `cbrt`, 43 operations.
    pub fn lion43() -> Self {
        Self(Self::lion45().0.into_iter().filter(|op| *op != Operation::Cbrt).collect())
    }

    /// Twenty-two that matter.
    pub fn small() -> Self {
        Self(SMALL.to_vec())
    }

    /// These, without repetitions, in their order.
    pub fn of(operations: &[Operation]) -> Self {
        let mut kept = Vec::new();
        for &operation in operations {
            if !kept.contains(&operation) {
                kept.push(operation);
            }
        }
        Self(kept)
    }

    /// The operations.
    pub fn as_slice(&self) -> &[Operation] {
        &self.0
    }
}

impl TryFrom<String> for Operations {
    type Error = String;

    /// `lion45`, `lion43`, `small`, or names with commas between.
    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "lion45" => return Ok(Self::lion45()),
            "lion43" => return Ok(Self::lion43()),
            "small" => return Ok(Self::small()),
            _ => {}
        }
        let named = |name: &str| {
            let name = name.trim();
            Operation::named(name).ok_or_else(|| {
                format!("there is no operation '{name}'; sets are lion45, lion43 and small")
            })
        };
        let operations = text.split(',').map(named).collect::<Result<Vec<_>, _>>()?;
        Ok(Self::of(&operations))
    }
}

impl From<Operations> for String {
    fn from(operations: Operations) -> Self {
        for (name, set) in [
            ("lion45", Operations::lion45()),
            ("lion43", Operations::lion43()),
            ("small", Operations::small()),
        ] {
            if operations == set {
                return name.to_owned();
            }
        }
        let names: Vec<&str> = operations.0.iter().map(|op| op.name()).collect();
        names.join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_numbers() {
        for (number, operation) in Operation::all().enumerate() {
            assert_eq!(operation as usize, number);
            assert_eq!(Operation::named(operation.name()), Some(operation));
        }
    }

    #[test]
    fn sets_have_their_sizes_and_survive_text() {
        for (set, size) in
            [(Operations::lion45(), 44), (Operations::lion43(), 43), (Operations::small(), 22)]
        {
            assert_eq!(set.as_slice().len(), size);
            assert_eq!(Operations::try_from(String::from(set.clone())), Ok(set));
        }
        let own = Operations::try_from("+, sign,interp,+".to_owned()).expect("all exist");
        assert_eq!(String::from(own), "+,sign,interp");
        assert!(Operations::try_from("frob".to_owned()).is_err());
    }

    /// Every pair of kinds for every function of two: broadcasting gives the larger, sums need equal kinds.
    #[test]
    fn kinds_of_results_follow_the_table() {
        use Kind::{Leaves, Scalar, Tree};
        let kinds = [Scalar, Leaves, Tree];
        for operation in Operation::all().filter(|op| op.args() == 2) {
            for (i, x) in kinds.into_iter().enumerate() {
                for (j, y) in kinds.into_iter().enumerate() {
                    let expected = match operation.action() {
                        Reduce(_) => (x == y).then_some(Scalar),
                        Action::Clip => (y == Scalar).then_some(x),
                        _ => Some(kinds[i.max(j)]),
                    };
                    assert_eq!(operation.result(&[x, y]), expected, "{operation:?} {x:?} {y:?}");
                }
            }
        }
        assert_eq!(Operation::Interpolate.result(&[Tree, Scalar, Tree]), None);
        assert_eq!(Operation::Interpolate.result(&[Scalar, Tree, Scalar]), Some(Tree));
        assert_eq!(Operation::Norm.result(&[Tree]), Some(Leaves));
        assert_eq!(Operation::Norm.result(&[Scalar]), Some(Scalar));
    }
}
