//! The canonical form of a reward, and its hash: rewards that train the same policy share it.
//!
//! Constants are folded, products expanded to at most 32 monomials, commutative operands sorted. An inner algorithm with normalised
//! advantages cannot see a positive affine change of the reward: the constant term goes, the largest absolute coefficient becomes 1,
//! coefficients keep three decimals. Below a function that is no longer so, and they keep three significant digits instead.

use super::polynomial::{Atom, Monomial, Number, Polynomial, Sum};
use super::{Division, Node, Operator, Reward, Vocabulary};

/// Which rewards count as equal.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Invariance {
    /// R and a R + b, a > 0: for inner algorithms with normalised advantages or ranks.
    #[default]
    Affine,
    /// Only those of the same values, up to rounding; and all constants.
    Exact,
}

/// The canonical form of a reward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canonical {
    pub(super) sum: Sum,
}

impl Reward {
    /// Its canonical form.
    pub fn canonical(&self, vocabulary: &Vocabulary, invariance: Invariance) -> Canonical {
        let division = vocabulary.division();
        let mut walk = Walk { nodes: self.nodes().iter(), division };
        let mut polynomial = walk.polynomial();
        if polynomial.constant().is_some() {
            return Canonical { sum: Sum(Vec::new()) };
        }
        let sum = match invariance {
            Invariance::Exact => polynomial.rounded(),
            Invariance::Affine => {
                // A division by zero scores 0, whatever is added.
                let may_fail = division == Division::Faithful && has_inverse(&polynomial);
                if !may_fail {
                    polynomial.terms.remove(&Monomial::default());
                }
                let largest = polynomial.largest();
                let decimals = polynomial.terms.into_iter().map(|(monomial, value)| {
                    (monomial, Number((value / largest * 1000.0).round() / 1000.0))
                });
                Sum(decimals.filter(|(_, Number(value))| *value != 0.0).collect())
            }
        };
        Canonical { sum }
    }

    /// The hash of its canonical form: the key under which evaluations are shared.
    pub fn canonical_hash(&self, vocabulary: &Vocabulary, invariance: Invariance) -> u64 {
        self.canonical(vocabulary, invariance).hash()
    }
}

impl Canonical {
    /// 64 bits; of different forms the same with a chance of 2⁻⁶⁴. All constants share one.
    pub fn hash(&self) -> u64 {
        sum_hash(&self.sum)
    }

    /// Whether the reward is a number.
    pub fn is_constant(&self) -> bool {
        self.sum.0.is_empty()
    }
}

fn has_inverse(polynomial: &Polynomial) -> bool {
    polynomial.terms.keys().any(|monomial| {
        monomial.0.iter().any(|atom| match atom {
            Atom::Primitive(_) | Atom::Reduced(..) => false,
            Atom::Inverse(_) => true,
            Atom::Factor(sum) => sum_has_inverse(sum),
            Atom::Function(_, sums) => sums.iter().any(sum_has_inverse),
        })
    })
}

fn sum_has_inverse(sum: &Sum) -> bool {
    let terms = sum.0.iter().map(|(monomial, Number(value))| (monomial.clone(), *value));
    has_inverse(&Polynomial { terms: terms.collect() })
}

struct Walk<'a> {
    nodes: std::slice::Iter<'a, Node>,
    division: Division,
}

impl Walk<'_> {
    fn polynomial(&mut self) -> Polynomial {
        let Some(&node) = self.nodes.next() else { return Polynomial::default() };
        let operator = match node {
            Node::Primitive(primitive) => return Polynomial::atom(Atom::Primitive(primitive)),
            Node::Reduced(reducer, signal) => {
                return Polynomial::atom(Atom::Reduced(signal, reducer));
            }
            Node::Constant(value) => return Polynomial::number(decimal(value)),
            Node::Call(operator) => operator,
        };
        let a = self.polynomial();
        if operator.arity() == 1 {
            return match operator {
                Operator::Negate => a.scaled(-1.0),
                _ => function(operator, &a, None),
            };
        }
        let b = self.polynomial();
        match operator {
            Operator::Add => a.plus(b),
            Operator::Subtract => a.plus(b.scaled(-1.0)),
            Operator::Multiply => a.times(&b),
            Operator::Divide => a.times(&self.inverse(&b)),
            _ => function(operator, &a, Some(&b)),
        }
    }

    fn inverse(&self, of: &Polynomial) -> Polynomial {
        match (of.constant(), self.division) {
            (Some(value), Division::Safe) => {
                Polynomial::number(value / (value * value + decimal(Division::GUARD)))
            }
            (Some(value), Division::Faithful) if value != 0.0 => Polynomial::number(1.0 / value),
            (_, Division::Faithful) => {
                let (scale, sum) = of.normalised();
                Polynomial::atom(Atom::Inverse(sum)).scaled(1.0 / scale)
            }
            // The guard is not scale free; only the sign comes out.
            (_, Division::Safe) => {
                let sign = of.normalised().0.signum();
                let sum = of.clone().scaled(sign).rounded();
                Polynomial::atom(Atom::Inverse(sum)).scaled(sign)
            }
        }
    }
}

/// A function as an atom, with what can be taken out of it.
fn function(operator: Operator, a: &Polynomial, b: Option<&Polynomial>) -> Polynomial {
    let value = |a: f64, b: f64| match operator {
        Operator::Clip => Some(a.clamp(0.0, 1.0)),
        Operator::Tanh => Some(libm::tanh(a)),
        Operator::Min => Some(a.min(b)),
        Operator::Max => Some(a.max(b)),
        _ => None,
    };
    let second = b.map_or(Some(0.0), Polynomial::constant);
    if let (Some(a), Some(b)) = (a.constant(), second)
        && let Some(value) = value(a, b)
    {
        return Polynomial::number(value);
    }
    let Some(b) = b else {
        return Polynomial::atom(Atom::Function(operator, vec![a.rounded()]));
    };
    if operator == Operator::Gate {
        return match (a.constant(), b.constant()) {
            (Some(condition), _) if condition > 0.5 => b.clone(),
            (Some(_), _) | (_, Some(0.0)) => Polynomial::default(),
            _ => {
                let scale = b.largest();
                let sums = vec![a.rounded(), b.clone().scaled(1.0 / scale).rounded()];
                Polynomial::atom(Atom::Function(operator, sums)).scaled(scale)
            }
        };
    }
    // min, max and ramp: c f(a, b) = f(c a, c b) for positive c.
    let bounds =
        [a, b].map(|operand| if operand.terms.is_empty() { 0.0 } else { operand.largest() });
    let scale = bounds[0].max(bounds[1]);
    let scale = if scale > 0.0 { scale } else { 1.0 };
    let mut sums = [a, b].map(|operand| operand.clone().scaled(1.0 / scale).rounded()).to_vec();
    if sums[0] == sums[1] {
        return a.clone();
    }
    if operator != Operator::Ramp {
        sums.sort();
    }
    Polynomial::atom(Atom::Function(operator, sums)).scaled(scale)
}

/// The number that its shortest decimal form says: 0.1, not 0.10000000149.
pub(super) fn decimal(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}

fn sum_hash(sum: &Sum) -> u64 {
    sum.0.iter().fold(0x5EED, |hash, (monomial, Number(value))| {
        let atoms = monomial.0.iter().fold(1, |hash, atom| mix(hash, atom_hash(atom)));
        mix(mix(hash, atoms), (value + 0.0).to_bits())
    })
}

fn atom_hash(atom: &Atom) -> u64 {
    match atom {
        Atom::Primitive(primitive) => mix(11, u64::from(*primitive)),
        Atom::Reduced(signal, reducer) => mix(12 + *reducer as u64, u64::from(*signal)),
        Atom::Inverse(sum) => mix(21, sum_hash(sum)),
        Atom::Factor(sum) => mix(22, sum_hash(sum)),
        Atom::Function(operator, sums) => {
            sums.iter().fold(31 + *operator as u64, |hash, sum| mix(hash, sum_hash(sum)))
        }
    }
}

/// One round of a 64-bit mixer, in which the order of the two matters.
fn mix(a: u64, b: u64) -> u64 {
    let wide = u128::from(a ^ 0x9E37_79B9_7F4A_7C15) * u128::from(b ^ 0xC2B2_AE3D_27D4_EB4F);
    let folded = (wide as u64) ^ ((wide >> 64) as u64);
    (folded ^ (folded >> 29) ^ a.rotate_left(23)).wrapping_mul(0xBF58_476D_1CE4_E5B9)
}
