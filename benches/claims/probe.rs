//! What kind of rule a program is, found out by running it: on one number at a time, and in a training.

use hatchery::engine::{Scratch, Trainable};
use hatchery::search::program::interpret::{Leaves, Machine, Plan};
use hatchery::search::program::training::rate;
use hatchery::search::program::{Graph, Program};
use hatchery::tasks::proxy;
use serde::Serialize;

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

    /// Whether the update is a bounded function of the gradient that rises with it, the states at zero.
    pub(crate) fn is_bounded(&mut self) -> bool {
        let at = [1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0, 1e3, 1e6];
        let up = at.map(|g| self.step(g, [0.0, 0.0]).0);
        let down = at.map(|g| self.step(-g, [0.0, 0.0]).0);
        let sign = up[6].signum();
        let rises = |of: &[f64], sign: f64| {
            of.windows(2).all(|w| sign * (w[1] - w[0]) >= -1e-3 * w[1].abs())
        };
        up[6] != 0.0
            && (up[7] / up[6] - 1.0).abs() < 0.2
            && sign * down[6] < 0.0
            && rises(&up, sign)
            && rises(&down, -sign)
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

/// What a rule does with a state in training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Average {
    /// 0 or 1.
    pub(crate) state: usize,
    /// Share of the steps in which the next state is affine in gradient and state.
    pub(crate) steps: f64,
    /// Mean weight of the old state in the new one in those steps.
    pub(crate) keeps: f64,
    /// Relative change of the weights at the end if the rule does not get the state.
    pub(crate) matters: f64,
}

impl Average {
    /// Whether it averages gradients and the rule uses it.
    pub(crate) fn is_used(&self) -> bool {
        self.steps >= 0.9 && self.keeps > 0.05 && self.matters > 0.01
    }
}

/// Follows a training of `proxy` and looks which state averages gradients: in a step, over all coordinates, the next state is fitted as
/// a + b · gradient + c · state by least squares. An average has R² ≥ 0.99, a b whose part in the result is at least 1 %, and 0 < c ≤ 1.1.
pub(crate) fn average(program: &Program, proxy: &dyn Trainable) -> Option<Average> {
    let plan = Plan::compile(&Graph::of(program, &lab::signature()).ok()?, &lab::signature());
    let with = follow(&plan, proxy, None);
    let of = |state: usize| {
        let fits: Vec<f64> = with.fits[state].iter().flatten().copied().collect();
        let without = follow(&plan, proxy, Some(state)).weights;
        let size = |of: &mut dyn Iterator<Item = f64>| of.map(|x| x * x).sum::<f64>().sqrt();
        let apart = with.weights.iter().zip(&without).map(|(a, b)| f64::from(a - b));
        let moved = with.weights.iter().zip(&with.begin).map(|(a, b)| f64::from(a - b));
        let (apart, moved) = (size(&mut { apart }), size(&mut { moved }));
        Average {
            state,
            steps: fits.len() as f64 / with.fits[state].len() as f64,
            keeps: fits.iter().sum::<f64>() / fits.len().max(1) as f64,
            // What diverges without its state needs it.
            matters: if apart.is_finite() { apart / moved } else { f64::INFINITY },
        }
    };
    let [first, second] = [of(0), of(1)];
    Some(if second.is_used() && !first.is_used() { second } else { first })
}

struct Followed {
    begin: Vec<f32>,
    weights: Vec<f32>,
    /// For each state and step, how much of the state is kept, if it averages.
    fits: [Vec<Option<f64>>; 2],
}

/// One training; `without` keeps that state at zero.
fn follow(plan: &Plan, proxy: &dyn Trainable, without: Option<usize>) -> Followed {
    const SEED: u64 = 0xA7E4_A6E0;
    let begin = proxy.init(SEED);
    let mut weights = begin.clone();
    let mut gradient = vec![0.0; begin.len()];
    let mut states = vec![vec![0.0; begin.len()]; 2];
    let mut machine = Machine::new(plan.clone(), Leaves::of_sizes(proxy.leaves()));
    let mut scratch = Scratch::default();
    let mut fits: [Vec<Option<f64>>; 2] = Default::default();
    let steps = proxy.steps();
    for step in 0..steps {
        proxy.gradient(&weights, SEED, step, &mut gradient, &mut scratch);
        let before = states.clone();
        let scalars = [rate(step, steps), step as f32 / steps as f32, (steps as f32).ln()];
        machine.step(&mut weights, &gradient, &mut states, &scalars);
        // In the first step there is nothing to keep.
        if step > 0 {
            for state in 0..2 {
                fits[state].push(kept(&gradient, &before[state], &states[state]));
            }
        }
        if let Some(state) = without {
            states[state].fill(0.0);
        }
    }
    Followed { begin, weights, fits }
}

/// The weight of `old` in `new` ≈ a + b · gradient + c · old, if that is an average.
fn kept(gradient: &[f32], old: &[f32], new: &[f32]) -> Option<f64> {
    let centred = |values: &[f32]| -> Vec<f64> {
        let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / values.len() as f64;
        values.iter().map(|v| f64::from(*v) - mean).collect()
    };
    let [g, s, n] = [gradient, old, new].map(centred);
    let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    let (gg, gs, ss, gn, sn, nn) =
        (dot(&g, &g), dot(&g, &s), dot(&s, &s), dot(&g, &n), dot(&s, &n), dot(&n, &n));
    let determinant = gg * ss - gs * gs;
    if !(determinant > 1e-9 * gg * ss && nn > 0.0) {
        return None;
    }
    let b = (gn * ss - sn * gs) / determinant;
    let c = (sn * gg - gn * gs) / determinant;
    let explained = (b * gn + c * sn) / nn;
    let part = b.abs() * (gg / nn).sqrt();
    (explained >= 0.99 && part >= 0.01 && c > 0.0 && c <= 1.1).then_some(c)
}

/// Checks of the checks: rules whose kind is known.
pub(crate) fn self_test() {
    let q1 = proxy::named("q1").expect("it is one");
    let kind = |name: &str| {
        let rule = lab::tuned(&lab::named(name), &lab::suite(&["q1"]));
        let mut probe = Probe::new(&rule).expect("it is finite");
        let averages = average(&rule, &*q1).is_some_and(|average| average.is_used());
        (averages, probe.sign_momentum().is_some())
    };
    assert_eq!(kind("lion"), (true, true));
    assert_eq!(kind("sgd-momentum"), (true, false));
    assert_eq!(kind("adamw"), (true, false));
    assert_eq!(kind("sgd"), (false, false));
    assert_eq!(kind("rmsprop"), (false, false));
    let bounded = |name: &str| Probe::new(&lab::named(name)).is_some_and(|mut p| p.is_bounded());
    assert!(bounded("lion") && bounded("rmsprop") && !bounded("sgd-momentum"));
}
