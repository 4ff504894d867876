//! The machine against one that goes statement by statement over whole trees.

use super::*;
use crate::program::graph::{clip_factor, evaluate};
use crate::program::{Action, Argument, Graph, Kind, Program, Reduction, Signature, parse, start};

/// A value of the plain interpreter: its kind, and its numbers.
#[derive(Clone, Debug)]
pub(crate) struct Plain {
    kind: Kind,
    numbers: Vec<f32>,
}

/// One step of a program by the book: statement by statement, number by number.
pub(crate) fn plain_step(
    program: &Program,
    signature: &Signature,
    sizes: &[usize],
    inputs: &[Plain],
) -> Vec<Plain> {
    let size: usize = sizes.iter().sum();
    let leaf_of: Vec<usize> =
        sizes.iter().enumerate().flat_map(|(leaf, n)| vec![leaf; *n]).collect();
    let mut variables: Vec<Option<Plain>> = inputs.iter().cloned().map(Some).collect();
    variables.resize(program.last_variable(signature) as usize + 1, None);
    for statement in &program.statements {
        let args: Vec<Plain> = statement
            .args()
            .iter()
            .map(|argument| match *argument {
                Argument::Variable(v) => variables[v as usize].clone().expect("defined"),
                Argument::Constant(c) => {
                    Plain { kind: Kind::Scalar, numbers: vec![program.constants[c as usize]] }
                }
            })
            .collect();
        let kinds: Vec<Kind> = args.iter().map(|arg| arg.kind).collect();
        let kind = statement.operation.result(&kinds).expect("checked");
        let at = |arg: &Plain, place: usize| match (arg.kind, kind) {
            (Kind::Scalar, _) => arg.numbers[0],
            (Kind::Leaves, Kind::Tree) => arg.numbers[leaf_of[place]],
            _ => arg.numbers[place],
        };
        let length = match kind {
            Kind::Scalar => 1,
            Kind::Leaves => sizes.len(),
            Kind::Tree => size,
        };
        let product = |x: &Plain, y: &Plain| -> f64 {
            x.numbers.iter().zip(&y.numbers).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum()
        };
        let numbers = match statement.operation.action() {
            Action::Reduce(Reduction::Norm) if args[0].kind == Kind::Tree => (0..sizes.len())
                .map(|leaf| {
                    let squares = args[0].numbers.iter().zip(&leaf_of).filter(|(_, l)| **l == leaf);
                    squares.map(|(x, _)| f64::from(*x).powi(2)).sum::<f64>().sqrt() as f32
                })
                .collect(),
            Action::Reduce(Reduction::Norm) => args[0].numbers.iter().map(|x| x.abs()).collect(),
            Action::Reduce(Reduction::GlobalNorm) => {
                vec![product(&args[0], &args[0]).sqrt() as f32]
            }
            Action::Reduce(Reduction::Dot) => vec![product(&args[0], &args[1]) as f32],
            Action::Reduce(Reduction::CosineSimilarity) => {
                let norm = |x| product(x, x).sqrt();
                vec![(product(&args[0], &args[1]) / (norm(&args[0]) * norm(&args[1]))) as f32]
            }
            Action::Clip => {
                let norm = product(&args[0], &args[0]).sqrt() as f32;
                let factor = clip_factor(norm, args[1].numbers[0]);
                args[0].numbers.iter().map(|x| factor * x).collect()
            }
            _ => (0..length)
                .map(|place| {
                    let numbers: Vec<f32> = args.iter().map(|arg| at(arg, place)).collect();
                    evaluate(statement.operation, &numbers)
                })
                .collect(),
        };
        variables[statement.target as usize] = Some(Plain { kind, numbers });
    }
    signature
        .results()
        .iter()
        .map(|(v, _)| variables[*v as usize].clone().expect("a result"))
        .collect()
}

pub(crate) fn wave(size: usize, seed: f32) -> Vec<f32> {
    (0..size).map(|i| (i as f32 * 0.37 + seed).sin() * (1.0 + seed)).collect()
}

/// Several steps by both; the first place where they differ by more than rounding.
pub(crate) fn compare(program: &Program, sizes: &[usize], steps: usize) -> Result<(), String> {
    let signature = Signature::optimizer(false);
    let Ok(graph) = Graph::of(program, &signature) else { return Ok(()) };
    let size: usize = sizes.iter().sum();
    let mut machine = Machine::new(Plan::compile(&graph, &signature), Leaves::of_sizes(sizes));
    let tree = |numbers: Vec<f32>| Plain { kind: Kind::Tree, numbers };
    let (mut weights, mut states) = (wave(size, 0.5), vec![vec![0.0; size]; 2]);
    let mut plain = [tree(weights.clone()), tree(vec![0.0; size]), tree(vec![0.0; size])];
    let mut scale = 1.0_f32;
    for step in 0..steps {
        let (gradient, rate) = (wave(size, step as f32 * 0.1), 1.0 - step as f32 * 0.1);
        machine.step(&mut weights, &gradient, &mut states, &[rate]);
        let [w, v1, v2] = plain.clone();
        let inputs = [w, tree(gradient), v1, v2, Plain { kind: Kind::Scalar, numbers: vec![rate] }];
        let results = plain_step(program, &signature, sizes, &inputs);
        plain[1] = results[1].clone();
        plain[2] = results[2].clone();
        for (w, u) in plain[0].numbers.iter_mut().zip(&results[0].numbers) {
            *w -= u;
            scale = scale.max(if u.is_finite() { u.abs() } else { 0.0 });
        }
        for (place, (a, b)) in weights.iter().zip(&plain[0].numbers).enumerate() {
            // What is not finite spreads in ways that depend on rounding, and identities such as interp(x, x, a) = x may end it.
            if !b.is_finite() {
                return Ok(());
            }
            if (a - b).abs() > 1e-4 * scale || a.is_nan() {
                return Err(format!("step {step}, place {place}: {a} {b}"));
            }
        }
    }
    Ok(())
}

#[test]
fn programs_to_begin_with_run_as_by_the_book() {
    for name in start::names() {
        let program = start::named(name, &Signature::optimizer(false)).expect("it exists");
        compare(&program, &[5, 1500, 1, 64], 5).expect(name);
    }
}

#[test]
fn sums_over_trees_cut_a_program_into_phases() {
    let texts = [
        "update = clip(g, 0.5) * lr",
        "n = norm(g)\nx = g / n\nm = max(n, 0.5)\nupdate = x * (m + lr) + norm(w)",
        "c = cosine_sim(g, v1)\nv1 = interp(g, v1, 0.9)\nupdate = v1 * c * dot(g, w) * 0.01",
        "v2 = clip(interp(g, v2, 0.5), lr)\nx = clip(w, global_norm(v2))\nupdate = arcsin(x * 0.1) + v1\nv1 = x",
        "t = v1\nv1 = v2 + g\nv2 = t\nupdate = t * lr + v1",
        "n = norm(g)\nk = clip(n, 0.1)\nupdate = interp(g, k, 0.3) * cosine_sim(n, k) * dot(norm(w), n)\nv1 = w",
        "v1 = w - v1\nv2 = v1\nupdate = v2 * global_norm(sin(g + v1)) * lr",
    ];
    for text in texts {
        let (program, _) = parse(text, &Signature::optimizer(false)).expect("valid");
        compare(&program, &[7, 2100, 3, 1], 6).unwrap_or_else(|e| panic!("{text}: {e}"));
    }
}

#[test]
fn leaves_are_found_in_blocks() {
    let leaves = Leaves::of_sizes(&[3, 0, 5, 2]);
    let found: Vec<_> = leaves.within(2, 9).filter(|(_, places)| !places.is_empty()).collect();
    assert_eq!(found, [(0, 0..1), (2, 1..6), (3, 6..7)]);
    assert_eq!((leaves.len(), leaves.size()), (4, 10));
}
