//! CMA-ES from the command line: it solves, resumes, and is rebuilt from its log.

use crate::support::{Scratch, stderr};

const ROSENBROCK: &str = "[task]\nname = \"rosenbrock\"\ndimension = 5\n\n[search]\nstrategy = \"cma-es\"\n\
    sigma = 0.1\nlower = [-2.0]\nupper = [2.0]\n\n[output]\nlog_fitness = true\nreport = false\n";

fn scratch() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("my.toml", ROSENBROCK);
    scratch
}

#[test]
fn rosenbrock_is_solved_and_judged() {
    let scratch = scratch();
    let last =
        scratch.json("run my.toml --generations 400 --set budget.target=-1e-6 --quiet --out a");
    assert_eq!(last["stopped_by"], "target-reached", "{last}");
    let judged = scratch.json("eval a");
    assert!(judged["mean"].as_f64().expect("a number") > -1e-4, "{judged}");
}

#[test]
fn a_resumed_run_equals_an_unbroken_run_and_is_rebuilt_from_its_log() {
    let scratch = scratch();
    scratch.ok("run my.toml --generations 30 --quiet --out whole --threads 1");
    scratch.ok("run my.toml --generations 11 --quiet --out parts --threads 3");
    scratch.ok("resume parts --generations 30 --quiet --threads 2");
    assert_eq!(scratch.metrics("whole"), scratch.metrics("parts"));
    assert_eq!(scratch.json("verify parts")["digests"], 30);
}

#[test]
fn what_does_not_fit_is_refused() {
    let scratch = Scratch::new();
    let refused = [
        (ROSENBROCK.replace("[2.0]", "[-2.0]"), "search.upper"),
        (ROSENBROCK.replace("[2.0]", "[2.0, 2.0]"), "must have 1 or 5 numbers"),
        (ROSENBROCK.replace("sigma", "pairs"), "pairs"),
        (ROSENBROCK.replace("rosenbrock", "cartpole").replace("dimension = 5", ""), "cma-es"),
    ];
    for (text, expected) in refused {
        scratch.write("bad.toml", &text);
        let said = stderr(&scratch.command("run bad.toml --generations 1").assert().failure());
        assert!(said.contains(expected), "{said}");
    }
}
