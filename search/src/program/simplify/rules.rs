//! The rewrites, as text, with what must hold for each.
//!
//! `a = b` goes both ways, `a > b` one way. No rule may change the kind of a value (a tree stays a tree), which is checked where
//! rules are applied; a formula may become a number.

use std::str::FromStr;

use egg::{Applier, EGraph, Id, Pattern, PatternAst, Rewrite, Subst, Symbol, Var};

use super::term::{Fact, Facts, Term};
use crate::program::Kind;

/// When a rule may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    /// Equal wherever both sides have a value.
    Exact,
    /// Equal but for the 1e-8 of the protected division.
    Protected,
    /// With the division, the root and the logarithm of mathematics, on the usual domain; formulas only.
    Formula,
}

/// What must hold for the values of a match.
#[derive(Clone, Copy, Debug)]
pub(super) enum If {
    Scalar(&'static str),
    Nonnegative(&'static str),
    Number(&'static str),
    NotZero(&'static str),
    Positive(&'static str),
    Negative(&'static str),
    SumIsOne(&'static str, &'static str),
    SameKind(&'static str, &'static str),
}

use Group::{Exact, Formula, Protected};
use If::{Negative, Nonnegative, NotZero, Number, Positive, SameKind, Scalar, SumIsOne};

/// Group, rule, conditions.
pub(super) const RULES: &[(Group, &str, &[If])] = &[
    // Sums and products.
    (Exact, "(+ ?a ?b) > (+ ?b ?a)", &[]),
    (Exact, "(* ?a ?b) > (* ?b ?a)", &[]),
    (Exact, "(+ (+ ?a ?b) ?c) = (+ ?a (+ ?b ?c))", &[]),
    (Exact, "(* (* ?a ?b) ?c) = (* ?a (* ?b ?c))", &[]),
    (Exact, "(- ?a ?b) = (+ ?a (* -1 ?b))", &[]),
    (Exact, "(negative ?a) = (* -1 ?a)", &[]),
    (Exact, "(* 1 ?a) > ?a", &[]),
    (Exact, "(+ 0 ?a) > ?a", &[]),
    (Exact, "(* 0 ?a) > 0", &[]),
    (Exact, "(+ ?b (* 0 ?a)) > ?b", &[]),
    (Exact, "(+ ?a ?a) > (* 2 ?a)", &[]),
    (Exact, "(+ (* ?c ?a) ?a) > (* (+ ?c 1) ?a)", &[]),
    (Exact, "(+ (* ?a ?b) (* ?a ?c)) > (* ?a (+ ?b ?c))", &[]),
    (Exact, "(* ?a (+ ?b ?c)) > (+ (* ?a ?b) (* ?a ?c))", &[Scalar("?a")]),
    (Formula, "(* ?a (+ ?b ?c)) > (+ (* ?a ?b) (* ?a ?c))", &[]),
    // Powers.
    (Exact, "(* ?a ?a) = (square ?a)", &[]),
    (Exact, "(* ?a (square ?a)) = (cube ?a)", &[]),
    (Exact, "(square (* ?a ?b)) = (* (square ?a) (square ?b))", &[]),
    (Exact, "(cube (* ?c ?a)) > (* (cube ?c) (cube ?a))", &[Number("?c")]),
    (Exact, "(square (square ?a)) = (* ?a (cube ?a))", &[]),
    (Exact, "(power ?a 1) > ?a", &[]),
    (Exact, "(power ?a 2) > (square ?a)", &[]),
    (Exact, "(power ?a 3) > (cube ?a)", &[]),
    (Exact, "(power ?a -1) > (reciprocal ?a)", &[]),
    (Exact, "(power ?a 0) > 1", &[]),
    (Formula, "(power ?a 0.5) > (root ?a)", &[]),
    (Formula, "(* (power ?a ?b) (power ?a ?c)) > (power ?a (+ ?b ?c))", &[]),
    (Formula, "(* ?a (power ?a ?b)) > (power ?a (+ ?b 1))", &[Number("?b")]),
    // Weighted means.
    (Exact, "(interp ?x ?y ?a) > (interp ?y ?x (+ 1 (* -1 ?a)))", &[Number("?a")]),
    (Exact, "(interp ?x ?y ?a) > (+ (* (+ 1 (* -1 ?a)) ?x) (* ?a ?y))", &[Number("?a")]),
    (Exact, "(+ (* ?p ?x) (* ?q ?y)) > (interp ?x ?y ?q)", &[SumIsOne("?p", "?q")]),
    (Exact, "(+ ?x (* ?a (- ?y ?x))) > (interp ?x ?y ?a)", &[Scalar("?a")]),
    (Exact, "(- ?x (* ?a (- ?x ?y))) > (interp ?x ?y ?a)", &[Scalar("?a")]),
    (Exact, "(interp ?x (interp ?x ?y ?b) ?a) > (interp ?x ?y (* ?a ?b))", &[]),
    (
        Exact,
        "(interp (interp ?x ?y ?b) ?y ?a) > (interp ?x ?y (+ ?a (* ?b (+ 1 (* -1 ?a)))))",
        &[Number("?a"), Number("?b")],
    ),
    (
        Exact,
        "(interp (interp ?x ?y ?a) (interp ?x ?y ?b) ?c) > (interp ?x ?y (+ (* (+ 1 (* -1 ?c)) ?a) (* ?c ?b)))",
        &[Number("?a"), Number("?b"), Number("?c")],
    ),
    (Exact, "(interp (* ?c ?x) (* ?c ?y) ?a) = (* ?c (interp ?x ?y ?a))", &[Scalar("?a")]),
    (Exact, "(interp ?x ?x ?a) > ?x", &[]),
    (Exact, "(interp ?x ?y 1) > ?y", &[]),
    (Exact, "(interp ?x 0 ?a) > (* (+ 1 (* -1 ?a)) ?x)", &[Number("?a")]),
    (Exact, "(interp 0 ?y ?a) > (* ?a ?y)", &[]),
    // Magnitudes and signs.
    (Exact, "(abs ?a) > ?a", &[Nonnegative("?a")]),
    (Exact, "(abs (* ?a ?b)) = (* (abs ?a) (abs ?b))", &[]),
    (Exact, "(square (abs ?a)) > (square ?a)", &[]),
    (Exact, "(sqrt (square ?a)) > (abs ?a)", &[]),
    (Exact, "(square (sqrt ?a)) > (abs ?a)", &[]),
    (Exact, "(sqrt (abs ?a)) > (sqrt ?a)", &[]),
    (Exact, "(sqrt (* ?a ?b)) = (* (sqrt ?a) (sqrt ?b))", &[]),
    (Exact, "(sign (* ?a ?b)) = (* (sign ?a) (sign ?b))", &[]),
    (Exact, "(* (sign ?a) (abs ?a)) > ?a", &[]),
    (Exact, "(* ?a (sign ?a)) > (abs ?a)", &[]),
    (Exact, "(sign (sign ?a)) > (sign ?a)", &[]),
    (Exact, "(sign (/ ?a ?b)) > (sign ?a)", &[Nonnegative("?b")]),
    (Exact, "(sign (arcsin ?a)) > (sign ?a)", &[]),
    (Exact, "(sign (arctan ?a)) > (sign ?a)", &[]),
    (Exact, "(sign (sinh ?a)) > (sign ?a)", &[]),
    (Exact, "(sign (tanh ?a)) > (sign ?a)", &[]),
    (Exact, "(sign (arcsinh ?a)) > (sign ?a)", &[]),
    (Exact, "(sign (arctanh ?a)) > (sign ?a)", &[]),
    (Exact, "(sign (expm1 ?a)) > (sign ?a)", &[]),
    (Exact, "(sign (cube ?a)) > (sign ?a)", &[]),
    (Exact, "(sign (cbrt ?a)) > (sign ?a)", &[]),
    (Exact, "(sign (reciprocal ?a)) > (sign ?a)", &[]),
    (Protected, "(/ ?a (abs ?a)) > (sign ?a)", &[]),
    (Protected, "(/ (abs ?a) ?a) > (sign ?a)", &[]),
    (Formula, "(div ?a (abs ?a)) > (sign ?a)", &[]),
    (Formula, "(div (abs ?a) ?a) > (sign ?a)", &[]),
    // Quotients.
    (Exact, "(/ (* ?a ?b) ?c) = (* ?a (/ ?b ?c))", &[]),
    (Exact, "(/ ?a ?c) > (* (reciprocal (+ ?c 1e-8)) ?a)", &[Number("?c")]),
    (Exact, "(+ (/ ?a ?c) (/ ?b ?c)) > (/ (+ ?a ?b) ?c)", &[]),
    (Protected, "(/ ?a (* ?c ?b)) > (* (reciprocal ?c) (/ ?a ?b))", &[NotZero("?c")]),
    (Exact, "(reciprocal (reciprocal ?a)) > ?a", &[]),
    (Exact, "(reciprocal (* ?a ?b)) = (* (reciprocal ?a) (reciprocal ?b))", &[]),
    (Exact, "(* ?a (reciprocal ?a)) > 1", &[]),
    (Formula, "(div (* ?a ?b) ?c) = (* ?a (div ?b ?c))", &[]),
    (Formula, "(div ?a ?a) > 1", &[]),
    (Formula, "(div ?a ?c) > (* (reciprocal ?c) ?a)", &[NotZero("?c")]),
    (Formula, "(div 1 ?a) = (reciprocal ?a)", &[]),
    (Formula, "(div ?a (div ?b ?c)) = (div (* ?a ?c) ?b)", &[]),
    (Formula, "(div (div ?a ?b) ?c) = (div ?a (* ?b ?c))", &[]),
    (Formula, "(* ?a (div ?b ?a)) > ?b", &[]),
    (Formula, "(* ?b (reciprocal ?a)) = (div ?b ?a)", &[]),
    (Formula, "(+ (div ?a ?c) (div ?b ?c)) = (div (+ ?a ?b) ?c)", &[]),
    (Formula, "(div (square ?a) ?a) > ?a", &[]),
    (Formula, "(div (cube ?a) ?a) > (square ?a)", &[]),
    (Formula, "(div (cube ?a) (square ?a)) > ?a", &[]),
    // Largest and smallest.
    (Exact, "(max ?a ?b) > (max ?b ?a)", &[]),
    (Exact, "(min ?a ?b) > (min ?b ?a)", &[]),
    (Exact, "(max (max ?a ?b) ?c) > (max ?a (max ?b ?c))", &[]),
    (Exact, "(min (min ?a ?b) ?c) > (min ?a (min ?b ?c))", &[]),
    (Exact, "(max ?a ?a) > ?a", &[]),
    (Exact, "(min ?a ?a) > ?a", &[]),
    (Exact, "(max ?a (* -1 ?a)) > (abs ?a)", &[]),
    (Exact, "(min ?a (* -1 ?a)) > (* -1 (abs ?a))", &[]),
    (Exact, "(max ?a (min ?a ?b)) > ?a", &[]),
    (Exact, "(min ?a (max ?a ?b)) > ?a", &[]),
    (Exact, "(max ?a (abs ?a)) > (abs ?a)", &[]),
    (Exact, "(min ?a (abs ?a)) > ?a", &[]),
    (Exact, "(max (* ?c ?a) (* ?c ?b)) > (* ?c (max ?a ?b))", &[Positive("?c")]),
    (Exact, "(min (* ?c ?a) (* ?c ?b)) > (* ?c (min ?a ?b))", &[Positive("?c")]),
    (Exact, "(max (* ?c ?a) (* ?c ?b)) > (* ?c (min ?a ?b))", &[Negative("?c")]),
    (Exact, "(min (* ?c ?a) (* ?c ?b)) > (* ?c (max ?a ?b))", &[Negative("?c")]),
    // Odd and even functions.
    (Exact, "(sin (* -1 ?a)) = (* -1 (sin ?a))", &[]),
    (Exact, "(tan (* -1 ?a)) = (* -1 (tan ?a))", &[]),
    (Exact, "(arcsin (* -1 ?a)) = (* -1 (arcsin ?a))", &[]),
    (Exact, "(arctan (* -1 ?a)) = (* -1 (arctan ?a))", &[]),
    (Exact, "(sinh (* -1 ?a)) = (* -1 (sinh ?a))", &[]),
    (Exact, "(tanh (* -1 ?a)) = (* -1 (tanh ?a))", &[]),
    (Exact, "(arcsinh (* -1 ?a)) = (* -1 (arcsinh ?a))", &[]),
    (Exact, "(arctanh (* -1 ?a)) = (* -1 (arctanh ?a))", &[]),
    (Exact, "(cbrt (* -1 ?a)) = (* -1 (cbrt ?a))", &[]),
    (Exact, "(cos (* -1 ?a)) > (cos ?a)", &[]),
    (Exact, "(cosh (* -1 ?a)) > (cosh ?a)", &[]),
    (Exact, "(cos (abs ?a)) > (cos ?a)", &[]),
    (Exact, "(cosh (abs ?a)) > (cosh ?a)", &[]),
    (Exact, "(log (abs ?a)) > (log ?a)", &[]),
    (Exact, "(log2 (abs ?a)) > (log2 ?a)", &[]),
    (Exact, "(log10 (abs ?a)) > (log10 ?a)", &[]),
    // Functions and their inverses.
    (Exact, "(sin (arcsin ?a)) > ?a", &[]),
    (Exact, "(cos (arccos ?a)) > ?a", &[]),
    (Exact, "(tan (arctan ?a)) > ?a", &[]),
    (Exact, "(sinh (arcsinh ?a)) > ?a", &[]),
    (Exact, "(arcsinh (sinh ?a)) > ?a", &[]),
    (Exact, "(cosh (arccosh ?a)) > ?a", &[]),
    (Exact, "(arccosh (cosh ?a)) > (abs ?a)", &[]),
    (Exact, "(tanh (arctanh ?a)) > ?a", &[]),
    (Exact, "(arctanh (tanh ?a)) > ?a", &[]),
    (Exact, "(cube (cbrt ?a)) > ?a", &[]),
    (Exact, "(cbrt (cube ?a)) > ?a", &[]),
    (Exact, "(log (exp ?a)) > ?a", &[]),
    (Exact, "(exp (log ?a)) > (abs ?a)", &[]),
    (Exact, "(log2 (exp2 ?a)) > ?a", &[]),
    (Exact, "(exp2 (log2 ?a)) > (abs ?a)", &[]),
    (Exact, "(log10 (exp10 ?a)) > ?a", &[]),
    (Exact, "(exp10 (log10 ?a)) > (abs ?a)", &[]),
    (Exact, "(log1p (expm1 ?a)) > ?a", &[]),
    (Formula, "(ln (exp ?a)) > ?a", &[]),
    (Formula, "(exp (ln ?a)) > ?a", &[]),
    (Formula, "(root (square ?a)) > (abs ?a)", &[]),
    (Formula, "(square (root ?a)) > ?a", &[]),
    // Exponentials and logarithms.
    (Exact, "(* (exp ?a) (exp ?b)) = (exp (+ ?a ?b))", &[]),
    (Exact, "(square (exp ?a)) > (exp (* 2 ?a))", &[]),
    (Exact, "(reciprocal (exp ?a)) = (exp (* -1 ?a))", &[]),
    (Exact, "(sqrt (exp ?a)) > (exp (* 0.5 ?a))", &[]),
    (Exact, "(+ -1 (exp ?a)) > (expm1 ?a)", &[]),
    (Exact, "(+ 1 (expm1 ?a)) > (exp ?a)", &[]),
    (Exact, "(log (+ 1 ?a)) > (log1p ?a)", &[]),
    (Exact, "(log (* ?a ?b)) = (+ (log ?a) (log ?b))", &[]),
    (Exact, "(log (square ?a)) > (* 2 (log ?a))", &[]),
    (Exact, "(log (sqrt ?a)) > (* 0.5 (log ?a))", &[]),
    (Formula, "(+ (ln ?a) (ln ?b)) > (ln (* ?a ?b))", &[]),
    (Formula, "(+ (ln ?a) (* -1 (ln ?b))) > (ln (div ?a ?b))", &[]),
    (Formula, "(ln (root ?a)) > (* 0.5 (ln ?a))", &[]),
    (Formula, "(div (exp ?a) (exp ?b)) > (exp (+ ?a (* -1 ?b)))", &[]),
    (Formula, "(div ?b (exp ?a)) = (* ?b (exp (* -1 ?a)))", &[]),
    (Formula, "(* (root ?a) (root ?b)) > (root (* ?a ?b))", &[]),
    (Formula, "(div (root ?a) (root ?b)) > (root (div ?a ?b))", &[]),
    (Formula, "(div ?a (root ?a)) > (root ?a)", &[]),
    // Angles.
    (Exact, "(+ (square (sin ?a)) (square (cos ?a))) > 1", &[]),
    (Formula, "(div (sin ?a) (cos ?a)) > (tan ?a)", &[]),
    (Exact, "(* (sin ?a) (cos ?a)) > (* 0.5 (sin (* 2 ?a)))", &[]),
    // Sums over trees.
    (Exact, "(norm (abs ?a)) > (norm ?a)", &[]),
    (Exact, "(global_norm (abs ?a)) > (global_norm ?a)", &[]),
    (Exact, "(norm (* ?s ?a)) = (* (abs ?s) (norm ?a))", &[Scalar("?s")]),
    (Exact, "(global_norm (* ?s ?a)) = (* (abs ?s) (global_norm ?a))", &[Scalar("?s")]),
    (Exact, "(dot ?a ?a) = (square (global_norm ?a))", &[]),
    (Exact, "(dot ?a ?b) > (dot ?b ?a)", &[]),
    (Exact, "(dot (* ?s ?a) ?b) = (* ?s (dot ?a ?b))", &[Scalar("?s"), SameKind("?a", "?b")]),
    (Exact, "(cosine_sim ?a ?b) > (cosine_sim ?b ?a)", &[]),
    (
        Exact,
        "(cosine_sim (* ?s ?a) ?b) > (cosine_sim ?a ?b)",
        &[Positive("?s"), SameKind("?a", "?b")],
    ),
    (
        Exact,
        "(cosine_sim (* ?s ?a) ?b) > (* -1 (cosine_sim ?a ?b))",
        &[Negative("?s"), SameKind("?a", "?b")],
    ),
    (Exact, "(clip (clip ?a ?c) ?c) > (clip ?a ?c)", &[Positive("?c")]),
    (Exact, "(clip (* -1 ?a) ?c) = (* -1 (clip ?a ?c))", &[]),
    (Exact, "(sign (clip ?a ?c)) > (sign ?a)", &[Positive("?c")]),
];

/// The left and right sides of each rule, once for each direction.
pub(super) fn directed(text: &str) -> Vec<(&str, &str)> {
    if let Some((left, right)) = text.split_once(" = ") {
        return vec![(left, right), (right, left)];
    }
    text.split_once(" > ").into_iter().collect()
}

/// The rules that may be used, ready for egg.
pub(super) fn rewrites(formula: bool, protected: bool) -> Vec<Rewrite<Term, Facts>> {
    let used = |group: Group| match group {
        Exact => true,
        Protected => protected,
        Formula => formula,
    };
    let mut all = Vec::new();
    let rules = RULES.iter().enumerate().filter(|(_, (group, _, _))| used(*group));
    for (number, (_, text, conditions)) in rules {
        for (left, right) in directed(text) {
            let guarded = Guarded { right: pattern(right), conditions };
            let rewrite =
                Rewrite::new(format!("{number}: {left} > {right}"), pattern(left), guarded);
            all.push(rewrite.expect("both sides have the same variables"));
        }
    }
    all
}

fn pattern(text: &str) -> Pattern<Term> {
    Pattern::from_str(text).expect("the rules are written well")
}

/// Applies a right side where the conditions hold and the kind of the value stays.
struct Guarded {
    right: Pattern<Term>,
    conditions: &'static [If],
}

fn fact<'a>(name: &str, graph: &'a EGraph<Term, Facts>, found: &Subst) -> &'a Fact {
    let variable: Var = name.parse().expect("conditions name variables");
    &graph[found[variable]].data
}

fn holds(condition: &If, graph: &EGraph<Term, Facts>, found: &Subst) -> bool {
    let fact = |name| fact(name, graph, found);
    match condition {
        Scalar(x) => fact(x).kind == Kind::Scalar,
        Nonnegative(x) => fact(x).nonnegative,
        Number(x) => fact(x).number.is_some(),
        NotZero(x) => fact(x).number.is_some_and(|number| number != 0.0),
        Positive(x) => fact(x).number.is_some_and(|number| number > 0.0),
        Negative(x) => fact(x).number.is_some_and(|number| number < 0.0),
        SumIsOne(x, y) => match (fact(x).number, fact(y).number) {
            (Some(x), Some(y)) => (x + y - 1.0).abs() < 1e-11,
            _ => false,
        },
        SameKind(x, y) => fact(x).kind == fact(y).kind,
    }
}

impl Applier<Term, Facts> for Guarded {
    fn apply_one(
        &self,
        graph: &mut EGraph<Term, Facts>,
        class: Id,
        found: &Subst,
        ast: Option<&PatternAst<Term>>,
        name: Symbol,
    ) -> Vec<Id> {
        if !self.conditions.iter().all(|condition| holds(condition, graph, found)) {
            return Vec::new();
        }
        let formula = graph.analysis.formula;
        let kind = graph[class].data.kind;
        // A right side is built to see its kind; what is of another kind stays a class of its own.
        let (added, _) = instantiate(graph, &self.right, found);
        if graph[added].data.kind != kind && !formula {
            return Vec::new();
        }
        let _ = (ast, name);
        if graph.union(class, added) { vec![added] } else { Vec::new() }
    }

    fn vars(&self) -> Vec<Var> {
        self.right.vars()
    }
}

fn instantiate(
    graph: &mut EGraph<Term, Facts>,
    pattern: &Pattern<Term>,
    found: &Subst,
) -> (Id, usize) {
    let mut ids: Vec<Id> = Vec::with_capacity(pattern.ast.len());
    for node in pattern.ast.iter() {
        let id = match node {
            egg::ENodeOrVar::Var(variable) => found[*variable],
            egg::ENodeOrVar::ENode(term) => {
                let mut term = term.clone();
                egg::Language::for_each_mut(&mut term, |id| *id = ids[usize::from(*id)]);
                graph.add(term)
            }
        };
        ids.push(id);
    }
    (*ids.last().expect("patterns are not empty"), ids.len())
}
