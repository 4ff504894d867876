//! Rewards as sums of products: what makes equal rewards look equal.
//!
//! An [`Atom`] is what a polynomial cannot look into: a leaf, 1 / q, or a function of polynomials. Both divisions are linear in their
//! numerator, so a / b is a times the atom 1 / b (b / (b² + 1e-4) for the safe one).

use std::cmp::Ordering;
use std::collections::BTreeMap;

use hatchery_engine::world::Reducer;

use super::Operator;

/// Most monomials that a product is expanded to; a longer one stays a product of sums.
pub(super) const MONOMIALS_MAX: usize = 32;

/// Coefficients that differ by less, relative to what was added, cancel.
const CANCELLED: f64 = 1e-9;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Atom {
    Primitive(u16),
    Reduced(u16, Reducer),
    /// What is divided by.
    Inverse(Sum),
    /// A factor of a product that would be too long.
    Factor(Sum),
    /// A function of one or two sums.
    Function(Operator, Vec<Sum>),
}

/// Factors in order; none for the number 1. Short products come first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Monomial(pub(super) Vec<Atom>);

impl Ord for Monomial {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Monomial {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A number that can be compared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number(pub(super) f64);

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

/// A finished polynomial, with rounded coefficients.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sum(pub(super) Vec<(Monomial, Number)>);

impl Sum {
    /// The value of a sum that has no atoms.
    pub(super) fn constant(&self) -> Option<f64> {
        match self.0.as_slice() {
            [] => Some(0.0),
            [(monomial, Number(value))] if monomial.0.is_empty() => Some(*value),
            _ => None,
        }
    }
}

/// A polynomial that is computed with.
#[derive(Clone, Debug, Default)]
pub(super) struct Polynomial {
    pub(super) terms: BTreeMap<Monomial, f64>,
}

impl Polynomial {
    pub(super) fn number(value: f64) -> Self {
        Self::of(Vec::new(), value)
    }

    pub(super) fn atom(atom: Atom) -> Self {
        Self::of(vec![atom], 1.0)
    }

    fn of(atoms: Vec<Atom>, coefficient: f64) -> Self {
        let mut terms = BTreeMap::new();
        if coefficient != 0.0 {
            terms.insert(Monomial(atoms), coefficient);
        }
        Self { terms }
    }

    /// Its value, if it has no atoms.
    pub(super) fn constant(&self) -> Option<f64> {
        match self.terms.len() {
            0 => Some(0.0),
            1 => self.terms.get(&Monomial::default()).copied(),
            _ => None,
        }
    }

    pub(super) fn scaled(mut self, by: f64) -> Self {
        if by == 0.0 {
            return Self::default();
        }
        self.terms.values_mut().for_each(|coefficient| *coefficient *= by);
        self
    }

    pub(super) fn plus(mut self, other: Self) -> Self {
        for (monomial, coefficient) in other.terms {
            self.add(monomial, coefficient);
        }
        self
    }

    fn add(&mut self, monomial: Monomial, coefficient: f64) {
        let Some(present) = self.terms.get_mut(&monomial) else {
            self.terms.insert(monomial, coefficient);
            return;
        };
        let size = present.abs().max(coefficient.abs());
        *present += coefficient;
        if present.abs() <= CANCELLED * size {
            self.terms.remove(&monomial);
        }
    }

    /// The product, expanded unless that makes it too long.
    pub(super) fn times(&self, other: &Self) -> Self {
        let product = self.expanded(other);
        if product.terms.len() <= MONOMIALS_MAX {
            return product;
        }
        self.factor().expanded(&other.factor())
    }

    fn expanded(&self, other: &Self) -> Self {
        let mut product = Self::default();
        for (a, x) in &self.terms {
            for (b, y) in &other.terms {
                let mut atoms = [a.0.as_slice(), b.0.as_slice()].concat();
                atoms.sort();
                product.add(Monomial(atoms), x * y);
            }
        }
        product
    }

    /// One monomial: itself, or its sum as an atom.
    fn factor(&self) -> Self {
        if self.terms.len() < 2 {
            return self.clone();
        }
        let (scale, sum) = self.normalised();
        Self::of(vec![Atom::Factor(sum)], scale)
    }

    /// The largest absolute coefficient; 1 where there is none that can be divided by.
    pub(super) fn largest(&self) -> f64 {
        let largest = self.terms.values().fold(0.0, |a: f64, b| a.max(b.abs()));
        if largest.is_normal() { largest } else { 1.0 }
    }

    /// A number, and the sum that gives the polynomial if multiplied by it: its largest coefficient is 1, of several the first.
    pub(super) fn normalised(&self) -> (f64, Sum) {
        let largest = self.largest();
        let sum = self.clone().scaled(1.0 / largest).rounded();
        let leading = sum.0.iter().find(|(_, Number(value))| value.abs() == 1.0);
        let sign = leading.map_or(1.0, |(_, Number(value))| *value);
        (
            sign * largest,
            Sum(sum.0.into_iter().map(|(m, Number(v))| (m, Number(sign * v))).collect()),
        )
    }

    /// With three significant digits.
    pub(super) fn rounded(&self) -> Sum {
        let terms = self.terms.iter().map(|(monomial, value)| {
            let value = format!("{value:.2e}").parse().unwrap_or(*value);
            (monomial.clone(), Number(value))
        });
        Sum(terms.collect())
    }
}
