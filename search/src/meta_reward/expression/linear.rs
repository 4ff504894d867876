//! A canonical form as numbers: what multiplies each leaf, alone and in company.

use super::polynomial::{Atom, Monomial, Number, Sum};
use super::{Canonical, Invariance, Node, Reward, Vocabulary};

impl Canonical {
    /// What multiplies a leaf where it stands alone; 0 if it never does.
    pub fn weight(&self, leaf: Node) -> f64 {
        let terms = self.sum.0.iter();
        let alone =
            terms.filter(|(monomial, _)| matches!(&monomial.0[..], [atom] if is(atom, leaf)));
        alone.map(|(_, Number(value))| value).sum()
    }

    /// The sum of what multiplies products and functions that a leaf occurs in.
    pub fn company(&self, leaf: Node) -> f64 {
        let terms = self.sum.0.iter();
        let others =
            terms.filter(|(monomial, _)| !matches!(&monomial.0[..], [atom] if is(atom, leaf)));
        others.filter(|(m, _)| occurs(m, leaf)).map(|(_, Number(value))| value).sum()
    }

    /// The Euclidean norm of all that multiplies something.
    pub fn norm(&self) -> f64 {
        let terms = self.sum.0.iter().filter(|(monomial, _)| !monomial.0.is_empty());
        terms.map(|(_, Number(value))| value * value).sum::<f64>().sqrt()
    }
}

impl Reward {
    /// The weight of each primitive of the vocabulary, if the reward is a weighted sum of them and nothing else: the inverse of
    /// [`Reward::linear`], up to three digits.
    pub fn weights(&self, vocabulary: &Vocabulary) -> Option<Vec<f32>> {
        let canonical = self.canonical(vocabulary, Invariance::Exact);
        let weights: Vec<f32> =
            vocabulary.chosen().map(|leaf| canonical.weight(leaf) as f32).collect();
        let found = weights.iter().filter(|weight| **weight != 0.0).count();
        (found == canonical.sum.0.len()).then_some(weights)
    }
}

fn is(atom: &Atom, leaf: Node) -> bool {
    match (atom, leaf) {
        (Atom::Primitive(atom), Node::Primitive(leaf)) => *atom == leaf,
        (Atom::Reduced(signal, reducer), Node::Reduced(r, s)) => (*reducer, *signal) == (r, s),
        _ => false,
    }
}

fn occurs(monomial: &Monomial, leaf: Node) -> bool {
    let within = |sum: &Sum| sum.0.iter().any(|(monomial, _)| occurs(monomial, leaf));
    monomial.0.iter().any(|atom| match atom {
        Atom::Primitive(_) | Atom::Reduced(..) => is(atom, leaf),
        Atom::Inverse(sum) | Atom::Factor(sum) => within(sum),
        Atom::Function(_, sums) => sums.iter().any(within),
    })
}

#[cfg(test)]
mod tests {
    use super::super::Operators;
    use super::*;
    use hatchery_engine::world::{Primitive, PrimitiveSet};

    fn vocabulary() -> Vocabulary {
        let primitives = ["g1", "g2", "g3"].map(|name| Primitive::unit(name, "a number"));
        let signals = [Primitive::unit("hit", "a number")];
        let set = PrimitiveSet { name: "all", primitives: &["g1", "g2", "g3"], signals: &["hit"] };
        Vocabulary::try_new(&primitives, &signals, &set, Operators::Full).expect("names are right")
    }

    #[test]
    fn weights_are_what_a_sum_was_made_of() {
        let vocabulary = vocabulary();
        let weights = |text: &str| {
            Reward::parse(text, &vocabulary).expect("it is a reward").weights(&vocabulary)
        };
        for expected in [[1.0, -0.5, 0.3], [0.0, 2.0, 0.0], [0.1, 0.0, 1.0]] {
            let reward = Reward::linear(&expected, &vocabulary).expect("it is finite");
            assert_eq!(reward.weights(&vocabulary), Some(expected.to_vec()));
        }
        assert_eq!(weights("2*(g1 - 0.25*g3) + g1"), Some(vec![3.0, 0.0, -0.5]));
        for other in ["g1*g2", "g1 + 1", "g1 + mean(hit)", "g1 + tanh(g2)"] {
            assert_eq!(weights(other), None, "{other}");
        }
    }

    #[test]
    fn leaves_have_weights_alone_and_in_company() {
        let vocabulary = vocabulary();
        let text = "0.5*g1 - g2*g3 + 0.25*tanh(g3) + mean(hit)";
        let reward = Reward::parse(text, &vocabulary).expect("it is a reward");
        let canonical = reward.canonical(&vocabulary, Invariance::Affine);
        let all = |of: &dyn Fn(Node) -> f64| [0, 1, 2].map(|at| of(Node::Primitive(at)));
        assert_eq!(all(&|leaf| canonical.weight(leaf)), [0.5, 0.0, 0.0]);
        assert_eq!(all(&|leaf| canonical.company(leaf)), [0.0, -1.0, -0.75]);
        let hit = vocabulary.productions().iter().find(|node| matches!(node, Node::Reduced(..)));
        assert_eq!(canonical.weight(*hit.expect("there is a signal")), 1.0);
        assert!((canonical.norm() - (0.25 + 1.0 + 0.0625 + 1.0_f64).sqrt()).abs() < 1e-12);
    }
}
