//! Programs as terms of an e-graph, and what is known about each class of equal terms.

use std::fmt;

use egg::{Analysis, DidMerge, EGraph, FromOp, Id, Language};

use super::reals;
use crate::program::{Kind, Operation, Operations, Signature, Variable};

/// A term: an input, a number (its bits as `f64`), or a call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Term {
    Input(Variable),
    Number(u64),
    Call(Operation, [Id; 3]),
}

impl Term {
    /// A number, to twelve significant digits: numbers that were computed in different orders become one.
    pub(super) fn number(value: f64) -> Self {
        let rounded: f64 = format!("{value:.11e}").parse().expect("numbers read back");
        Self::Number(if rounded == 0.0 { 0 } else { rounded.to_bits() })
    }

    pub(super) fn call(operation: Operation, args: &[Id]) -> Self {
        let mut all = [Id::from(0); 3];
        all[..args.len()].copy_from_slice(args);
        Self::Call(operation, all)
    }
}

impl Language for Term {
    type Discriminant = (u8, u64);

    fn discriminant(&self) -> Self::Discriminant {
        match self {
            Self::Input(variable) => (0, u64::from(*variable)),
            Self::Number(bits) => (1, *bits),
            Self::Call(operation, _) => (2, *operation as u64),
        }
    }

    fn matches(&self, other: &Self) -> bool {
        self.discriminant() == other.discriminant()
    }

    fn children(&self) -> &[Id] {
        match self {
            Self::Call(operation, args) => &args[..operation.args()],
            _ => &[],
        }
    }

    fn children_mut(&mut self) -> &mut [Id] {
        match self {
            Self::Call(operation, args) => &mut args[..operation.args()],
            _ => &mut [],
        }
    }
}

impl FromOp for Term {
    type Error = String;

    fn from_op(op: &str, children: Vec<Id>) -> Result<Self, String> {
        if let Ok(number) = op.parse::<f64>() {
            return Ok(Self::number(number));
        }
        let operation = Operation::named(op).filter(|found| found.args() == children.len());
        let operation = operation.ok_or_else(|| format!("no operation {op}"))?;
        Ok(Self::call(operation, &children))
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(variable) => write!(f, "in{variable}"),
            Self::Number(bits) => write!(f, "{}", f64::from_bits(*bits)),
            Self::Call(operation, _) => f.write_str(operation.name()),
        }
    }
}

/// What is known about a class.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fact {
    pub(super) number: Option<f64>,
    pub(super) kind: Kind,
    /// Never negative, wherever it has a value.
    pub(super) nonnegative: bool,
}

/// Finds [`Fact`]s.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    kinds: Vec<Kind>,
    /// Formulas may be a number where a column is expected.
    pub(super) formula: bool,
    /// The operations that a result may be made of; all if none are named.
    pub(super) operations: Option<Operations>,
}

impl Facts {
    pub(super) fn new(signature: &Signature, operations: Option<&Operations>) -> Self {
        let kinds = signature.inputs().iter().map(|input| input.kind).collect();
        Self { kinds, formula: !signature.is_optimizer(), operations: operations.cloned() }
    }

    /// Whether a result may be made of this term.
    pub(super) fn allow(&self, term: &Term) -> bool {
        match (&self.operations, term) {
            (Some(operations), Term::Call(operation, _)) => {
                operations.as_slice().contains(operation)
            }
            _ => true,
        }
    }
}

impl Analysis<Term> for Facts {
    type Data = Fact;

    fn make(egraph: &mut EGraph<Term, Self>, term: &Term, _: Id) -> Fact {
        match term {
            Term::Input(variable) => {
                let kind = egraph.analysis.kinds[*variable as usize];
                // The schedule and the progress are never negative.
                Fact { number: None, kind, nonnegative: kind == Kind::Scalar }
            }
            Term::Number(bits) => {
                let value = f64::from_bits(*bits);
                Fact { number: Some(value), kind: Kind::Scalar, nonnegative: value >= 0.0 }
            }
            Term::Call(operation, _) => {
                let args: Vec<&Fact> = term.children().iter().map(|id| &egraph[*id].data).collect();
                let kinds: Vec<Kind> = args.iter().map(|fact| fact.kind).collect();
                let widest = kinds.iter().copied().max().unwrap_or(Kind::Scalar);
                let numbers: Option<Vec<f64>> = args.iter().map(|fact| fact.number).collect();
                let number = numbers.map(|numbers| reals::call(*operation, &numbers));
                let nonnegative = nonnegative(*operation, &args, term.children());
                Fact {
                    number: number.filter(|number| number.is_finite()),
                    kind: operation.result(&kinds).unwrap_or(widest),
                    nonnegative,
                }
            }
        }
    }

    fn merge(&mut self, a: &mut Fact, b: Fact) -> DidMerge {
        let before = a.clone();
        a.number = a.number.or(b.number);
        a.kind = a.kind.max(b.kind);
        a.nonnegative |= b.nonnegative;
        DidMerge(*a != before, *a != b)
    }

    fn modify(egraph: &mut EGraph<Term, Self>, id: Id) {
        let fact = &egraph[id].data;
        let Some(number) = fact.number else { return };
        if fact.kind == Kind::Scalar || egraph.analysis.formula {
            let added = egraph.add(Term::number(number));
            egraph.union(id, added);
            // Nothing is shorter than a number.
            egraph[id].nodes.retain(|node| matches!(node, Term::Number(_)));
        }
    }
}

fn nonnegative(operation: Operation, args: &[&Fact], ids: &[Id]) -> bool {
    use Operation as O;
    let all = args.iter().all(|fact| fact.nonnegative);
    match operation {
        O::Abs | O::Square | O::Sqrt | O::Root | O::Cosh | O::Norm | O::GlobalNorm => true,
        O::Exp | O::Exp2 | O::Exp10 | O::Arccos | O::Arccosh => true,
        O::Multiply if ids[0] == ids[1] => true,
        O::Add | O::Multiply | O::Divide | O::Quotient | O::Min => all,
        O::Max => args.iter().any(|fact| fact.nonnegative),
        O::Cube | O::Cbrt | O::Sign | O::Tanh | O::Arctan | O::Sinh | O::Arcsinh => all,
        O::Reciprocal | O::Expm1 | O::Arcsin | O::Arctanh => all,
        O::Interpolate => all && args[2].number.is_some_and(|weight| (0.0..=1.0).contains(&weight)),
        _ => false,
    }
}
