//! Formulas for a column of a file, from the command line.

use std::fmt::Write;
use std::fs;

use predicates::str::contains;
use serde_json::Value;

use crate::support::{Scratch, stderr, stdout};

/// Rows of t, a useless column, and s = g t² / 2 with g = 9.81.
fn fall(rows: u32) -> String {
    let mut text = String::from("t,shoe size,s\n");
    for row in 0..rows {
        let t = 0.1 + f64::from(row) / 20.0;
        let _ = writeln!(text, "{t},{},{}", 36 + row * 7 % 11, 9.81 * t * t / 2.0);
    }
    text
}

/// A search of a second or so that ends by itself.
const SMALL: &str = "fit fall.csv --target s --births 6000 --set search.islands=4 --quiet";

/// One that is long enough to be killed.
const LONG: &str = "fit hard.csv --target y --births 60000 --set output.checkpoint_every=5 \
    --set search.enough=0 --quiet";

fn scratch() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("fall.csv", &fall(60));
    let mut text = String::from("x;y\n");
    for row in 0..150 {
        let x = f64::from(row) / 20.0;
        let _ = writeln!(text, "{x};{}", (x * x).sin() / (1.0 + x) + (0.3 * x).cos() * x);
    }
    scratch.write("hard.csv", &text);
    scratch
}

fn best(found: &Value) -> (&str, f64) {
    let best = &found["best"];
    (best["formula"].as_str().expect("a formula"), best["r2"].as_f64().expect("a number"))
}

#[test]
fn the_law_of_fall_is_found_and_told() {
    let scratch = scratch();
    let last = scratch.json(&format!("{SMALL} --out a"));
    let (formula, r2) = best(&last);
    assert!(r2 > 0.999_999_99, "{last}");
    assert!(formula.contains("t^2 * 4.905"), "{formula}");
    assert_eq!(last["run_dir"], "a");
    let front = last["front"].as_array().expect("a front");
    let column = |key: &str| -> Vec<f64> {
        front.iter().map(|entry| entry[key].as_f64().expect("a number")).collect()
    };
    assert!(column("complexity").windows(2).all(|pair| pair[0] < pair[1]));
    assert!(column("loss").windows(2).all(|pair| pair[0] > pair[1]));
    for name in ["config.toml", "front.json", "front.csv", "summary.json"] {
        assert!(scratch.path("a").join(name).is_file(), "{name}");
    }
    let page = fs::read_to_string(scratch.path("a/report.html")).expect("read");
    for part in ["The best formula for s", "Pareto front for s", "t^2 * 4.905", "predict"] {
        assert!(page.contains(part), "{part}");
    }
    let words = SMALL.replace("--quiet", "--out b");
    let told = stdout(&scratch.ok(&words));
    let marked = told.lines().find(|line| line.starts_with('*')).expect("one is marked");
    assert!(marked.ends_with("t^2 * 4.905"), "{told}");
}

#[test]
fn predictions_are_a_column_more() {
    let scratch = scratch();
    scratch.ok(&format!("{SMALL} --out a"));
    scratch.write("new.csv", "name;t\nfirst;2\nsecond;10\n");
    scratch.ok("predict a new.csv --out out.csv");
    let text = fs::read_to_string(scratch.path("out.csv")).expect("read");
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(';').collect()).collect();
    assert_eq!(rows[0], ["name", "t", "prediction"]);
    for (row, expected) in [(&rows[1], 19.62), (&rows[2], 490.5)] {
        let found: f64 = row[2].parse().expect("a number");
        assert!((found / expected - 1.0).abs() < 1e-5, "{text}");
    }
    let said =
        stderr(&scratch.command("predict a new.csv --out o.csv --complexity 77").assert().code(2));
    assert!(said.contains("the front has no such formula; it has 1"), "{said}");
    scratch.write("other.csv", "u\n1\n");
    scratch
        .command("predict a other.csv --out o.csv")
        .assert()
        .code(2)
        .stderr(contains("no column 't'"));
    scratch.command("predict fall.csv fall.csv --out o.csv").assert().code(2);
    assert!(!scratch.path("o.csv").exists());
}

#[test]
fn faults_of_a_table_are_named_with_their_place() {
    let scratch = scratch();
    for (name, text) in [
        ("missing.csv", "x,y\n1,2\n2,\n3,4\n"),
        ("words.csv", "x,colour,y\n1,red,2\n2,blue,3\n"),
        ("constant.csv", "x,y\n1,2\n2,2\n"),
        ("single.csv", "x,y\n1,2\n"),
        ("alone.csv", "y\n1\n2\n"),
        ("huge.csv", "x,y\n1,2\n1e300,3\n"),
        ("table.parquet", "PAR1"),
    ] {
        scratch.write(name, text);
    }
    let before = scratch.names();
    for (words, expected) in [
        ("fall.csv --target sss", "there is no column 'sss'; did you mean `s`?"),
        ("fall.csv --target s --features tt", "did you mean `t`?"),
        ("fall.csv --target s --features t,s", "cannot be a feature as well"),
        ("missing.csv --target y", "line 3, column 'y': the value is missing"),
        (
            "words.csv --target y",
            "line 2, column 'colour': 'red' is not a finite number; name the columns",
        ),
        ("constant.csv --target y", "target 'y' is 2 in every row"),
        ("single.csv --target y", "at least 2 are needed"),
        ("alone.csv --target y", "no columns besides the target"),
        ("huge.csv --target y", "line 3, column 'x': 1e300 is beyond single precision"),
        ("table.parquet --target y", "--features parquet"),
        ("none.csv --target y", "cannot read none.csv"),
        ("fall.csv --target s --operators +,frob", "--operators: there is no operation 'frob'"),
        ("fall.csv --target s --units s=3m", "--units: '3m' is no unit"),
        ("fall.csv --target s --units s", "expected COLUMN=UNIT"),
        ("fall.csv --target s --units speed=m", "there is no column 'speed'"),
        ("fall.csv --target s --seconds -1", "must be a number above 0"),
        ("fall.csv --target s --max-size 500", "500"),
        ("fall.csv --target s --set search.islandss=2", "did you mean `islands`?"),
    ] {
        let said = stderr(&scratch.command(&format!("fit {words} --out a")).assert().code(2));
        assert!(said.contains(expected), "{words}: {said}");
        assert!(!said.contains("panicked"), "{said}");
    }
    assert_eq!(scratch.names(), before);
}

#[test]
fn any_number_of_threads_finds_the_same() {
    let scratch = scratch();
    for threads in [1, 2, 4] {
        let short = LONG.replace("60000", "6000");
        scratch.ok(&format!("{short} --threads {threads} --out run{threads}"));
    }
    let read = |run: &str| fs::read(scratch.path(run).join("front.json")).expect("read");
    assert!(read("run1") == read("run2") && read("run1") == read("run4"));
}

#[cfg(unix)]
#[test]
fn a_fit_that_is_killed_and_interrupted_finds_the_same() {
    let scratch = scratch();
    scratch.ok(&format!("{LONG} --out whole"));
    let mut running = scratch.spawn(&format!("{LONG} --out parts"));
    scratch.await_generations("parts", 20);
    running.signal("KILL");
    running.status();
    let running = scratch.spawn("resume parts --quiet");
    scratch.await_generations("parts", 60);
    running.signal("INT");
    let (code, said) = running.end();
    assert_eq!(code, Some(130), "{said}");
    assert!(scratch.path("parts/front.csv").is_file());
    scratch.ok("resume parts --quiet");
    let read = |run: &str| scratch.json_file(&format!("{run}/front.json"));
    assert_eq!(read("whole"), read("parts"));
    scratch.write("hard.csv", "x;y\n1;2\n2;3\n");
    let said = stderr(&scratch.command("resume parts --quiet").assert().failure());
    assert!(said.contains("the file has changed since this search began"), "{said}");
}

#[test]
fn each_target_has_its_front_and_units_rule_out_formulas() {
    let scratch = scratch();
    let mut text = String::from("t,v,w,s,k\n");
    for row in 0..60 {
        let (t, v) = (0.5 + f64::from(row) / 10.0, 1.0 + f64::from(row * 7 % 13));
        let _ = writeln!(text, "{t},{v},{},{},{}", 1 + row % 3, v * t, v / t);
    }
    scratch.write("two.csv", &text);
    let words = "fit two.csv --target s,k --weights w --births 6000 --quiet --out a \
        --units t=s,v=m/s,s=m,k=m/s^2 --operators +,-,*,/";
    let last = scratch.json(words);
    let texts: Vec<&str> = last["targets"]
        .as_array()
        .expect("two targets")
        .iter()
        .map(|target| target["best"]["text"].as_str().expect("a formula"))
        .collect();
    assert!(["t * v", "v * t"].contains(&texts[0]), "{texts:?}");
    assert_eq!(texts[1], "v / t");
    let counters = &scratch.json_file("a/front.json")["counters"];
    assert!(counters["units_do_not_fit"].as_u64().is_some_and(|count| count > 0));
    scratch.ok("predict a two.csv --out out.csv");
    let out = fs::read_to_string(scratch.path("out.csv")).expect("read");
    assert!(out.starts_with("t,v,w,s,k,prediction_s,prediction_k\n"), "{out}");
}

#[test]
fn a_preset_finds_its_formula() {
    let scratch = Scratch::new();
    let last = scratch.json("run formula-coulomb --quiet --out a");
    assert_eq!(last["stopped_by"], "finished");
    let (formula, r2) = best(&last);
    assert!(r2 > 0.999_999_99 && formula.contains("q1"), "{last}");
}
