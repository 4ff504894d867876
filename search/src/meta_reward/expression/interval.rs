//! Between which bounds the value of a canonical form can lie.

use super::polynomial::{Atom, Monomial, Number, Sum};
use super::{Division, Node, Operator, Vocabulary};

pub(super) type Interval = [f64; 2];

/// Bounds of a sum; not the tightest where an atom occurs twice.
pub(super) fn of_sum(sum: &Sum, vocabulary: &Vocabulary) -> Interval {
    sum.0.iter().fold([0.0, 0.0], |[low, high], (monomial, Number(value))| {
        let [a, b] = times([*value, *value], of_monomial(monomial, vocabulary));
        [low + a, high + b]
    })
}

/// Whether something can be divided by it without coming near to a division by zero.
pub(super) fn is_away_from_zero(sum: &Sum, vocabulary: &Vocabulary) -> bool {
    let [low, high] = of_sum(sum, vocabulary);
    low >= 0.05 || high <= -0.05
}

fn of_monomial(monomial: &Monomial, vocabulary: &Vocabulary) -> Interval {
    monomial.0.iter().fold([1.0, 1.0], |product, atom| times(product, of_atom(atom, vocabulary)))
}

fn of_atom(atom: &Atom, vocabulary: &Vocabulary) -> Interval {
    let leaf = |node| vocabulary.range_of(node).map(f64::from);
    match atom {
        Atom::Primitive(primitive) => leaf(Node::Primitive(*primitive)),
        Atom::Reduced(signal, reducer) => leaf(Node::Reduced(*reducer, *signal)),
        Atom::Factor(sum) => of_sum(sum, vocabulary),
        Atom::Inverse(sum) => {
            let [low, high] = of_sum(sum, vocabulary);
            match vocabulary.division() {
                _ if low > 0.0 || high < 0.0 => [1.0 / high, 1.0 / low],
                Division::Safe => [-50.0, 50.0],
                Division::Faithful => [f64::NEG_INFINITY, f64::INFINITY],
            }
        }
        Atom::Function(operator, sums) => {
            let bounds = |index: usize| sums.get(index).map_or([0.0; 2], |s| of_sum(s, vocabulary));
            let ([a, b], [c, d]) = (bounds(0), bounds(1));
            match operator {
                Operator::Clip => [a.clamp(0.0, 1.0), b.clamp(0.0, 1.0)],
                Operator::Tanh => [libm::tanh(a), libm::tanh(b)],
                Operator::Min => [a.min(c), b.min(d)],
                Operator::Max => [a.max(c), b.max(d)],
                Operator::Gate => [c.min(0.0), d.max(0.0)],
                _ => [a.min(c), b.max(d)],
            }
        }
    }
}

fn times([a, b]: Interval, [c, d]: Interval) -> Interval {
    // 0 times what is unbounded is unbounded, too.
    let product = |x: f64, y: f64| {
        if (x * y).is_nan() { [f64::NEG_INFINITY, f64::INFINITY] } else { [x * y; 2] }
    };
    let products = [product(a, c), product(a, d), product(b, c), product(b, d)];
    products
        .into_iter()
        .fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], [p, q]| [low.min(p), high.max(q)])
}
