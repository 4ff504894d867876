//! MountainCar-v0: a car too weak for the slope must rock itself out of the valley.
//!
//! Dynamics of Moore (1990), exactly as in Gymnasium; reward -1 per step; ends at position 0.5; 200 steps.

use hatchery_kernels::math::sin_cos_f64;
use hatchery_kernels::simd::{Kernel, dispatch};

use super::environment::{Actions, Environment, Start};

const FORCE: f64 = 0.001;
const GRAVITY: f64 = 0.0025;
const SPEED_MAX: f64 = 0.07;
const POSITION_MIN: f64 = -1.2;
const POSITION_MAX: f64 = 0.6;
const GOAL: f64 = 0.5;

/// The environment: push left (0), coast (1) or push right (2).
#[derive(Debug, Clone, Copy, Default)]
pub struct MountainCar;

/// Position and velocity.
#[derive(Debug, Clone, PartialEq)]
pub struct Lanes {
    position: Vec<f64>,
    velocity: Vec<f64>,
}

impl Lanes {
    /// Lanes in the given states `[position, velocity]`.
    pub fn from_states(states: &[[f64; 2]]) -> Self {
        let column = |k: usize| states.iter().map(|s| s[k]).collect();
        Self { position: column(0), velocity: column(1) }
    }

    /// State of one lane.
    pub fn state(&self, lane: usize) -> [f64; 2] {
        [self.position[lane], self.velocity[lane]]
    }
}

impl Environment for MountainCar {
    type Lanes = Lanes;

    fn name(&self) -> &'static str {
        "mountain-car"
    }

    fn observations(&self) -> usize {
        2
    }

    fn scales(&self) -> Vec<f32> {
        vec![1.0, SPEED_MAX as f32]
    }

    fn actions(&self) -> Actions {
        Actions::Discrete(3)
    }

    fn steps_max(&self) -> u32 {
        200
    }

    fn cuda(&self) -> Option<&'static str> {
        Some(include_str!("mountain_car.cuh"))
    }

    fn reset(&self, starts: &[Start]) -> Lanes {
        let states: Vec<_> = starts.iter().map(|s| [s.uniform_in(0, -0.6, -0.4), 0.0]).collect();
        Lanes::from_states(&states)
    }

    fn observe(&self, lanes: &Lanes, out: &mut [f32]) {
        let (position, velocity) = out.split_at_mut(lanes.position.len());
        position.iter_mut().zip(&lanes.position).for_each(|(out, v)| *out = *v as f32);
        velocity.iter_mut().zip(&lanes.velocity).for_each(|(out, v)| *out = *v as f32);
    }

    fn step(
        &self,
        lanes: &mut Lanes,
        actions: &[f32],
        rewards: &mut [f64],
        terminated: &mut [bool],
    ) {
        rewards.fill(-1.0);
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
        let (position, velocity) = (&mut lanes.position[..count], &mut lanes.velocity[..count]);
        let actions = &actions[..count];
        for l in 0..count {
            let (_, cosine) = sin_cos_f64(3.0 * position[l]);
            let push = (f64::from(actions[l]) - 1.0) * FORCE + cosine * -GRAVITY;
            let v = (velocity[l] + push).clamp(-SPEED_MAX, SPEED_MAX);
            let p = (position[l] + v).clamp(POSITION_MIN, POSITION_MAX);
            let v = if (p == POSITION_MIN) & (v < 0.0) { 0.0 } else { v };
            position[l] = p;
            velocity[l] = v;
            terminated[l] = (p >= GOAL) & (v >= 0.0);
        }
    }
}
