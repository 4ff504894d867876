//! Pendulum-v1: swing up and hold, paying for angle, speed and torque.
//!
//! Exactly as in Gymnasium: reward -(θ² + 0.1 θ̇² + 0.001 u²) of the state before the step, θ folded into ±π; never ends by
//! itself; 200 steps.

use std::f64::consts::PI;

use hatchery_kernels::math::sin_cos_f64;
use hatchery_kernels::simd::{Kernel, dispatch};

use super::environment::{Actions, Environment, Start};

const TORQUE_MAX: f32 = 2.0;
const SPEED_MAX: f64 = 8.0;
const STEP_S: f64 = 0.05;
/// 3 g / (2 l) with g = 10 m/s², l = 1 m.
const GRAVITY: f64 = 15.0;

/// The environment: one action, the torque, within ±2 N m.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pendulum;

/// Angle from upright (rad) and angular velocity.
#[derive(Debug, Clone, PartialEq)]
pub struct Lanes {
    theta: Vec<f64>,
    theta_dot: Vec<f64>,
}

impl Lanes {
    /// Lanes in the given states `[θ, θ̇]`.
    pub fn from_states(states: &[[f64; 2]]) -> Self {
        let column = |k: usize| states.iter().map(|s| s[k]).collect();
        Self { theta: column(0), theta_dot: column(1) }
    }

    /// State of one lane.
    pub fn state(&self, lane: usize) -> [f64; 2] {
        [self.theta[lane], self.theta_dot[lane]]
    }
}

impl Environment for Pendulum {
    type Lanes = Lanes;

    fn name(&self) -> &'static str {
        "pendulum"
    }

    fn observations(&self) -> usize {
        3
    }

    fn actions(&self) -> Actions {
        Actions::Continuous { size: 1, low: -TORQUE_MAX, high: TORQUE_MAX }
    }

    fn steps_max(&self) -> u32 {
        200
    }

    fn cuda(&self) -> Option<&'static str> {
        Some(include_str!("pendulum.cuh"))
    }

    fn reset(&self, starts: &[Start]) -> Lanes {
        let state = |s: &Start| [s.uniform_in(0, -PI, PI), s.uniform_in(1, -1.0, 1.0)];
        Lanes::from_states(&starts.iter().map(state).collect::<Vec<_>>())
    }

    fn observe(&self, lanes: &Lanes, out: &mut [f32]) {
        dispatch(Observe { lanes, out });
    }

    fn step(
        &self,
        lanes: &mut Lanes,
        actions: &[f32],
        rewards: &mut [f64],
        terminated: &mut [bool],
    ) {
        terminated.fill(false);
        dispatch(Step { lanes, actions, rewards });
    }
}

struct Observe<'a> {
    lanes: &'a Lanes,
    out: &'a mut [f32],
}

impl Kernel for Observe<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let count = self.lanes.theta.len();
        let (cosines, rest) = self.out.split_at_mut(count);
        let (sines, speeds) = rest.split_at_mut(count);
        for l in 0..count {
            let (sine, cosine) = sin_cos_f64(self.lanes.theta[l]);
            cosines[l] = cosine as f32;
            sines[l] = sine as f32;
            speeds[l] = self.lanes.theta_dot[l] as f32;
        }
    }
}

struct Step<'a> {
    lanes: &'a mut Lanes,
    actions: &'a [f32],
    rewards: &'a mut [f64],
}

impl Kernel for Step<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { lanes, actions, rewards } = self;
        let count = rewards.len();
        let (theta, theta_dot) = (&mut lanes.theta[..count], &mut lanes.theta_dot[..count]);
        let actions = &actions[..count];
        for l in 0..count {
            let u = actions[l].clamp(-TORQUE_MAX, TORQUE_MAX);
            let angle = (theta[l] + PI).rem_euclid(2.0 * PI) - PI;
            // Gymnasium's torque is single precision, and so are the two terms made of it alone.
            let effort = f64::from(0.001_f32 * (u * u));
            rewards[l] = -(angle * angle + 0.1 * (theta_dot[l] * theta_dot[l]) + effort);
            let (sine, _) = sin_cos_f64(theta[l]);
            let speed = theta_dot[l] + (GRAVITY * sine + f64::from(3.0 * u)) * STEP_S;
            theta_dot[l] = speed.clamp(-SPEED_MAX, SPEED_MAX);
            theta[l] += theta_dot[l] * STEP_S;
        }
    }
}
