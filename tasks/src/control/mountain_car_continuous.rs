//! MountainCarContinuous-v0: the valley with a throttle.
//!
//! Exactly as in Gymnasium, whose state is single precision: reward -0.1 a² per step and 100 at the goal, position 0.45; 999
//! steps.

use hatchery_kernels::math::sin_cos_f64;

use super::environment::{Actions, Environment, Start};

const POWER: f64 = 0.0015;
const GRAVITY: f64 = 0.0025;
const SPEED_MAX: f32 = 0.07;
const POSITION_MIN: f32 = -1.2;
const POSITION_MAX: f32 = 0.6;
/// Gymnasium compares in single precision: the f32 just below 0.45 is on the goal.
const GOAL: f32 = 0.45;

/// The environment: one action, the throttle, within ±1.
#[derive(Debug, Clone, Copy, Default)]
pub struct MountainCarContinuous;

/// Position and velocity, single precision.
#[derive(Debug, Clone, PartialEq)]
pub struct Lanes {
    position: Vec<f32>,
    velocity: Vec<f32>,
}

impl Lanes {
    /// Lanes in the given states `[position, velocity]`.
    pub fn from_states(states: &[[f32; 2]]) -> Self {
        let column = |k: usize| states.iter().map(|s| s[k]).collect();
        Self { position: column(0), velocity: column(1) }
    }

    /// State of one lane.
    pub fn state(&self, lane: usize) -> [f32; 2] {
        [self.position[lane], self.velocity[lane]]
    }
}

impl Environment for MountainCarContinuous {
    type Lanes = Lanes;

    fn name(&self) -> &'static str {
        "mountain-car-continuous"
    }

    fn observations(&self) -> usize {
        2
    }

    fn scales(&self) -> Vec<f32> {
        vec![1.0, SPEED_MAX]
    }

    fn actions(&self) -> Actions {
        Actions::Continuous { size: 1, low: -1.0, high: 1.0 }
    }

    fn steps_max(&self) -> u32 {
        999
    }

    fn cuda(&self) -> Option<&'static str> {
        Some(include_str!("mountain_car_continuous.cuh"))
    }

    fn reset(&self, starts: &[Start]) -> Lanes {
        let state = |s: &Start| [s.uniform_in(0, -0.6, -0.4) as f32, 0.0];
        Lanes::from_states(&starts.iter().map(state).collect::<Vec<_>>())
    }

    fn observe(&self, lanes: &Lanes, out: &mut [f32]) {
        let (position, velocity) = out.split_at_mut(lanes.position.len());
        position.copy_from_slice(&lanes.position);
        velocity.copy_from_slice(&lanes.velocity);
    }

    fn step(
        &self,
        lanes: &mut Lanes,
        actions: &[f32],
        rewards: &mut [f64],
        terminated: &mut [bool],
    ) {
        let states = lanes.position.iter_mut().zip(&mut lanes.velocity);
        let results = rewards.iter_mut().zip(terminated.iter_mut());
        for (((p, v), &action), (reward, ended)) in states.zip(actions).zip(results) {
            *v = (*v + push(*p, action)).clamp(-SPEED_MAX, SPEED_MAX);
            *p = (*p + *v).clamp(POSITION_MIN, POSITION_MAX);
            if *p == POSITION_MIN && *v < 0.0 {
                *v = 0.0;
            }
            *ended = *p >= GOAL && *v >= 0.0;
            let goal = if *ended { 100.0 } else { 0.0 };
            *reward = goal - f64::from(action) * f64::from(action) * 0.1;
        }
    }
}

/// Change of velocity. A throttle beyond its bounds is a Python float in Gymnasium, one within is an f32, and the roundings
/// differ accordingly.
fn push(position: f32, action: f32) -> f32 {
    let slope = GRAVITY * sin_cos_f64(f64::from(3.0 * position)).1;
    if (-1.0..=1.0).contains(&action) {
        action * POWER as f32 - slope as f32
    } else {
        (f64::from(action.clamp(-1.0, 1.0)) * POWER - slope) as f32
    }
}
