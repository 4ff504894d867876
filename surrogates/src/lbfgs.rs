//! L-BFGS inside a box: climbs down whatever gives its value and its gradient.
//!
//! ```text
//! x = o + w clamp(u)        φ(u) = c f(x)        ∂φ/∂uᵢ = c wᵢ ∂f/∂xᵢ, or 0 where descent leads out of the box
//! ```
//!
//! | symbol | code             | meaning                                                            |
//! |--------|------------------|--------------------------------------------------------------------|
//! | o, w   | `origin`, `width`| a corner of the box and its sides; 0 and 1 where the box is open   |
//! | u      | `u`              | the point in units of the box, which the solver moves freely       |
//! | c      | `scale`          | makes the first step of a round a tenth of the box, later shorter  |
//!
//! Source: limited-memory BFGS with the line search of Moré and Thuente (1994), both from `argmin`. Departures: outside the box the
//! function goes on as it is at the nearest point inside, so coordinates that have left it are at rest; the solver is
//! started again from the best point, with those coordinates free to come back, until a start no longer helps.
//!
//! `argmin` must not see NaN: its line search would never end. Values that are not finite become a wall of 10¹⁰⁰
//! without slope, a point that is not a number ends the round, and so does the budget, from inside the line search.

use std::cell::RefCell;

use argmin::core::{CostFunction, Error, Executor, Gradient};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;

/// What a value that is not finite counts as.
const WALL: f64 = 1e100;

/// Length of the first step of a round, in units of the box.
const FIRST_STEPS: [f64; 2] = [0.1, 0.01];

/// How long to look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Most evaluations of the function, at least 1.
    pub evaluations: usize,
    /// It has converged when no slope, in value per width of the box, exceeds this times `1 + |value|`; and ends when a
    /// round gains less.
    pub tolerance: f64,
    /// Pairs of steps and slopes that are remembered, at least 1.
    pub memory: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { evaluations: 200, tolerance: 1e-7, memory: 7 }
    }
}

/// The best point that was seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Minimum {
    /// The point, inside the box.
    pub x: Vec<f64>,
    /// The value there; infinite if no value was finite.
    pub value: f64,
    /// Evaluations made.
    pub evaluations: usize,
    /// Whether the slopes vanish there, but for those that lead out of the box.
    pub converged: bool,
}

/// Looks for the smallest value inside a box, from `start`; `function` gives value and gradient. The result depends on the arguments
/// alone.
///
/// `bounds` has lower and upper end of each coordinate, which may be infinite or equal; the start is moved into it.
///
/// # Panics
/// If the lengths differ, a lower end is above its upper end, or the budget or the memory is 0.
pub fn minimise(
    start: &[f64],
    bounds: &[(f64, f64)],
    options: &Options,
    function: impl FnMut(&[f64]) -> (f64, Vec<f64>),
) -> Minimum {
    assert_eq!(start.len(), bounds.len(), "one pair of bounds for each coordinate");
    assert!(bounds.iter().all(|(low, high)| low <= high), "lower bounds are not above upper ones");
    assert!(options.evaluations > 0 && options.memory > 0, "an empty budget finds nothing");
    let axes: Vec<Axis> = bounds.iter().map(|&(low, high)| Axis::new(low, high)).collect();
    let mut from: Vec<f64> = axes.iter().zip(start).map(|(axis, &x)| axis.u(x)).collect();
    let evaluator = Evaluator::new(function, axes, options.evaluations);
    let evaluator = RefCell::new(evaluator);
    let mut converged = false;
    for round in 0.. {
        let Ok((value, slopes)) = evaluator.borrow_mut().at(&from) else { break };
        let enough = options.tolerance * (1.0 + value.abs());
        if slopes.iter().all(|slope| slope.abs() <= enough) {
            converged = value < WALL;
            break;
        }
        let length = slopes.iter().map(|slope| slope * slope).sum::<f64>().sqrt();
        let scale = FIRST_STEPS[round.min(FIRST_STEPS.len() - 1)] / length;
        evaluator.borrow_mut().rescale(scale);
        // How a round ends does not matter: the best point is remembered here.
        let _ = descend(&evaluator, from.clone(), options.memory, scale * enough);
        let mut done = evaluator.borrow_mut();
        done.rescale(1.0);
        let Some((best, u)) = &done.best else { break };
        let gain = value - best;
        from.clone_from(u);
        if gain <= enough {
            converged = done.at(&from).is_ok_and(|(_, slopes)| is_flat(&slopes, enough));
            break;
        }
    }
    evaluator.into_inner().minimum(&from, converged)
}

fn is_flat(slopes: &[f64], enough: f64) -> bool {
    slopes.iter().all(|slope| slope.abs() <= enough)
}

/// One round of the solver.
fn descend<F: FnMut(&[f64]) -> (f64, Vec<f64>)>(
    evaluator: &RefCell<Evaluator<F>>,
    from: Vec<f64>,
    memory: usize,
    flat: f64,
) -> Result<(), Error> {
    let search: MoreThuenteLineSearch<Vec<f64>, Vec<f64>, f64> = MoreThuenteLineSearch::new();
    let solver =
        LBFGS::new(search, memory).with_tolerance_grad(flat)?.with_tolerance_cost(1e-14)?;
    let run = Executor::new(Problem(evaluator), solver).configure(|state| state.param(from));
    run.ctrlc(false).timer(false).run().map(drop)
}

/// One coordinate of the box.
#[derive(Debug, Clone, Copy)]
struct Axis {
    origin: f64,
    width: f64,
    /// The ends in x.
    ends: (f64, f64),
    /// The ends in units of the box.
    limits: (f64, f64),
}

impl Axis {
    fn new(low: f64, high: f64) -> Self {
        let (origin, width, limits) = match (low.is_finite(), high.is_finite()) {
            (true, true) => (low, high - low, (0.0, 1.0)),
            (true, false) => (low, 1.0, (0.0, f64::INFINITY)),
            (false, true) => (high, 1.0, (f64::NEG_INFINITY, 0.0)),
            (false, false) => (0.0, 1.0, (f64::NEG_INFINITY, f64::INFINITY)),
        };
        Self { origin, width, ends: (low, high), limits }
    }

    fn u(&self, x: f64) -> f64 {
        let u = if self.width > 0.0 { (x - self.origin) / self.width } else { 0.0 };
        u.clamp(self.limits.0, self.limits.1)
    }

    fn x(&self, u: f64) -> f64 {
        let u = u.clamp(self.limits.0, self.limits.1);
        (self.origin + self.width * u).clamp(self.ends.0, self.ends.1)
    }

    /// The slope in u, if descent does not lead out of the box.
    fn slope(&self, u: f64, slope: f64) -> f64 {
        let out = u < self.limits.0 || u > self.limits.1;
        let pushes = (u == self.limits.0 && slope > 0.0) || (u == self.limits.1 && slope < 0.0);
        if out || pushes { 0.0 } else { slope * self.width }
    }
}

/// The function with its books.
struct Evaluator<F> {
    function: F,
    axes: Vec<Axis>,
    scale: f64,
    left: usize,
    made: usize,
    /// The last point with its value and slopes, unscaled: the solver asks for them one after the other.
    last: Option<(Vec<f64>, f64, Vec<f64>)>,
    best: Option<(f64, Vec<f64>)>,
}

impl<F: FnMut(&[f64]) -> (f64, Vec<f64>)> Evaluator<F> {
    fn new(function: F, axes: Vec<Axis>, left: usize) -> Self {
        Self { function, axes, scale: 1.0, left, made: 0, last: None, best: None }
    }

    fn rescale(&mut self, scale: f64) {
        self.scale = scale;
    }

    /// Scaled value and slopes.
    fn at(&mut self, u: &[f64]) -> Result<(f64, Vec<f64>), Error> {
        if self.last.as_ref().is_none_or(|(last, ..)| last != u) {
            self.evaluate(u)?;
        }
        let (_, value, slopes) = self.last.as_ref().expect("has just been evaluated");
        if *value >= WALL {
            return Ok((WALL, vec![0.0; u.len()]));
        }
        Ok((value * self.scale, slopes.iter().map(|slope| slope * self.scale).collect()))
    }

    fn evaluate(&mut self, u: &[f64]) -> Result<(), Error> {
        if u.iter().any(|u| u.is_nan()) {
            return Err(Error::msg("the step is not a number"));
        }
        if self.left == 0 {
            return Err(Error::msg("the budget is spent"));
        }
        self.left -= 1;
        self.made += 1;
        let x: Vec<f64> = self.axes.iter().zip(u).map(|(axis, &u)| axis.x(u)).collect();
        let (value, gradient) = (self.function)(&x);
        assert_eq!(gradient.len(), u.len(), "one slope for each coordinate");
        let sound = value.abs() < WALL && gradient.iter().all(|slope| slope.is_finite());
        if !sound {
            self.last = Some((u.to_vec(), WALL, vec![0.0; u.len()]));
            return Ok(());
        }
        let along = self.axes.iter().zip(u).zip(&gradient);
        let slopes = along.map(|((axis, &u), &slope)| axis.slope(u, slope)).collect();
        if self.best.as_ref().is_none_or(|(best, _)| value < *best) {
            let inside = |(axis, u): (&Axis, &f64)| u.clamp(axis.limits.0, axis.limits.1);
            self.best = Some((value, self.axes.iter().zip(u).map(inside).collect()));
        }
        self.last = Some((u.to_vec(), value, slopes));
        Ok(())
    }

    fn minimum(self, from: &[f64], converged: bool) -> Minimum {
        let (value, u) = self.best.unwrap_or((f64::INFINITY, from.to_vec()));
        let x = self.axes.iter().zip(&u).map(|(axis, &u)| axis.x(u)).collect();
        Minimum { x, value, evaluations: self.made, converged }
    }
}

/// What the solver sees.
struct Problem<'a, F>(&'a RefCell<Evaluator<F>>);

impl<F: FnMut(&[f64]) -> (f64, Vec<f64>)> CostFunction for Problem<'_, F> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, u: &Vec<f64>) -> Result<f64, Error> {
        self.0.borrow_mut().at(u).map(|(value, _)| value)
    }
}

impl<F: FnMut(&[f64]) -> (f64, Vec<f64>)> Gradient for Problem<'_, F> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, u: &Vec<f64>) -> Result<Vec<f64>, Error> {
        self.0.borrow_mut().at(u).map(|(_, slopes)| slopes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

    fn rosenbrock(x: &[f64]) -> (f64, Vec<f64>) {
        let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
        (a * a + 100.0 * b * b, vec![-2.0 * a - 400.0 * x[0] * b, 200.0 * b])
    }

    #[test]
    fn rosenbrock_is_solved_with_and_without_a_box() {
        for bounds in [[OPEN; 2], [(-2.0, 2.0); 2], [(-5.0, f64::INFINITY), OPEN]] {
            let found = minimise(&[-1.2, 1.0], &bounds, &Options::default(), rosenbrock);
            assert!(found.converged && found.evaluations < 120, "{found:?}");
            assert!(found.x.iter().all(|x| (x - 1.0).abs() < 1e-5), "{found:?}");
        }
    }

    /// Inside x ≤ ½ the valley ends at (½, ¼).
    #[test]
    fn a_minimum_on_the_edge_is_found_from_any_corner() {
        let bounds = [(-2.0, 0.5), (-1.0, 3.0)];
        for start in [[-2.0, -1.0], [0.5, 3.0], [-2.0, 3.0], [0.5, -1.0], [-9.0, 9.0]] {
            let found = minimise(&start, &bounds, &Options::default(), rosenbrock);
            assert!(
                (found.x[0] - 0.5).abs() < 1e-6 && (found.x[1] - 0.25).abs() < 1e-5,
                "{found:?}"
            );
            assert!(found.converged, "{found:?}");
        }
    }

    #[test]
    fn it_never_looks_outside_the_box_or_past_the_budget() {
        let bounds = [(-1.0, 0.3), (2.0, 2.0)];
        let mut calls = 0;
        let options = Options { evaluations: 9, ..Options::default() };
        let found = minimise(&[0.0, 0.0], &bounds, &options, |x| {
            calls += 1;
            assert!(x[0] >= -1.0 && x[0] <= 0.3 && x[1] == 2.0, "{x:?}");
            rosenbrock(x)
        });
        assert!(calls <= 9 && calls == found.evaluations, "{calls} calls");
    }

    /// The line search of the solver would never end.
    #[test]
    fn nan_is_a_wall_and_not_a_trap() {
        let half = |x: &[f64]| {
            let value = if x[0] > 0.0 { (x[0] - 1e-3) * x[0].ln() } else { f64::NAN };
            (value, vec![x[0].ln() + 1.0 - 1e-3 / x[0]])
        };
        let found = minimise(&[3.0], &[OPEN], &Options::default(), half);
        assert!(found.value < -0.3 && found.x[0] > 0.0, "{found:?}");
        let found = minimise(&[1.0], &[OPEN], &Options::default(), |_| (f64::NAN, vec![f64::NAN]));
        assert!(found.value.is_infinite() && !found.converged && found.x == [1.0], "{found:?}");
        // A value without a slope, and infinite slopes.
        let found = minimise(&[1.0], &[OPEN], &Options::default(), |x| (x[0], vec![f64::NAN]));
        assert!(found.value.is_infinite(), "{found:?}");
    }

    #[test]
    fn the_units_of_the_value_do_not_matter() {
        for unit in [1e-9, 1.0, 1e9] {
            let options = Options { tolerance: 1e-7 * f64::min(unit, 1.0), ..Options::default() };
            let found = minimise(&[-1.2, 1.0], &[(-2.0, 2.0); 2], &options, |x| {
                let (value, gradient) = rosenbrock(x);
                (unit * value, gradient.iter().map(|slope| unit * slope).collect())
            });
            assert!(found.x.iter().all(|x| (x - 1.0).abs() < 1e-4), "{unit}: {found:?}");
        }
    }

    #[test]
    fn the_same_call_gives_the_same_bits() {
        let once = || minimise(&[0.3, -0.7], &[(-2.0, 2.0); 2], &Options::default(), rosenbrock);
        assert_eq!(once(), once());
    }
}
