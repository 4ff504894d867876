use std::collections::BTreeMap;
use std::sync::Arc;

use egg::{ENodeOrVar, Pattern, Var};
use hatchery_tasks::proxy;

use super::reals::{PROTECTION, Reals, apply};
use super::rules::{Group, If, RULES, directed};
use super::term::Term;
use super::*;
use crate::program::interpret::tests::wave;
use crate::program::interpret::{Leaves, Machine, Plan};
use crate::program::mutate::{Config, Mutator};
use crate::program::training::{Limits, Suite};
use crate::program::{Dice, Graph, Liveness, Names, Program, Signature, parse, start};

fn optimizer() -> Signature {
    Signature::optimizer(false)
}

fn hash(program: &Program, signature: &Signature) -> u128 {
    Graph::of(program, signature).expect("finite").hash
}

fn text(program: &Program, signature: &Signature) -> String {
    program.text(signature, &Names::of(signature))
}

/// What the raw program must become (Chen et al. 2023, with the constants as they were found).
const LION: &str = "
    update = (sign(interp(g, v1, 0.899)) + 0.4602 * w) * (lr * 0.0002)
    v1 = interp(g, v1, 0.996991)";

#[test]
fn the_program_that_the_search_found_becomes_lion() {
    let signature = optimizer();
    let raw = start::named("lion-raw", &signature).expect("it is shipped");
    let lion = parse(LION, &signature).expect("valid").0;
    // By form alone: all but the two lines that are no identities.
    let exact = simplify(&raw, &signature, Effort::default());
    let held = format!("g = clip(g, lr)\ng = arcsin(g)\n{LION}");
    let held = parse(&held, &signature).expect("valid").0;
    assert_eq!(
        hash(&exact.program, &signature),
        hash(&held, &signature),
        "{}",
        text(&exact.program, &signature)
    );
    assert_eq!(Liveness::of(&exact.program, &signature).live_states(), 1);
    // With trainings: these two go as well, and nothing else.
    let proxies: Vec<Arc<dyn hatchery_engine::Trainable>> =
        vec![Arc::from(proxy::named("m1").expect("it exists"))];
    let suite = Suite::new(proxies, signature.clone(), Limits::default());
    let scores = training_scores(&suite, &raw, 0, 4).expect("it trains");
    let whole = simplify_scored(&raw, &signature, Effort::default(), Tolerance::default(), scores);
    let whole = whole.expect("it trains");
    assert_eq!(
        hash(&whole.program, &signature),
        hash(&lion, &signature),
        "{}{:#?}",
        text(&whole.program, &signature),
        whole.steps
    );
    let states = Liveness::of(&whole.program, &signature).states;
    assert_eq!(states, [true, false], "one state, and it is called the first");
    let words = whole.explanation.join("\n");
    for part in ["Lion's beta1", "decay of 0.4602", "0.0002 times", "decay 0.996991"] {
        assert!(words.contains(part), "{words}");
    }
}

#[test]
fn forms_become_shorter_ones() {
    let cases = [
        ("update = g / sqrt(g * g) * lr", "update = sign(g) * lr"),
        ("update = sqrt(square(g)) * lr", "update = abs(g) * lr"),
        ("update = sign(-3 * g) * lr", "update = -sign(g) * lr"),
        (
            "v1 = interp(g, interp(g, v1, 0.5), 0.8)\nupdate = v1 * lr",
            "v1 = interp(g, v1, 0.4)\nupdate = v1 * lr",
        ),
        ("v1 = 0.9 * v1 + 0.1 * g\nupdate = v1 * lr", "v1 = interp(g, v1, 0.9)\nupdate = v1 * lr"),
        ("v1 = v1 + 0.1 * (g - v1)\nupdate = v1 * lr", "v1 = interp(g, v1, 0.9)\nupdate = v1 * lr"),
        ("update = g * 2 * lr * 3", "update = g * (lr * 6)"),
        ("update = (g * 2 + g) * lr - w * 0", "update = g * (lr * 3)"),
        (
            "update = sign(g / sqrt(v1)) * lr\nv1 = interp(square(g), v1, 0.9)",
            "update = sign(g) * lr",
        ),
    ];
    for (long, short) in cases {
        let signature = optimizer();
        let (long, short) =
            (parse(long, &signature).expect(long).0, parse(short, &signature).expect(short).0);
        let found = simplify(&long, &signature, Effort::default());
        let shortest = simplify(&short, &signature, Effort::default()).program;
        assert_eq!(
            hash(&found.program, &signature),
            hash(&shortest, &signature),
            "{}became\n{}instead of\n{}",
            text(&long, &signature),
            text(&found.program, &signature),
            text(&shortest, &signature)
        );
        assert!(found.cost.1 < found.cost.0);
    }
}

#[test]
fn formulas_are_simplified_with_the_division_of_mathematics() {
    let cases = [
        ("y = x * x / x", "y = x"),
        ("y = log(exp(x + 0))", "y = x"),
        ("y = sin(x)^2 + z + cos(x)^2", "y = z + 1"),
        ("y = (x + z) * 2 - z - z", "y = x * 2"),
        ("y = x / (x / z)", "y = z"),
        ("y = x / 4 + z / 4", "y = (x + z) * 0.25"),
        ("y = exp(x) * exp(z)", "y = exp(x + z)"),
        ("y = sqrt(x) * sqrt(x)", "y = x"),
        ("y = x - x + 3", "y = 3 + 0"),
    ];
    let signature = Signature::formula(&["x", "z"], "y");
    for (long, short) in cases {
        let program = parse(long, &signature).expect(long).0;
        let found = simplify(&program, &signature, Effort::default()).program;
        let short = parse(short, &signature).expect(short).0;
        assert_eq!(
            hash(&found, &signature),
            hash(&short, &signature),
            "{long} became\n{}",
            text(&found, &signature)
        );
    }
}

#[test]
fn a_state_that_is_a_multiple_of_another_goes() {
    let signature = optimizer();
    let cases = [
        ("v1 = interp(g, v1, 0.9)\nv2 = interp(2 * g, v2, 0.9)\nupdate = sign(v1 + v2) * lr", 1),
        ("v1 = interp(g, v1, 0.9)\nv2 = v2 * 0.9 - g * 0.3\nupdate = (v1 - square(v2)) * lr", 1),
        ("v1 = v1 * 0.5\nupdate = (g + v1) * lr", 0),
        ("v1 = interp(g, v1, 0.9)\nv2 = interp(g, v2, 0.8)\nupdate = (v1 + v2) * lr", 2),
    ];
    for (source, states) in cases {
        let program = parse(source, &signature).expect(source).0;
        let found = simplify(&program, &signature, Effort::default());
        let left = Liveness::of(&found.program, &signature);
        assert_eq!(left.live_states(), states, "{}", text(&found.program, &signature));
        assert!(states != 1 || left.states[0], "the state that is left is the first");
    }
}

#[test]
fn simplifying_again_changes_nothing_and_never_costs() {
    let signature = optimizer();
    for name in start::names() {
        let program = start::named(name, &signature).expect("it exists");
        let once = simplify(&program, &signature, Effort::default());
        let twice = simplify(&once.program, &signature, Effort::default());
        assert_eq!(hash(&once.program, &signature), hash(&twice.program, &signature), "{name}");
        assert!(once.cost.1 <= once.cost.0 && twice.cost.1 == once.cost.1, "{name}");
    }
}

/// Weights after some steps, from zero states.
fn weights(program: &Program, signature: &Signature) -> Vec<f32> {
    let leaves = [20, 1, 11];
    let graph = Graph::of(program, signature).expect("finite");
    let mut machine = Machine::new(Plan::compile(&graph, signature), Leaves::of_sizes(&leaves));
    let (mut weights, mut states) = (wave(32, 0.5), vec![vec![0.0; 32]; 2]);
    for step in 0..3 {
        machine.step(&mut weights, &wave(32, 0.2 * step as f32), &mut states, &[0.9]);
    }
    weights
}

/// In single precision and by the interpreter, which the guard of the rewrites knows nothing of.
#[test]
fn grown_programs_train_the_same_when_simplified() {
    let signature = optimizer();
    let mutator = Mutator::new(signature.clone(), Config::default());
    let effort = Effort { terms: 600, rounds: 4 };
    let (mut compared, mut differing, mut shorter) = (0, 0, 0);
    for ticket in 0..200 {
        let mut dice = Dice::new(5, ticket, 0);
        let base = start::named(["adamw", "lion-raw"][ticket as usize % 2], &signature);
        let program = mutator.grow(&base.expect("it exists"), 6, &mut dice);
        if Graph::of(&program, &signature).is_err() {
            continue;
        }
        let found = simplify(&program, &signature, effort);
        assert!(found.cost.1 <= found.cost.0, "{}", text(&program, &signature));
        shorter += usize::from(found.cost.1 < found.cost.0);
        let (before, after) = (weights(&program, &signature), weights(&found.program, &signature));
        let size = before.iter().filter(|x| x.is_finite()).fold(1.0_f32, |m, x| m.max(x.abs()));
        let places = before.iter().zip(&after).filter(|(a, _)| a.is_finite());
        let apart = places.clone().filter(|(a, b)| (*a - *b).abs() > 1e-3 * size || b.is_nan());
        compared += usize::from(places.count() > 16);
        differing += usize::from(apart.count() > 2);
    }
    assert!(compared > 80, "{compared}");
    assert!(differing * 50 <= compared, "{differing} of {compared} differ");
    assert!(shorter > 20, "{shorter}");
}

/// A side of a rule with these values for its variables.
fn evaluate(pattern: &str, values: &BTreeMap<String, Reals>, protection: f64) -> Reals {
    let pattern: Pattern<Term> = pattern.parse().expect("rules are written well");
    let mut all: Vec<Reals> = Vec::new();
    for node in pattern.ast.iter() {
        all.push(match node {
            ENodeOrVar::Var(variable) => values[&variable.to_string()].clone(),
            ENodeOrVar::ENode(Term::Number(bits)) => Reals::scalar(f64::from_bits(*bits)),
            ENodeOrVar::ENode(term @ Term::Call(operation, _)) => {
                let ids = egg::Language::children(term);
                let args: Vec<Reals> = ids.iter().map(|id| all[usize::from(*id)].clone()).collect();
                apply(*operation, &args, &[7, 1, 12], protection)
            }
            ENodeOrVar::ENode(Term::Input(_)) => unreachable!("rules have no inputs"),
        });
    }
    all.pop().expect("patterns are not empty")
}

/// Variables of a side, and which of them must be one number because of where they stand.
fn variables(pattern: &str) -> Vec<(String, bool)> {
    let pattern: Pattern<Term> = pattern.parse().expect("rules are written well");
    let scalar = |variable: &Var| {
        pattern.ast.iter().any(|node| match node {
            ENodeOrVar::ENode(Term::Call(operation, ids)) => {
                let place = match operation.name() {
                    "interp" => Some(2),
                    "clip" => Some(1),
                    _ => None,
                };
                let node = |place: usize| &pattern.ast[ids[place]];
                place.is_some_and(|place| node(place) == &ENodeOrVar::Var(*variable))
            }
            _ => false,
        })
    };
    pattern.vars().iter().map(|variable| (variable.to_string(), scalar(variable))).collect()
}

#[test]
fn every_rule_holds_on_random_trees() {
    for (index, (group, rule, conditions)) in RULES.iter().enumerate() {
        for (left, right) in directed(rule) {
            let mut compared = 0;
            for trial in 0..12 {
                let mut dice = Dice::new(9, trial, index as u32);
                let scale = [0.4, 1.0, 2.5][trial as usize % 3];
                let mut values = BTreeMap::new();
                for (name, scalar) in variables(left) {
                    let named = |known: &str| known == name;
                    let one = conditions.iter().any(|condition| match condition {
                        If::Scalar(x)
                        | If::Number(x)
                        | If::NotZero(x)
                        | If::Positive(x)
                        | If::Negative(x) => named(x),
                        If::SumIsOne(x, y) => named(x) || named(y),
                        If::Nonnegative(_) | If::SameKind(..) => false,
                    });
                    let mut draw = || scale * dice.normal();
                    let numbers = match one || scalar {
                        true => vec![draw()],
                        false => (0..20).map(|_| draw()).collect(),
                    };
                    let value = match numbers.len() {
                        1 => Reals::scalar(numbers[0]),
                        _ => Reals::tree(numbers),
                    };
                    values.insert(name, value);
                }
                for condition in *conditions {
                    let mut set = |x: &str, f: &dyn Fn(f64) -> f64| {
                        let value = values.get_mut(x).expect("conditions name variables");
                        value.numbers.iter_mut().for_each(|x| *x = f(*x));
                    };
                    match condition {
                        If::Positive(x) | If::Nonnegative(x) => set(x, &f64::abs),
                        If::Negative(x) => set(x, &|x| -x.abs()),
                        If::SumIsOne(x, y) => {
                            set(x, &|_| 0.3);
                            set(y, &|_| 0.7);
                        }
                        _ => {}
                    }
                }
                let protection = if *group == Group::Protected { 0.0 } else { PROTECTION };
                let (a, b) =
                    (evaluate(left, &values, protection), evaluate(right, &values, protection));
                let size = a
                    .numbers
                    .iter()
                    .filter(|x| x.is_finite())
                    .fold(0.0, |m: f64, x| m.max(x.abs()));
                for place in 0..a.numbers.len().max(b.numbers.len()) {
                    let at = |x: &Reals| *x.numbers.get(place).unwrap_or(&x.numbers[0]);
                    if at(&a).is_finite() {
                        compared += 1;
                        let near = (at(&a) - at(&b)).abs() <= 1e-8 * (1e-3 + size);
                        assert!(near, "{left} > {right}: {} {} for {values:?}", at(&a), at(&b));
                    }
                }
            }
            assert!(compared > 0, "{left} has no value anywhere");
        }
    }
}

#[test]
fn what_cannot_be_scored_is_an_error() {
    let signature = optimizer();
    let program = start::named("lion", &signature).expect("it exists");
    let fails = |_: &Program| Err(crate::program::training::Failure::Diverged);
    let error =
        simplify_scored(&program, &signature, Effort::default(), Tolerance::default(), fails);
    assert_eq!(error, Err(crate::program::training::Failure::Diverged));
}

#[test]
fn the_weight_decay_stays_unless_it_is_allowed_to_go() {
    let signature = optimizer();
    let program = start::named("lion", &signature).expect("it exists");
    let same = |_: &Program| Ok(vec![-1.0; 3]);
    let kept = reduce(&program, &signature, Tolerance::default(), same).expect("scored");
    let kept = text(&kept.0, &signature);
    assert!(kept.contains("0.01 * w"), "{kept}");
    let all = Tolerance { weights: true, ..Tolerance::default() };
    let gone = text(&reduce(&program, &signature, all, same).expect("scored").0, &signature);
    assert!(!gone.contains("0.01"), "{gone}");
}
