//! CartPole-v1: balance a pole on a cart by pushing left or right.
//!
//! Dynamics of Barto, Sutton and Anderson (1983), explicit Euler, exactly as in Gymnasium; reward 1 per step, the last one
//! included; ends beyond ±2.4 m or ±12°; 500 steps.

use hatchery_kernels::math::sin_cos_f64;
use hatchery_kernels::simd::{Kernel, dispatch};

use super::environment::{Actions, Environment, Start};

const GRAVITY: f64 = 9.8;
const MASS_POLE: f64 = 0.1;
const MASS_TOTAL: f64 = MASS_POLE + 1.0;
/// Half the length of the pole, m.
const LENGTH: f64 = 0.5;
const POLE_MASS_LENGTH: f64 = MASS_POLE * LENGTH;
const FORCE: f64 = 10.0;
const STEP_S: f64 = 0.02;
const ANGLE_MAX: f64 = 12.0 * 2.0 * std::f64::consts::PI / 360.0;
const POSITION_MAX: f64 = 2.4;

/// The environment.
#[derive(Debug, Clone, Copy, Default)]
pub struct CartPole;

/// Cart position (m) and velocity, pole angle (rad) and velocity.
#[derive(Debug, Clone, PartialEq)]
pub struct Lanes {
    x: Vec<f64>,
    x_dot: Vec<f64>,
    theta: Vec<f64>,
    theta_dot: Vec<f64>,
}

impl Lanes {
    /// Lanes in the given states `[x, ẋ, θ, θ̇]`.
    pub fn from_states(states: &[[f64; 4]]) -> Self {
        let column = |k: usize| states.iter().map(|s| s[k]).collect();
        Self { x: column(0), x_dot: column(1), theta: column(2), theta_dot: column(3) }
    }

    /// State of one lane.
    pub fn state(&self, lane: usize) -> [f64; 4] {
        [self.x[lane], self.x_dot[lane], self.theta[lane], self.theta_dot[lane]]
    }
}

impl Environment for CartPole {
    type Lanes = Lanes;

    fn name(&self) -> &'static str {
        "cartpole"
    }

    fn observations(&self) -> usize {
        4
    }

    fn actions(&self) -> Actions {
        Actions::Discrete(2)
    }

    fn steps_max(&self) -> u32 {
        500
    }

    fn cuda(&self) -> Option<&'static str> {
        Some(include_str!("cartpole.cuh"))
    }

    fn reset(&self, starts: &[Start]) -> Lanes {
        let state = |start: &Start| [0, 1, 2, 3].map(|k| start.uniform_in(k, -0.05, 0.05));
        Lanes::from_states(&starts.iter().map(state).collect::<Vec<_>>())
    }

    fn observe(&self, lanes: &Lanes, out: &mut [f32]) {
        let columns = [&lanes.x, &lanes.x_dot, &lanes.theta, &lanes.theta_dot];
        for (out, column) in out.chunks_exact_mut(lanes.x.len()).zip(columns) {
            out.iter_mut().zip(column).for_each(|(out, value)| *out = *value as f32);
        }
    }

    fn step(
        &self,
        lanes: &mut Lanes,
        actions: &[f32],
        rewards: &mut [f64],
        terminated: &mut [bool],
    ) {
        rewards.fill(1.0);
        dispatch(Step { lanes, actions, terminated });
    }
}

struct Step<'a> {
    lanes: &'a mut Lanes,
    actions: &'a [f32],
    terminated: &'a mut [bool],
}

impl Kernel for Step<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { lanes, actions, terminated } = self;
        let count = terminated.len();
        let (x, x_dot) = (&mut lanes.x[..count], &mut lanes.x_dot[..count]);
        let (theta, theta_dot) = (&mut lanes.theta[..count], &mut lanes.theta_dot[..count]);
        let actions = &actions[..count];
        for l in 0..count {
            let force = if actions[l] == 1.0 { FORCE } else { -FORCE };
            let (sine, cosine) = sin_cos_f64(theta[l]);
            let temp =
                (force + POLE_MASS_LENGTH * (theta_dot[l] * theta_dot[l]) * sine) / MASS_TOTAL;
            let acceleration = (GRAVITY * sine - cosine * temp)
                / (LENGTH * (4.0 / 3.0 - MASS_POLE * (cosine * cosine) / MASS_TOTAL));
            let cart = temp - POLE_MASS_LENGTH * acceleration * cosine / MASS_TOTAL;
            x[l] += STEP_S * x_dot[l];
            x_dot[l] += STEP_S * cart;
            theta[l] += STEP_S * theta_dot[l];
            theta_dot[l] += STEP_S * acceleration;
            terminated[l] = (x[l] < -POSITION_MAX)
                | (x[l] > POSITION_MAX)
                | (theta[l] < -ANGLE_MAX)
                | (theta[l] > ANGLE_MAX);
        }
    }
}
