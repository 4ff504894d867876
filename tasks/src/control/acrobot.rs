//! Acrobot-v1: two links, torque at the joint between them; swing the tip above the bar.
//!
//! Dynamics of Sutton and Barto's book, Runge–Kutta of order 4 over 0.2 s, exactly as in Gymnasium; reward -1 per step and 0
//! for the last; ends when `-cos θ₁ - cos(θ₁ + θ₂) > 1`; 500 steps.

use std::f64::consts::PI;

use hatchery_kernels::math::sin_cos_f64;
use hatchery_kernels::simd::{Kernel, dispatch};

use super::environment::{Actions, Environment, Start};

const GRAVITY: f64 = 9.8;
/// Both links: 1 m, 1 kg, centre of mass halfway, moment of inertia 1 kg m².
const LENGTH: f64 = 1.0;
const MASS: f64 = 1.0;
const CENTRE: f64 = 0.5;
const INERTIA: f64 = 1.0;
const SPEED_1_MAX: f64 = 4.0 * PI;
const SPEED_2_MAX: f64 = 9.0 * PI;
const STEP_S: f64 = 0.2;

/// The environment: torque -1 (0), none (1) or +1 (2).
#[derive(Debug, Clone, Copy, Default)]
pub struct Acrobot;

/// Angles of the two links (rad) and their velocities.
#[derive(Debug, Clone, PartialEq)]
pub struct Lanes {
    columns: [Vec<f64>; 4],
}

impl Lanes {
    /// Lanes in the given states `[θ₁, θ₂, θ̇₁, θ̇₂]`.
    pub fn from_states(states: &[[f64; 4]]) -> Self {
        Self { columns: std::array::from_fn(|k| states.iter().map(|s| s[k]).collect()) }
    }

    /// State of one lane.
    pub fn state(&self, lane: usize) -> [f64; 4] {
        std::array::from_fn(|k| self.columns[k][lane])
    }
}

impl Environment for Acrobot {
    type Lanes = Lanes;

    fn name(&self) -> &'static str {
        "acrobot"
    }

    fn observations(&self) -> usize {
        6
    }

    fn scales(&self) -> Vec<f32> {
        vec![1.0, 1.0, 1.0, 1.0, SPEED_1_MAX as f32, SPEED_2_MAX as f32]
    }

    fn actions(&self) -> Actions {
        Actions::Discrete(3)
    }

    fn steps_max(&self) -> u32 {
        500
    }

    fn cuda(&self) -> Option<&'static str> {
        Some(include_str!("acrobot.cuh"))
    }

    fn reset(&self, starts: &[Start]) -> Lanes {
        let state = |s: &Start| [0, 1, 2, 3].map(|k| f64::from(s.uniform_in(k, -0.1, 0.1) as f32));
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
        dispatch(Step { lanes, actions, terminated });
        for (reward, ended) in rewards.iter_mut().zip(terminated) {
            *reward = if *ended { 0.0 } else { -1.0 };
        }
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
        let [theta_1, theta_2, speed_1, speed_2] = &self.lanes.columns;
        let count = theta_1.len();
        for l in 0..count {
            let (sine, cosine) = sin_cos_f64(theta_1[l]);
            let (sine_2, cosine_2) = sin_cos_f64(theta_2[l]);
            let row = [cosine, sine, cosine_2, sine_2, speed_1[l], speed_2[l]];
            for (k, value) in row.into_iter().enumerate() {
                self.out[k * count + l] = value as f32;
            }
        }
    }
}

/// Time derivative of the state under a torque.
#[inline(always)]
fn derivative([theta_1, theta_2, speed_1, speed_2]: [f64; 4], torque: f64) -> [f64; 4] {
    let (sine_2, cosine_2) = sin_cos_f64(theta_2);
    let d1 = MASS * CENTRE * CENTRE
        + MASS * (LENGTH * LENGTH + CENTRE * CENTRE + 2.0 * LENGTH * CENTRE * cosine_2)
        + INERTIA
        + INERTIA;
    let d2 = MASS * (CENTRE * CENTRE + LENGTH * CENTRE * cosine_2) + INERTIA;
    let phi2 = MASS * CENTRE * GRAVITY * sin_cos_f64(theta_1 + theta_2 - PI / 2.0).1;
    let phi1 = -MASS * LENGTH * CENTRE * (speed_2 * speed_2) * sine_2
        - 2.0 * MASS * LENGTH * CENTRE * speed_2 * speed_1 * sine_2
        + (MASS * CENTRE + MASS * LENGTH) * GRAVITY * sin_cos_f64(theta_1 - PI / 2.0).1
        + phi2;
    let acceleration_2 =
        (torque + d2 / d1 * phi1 - MASS * LENGTH * CENTRE * (speed_1 * speed_1) * sine_2 - phi2)
            / (MASS * CENTRE * CENTRE + INERTIA - d2 * d2 / d1);
    let acceleration_1 = -(d2 * acceleration_2 + phi1) / d1;
    [speed_1, speed_2, acceleration_1, acceleration_2]
}

#[inline(always)]
fn plus(state: [f64; 4], factor: f64, k: [f64; 4]) -> [f64; 4] {
    [
        state[0] + factor * k[0],
        state[1] + factor * k[1],
        state[2] + factor * k[2],
        state[3] + factor * k[3],
    ]
}

/// Folds an angle into [-π, π]; speeds are bounded, so one step leaves it within three turns.
#[inline(always)]
fn fold(angle: f64) -> f64 {
    let mut x = angle;
    for _ in 0..3 {
        x = if x > PI { x - 2.0 * PI } else { x };
        x = if x < -PI { x + 2.0 * PI } else { x };
    }
    x
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
        let [theta_1, theta_2, speed_1, speed_2] = &mut lanes.columns;
        let (theta_1, theta_2) = (&mut theta_1[..count], &mut theta_2[..count]);
        let (speed_1, speed_2) = (&mut speed_1[..count], &mut speed_2[..count]);
        let actions = &actions[..count];
        for l in 0..count {
            let torque = f64::from(actions[l]) - 1.0;
            let state = [theta_1[l], theta_2[l], speed_1[l], speed_2[l]];
            let k1 = derivative(state, torque);
            let k2 = derivative(plus(state, STEP_S / 2.0, k1), torque);
            let k3 = derivative(plus(state, STEP_S / 2.0, k2), torque);
            let k4 = derivative(plus(state, STEP_S, k3), torque);
            let next =
                |k: usize| state[k] + STEP_S / 6.0 * (k1[k] + 2.0 * k2[k] + 2.0 * k3[k] + k4[k]);
            theta_1[l] = fold(next(0));
            theta_2[l] = fold(next(1));
            speed_1[l] = next(2).clamp(-SPEED_1_MAX, SPEED_1_MAX);
            speed_2[l] = next(3).clamp(-SPEED_2_MAX, SPEED_2_MAX);
            let (_, cosine) = sin_cos_f64(theta_1[l]);
            let (_, cosine_12) = sin_cos_f64(theta_2[l] + theta_1[l]);
            terminated[l] = -cosine - cosine_12 > 1.0;
        }
    }
}
