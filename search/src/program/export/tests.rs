//! Every export is run and held against the interpreter.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use super::*;
use crate::program::interpret::tests::wave;
use crate::program::interpret::{Leaves, Machine, Plan};
use crate::program::{parse, start};

const LEAVES: [usize; 3] = [6, 1, 9];
const STEPS: usize = 4;
/// Largest difference, as a share of 1 + |x|.
const TOLERANCE: f32 = 1e-6;

fn size() -> usize {
    LEAVES.iter().sum()
}

/// Start programs, and some with every kind of value.
fn optimizers() -> Vec<Program> {
    let signature = Signature::optimizer(false);
    let texts = [
        "n = norm(g)\nx = g / n\nm = max(n, 0.5)\nupdate = x * (m + lr) * 0.1 + norm(w) * 0.01",
        "c = cosine_sim(g, v1)\nv1 = interp(g, v1, 0.9) + 0.01\nd = cosine_sim(g, v1)\nupdate = v1 * d * dot(g, w) * 0.01",
        "v2 = clip(interp(g, v2, 0.5), lr)\nx = clip(w, global_norm(v2))\nupdate = (arcsin(x * 0.1) + v1) * 0.1\nv1 = x",
        "v1 = v1 + g * 0.1\nt = v2\nv2 = v1\nv1 = t - g * 0.2\nupdate = (v1 - v2) * lr",
        "x = sinh(g * 0.3) + cosh(w * 0.1) * tan(g * 0.1) + arctan(w) + arcsinh(g) + arctanh(tanh(w * 0.3))\ny = exp2(g * 0.2) + exp10(w * 0.1) + expm1(g * 0.1) + log1p(w) + cube(g * 0.4) + cbrt(g + 3)\nz = log(w) * 0.01 + log2(g + 4) + log10(w + 5) + reciprocal(g + 5) + arccosh(g + 4) + arccos(w * 0.1)\nupdate = (max(x, 0.2) + min(y, z) - negative(sin(w))) * lr * 0.01 + power(abs(g) + 1, 0.3) * 0.01 + cos(g) * 0.01",
        "k = clip(norm(g), 0.7)\nj = square(norm(w)) * k\nq = dot(j, k) * 0.01\nupdate = interp(g, k, 0.3) * lr * 0.1 + q * 0.01 + sign(g) * 0.001 + global_norm(j) * 0.001",
    ];
    start::names()
        .map(|name| start::named(name, &signature).expect("it exists"))
        .chain(texts.map(|text| parse(text, &signature).expect(text).0))
        .collect()
}

fn gradient(step: usize) -> Vec<f32> {
    wave(size(), step as f32 * 0.1)
}

fn rate(step: usize) -> f32 {
    1.0 - step as f32 * 0.125
}

/// Weights after some steps by the interpreter.
fn interpreted(program: &Program) -> Vec<f32> {
    let signature = Signature::optimizer(false);
    let graph = Graph::of(program, &signature).expect("finite");
    let mut machine = Machine::new(Plan::compile(&graph, &signature), Leaves::of_sizes(&LEAVES));
    let (mut weights, mut states) = (wave(size(), 0.5), vec![vec![0.0; size()]; 2]);
    for step in 0..STEPS {
        machine.step(&mut weights, &gradient(step), &mut states, &[rate(step)]);
    }
    weights
}

fn compare(output: &str, programs: &[Program]) {
    let lines: Vec<&str> = output.lines().collect();
    assert_eq!(lines.len(), programs.len(), "{output}");
    for (line, program) in lines.iter().zip(programs) {
        let signature = Signature::optimizer(false);
        let text = program.text(&signature, &crate::program::Names::of(&signature));
        let numbers: Vec<f32> =
            line.split_whitespace().map(|word| word.parse().expect("a number")).collect();
        let expected = interpreted(program);
        assert_eq!(numbers.len(), expected.len(), "{text}");
        for (place, (found, expected)) in numbers.iter().zip(&expected).enumerate() {
            let near = (found - expected).abs() <= TOLERANCE * (1.0 + expected.abs());
            assert!(near, "{text}place {place}: {found} instead of {expected}");
        }
    }
}

fn list(numbers: &[f32]) -> String {
    let words: Vec<String> = numbers.iter().map(|x| format!("{x:e}")).collect();
    format!("[{}]", words.join(", "))
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect("the program starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}:\n{errors}");
    String::from_utf8(output.stdout).expect("text")
}

fn compile_and_run(folder: &Path, text: &str) -> String {
    let (source, binary) = (folder.join("exported.rs"), folder.join("exported"));
    std::fs::write(&source, text).expect("written");
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    run(Command::new(rustc).args(["--edition=2021", "-Awarnings", "-o"]).arg(&binary).arg(&source));
    run(&mut Command::new(&binary))
}

#[test]
fn rust_exports_of_optimizers_compile_and_do_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let programs = optimizers();
    let (mut text, mut calls) = (String::new(), String::new());
    for (index, program) in programs.iter().enumerate() {
        let signature = Signature::optimizer(false);
        let code = export(program, &signature, Language::Rust, &Provenance::default());
        let graph = Graph::of(program, &signature).expect("finite");
        let states: String = (0..graph.states.len())
            .map(|state| format!("&mut states[{state}], "))
            .map(|text| {
                text.replace("&mut states[0]", "&mut a").replace("&mut states[1]", "&mut b")
            })
            .collect();
        let _ = writeln!(text, "mod p{index} {{\n{}\n}}", code.expect("it exports"));
        let _ = writeln!(
            calls,
            "{{ let (mut w, mut a, mut b) = (weights.clone(), vec![0f32; {0}], vec![0f32; {0}]);
               for (g, lr) in &steps {{ p{index}::step(&mut w, g, {states}*lr, &leaves); }} show(&w); }}",
            size()
        );
    }
    let steps: Vec<String> = (0..STEPS)
        .map(|step| format!("(vec!{}, {}f32)", list(&gradient(step)), rate(step)))
        .collect();
    let _ = writeln!(
        text,
        "fn show(w: &[f32]) {{ for x in w {{ print!(\"{{x:e}} \"); }} println!(); }}
         fn main() {{ let leaves = {LEAVES:?}; let weights: Vec<f32> = vec!{}; let steps: Vec<(Vec<f32>, f32)> = vec![{}];\n{calls} }}",
        list(&wave(size(), 0.5)),
        steps.join(", ")
    );
    compare(&compile_and_run(folder.path(), &text), &programs);
}

const FORMULAS: [&str; 5] = [
    "y = 1.5 * x^2 / z - sqrt(z) + log(z) * sin(x)",
    "a = x * z\ny = exp(-a^2 / 2) + a",
    "y = max(x, z) - min(x, 0.5) + abs(x)^1.5 + tanh(x) + sign(x) / (z + 1)",
    "y = 1 / z + (z - 0.25)^3 + cos(2 * x) - -x + 3",
    "y = exp2(x) + exp10(x * 0.1) + expm1(x) + log1p(z) + cbrt(x + 3) + arcsinh(x) + reciprocal(z)",
];

fn formulas() -> (Signature, Vec<Program>) {
    let signature = Signature::formula(&["x", "z"], "y");
    let programs = FORMULAS.iter().map(|text| parse(text, &signature).expect(text).0).collect();
    (signature, programs)
}

/// Columns, one pair a row.
fn rows() -> Vec<(f64, f64)> {
    (0..12).map(|row| (f64::from(row) * 0.37 - 2.0, 0.2 + f64::from(row) * 0.21)).collect()
}

fn compare_formulas(output: &str, signature: &Signature, programs: &[Program]) {
    use crate::program::simplify::reals::{PROTECTION, Reals, run};
    let lines: Vec<&str> = output.lines().collect();
    assert_eq!(lines.len(), programs.len(), "{output}");
    let columns: (Vec<f64>, Vec<f64>) = rows().into_iter().unzip();
    for ((line, program), text) in lines.iter().zip(programs).zip(FORMULAS) {
        let inputs = [Reals::tree(columns.0.clone()), Reals::tree(columns.1.clone())];
        let expected = &run(program, signature, &[columns.0.len()], PROTECTION, &inputs)[0];
        for (word, expected) in line.split_whitespace().zip(&expected.numbers) {
            let found: f64 = word.parse().expect("a number");
            assert!((found - expected).abs() <= 1e-6 * (1.0 + expected.abs()), "{text}: {line}");
        }
        assert_eq!(line.split_whitespace().count(), expected.numbers.len());
    }
}

#[test]
fn rust_exports_of_formulas_compile_and_do_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let (signature, programs) = formulas();
    let (mut text, mut calls) = (String::new(), String::new());
    for (index, program) in programs.iter().enumerate() {
        let code = export(program, &signature, Language::Rust, &Provenance::default());
        let _ = writeln!(text, "mod p{index} {{\n{}\n}}", code.expect("it exports"));
        let _ = writeln!(
            calls,
            "for (x, z) in {:?} {{ print!(\"{{:e}} \", p{index}::formula(x, z)); }} println!();",
            rows()
        );
    }
    let _ = writeln!(text, "fn main() {{ {calls} }}");
    compare_formulas(&compile_and_run(folder.path(), &text), &signature, &programs);
}

/// A Python that has these modules; none, with a line that says so, if there is none and none is required.
fn python(modules: &str) -> Option<String> {
    let python = std::env::var("HATCHERY_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = Command::new(&python).args(["-c", &format!("import {modules}")]).output();
    if found.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    assert!(
        std::env::var("HATCHERY_REQUIRE_PYTHON").is_err(),
        "{python} has no {modules}, and HATCHERY_REQUIRE_PYTHON is set"
    );
    println!("skipped: {python} has no {modules}");
    None
}

/// Runs the exports of all test optimizers; `harness` defines `run(module, weights, steps)`, which returns the weights as a flat list.
fn check_python(language: Language, modules: &str, harness: &str) {
    let Some(python) = python(modules) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let programs = optimizers();
    let mut text = format!("import {modules}\n{harness}\n");
    let _ = writeln!(text, "leaves = {LEAVES:?}\nweights = {}", list(&wave(size(), 0.5)));
    let steps: Vec<String> =
        (0..STEPS).map(|step| format!("({}, {})", list(&gradient(step)), rate(step))).collect();
    let _ = writeln!(text, "steps = [{}]", steps.join(", "));
    text.push_str("def cut(x):\n    out, at = [], 0\n    for n in leaves:\n        out.append(x[at:at + n])\n        at += n\n    return out\n");
    for (index, program) in programs.iter().enumerate() {
        let signature = Signature::optimizer(false);
        let code = export(program, &signature, language, &Provenance::default());
        let name = format!("exported_{index}");
        std::fs::write(folder.path().join(format!("{name}.py")), code.expect("it exports"))
            .expect("written");
        let _ = writeln!(
            text,
            "import {name}\nprint(*(format(float(x), '.9e') for x in run({name}, weights, steps)))"
        );
    }
    std::fs::write(folder.path().join("check.py"), text).expect("written");
    compare(&run(Command::new(python).current_dir(folder.path()).arg("check.py")), &programs);
}

#[test]
fn numpy_exports_do_the_same() {
    check_python(
        Language::Numpy,
        "numpy",
        "def run(module, weights, steps):
    w = [numpy.array(x, numpy.float32) for x in cut(weights)]
    state = module.init(w)
    for g, lr in steps:
        w, state = module.step(w, [numpy.array(x, numpy.float32) for x in cut(g)], state, lr)
    return numpy.concatenate(w)",
    );
}

#[test]
fn pytorch_exports_do_the_same() {
    check_python(
        Language::Pytorch,
        "torch",
        "def run(module, weights, steps):
    params = [torch.nn.Parameter(torch.tensor(x)) for x in cut(weights)]
    rule = module.Evolved(params)
    for g, lr in steps:
        for p, x in zip(params, cut(g)):
            p.grad = torch.tensor(x)
        rule.param_groups[0]['lr'] = lr
        rule.step()
    return torch.cat([p.detach() for p in params])",
    );
}

#[test]
fn optax_exports_do_the_same() {
    check_python(
        Language::Optax,
        "jax, optax",
        "import jax.numpy as jnp
def run(module, weights, steps):
    params = {str(i): jnp.array(x, jnp.float32) for i, x in enumerate(cut(weights))}
    rates = jnp.array([lr for _, lr in steps])
    rule = module.evolved(lambda count: rates[count])
    state = rule.init(params)
    for g, _ in steps:
        grads = {str(i): jnp.array(x, jnp.float32) for i, x in enumerate(cut(g))}
        updates, state = rule.update(grads, state, params)
        params = optax.apply_updates(params, updates)
    return jnp.concatenate([params[str(i)] for i in range(len(leaves))])",
    );
}

fn check_formulas(language: Language, modules: &str, call: &str) {
    let Some(python) = python(modules) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (signature, programs) = formulas();
    let mut text = format!("import {modules}\nrows = {:?}\n", rows());
    for (index, program) in programs.iter().enumerate() {
        let code = export(program, &signature, language, &Provenance::default());
        let path = folder.path().join(format!("exported_{index}.py"));
        std::fs::write(path, code.expect("it exports")).expect("written");
        let _ = writeln!(text, "import exported_{index} as m\n{call}");
    }
    std::fs::write(folder.path().join("check.py"), text).expect("written");
    let output = run(Command::new(python).current_dir(folder.path()).arg("check.py"));
    compare_formulas(&output, &signature, &programs);
}

#[test]
fn numpy_exports_of_formulas_do_the_same() {
    check_formulas(
        Language::Numpy,
        "numpy",
        "print(*m.formula(numpy.array([x for x, _ in rows]), numpy.array([z for _, z in rows])))",
    );
}

#[test]
fn sympy_exports_do_the_same() {
    check_formulas(
        Language::Sympy,
        "sympy",
        "print(*(float(m.y.subs({m.x: x, m.z: z}).evalf()) for x, z in rows))",
    );
}

#[test]
fn pseudo_code_reads_back_to_the_same_program() {
    let signature = Signature::optimizer(false);
    let (formula, formulas) = formulas();
    let all = optimizers().into_iter().map(|program| (&signature, program));
    for (signature, program) in all.chain(formulas.into_iter().map(|program| (&formula, program))) {
        let text = export(&program, signature, Language::Pseudocode, &Provenance::default());
        let text = text.expect("it exports");
        let again = parse(&text, signature).unwrap_or_else(|error| panic!("{text}\n{error}")).0;
        let hash = |program| Graph::of(program, signature).expect("finite").hash;
        assert_eq!(hash(&program), hash(&again), "{text}");
    }
}

#[test]
fn heads_say_what_was_exported() {
    let signature = Signature::optimizer(false);
    let lion = start::named("lion", &signature).expect("it exists");
    let provenance = Provenance { scored_on: "m1, 8 seeds".to_owned() };
    let hash = format!("{:032x}", Graph::of(&lion, &signature).expect("finite").hash);
    for (language, sign) in [
        (Language::Rust, "// "),
        (Language::Numpy, "# "),
        (Language::Pytorch, "# "),
        (Language::Optax, "# "),
        (Language::Latex, "% "),
        (Language::Pseudocode, "# "),
    ] {
        let text = export(&lion, &signature, language, &provenance).expect("it exports");
        for part in [&hash, "0.99", "1 buffer", "m1, 8 seeds", "small batches"] {
            let line = text.lines().find(|line| line.contains(part));
            assert!(
                line.is_some_and(|line| line.starts_with(sign)),
                "{language:?} {part}:\n{text}"
            );
        }
    }
    let adamw = start::named("adamw", &signature).expect("it exists");
    let text = export(&adamw, &signature, Language::Rust, &provenance).expect("it exports");
    assert!(text.contains("2 buffer") && text.contains("1e-8") && !text.contains("Lion"));
}

#[test]
fn languages_are_for_what_they_can_say() {
    let (formula, formulas) = formulas();
    let signature = Signature::optimizer(false);
    let lion = start::named("lion", &signature).expect("it exists");
    let provenance = Provenance::default();
    for language in [Language::Pytorch, Language::Optax] {
        let error = export(&formulas[0], &formula, language, &provenance);
        assert_eq!(error, Err(ExportError::NeedsOptimizer(language)));
    }
    let error = export(&lion, &signature, Language::Sympy, &provenance);
    assert_eq!(error, Err(ExportError::NeedsFormula(Language::Sympy)));
}

#[test]
fn latex_carries_the_weights_of_averages_out() {
    let signature = Signature::optimizer(false);
    let lion = start::named("lion", &signature).expect("it exists");
    let text = export(&lion, &signature, Language::Latex, &Provenance::default());
    let text = text.expect("it exports");
    assert!(text.contains(r"v_{1} &\leftarrow 0.01 \cdot g + 0.99 \cdot v_{1}"), "{text}");
    assert!(
        text.contains(r"\operatorname{sign}\left(0.1 \cdot g + 0.9 \cdot v_{1}\right)"),
        "{text}"
    );
    let (formula, formulas) = formulas();
    let text = export(&formulas[0], &formula, Language::Latex, &Provenance::default());
    assert!(text.expect("it exports").contains(r"\frac{"), "fractions are stacked");
}
