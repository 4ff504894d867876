//! `hatchery program`: simplify, export and score, as a user meets them.

use predicates::prelude::*;
use serde_json::Value;

use crate::support::{Scratch, last_line};

const RAW: &str = "# what a search left
g = clip(g, lr)
m = interp(g, v2, 0.899)
v2 = interp(g, m, 1.109)
update = (m / sqrt(m * m) + w * 0.4602) * (lr * 0.0002)
v1 = cosh(update)
";

#[test]
fn a_program_is_simplified_and_explained() {
    let scratch = Scratch::new();
    scratch.write("rule.txt", RAW);
    let words = ["v1 = interp(", "0.996991)", "sign(", "nothing depends on it", "Lion's beta1"];
    let mut shown = scratch.ok("program simplify lion-raw");
    for word in &words[..4] {
        shown = shown.stdout(predicate::str::contains(*word));
    }
    scratch.ok("program simplify lion").stdout(predicate::str::contains(words[4]));
    let object = scratch.json("program simplify rule.txt --out short.txt");
    assert_eq!(object["after"]["states"], 1);
    assert_eq!(object["before"]["statements"], 11);
    assert_eq!(object["after"]["statements"], 8, "{object}");
    assert!(object["cost_after"].as_f64() < object["cost_before"].as_f64());
    let again = scratch.json("program simplify short.txt");
    assert_eq!(again["after"]["hash"], object["after"]["hash"]);
    assert_eq!(again["before"]["hash"], object["after"]["hash"]);
}

#[test]
fn trainings_take_out_what_hardly_changes_them() {
    let scratch = Scratch::new();
    let object = scratch.json("program simplify lion-raw --proxy m1 --seeds 4");
    let program = object["program"].as_str().expect("text");
    assert!(!program.contains("clip") && !program.contains("arcsin"), "{program}");
    assert!(program.contains("0.899") && program.contains("0.996991"), "{program}");
    assert!(program.contains("0.4602") && program.contains("0.0002"), "{program}");
    assert_eq!(object["proxies"], serde_json::json!(["m1"]));
}

#[test]
fn formulas_come_from_standard_input() {
    let scratch = Scratch::new();
    let shown = scratch
        .command("program simplify - --columns x,z --target out")
        .write_stdin("out = x * x / x + z - z")
        .assert()
        .success();
    shown.stdout(predicate::str::contains("out = x + 0"));
}

#[test]
fn every_language_is_written() {
    let scratch = Scratch::new();
    for (language, part) in [
        ("rust", "pub fn step("),
        ("numpy", "def step(w, g, state, lr):"),
        ("pytorch", "class Evolved(torch.optim.Optimizer)"),
        ("optax", "optax.GradientTransformation(init, update)"),
        ("latex", "\\begin{align*}"),
        ("pseudocode", "v1 = interp(g, v1, 0.99)"),
        ("text", "def train(w, g, v1, v2, lr):"),
    ] {
        scratch
            .ok(&format!("program export lion --as {language}"))
            .stdout(predicate::str::contains(part));
    }
    scratch.write("formula.txt", "y = sqrt(x) / 2");
    scratch
        .ok("program export formula.txt --columns x --as sympy --out formula.py")
        .stdout(predicate::str::is_empty());
    let text = std::fs::read_to_string(scratch.path("formula.py")).expect("written");
    assert!(text.contains("sympy.sqrt(x)"), "{text}");
    // A file of text reads back.
    scratch.ok("program export adamw --as text --out adamw.txt");
    scratch
        .ok("program export adamw.txt --as pseudocode --scored-on m1")
        .stdout(predicate::str::contains("# Scored on: m1."));
}

#[test]
fn a_score_has_a_spread_and_a_reference() {
    let scratch = Scratch::new();
    let object = scratch.json("program score lion --proxy b1:steps=40 --seeds 3");
    assert_eq!((&object["states"], &object["live_statements"]), (&1.into(), &7.into()));
    assert_eq!(object["losses"].as_array().map(Vec::len), Some(3));
    let number = |name: &str| object[name].as_f64().expect(name);
    assert!((number("ratio") - number("loss") / number("reference_loss")).abs() < 1e-12);
    assert!(number("standard_error") >= 0.0);
    assert_eq!(object["hash"].as_str().map(str::len), Some(32));
    let one = scratch.json("program score lion --proxy b1:steps=40 --seeds 1");
    assert_eq!(one["standard_error"], Value::Null);
    scratch.ok("program score lion --proxy b1:steps=40 --seeds 2").stdout(
        predicate::str::contains("standard error").and(predicate::str::contains("1 carried")),
    );
}

#[test]
fn a_training_without_a_loss_is_a_failure_with_a_name() {
    let scratch = Scratch::new();
    scratch.write("bad.txt", "update = g * lr * -1e6");
    let failed = scratch.command("program score bad.txt --proxy q1:steps=40 --seeds 2 --json");
    let failed = { failed }.assert().code(1);
    let failed = failed.stderr(predicate::str::contains("2 of 2 seeds"));
    let object = last_line(&failed);
    assert!(["not-finite", "diverged"].contains(&object["failure"].as_str().expect("a name")));
    scratch
        .command("program simplify bad.txt --proxy q1:steps=40 --seeds 2")
        .assert()
        .code(1)
        .stderr(predicate::str::contains("does not train"));
}

#[test]
fn wrong_words_are_told_apart() {
    let scratch = Scratch::new();
    scratch.write("wrong.txt", "update = g * lr\nv1 = inter(g, v1, 0.9)");
    scratch.write("infinite.txt", "update = g * (1 / -1e-8)");
    for (words, part) in [
        ("program simplify wrong.txt", "line 2, column 6: there is no operation 'inter'"),
        ("program simplify wrong.txt", "\n       ^"),
        ("program simplify nothing.txt", "no start program either: adamw"),
        ("program simplify infinite.txt", "infinite or not a number"),
        ("program simplify lion --proxy z9", "there are q1, q2, m1"),
        ("program score lion --proxy z9", "there are q1, q2, m1"),
        ("program simplify lion --tolerance 2", "below 1"),
        ("program export lion --as sympy", "exports are of formulas"),
        ("program export wrong.txt --columns x,x --as rust", "given twice"),
        ("program export wrong.txt --columns 1x --as rust", "no name of a column"),
        ("program export lion --as cobol", "possible values"),
        ("program", "Usage"),
    ] {
        scratch.command(words).assert().code(2).stderr(predicate::str::contains(part));
    }
}
