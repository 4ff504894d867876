use std::sync::Arc;

use hatchery_engine::{StopFlag, Trainable};

use super::*;
use crate::program::evolve::Improvement;
use crate::program::training::{Limits, Suite};
use crate::program::{Graph, Program, Signature, parse, start};

fn proxy(text: &str) -> Arc<dyn Trainable> {
    Arc::from(hatchery_tasks::proxy::named(text).expect("it exists"))
}

fn program(text: &str) -> Program {
    parse(text, &Signature::optimizer(false)).expect("a program").0
}

fn contender(program: Program) -> Contender {
    let graph = Graph::of(&program, &Signature::optimizer(false)).expect("finite");
    Contender { hash: graph.hash, program }
}

/// Descent in steps that are far too small, tuned or not.
fn timid() -> Rule {
    let program = program("update = g * lr\n update = update * 1e-7");
    Rule { name: "timid".into(), program, signature: Signature::optimizer(false) }
}

#[test]
fn the_funnel_lets_through_what_beats_the_tuned_baseline() {
    let signature = Signature::optimizer(false);
    let adamw = start::named("adamw", &signature).expect("named");
    let worse = program("update = g * lr\n update = update * 1e-10");
    let contenders = vec![contender(worse), contender(adamw)];
    let stages = vec![vec![proxy("q1:steps=60")], vec![proxy("q1:steps=80")]];
    let limits = Limits::default();
    let stop = StopFlag::default();
    let run = || {
        funnel(contenders.clone(), &signature, &timid(), &stages, (8, 2, 6), limits, &stop)
            .expect("not interrupted")
    };
    let done = run();
    assert_eq!((done[0].entered, done[0].passed), (2, 1), "{done:#?}");
    assert_eq!(done[1].entered, 1);
    assert!(done[0].standings[0].passed && !done[0].standings[1].passed);
    assert_eq!(done, run());
}

#[test]
fn a_funnel_that_nothing_passes_ends_early() {
    let signature = Signature::optimizer(false);
    let worse = contender(program("update = g * lr\n update = update * 1e-7"));
    let stages = vec![vec![proxy("q1:steps=30")], vec![proxy("q1:steps=40")]];
    let stop = StopFlag::default();
    let baseline = &baselines()[0];
    let done =
        funnel(vec![worse], &signature, baseline, &stages, (4, 1, 3), Limits::default(), &stop);
    assert_eq!(done.expect("not interrupted").len(), 1);
}

#[test]
fn the_report_has_every_rule_on_every_proxy_with_paired_differences() {
    let rules = baselines();
    let proxies = [proxy("q1:steps=60"), proxy("m1:steps=20")];
    let stop = StopFlag::default();
    let tables =
        report(&rules, &proxies, (4, 1, 4), Limits::default(), &stop).expect("not interrupted");
    assert_eq!(tables.len(), 2);
    for table in &tables {
        assert_eq!(table.rows.len(), rules.len());
        // The second rule differs from itself by nothing.
        let itself = table.rows[1].difference.expect("both have losses");
        assert_eq!((itself.mean, itself.standard_error), (0.0, 0.0));
        assert!(table.rows.iter().all(|row| row.mean.is_some_and(f64::is_finite)), "{table:?}");
    }
}

#[test]
fn validation_scores_programs_and_names_failures() {
    let signature = Signature::optimizer(false);
    let suite = Suite::new(vec![proxy("q1:steps=60")], signature.clone(), Limits::default());
    let improvement = |births: u64, program: Program| Improvement {
        run: 0,
        births,
        ticket: births,
        fitness: -1.0,
        program,
    };
    let adamw = start::named("adamw", &signature).expect("named");
    let all = [improvement(1, adamw), improvement(2, program("update = g * 900"))];
    let points = validate(&all, &suite, (5, 2), &signature, &StopFlag::default());
    let points = points.expect("not interrupted");
    assert!(points[0].validation.is_some_and(|validation| validation < -0.5));
    assert_eq!(points[1].validation, None);
}

#[test]
fn selection_stops_when_it_is_asked_to() {
    let stop = StopFlag::default();
    stop.raise();
    let rules = baselines();
    let proxies = [proxy("q1:steps=20")];
    let stopped = report(&rules, &proxies, (2, 1, 2), Limits::default(), &stop);
    assert_eq!(stopped, Err(Interrupted));
}

#[test]
fn corrected_adamw_takes_whole_first_steps() {
    use crate::program::interpret::{Leaves, Machine, Plan};
    let rule = &baselines()[1];
    let graph = Graph::of(&rule.program, &rule.signature).expect("finite");
    let plan = Plan::compile(&graph, &rule.signature);
    let mut machine = Machine::new(plan, Leaves::of_sizes(&[2]));
    let (mut weights, mut states) = (vec![0.0; 2], vec![vec![0.0; 2]; 2]);
    let steps = 100.0_f32;
    for step in 0..3 {
        let scalars = [1.0, step as f32 / steps, steps.ln()];
        machine.step(&mut weights, &[0.5, -2.0], &mut states, &scalars);
    }
    // With a steady gradient every corrected step is the step size, by its sign.
    for (weight, sign) in weights.iter().zip([-1.0, 1.0]) {
        assert!((weight - sign * 3e-3).abs() < 3e-5, "{weights:?}");
    }
}
