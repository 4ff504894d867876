//! Every function at the values where functions go wrong, against f64 and the table of Chen et al. 2023.

use super::super::interpret::{Leaves, Machine, Plan};
use super::super::{Graph, Operation, parse};
use super::optimizer;

const VALUES: [f32; 9] = [-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 1e20, f32::NAN];

/// What the machine makes of `update = text` where g and w are these trees.
fn run(text: &str, g: &[f32], w: &[f32]) -> Vec<f32> {
    let (program, _) = parse(&format!("update = {text}"), &optimizer()).expect("valid");
    let graph = Graph::of(&program, &optimizer()).expect("finite");
    let plan = Plan::compile(&graph, &optimizer());
    let mut machine = Machine::new(plan, Leaves::of_sizes(&[g.len()]));
    // w ends as w − update, so the update is taken from a w of zeros and the values of w come in as a state.
    let (mut moved, mut states) = (vec![0.0; g.len()], vec![w.to_vec(), vec![0.0; g.len()]]);
    machine.step(&mut moved, g, &mut states, &[1.0]);
    moved.iter().map(|x| -x).collect()
}

fn assert_same(what: &str, found: f32, expected: f64) {
    let expected = expected as f32;
    let near = (found - expected).abs() <= 4e-7 * expected.abs()
        || found == expected
        || (found.is_nan() && expected.is_nan());
    assert!(near, "{what}: {found}, not {expected}");
}

fn sign(x: f64) -> f64 {
    if x == 0.0 || x.is_nan() { x } else { x.signum() }
}

fn larger(x: f64, y: f64) -> f64 {
    if x.is_nan() || y.is_nan() { f64::NAN } else { x.max(y) }
}

#[test]
fn functions_of_one_have_the_values_of_the_table() {
    type Of = fn(f64) -> f64;
    let table: [(&str, Of); 30] = [
        ("abs", f64::abs),
        ("cos", f64::cos),
        ("sin", f64::sin),
        ("tan", f64::tan),
        ("arcsin", f64::asin),
        ("arccos", f64::acos),
        ("arctan", f64::atan),
        ("sinh", f64::sinh),
        ("cosh", f64::cosh),
        ("tanh", f64::tanh),
        ("arcsinh", f64::asinh),
        ("arccosh", f64::acosh),
        ("arctanh", f64::atanh),
        ("exp", f64::exp),
        ("exp2", f64::exp2),
        ("exp10", |x| 10_f64.powf(x)),
        ("expm1", f64::exp_m1),
        ("log", |x| x.abs().ln()),
        ("log10", |x| x.abs().log10()),
        ("log2", |x| x.abs().log2()),
        ("log1p", |x| (1.0 + x).abs().ln()),
        ("square", |x| x * x),
        ("sqrt", |x| x.abs().sqrt()),
        ("cube", |x| x * x * x),
        ("cbrt", f64::cbrt),
        ("sign", sign),
        ("reciprocal", |x| 1.0 / x),
        ("negative", |x| -x),
        ("ln", f64::ln),
        ("root", f64::sqrt),
    ];
    let of_one = Operation::all().filter(|op| op.args() == 1 && op.is_elementwise());
    assert_eq!(of_one.count(), table.len());
    for (name, expected) in table {
        let found = run(&format!("{name}(g)"), &VALUES, &VALUES);
        for (found, x) in found.into_iter().zip(VALUES) {
            assert_same(&format!("{name}({x})"), found, expected(f64::from(x)));
        }
    }
}

#[test]
fn functions_of_two_have_the_values_of_the_table() {
    type Of = fn(f64, f64) -> f64;
    let table: [(&str, Of); 8] = [
        ("g + v1", |x, y| x + y),
        ("g - v1", |x, y| x - y),
        ("g * v1", |x, y| x * y),
        ("g / v1", |x, y| x / (y + f64::from(1e-8_f32))),
        ("max(g, v1)", larger),
        ("min(g, v1)", |x, y| -larger(-x, -y)),
        ("power(g, v1)", f64::powf),
        ("div(g, v1)", |x, y| x / y),
    ];
    let of_two = Operation::all().filter(|op| op.args() == 2 && op.is_elementwise());
    assert_eq!(of_two.count(), table.len());
    let pairs: Vec<(f32, f32)> = VALUES.iter().flat_map(|x| VALUES.map(|y| (*x, y))).collect();
    let (x, y): (Vec<f32>, Vec<f32>) = pairs.iter().copied().unzip();
    for (text, expected) in table {
        for (found, (x, y)) in run(text, &x, &y).into_iter().zip(&pairs) {
            let expected = expected(f64::from(*x), f64::from(*y));
            assert_same(&format!("{text} at {x}, {y}"), found, expected);
        }
        // The same with a scalar on either side.
        for (value, place) in [(VALUES[2], "g"), (VALUES[6], "v1")] {
            let text = text.replace(place, &format!("({value})"));
            let (x, y) = if place == "g" {
                (vec![value; 9], VALUES.to_vec())
            } else {
                (VALUES.to_vec(), vec![value; 9])
            };
            for (found, (x, y)) in run(&text, &x, &y).into_iter().zip(x.iter().zip(&y)) {
                let expected = expected(f64::from(*x), f64::from(*y));
                assert_same(&format!("{text} at {x}, {y}"), found, expected);
            }
        }
    }
}

/// Trees of one number, so that sums are what they are of.
#[test]
fn sums_and_constants_have_the_values_of_the_table() {
    for x in VALUES {
        for y in VALUES {
            let (a, b) = (f64::from(x), f64::from(y));
            let cosine = a * b / (a.abs() * b.abs());
            for (text, expected) in [
                ("interp(g, v1, 0.25)", 0.75 * a + 0.25 * b),
                ("interp(g, v1, -2)", 3.0 * a - 2.0 * b),
                ("g * 0 + dot(g, v1)", a * 0.0 + a * b),
                ("g * 0 + cosine_sim(g, v1)", a * 0.0 + cosine),
            ] {
                let found = run(text, &[x], &[y])[0];
                assert_same(&format!("{text} at {x}, {y}"), found, expected);
            }
        }
        let a = f64::from(x);
        let factor = |c: f64| if c / a.abs() > 1.0 { 1.0 } else { c / a.abs() };
        for (text, expected) in [
            ("v1 + norm(g)", a.abs()),
            ("v1 + global_norm(g)", a.abs()),
            ("clip(g, 0.7)", a * factor(0.7)),
            ("clip(g, -0.7)", a * factor(-0.7)),
            ("v1 + get_pi()", std::f64::consts::PI),
            ("v1 + get_e()", std::f64::consts::E),
            ("v1 + get_eps()", f64::from(1e-8_f32)),
        ] {
            assert_same(&format!("{text} at {x}"), run(text, &[x], &[0.0])[0], expected);
        }
    }
}

#[test]
fn a_norm_scales_a_tree_leaf_by_leaf() {
    let (program, _) = parse("update = g / norm(g)", &optimizer()).expect("valid");
    let plan = Plan::compile(&Graph::of(&program, &optimizer()).expect("finite"), &optimizer());
    let mut machine = Machine::new(plan, Leaves::of_sizes(&[2, 1, 3]));
    let mut w = vec![0.0; 6];
    machine.step(&mut w, &[3.0, 4.0, -7.0, 2.0, 3.0, 6.0], &mut [vec![], vec![]], &[1.0]);
    for (found, expected) in
        w.iter().zip([-3.0 / 5.0, -4.0 / 5.0, 1.0, -2.0 / 7.0, -3.0 / 7.0, -6.0 / 7.0])
    {
        assert!((found - expected as f32).abs() < 1e-6, "{w:?}");
    }
}
