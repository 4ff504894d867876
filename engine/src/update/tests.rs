use super::*;
use crate::schedule::Schedule;
use serde_json::{Value, json};

const OPTIMISERS: [Optimiser; 5] =
    [Optimiser::Sgd, Optimiser::Momentum, Optimiser::Adam, Optimiser::Adamw, Optimiser::Lion];

fn read(value: Value) -> Config {
    serde_json::from_value(value).unwrap()
}

/// `theta` may differ from the reference by 1e-6 of the largest value that it has had: what is lost
/// when a number falls from 10 to 0.01 is lost for good in any `f32` program.
struct Comparison {
    label: String,
    largest: Vec<f64>,
}

impl Comparison {
    fn new(label: String, theta: &[f32]) -> Self {
        Self { label, largest: theta.iter().map(|&x| f64::from(x).abs()).collect() }
    }

    fn check(&mut self, t: usize, theta: &[f32], expected: &[f64]) {
        for (p, (&got, &expected)) in theta.iter().zip(expected).enumerate() {
            self.largest[p] = self.largest[p].max(expected.abs());
            let error = (f64::from(got) - expected).abs();
            let (label, bound) = (&self.label, 1e-6 * self.largest[p]);
            assert!(error <= bound, "{label}, step {t}, parameter {p}: {got} for {expected}");
        }
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&x| x as f32).collect()
}

#[test]
fn every_rule_with_a_schedule_equals_optax_step_by_step() {
    let golden: Value =
        serde_json::from_str(include_str!("../../tests/golden/update_rules.json")).unwrap();
    let start = golden["learning_rate"]["start"].as_f64().unwrap();
    let schedule: Schedule =
        serde_json::from_value(golden["learning_rate"]["schedule"].clone()).unwrap();
    let cases = golden["rules"].as_array().unwrap();
    for optimiser in OPTIMISERS {
        let name = Value::from(optimiser.to_string());
        assert!(cases.iter().any(|case| case["config"]["optimiser"] == name), "no {optimiser}");
    }
    for case in cases {
        let config = read(case["config"].clone());
        config.check().unwrap();
        let mut theta = narrow(&numbers(&golden["theta"]));
        let mut rule = config.build(theta.len());
        let mut comparison = Comparison::new(case["config"].to_string(), &theta);
        let gradients = golden["gradients"].as_array().unwrap();
        for (generation, gradient) in gradients.iter().enumerate() {
            let rate = schedule.value(start, generation as u32) as f32;
            rule.step(&mut theta, &narrow(&numbers(gradient)), rate, generation as u64 + 1);
            comparison.check(generation, &theta, &numbers(&case["theta"][generation]));
        }
    }
}

/// One parameter in `f64`, written down from the papers and not from the code beside this.
struct Scalar {
    theta: f64,
    m: f64,
    v: f64,
}

impl Scalar {
    fn step(
        &mut self,
        optimiser: Optimiser,
        decay: f64,
        nesterov: bool,
        g: f64,
        rate: f64,
        t: i32,
    ) {
        let l2 = g + decay * self.theta;
        match optimiser {
            Optimiser::Sgd => self.theta -= rate * l2,
            Optimiser::Momentum => {
                self.v = 0.9 * self.v + l2;
                self.theta -= rate * if nesterov { 0.9 * self.v + l2 } else { self.v };
            }
            Optimiser::Adam | Optimiser::Adamw => {
                let decoupled = optimiser == Optimiser::Adamw;
                let g = if decoupled { g } else { l2 };
                self.m = 0.9 * self.m + 0.1 * g;
                self.v = 0.999 * self.v + 0.001 * g * g;
                let mean = self.m / (1.0 - 0.9_f64.powi(t));
                let square = self.v / (1.0 - 0.999_f64.powi(t));
                let pull = if decoupled { rate * decay * self.theta } else { 0.0 };
                self.theta -= rate * mean / (square.sqrt() + 1e-8) + pull;
            }
            Optimiser::Program => unreachable!("it is none of the five"),
            Optimiser::Lion => {
                let c = 0.9 * self.m + 0.1 * g;
                let sign = if c == 0.0 { 0.0 } else { c.signum() };
                self.theta -= rate * (sign + decay * self.theta);
                self.m = 0.99 * self.m + 0.01 * g;
            }
        }
    }
}

/// Parity row 13.
#[test]
fn every_rule_equals_a_scalar_reference_for_100_steps() {
    let starts = [1.0_f32, -0.3, 12.5, 0.0, 1e-3];
    let schedule = Schedule::Cosine { generations: 100, end: 1e-3 };
    for optimiser in OPTIMISERS {
        for (decay, nesterov) in [(0.0, false), (0.05, false), (0.0, true)] {
            if nesterov && optimiser != Optimiser::Momentum {
                continue;
            }
            let config = Config {
                optimiser,
                nesterov: nesterov.then_some(true),
                weight_decay: Some(decay),
                ..Config::default()
            };
            let mut theta = starts;
            let mut rule = config.build(theta.len());
            let mut scalars = starts.map(|x| Scalar { theta: f64::from(x), m: 0.0, v: 0.0 });
            let mut comparison = Comparison::new(format!("{config:?}"), &theta);
            for t in 1..=100_u16 {
                // A fixed, uneven gradient that does not depend on theta.
                let phases = [0.0, 1.0, 2.0, 3.0, 4.0_f64];
                let gradient = phases.map(|p| {
                    let scale = 10.0_f64.powf(p - 2.0);
                    (scale * (0.4 + (f64::from(t) * (1.7 + p)).sin())) as f32
                });
                let rate = schedule.value(0.02, u32::from(t) - 1);
                rule.step(&mut theta, &gradient, rate as f32, u64::from(t));
                for (scalar, g) in scalars.iter_mut().zip(gradient) {
                    let (decay, g) = (f64::from(decay), f64::from(g));
                    scalar.step(optimiser, decay, nesterov, g, rate, i32::from(t));
                }
                comparison.check(t.into(), &theta, &scalars.each_ref().map(|s| s.theta));
            }
        }
    }
}

#[test]
fn a_restored_rule_goes_on_bit_for_bit() {
    for optimiser in OPTIMISERS {
        let config = Config { optimiser, weight_decay: Some(0.01), ..Config::default() };
        let gradient = |t: u64| [(t as f32).sin(), 0.5, (2.0 * t as f32).cos()];
        let (mut unbroken, mut theta) = (config.build(3), [1.0, 2.0, 3.0]);
        for t in 1..=10 {
            unbroken.step(&mut theta, &gradient(t), 0.1, t);
        }
        let saved: Vec<Vec<f32>> = unbroken.moments().iter().map(|m| m.to_vec()).collect();
        let (mut resumed, mut resumed_theta) = (config.build(3), theta);
        resumed.restore(saved).unwrap();
        for t in 11..=20 {
            unbroken.step(&mut theta, &gradient(t), 0.1, t);
            resumed.step(&mut resumed_theta, &gradient(t), 0.1, t);
        }
        assert_eq!(theta.map(f32::to_bits), resumed_theta.map(f32::to_bits), "{optimiser}");
        assert_eq!(unbroken.moments(), resumed.moments(), "{optimiser}");
    }
}

#[test]
fn moments_of_another_rule_are_refused_and_change_nothing() {
    let mut adam = Adam::new(2, 0.9, 0.999, 1e-8);
    adam.step(&mut [0.0; 2], &[1.0, 2.0], 0.1, 1);
    let before = adam.clone();
    assert_eq!(
        adam.restore(vec![vec![0.0; 2]]),
        Err(UpdateError::MomentCount { expected: 2, got: 1 })
    );
    assert_eq!(
        adam.restore(vec![vec![0.0; 2], vec![0.0; 3]]),
        Err(UpdateError::MomentLength { index: 1, expected: 2, got: 3 })
    );
    assert_eq!(adam, before);
    assert!(Sgd::new(2).restore(vec![vec![0.0; 2]]).is_err());
}

#[test]
fn a_parameter_without_gradient_stays_where_it_is() {
    for optimiser in OPTIMISERS {
        let config = Config { optimiser, weight_decay: Some(0.0), ..Config::default() };
        let (mut rule, mut theta) = (config.build(2), [0.5, 0.5]);
        for t in 1..=5 {
            rule.step(&mut theta, &[0.0, 1.0], 0.1, t);
        }
        assert!(theta[0] == 0.5 && theta[1] < 0.5, "{optimiser}: {theta:?}");
    }
}

#[test]
fn adam_is_blind_to_the_scale_of_the_gradient() {
    let course = |scale: f32| {
        let (mut rule, mut theta) = (Adam::new(1, 0.9, 0.999, 1e-8), [1.0]);
        for t in 1..=20 {
            rule.step(&mut theta, &[scale * (1.0 + (t as f32).sin())], 0.1, t);
        }
        theta[0]
    };
    assert!((course(1.0) - course(1024.0)).abs() < 1e-5);
}

#[test]
fn check_names_each_offending_key() {
    let out_of_range = [
        (json!({"optimiser": "momentum", "momentum": 1.0}), "momentum"),
        (json!({"optimiser": "adam", "beta1": -0.1}), "beta1"),
        (json!({"optimiser": "lion", "beta2": 1.0}), "beta2"),
        (json!({"optimiser": "adamw", "epsilon": 0.0}), "epsilon"),
        (json!({"optimiser": "sgd", "weight_decay": -1e-4}), "weight_decay"),
    ];
    for (written, key) in out_of_range {
        let error = read(written).check().unwrap_err();
        assert!(matches!(error, UpdateError::OutOfRange { .. }), "{error}");
        assert_eq!(error.key(), Some(key));
    }
    let unused = [
        (json!({"optimiser": "sgd", "momentum": 0.9}), "momentum"),
        (json!({"optimiser": "adam", "nesterov": true}), "nesterov"),
        (json!({"optimiser": "momentum", "beta1": 0.9}), "beta1"),
        (json!({"optimiser": "sgd", "beta2": 0.9}), "beta2"),
        (json!({"optimiser": "lion", "epsilon": 1e-8}), "epsilon"),
    ];
    for (written, key) in unused {
        let config = read(written);
        let expected = UpdateError::UnusedKey { key, optimiser: config.optimiser };
        assert_eq!(config.check(), Err(expected));
    }
    let nan = Config { weight_decay: Some(f32::NAN), ..Config::default() };
    assert_eq!(nan.check().unwrap_err().key(), Some("weight_decay"));
    let error = read(json!({"beta1": 1.5})).check().unwrap_err();
    assert_eq!(error.to_string(), "`beta1` must be at least 0 and below 1, but it is 1.5");
}

#[test]
fn a_configuration_reads_back_what_it_writes() {
    assert_eq!(read(json!({})).optimiser, Optimiser::Adam);
    for optimiser in OPTIMISERS {
        let config = Config { optimiser, weight_decay: Some(0.1), ..Config::default() };
        let written = serde_json::to_value(&config).unwrap();
        assert_eq!(written["optimiser"], Value::from(optimiser.to_string()));
        assert_eq!(read(written), config);
    }
    for written in [json!({"optimizer": "sgd"}), json!({"optimiser": "rmsprop"})] {
        assert!(serde_json::from_value::<Config>(written).is_err());
    }
}

#[test]
fn the_keys_lie_flat_in_the_table_of_a_strategy() {
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Search {
        sigma: f32,
        #[serde(flatten)]
        update: Config,
    }
    let search: Search =
        serde_json::from_value(json!({"sigma": 0.5, "optimiser": "lion", "beta1": 0.5})).unwrap();
    assert_eq!(search.sigma, 0.5);
    assert_eq!((search.update.optimiser, search.update.beta1), (Optimiser::Lion, Some(0.5)));
    let mistyped = serde_json::from_value::<Search>(json!({"sigma": 0.5, "beta3": 0.5}));
    assert!(mistyped.unwrap_err().to_string().contains("beta3"));
}

/// A device makes the steps of the CPU, to the bit.
#[test]
fn steps_on_a_device_have_the_bits_of_the_cpu() {
    let Some(cuda) = hatchery_kernels::cuda::testing::cuda(1) else { return };
    let device = &cuda.devices()[0];
    let count = 77;
    let some = |phase: f32| (0..count).map(|k| (k as f32 * 0.3 + phase).sin()).collect::<Vec<_>>();
    let configs = [
        Config { optimiser: Optimiser::Sgd, weight_decay: Some(0.1), ..Config::default() },
        Config { optimiser: Optimiser::Momentum, nesterov: Some(true), ..Config::default() },
        Config { optimiser: Optimiser::Momentum, weight_decay: Some(0.1), ..Config::default() },
        Config { optimiser: Optimiser::Adam, weight_decay: Some(0.1), ..Config::default() },
        Config { optimiser: Optimiser::Adamw, ..Config::default() },
        Config { optimiser: Optimiser::Lion, ..Config::default() },
    ];
    for config in configs {
        let mut rule = config.build(count);
        let mut theta = some(0.0);
        let on_device = device.upload(&theta).expect("memory");
        let kinds = rule.on_device(1).expect("it has one").moments();
        let moments: Vec<_> = (0..kinds).map(|_| device.zeros(count).expect("memory")).collect();
        for t in 1..5 {
            let mut gradient = some(t as f32);
            gradient[3] = 0.0;
            let g = device.upload(&gradient).expect("memory");
            let form = rule.on_device(t).expect("it has one");
            device.update(form, 0.05, &on_device, &g, &moments).expect("updated");
            rule.step(&mut theta, &gradient, 0.05, t);
        }
        assert_eq!(on_device.download().expect("read"), theta, "{config:?}");
        for (found, expected) in moments.iter().zip(rule.moments()) {
            assert_eq!(found.download().expect("read"), expected, "{config:?}");
        }
    }
}

#[test]
fn a_program_has_no_keys_and_is_not_built_in() {
    let program = Config { optimiser: Optimiser::Program, ..Config::default() };
    assert_eq!(program.check(), Err(UpdateError::NotBuiltIn));
    for config in [
        Config { beta1: Some(0.5), ..program.clone() },
        Config { weight_decay: Some(0.5), ..program.clone() },
    ] {
        assert!(matches!(config.check(), Err(UpdateError::UnusedKey { .. })));
    }
}
