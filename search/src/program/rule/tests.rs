use hatchery_engine::update::Lion;

use super::*;

const SIZES: [usize; 3] = [1500, 7, 64];

fn wave(size: usize, phase: f32) -> Vec<f32> {
    (0..size).map(|i| (i as f32 * 0.37 + phase).sin()).collect()
}

/// Runs both for some steps with gradients that change, and returns the largest difference of the weights.
fn difference(program: &str, rule: &mut dyn UpdateRule, rate: impl Fn(u64) -> f32) -> f32 {
    let size = SIZES.iter().sum();
    let mut own = ProgramRule::of_text(program, &SIZES).expect("valid");
    let (mut a, mut b) = (wave(size, 0.1), wave(size, 0.1));
    for t in 1..=100 {
        let gradient = wave(size, t as f32 * 0.3);
        own.step(&mut a, &gradient, rate(t), t);
        rule.step(&mut b, &gradient, rate(t), t);
    }
    a.iter().zip(&b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

const LION: &str = "update = (sign(interp(g, v1, 0.9)) + 0.001 * w) * lr\nv1 = interp(g, v1, 0.99)";

#[test]
fn lion_as_a_program_is_lion() {
    let mut lion = Lion::new(SIZES.iter().sum(), 0.9, 0.99).with_weight_decay(0.001);
    let found = difference(LION, &mut lion, |t| 0.01 / t as f32);
    assert!(found < 1e-6, "{found}");
}

/// Lion-K of Chen et al. 2023 (arXiv 2310.05898) with K the p-norm, by hand: ∇K(c) = sign(c) (|c|/‖c‖ₚ)^(p−1).
#[derive(Debug)]
struct LionK {
    mean: Vec<f32>,
    p: f64,
}

impl UpdateRule for LionK {
    fn step(&mut self, theta: &mut [f32], gradient: &[f32], learning_rate: f32, _: u64) {
        let direction: Vec<f64> = self
            .mean
            .iter()
            .zip(gradient)
            .map(|(m, g)| 0.9 * f64::from(*m) + 0.1 * f64::from(*g))
            .collect();
        let sum: f64 = direction.iter().map(|c| c.abs().powf(self.p)).sum();
        let norm = sum.powf(1.0 / self.p);
        for (w, c) in theta.iter_mut().zip(&direction) {
            let slope = c.signum() * (c.abs() / norm).powf(self.p - 1.0);
            *w -= learning_rate * (slope as f32 + 0.001 * *w);
        }
        for (m, g) in self.mean.iter_mut().zip(gradient) {
            *m = 0.99 * *m + 0.01 * g;
        }
    }

    fn moments(&self) -> Vec<&[f32]> {
        vec![&self.mean]
    }

    fn restore(&mut self, _: Vec<Vec<f32>>) -> Result<(), UpdateError> {
        Ok(())
    }
}

#[test]
fn lion_k_for_norms_between_one_and_two_is_a_program() {
    for p in [1.0_f64, 1.25, 1.5, 2.0] {
        let program = format!(
            "c = interp(g, v1, 0.9)
             v1 = interp(g, v1, 0.99)
             a = abs(c)
             h = power(a, {half})
             s = dot(h, h)
             n = power(s, {inverse})
             q = power(a / n, {less})
             update = (sign(c) * q + 0.001 * w) * lr",
            half = p / 2.0,
            inverse = 1.0 / p,
            less = p - 1.0,
        );
        let mut by_hand = LionK { mean: vec![0.0; SIZES.iter().sum()], p };
        let found = difference(&program, &mut by_hand, |_| 0.01);
        // Near 0 the slope of a power below 1 is steep, and c has the rounding of f32.
        assert!(found < 1e-4, "p = {p}: {found}");
    }
}

#[test]
fn only_states_that_are_carried_are_moments() {
    let moments = |text| ProgramRule::of_text(text, &[4]).expect("valid").moments().len();
    assert_eq!((moments("adamw"), moments("lion-raw"), moments("sgd")), (2, 1, 0));
}

#[test]
fn a_restored_rule_goes_on_to_the_bit() {
    let size = SIZES.iter().sum();
    let mut rule = ProgramRule::of_text("adamw", &SIZES).expect("valid");
    let (mut a, gradient) = (wave(size, 0.1), wave(size, 2.0));
    (1..5).for_each(|t| rule.step(&mut a, &gradient, 0.1, t));
    let mut again = ProgramRule::of_text("adamw", &SIZES).expect("valid");
    let saved: Vec<Vec<f32>> = rule.moments().into_iter().map(<[f32]>::to_vec).collect();
    again.restore(saved).expect("it fits");
    let mut b = a.clone();
    rule.step(&mut a, &gradient, 0.1, 5);
    again.step(&mut b, &gradient, 0.1, 5);
    assert_eq!(a, b);
    let counts = UpdateError::MomentCount { expected: 2, got: 0 };
    assert_eq!(again.restore(Vec::new()), Err(counts));
    let lengths = UpdateError::MomentLength { index: 1, expected: size, got: 3 };
    assert_eq!(again.restore(vec![vec![0.0; size], vec![0.0; 3]]), Err(lengths));
}

#[test]
fn mistakes_are_named_in_one_line() {
    for (text, parts) in [
        ("lyon", ["no program `lyon`", "adamw, sgd"]),
        ("update = g * lr\nv1 = inter(g, v1, 0.9)", ["line 2, column 6", "no operation 'inter'"]),
        ("update = g * (1 / -1e-8)", ["infinite", "constants"]),
        ("update = g * t", ["line 1, column 14", "'t' has no value"]),
    ] {
        let message = ProgramRule::of_text(text, &[1]).expect_err("it is wrong");
        assert!(!message.contains('\n'), "{message}");
        for part in parts {
            assert!(message.contains(part), "{message}");
        }
    }
}
