use std::sync::Arc;

use hatchery_engine::{Part, Trainable};

use super::suite::adamw;
use super::*;
use crate::program::interpret::Plan;
use crate::program::{Graph, Program, Signature, parse, start};

fn plan(program: &Program) -> Plan {
    let signature = Signature::optimizer(false);
    Plan::compile(&Graph::of(program, &signature).expect("finite"), &signature)
}

fn proxy(text: &str) -> Arc<dyn Trainable> {
    Arc::from(hatchery_tasks::proxy::named(text).expect("it exists"))
}

fn trained(program: &str, on: &str) -> Result<f64, Failure> {
    let signature = Signature::optimizer(false);
    let (program, _) = parse(program, &signature).expect("a program");
    let proxy = proxy(on);
    train(&plan(&program), &signature, proxy.as_ref(), 1, Part::Validation, &Limits::default())
}

#[test]
fn the_schedule_rises_to_one_and_falls_to_almost_nothing() {
    let rates: Vec<f32> = (0..200).map(|step| rate(step, 200)).collect();
    assert_eq!(rates[9], 1.0);
    assert!((rates[0] - 0.1).abs() < 1e-6);
    assert!(rates[10..].windows(2).all(|pair| pair[0] >= pair[1]));
    assert!(rates[199] > 0.0 && rates[199] < 1e-3);
    assert!(rate(0, 1) == 1.0);
}

#[test]
fn each_failure_has_its_kind() {
    assert_eq!(
        trained("update = g / lr\n update = log(update - update)", "m1"),
        Err(Failure::NotFinite)
    );
    assert_eq!(trained("update = g * 300", "q1"), Err(Failure::Diverged));
    assert_eq!(trained("update = w * -0.02", "q1"), Err(Failure::Stalled));
    let costly: String = (0..50).map(|_| "g = sin(g)\n").collect::<String>() + "update = g * lr";
    assert_eq!(trained(&costly, "m1"), Err(Failure::TooCostly));
}

#[test]
fn adamw_has_the_work_that_the_limits_speak_of() {
    let adamw = start::named("adamw", &Signature::optimizer(false)).expect("named");
    assert_eq!(plan(&adamw).work(), 12);
}

#[test]
fn a_program_is_measured_by_adamw_on_the_same_seeds() {
    let suite = Suite::new(
        vec![proxy("m1:steps=40"), proxy("h1:steps=20")],
        Signature::optimizer(false),
        Limits::default(),
    );
    suite.prepare();
    let task = ProxyTraining::new(Arc::new(suite), 2);
    let candidate = |program: &Program, hurdle| {
        let graph = Graph::of(program, &Signature::optimizer(false)).expect("finite");
        Candidate::new(Arc::new(graph), 3, hurdle)
    };
    let best = [3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1]
        .map(|size| task.score(&candidate(&adamw(size, &Signature::optimizer(false)), None)))
        .map(Outcome::fitness)
        .into_iter()
        .fold(f32::MIN, f32::max);
    // The references have one step size each and were chosen on other seeds.
    assert!((-1.3..=-0.8).contains(&best), "{best}");
    let slow = adamw(1e-6, &Signature::optimizer(false));
    let hurdled = task.score(&candidate(&slow, Some(Hurdle(1.5))));
    assert!(matches!(hurdled, Outcome::Hurdled(ratio) if ratio > 1.5), "{hurdled:?}");
}

#[test]
fn purposes_share_no_seed() {
    let mut seen = std::collections::HashSet::new();
    for purpose in [Purpose::Search, Purpose::Selection, Purpose::Report] {
        for set in [0, 1, 7, 0xFFFF_FFFF] {
            for index in 0..16 {
                assert!(seen.insert(purpose.seed(set, index)));
            }
        }
    }
}
