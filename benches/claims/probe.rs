//! What kind of rule a program is, found out by running it on one number at a time.

use hatchery::search::program::interpret::{Leaves, Machine, Plan};
use hatchery::search::program::{Graph, Program};

use super::lab;

/// A program on a tree of one number.
pub(crate) struct Probe {
    machine: Machine,
    /// Which of the two states are carried.
    pub(crate) carried: [bool; 2],
}

impl Probe {
    pub(crate) fn new(program: &Program) -> Option<Self> {
        let signature = lab::signature();
        let graph = Graph::of(program, &signature).ok()?;
        let carried = [0, 1].map(|state| {
            graph.states.iter().any(|carried| usize::from(carried.variable) == state + 2)
        });
        let machine = Machine::new(Plan::compile(&graph, &signature), Leaves::of_sizes(&[1]));
        Some(Self { machine, carried })
    }

    /// The canonical form may call the second state the first; so states are those of that form.
    fn step(&mut self, gradient: f64, states: [f64; 2]) -> (f64, [f64; 2]) {
        let mut weights = [0.0_f32];
        let mut trees: Vec<Vec<f32>> = states.iter().map(|state| vec![*state as f32]).collect();
        self.machine.step(&mut weights, &[gradient as f32], &mut trees, &[0.5, 0.5, 5.0]);
        (-f64::from(weights[0]), [f64::from(trees[0][0]), f64::from(trees[1][0])])
    }

    /// Whether a carried state goes, for small values, to an affine function of gradient and itself that depends on both: a running
    /// average, up to scale and to what squashes large values.
    pub(crate) fn has_average(&mut self) -> bool {
        [0, 1].into_iter().any(|state| {
            self.carried[state] && {
                let mut next = |g: f64, s: f64| {
                    let mut states = [0.3, 0.3];
                    states[state] = s;
                    self.step(g, states).1[state]
                };
                const SMALL: f64 = 1e-2;
                let mut next = |g: f64, s: f64| next(SMALL * g, SMALL * s) / SMALL;
                let origin = next(0.0, 0.0);
                let (by_g, by_s) = (next(1.0, 0.0) - origin, next(0.0, 1.0) - origin);
                let affine = [(0.7, -1.3), (-2.0, 0.4), (3.0, 5.0), (-0.2, -4.0)].into_iter().all(
                    |(g, s)| {
                        let expected = origin + by_g * g + by_s * s;
                        (next(g, s) - expected).abs()
                            <= 1e-2 * (expected.abs() + by_g.abs() + by_s.abs())
                    },
                );
                affine && by_g.abs() > 1e-3 && by_s.abs() > 1e-3
            }
        })
    }

    /// Whether the update without decay is a bounded monotone function of an affine combination of the gradient and one state.
    /// Returns the weight of the state over that of the gradient.
    pub(crate) fn sign_momentum(&mut self) -> Option<f64> {
        let state = match self.carried {
            [true, false] => 0,
            [false, true] => 1,
            _ => return None,
        };
        let mut update = |g: f64, s: f64| {
            let mut states = [0.0, 0.0];
            states[state] = s;
            self.step(g, states).0
        };
        // Bounded: a thousand times the gradient hardly changes it.
        let (near, far) = (update(1e3, 0.0), update(1e6, 0.0));
        if !(near.is_finite() && far.is_finite() && near != 0.0 && (far / near - 1.0).abs() < 0.2) {
            return None;
        }
        let rising = near.signum();
        let mut ratios = Vec::new();
        for s in [-2.0, -0.5, 0.5, 2.0] {
            let (mut low, mut high) = (-1e4, 1e4);
            let grid: Vec<f64> = [-1e4, -100.0, -10.0, -1.0, 0.0, 1.0, 10.0, 100.0, 1e4]
                .map(|g| rising * update(g, s))
                .into();
            if grid.windows(2).any(|pair| pair[1] < pair[0] - 1e-3 * near.abs()) {
                return None;
            }
            if grid[0] >= 0.0 || grid[8] <= 0.0 {
                return None;
            }
            for _ in 0..60 {
                let middle = 0.5 * (low + high);
                if rising * update(middle, s) < 0.0 { low = middle } else { high = middle }
            }
            // Where the combination a g + b s is 0, b/a is −g/s.
            ratios.push(-0.5 * (low + high) / s);
        }
        let mean = ratios.iter().sum::<f64>() / 4.0;
        let steady = ratios.iter().all(|ratio| (ratio - mean).abs() <= 0.02 * mean.abs());
        (steady && mean.abs() > 1e-3).then_some(mean)
    }
}

/// Checks of the checks: rules whose kind is known.
pub(crate) fn self_test() {
    let kind = |name: &str| {
        let mut probe = Probe::new(&lab::named(name)).expect("it is finite");
        (probe.has_average(), probe.sign_momentum().is_some())
    };
    assert_eq!(kind("lion"), (true, true));
    assert_eq!(kind("sgd-momentum"), (true, false));
    assert_eq!(kind("adamw"), (true, false));
    assert_eq!(kind("sgd"), (false, false));
    assert_eq!(kind("rmsprop"), (false, false));
}
