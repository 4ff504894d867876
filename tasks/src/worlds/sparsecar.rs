//! A car in a valley whose engine is too weak for the hill, and no reward before the top.
//!
//! v ← v + e a − g cos(3p),  p ← p + v
//!
//! | symbol | code | range | meaning |
//! |---|---|---|---|
//! | a | action 0 | [-1, 1] | throttle |
//! | p | `position` | [-1.2, 0.6] | starts between -0.6 and -0.4; the goal is 0.5 |
//! | v | `velocity` | [-0.07, 0.07] | 0 at the start, and after the wall at -1.2 |
//! | e | `engine` | 0.001 | 0.0008 in L2 |
//! | g | `gravity` | 0.0025 | between 0.0022 and 0.0028 in L1 |
//!
//! 200 steps. The policy sees (p + 0.3) / 0.9 and v / 0.07. Signals of a step: `motion` is |v| / 0.07, `push` is a².
//!
//! `energy` is the largest g sin(3p) / 3 + v² / 2, scaled so that it is 0 at rest in the valley and 1 at rest at the goal, and at most 1.
//! `maxp` is 0 at the wall and 1 at the goal.

use hatchery_engine::world::{Action, Controls, Primitive, PrimitiveSet, Split, Trace, World};
use hatchery_kernels::{Dice, math};
use serde::{Deserialize, Serialize};

use super::action;

const POSITION_MIN: f32 = -1.2;
const POSITION_MAX: f32 = 0.6;
const VELOCITY_MAX: f32 = 0.07;
const GOAL: f32 = 0.5;
const ENGINE: f32 = 0.001;
const WEAK_ENGINE: f32 = 0.0008;
const GRAVITY: f32 = 0.0025;
const GRAVITIES: [f32; 2] = [0.0022, 0.0028];

/// The options of this world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Most steps of an episode, from 100 to 1000.
    pub steps: u16,
}

impl Default for Config {
    fn default() -> Self {
        Self { steps: 200 }
    }
}

impl Config {
    /// Whether the values make sense.
    ///
    /// # Errors
    /// The first key whose value does not, and why.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        if (100..=1000).contains(&self.steps) {
            return Ok(());
        }
        Err(("steps", format!("must be from 100 to 1000, found {}", self.steps)))
    }

    /// The world.
    ///
    /// # Panics
    /// If [`check`](Self::check) refuses the options.
    pub fn world(&self) -> SparseCar {
        self.check().expect("options are checked");
        SparseCar { config: *self }
    }
}

/// The world.
#[derive(Debug, Clone, Copy)]
pub struct SparseCar {
    config: Config,
}

/// All that changes during an episode, and what does not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct State {
    /// Where the car is, from -1.2 to 0.6.
    pub position: f32,
    /// Its velocity, a step.
    pub velocity: f32,
    /// What pulls it down, a step².
    pub gravity: f32,
    /// What a full throttle adds to the velocity.
    pub engine: f32,
    /// Steps made.
    pub steps: u16,
    position_max: f32,
    speed_max: f32,
    energy_max: f32,
    effort: f32,
}

impl State {
    fn won(&self) -> bool {
        self.position >= GOAL
    }

    /// Takes notice of where the car is.
    #[inline]
    fn notice(&mut self) {
        let (sine, _) = math::sin_cos(3.0 * self.position);
        let energy = self.gravity * sine / 3.0 + 0.5 * self.velocity * self.velocity;
        self.energy_max = self.energy_max.max(energy);
        self.position_max = self.position_max.max(self.position);
        self.speed_max = self.speed_max.max(self.velocity.abs());
    }
}

const PRIMITIVES: [Primitive; 9] = [
    Primitive::unit("g1", "the goal is reached"),
    Primitive::unit("g2", "mean |velocity|, first third"),
    Primitive::unit("g3", "mean |velocity|, middle third"),
    Primitive::unit("g4", "mean |velocity|, last third"),
    Primitive::unit("maxp", "the farthest position to the right"),
    Primitive::unit("maxabsv", "the largest |velocity|"),
    Primitive::unit("energy", "the largest energy, of what the goal needs"),
    Primitive::unit("effort", "mean throttle²"),
    Primitive::unit("speed", "share of the steps that were not needed"),
];

const SIGNALS: [Primitive; 2] =
    [Primitive::unit("motion", "|velocity|"), Primitive::unit("push", "throttle²")];

const ALL: [&str; 9] = ["g1", "g2", "g3", "g4", "maxp", "maxabsv", "energy", "effort", "speed"];

const SETS: [PrimitiveSet; 4] = [
    PrimitiveSet { name: "full", primitives: &ALL, signals: &[] },
    PrimitiveSet { name: "derl4", primitives: &["g1", "g2", "g3", "g4"], signals: &[] },
    PrimitiveSet { name: "sub", primitives: &["g1", "maxp", "maxabsv", "energy"], signals: &[] },
    PrimitiveSet { name: "signals", primitives: &ALL, signals: &["motion", "push"] },
];

impl World for SparseCar {
    type State = State;

    fn name(&self) -> String {
        match self.config.steps {
            200 => "sparsecar".to_owned(),
            steps => format!("sparsecar-steps{steps}"),
        }
    }

    fn controls(&self) -> Controls {
        Controls::Continuous { observations: 2, dimension: 1 }
    }

    fn horizon(&self) -> usize {
        usize::from(self.config.steps)
    }

    fn primitives(&self) -> &[Primitive] {
        &PRIMITIVES
    }

    fn signals(&self) -> &[Primitive] {
        &SIGNALS
    }

    fn sets(&self) -> &[PrimitiveSet] {
        &SETS
    }

    fn hand_made(&self) -> &str {
        "g1+0.5*energy+0.5*maxp"
    }

    fn reset(&self, split: Split, dice: &mut Dice) -> State {
        let mut between = |low: f32, high: f32| low + (high - low) * dice.unit() as f32;
        let position = between(-0.6, -0.4);
        let mut state = State {
            position,
            velocity: 0.0,
            gravity: GRAVITY,
            engine: if split == Split::L2 { WEAK_ENGINE } else { ENGINE },
            steps: 0,
            position_max: position,
            speed_max: 0.0,
            energy_max: f32::NEG_INFINITY,
            effort: 0.0,
        };
        if split == Split::L1 {
            state.gravity = between(GRAVITIES[0], GRAVITIES[1]);
        }
        state.notice();
        state
    }

    fn observe(&self, state: &State, observation: &mut [f32]) {
        observation.copy_from_slice(&[(state.position + 0.3) / 0.9, state.velocity / VELOCITY_MAX]);
    }

    fn step(&self, state: &mut State, action: Action<'_>, signals: &mut [f32]) -> bool {
        let throttle = action::number(action, 0);
        let (_, cosine) = math::sin_cos(3.0 * state.position);
        let velocity = state.velocity + state.engine * throttle - state.gravity * cosine;
        state.velocity = velocity.clamp(-VELOCITY_MAX, VELOCITY_MAX);
        state.position = (state.position + state.velocity).clamp(POSITION_MIN, POSITION_MAX);
        if state.position == POSITION_MIN {
            state.velocity = state.velocity.max(0.0);
        }
        state.steps += 1;
        state.effort += throttle * throttle;
        state.notice();
        signals.copy_from_slice(&[state.velocity.abs() / VELOCITY_MAX, throttle * throttle]);
        state.won() || state.steps >= self.config.steps
    }

    fn finish(&self, state: &State, trace: Trace<'_>, primitives: &mut [f32]) {
        let (top, _) = math::sin_cos(3.0 * GOAL);
        let energy = (3.0 * state.energy_max / state.gravity + 1.0) / (top + 1.0);
        let steps = f32::from(state.steps);
        primitives.copy_from_slice(&[
            if state.won() { 1.0 } else { 0.0 },
            trace.third(0, 0),
            trace.third(0, 1),
            trace.third(0, 2),
            ((state.position_max - POSITION_MIN) / (GOAL - POSITION_MIN)).min(1.0),
            state.speed_max / VELOCITY_MAX,
            energy.clamp(0.0, 1.0),
            state.effort / steps.max(1.0),
            1.0 - steps / f32::from(self.config.steps),
        ]);
    }

    fn draw(&self, state: &State) -> String {
        const COLUMNS: usize = 37;
        const ROWS: usize = 7;
        let row = |column: usize| {
            let position = POSITION_MIN + 0.05 * column as f32;
            let height = 0.5 + 0.5 * math::sin_cos(3.0 * position).0;
            ((ROWS - 1) as f32 * height).round() as usize
        };
        let car = ((state.position - POSITION_MIN) / 0.05).round() as usize;
        let flag = ((GOAL - POSITION_MIN) / 0.05).round() as usize;
        let mut picture = format!(
            "step {}   position {:.2}   velocity {:+.3}{}\n",
            state.steps,
            state.position,
            state.velocity,
            if state.won() { "  done" } else { "" }
        );
        for height in (0..=ROWS).rev() {
            let symbol = |column: usize| match row(column) {
                ground if column == car && ground + 1 == height => 'o',
                ground if column == flag && ground + 1 == height => 'P',
                ground if ground == height => '_',
                _ => ' ',
            };
            let line: String = (0..COLUMNS).map(symbol).collect();
            picture += line.trim_end();
            picture.push('\n');
        }
        picture
    }

    fn say(&self, _: &State, action: Action<'_>) -> String {
        let throttle = action::number(action, 0);
        let side = if throttle < 0.0 { "left" } else { "right" };
        format!("{:.0} % throttle to the {side}", 100.0 * throttle.abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worlds::testing::{SPLITS, drive_from, keeps_the_contract, random_episode};

    fn car() -> SparseCar {
        Config::default().world()
    }

    #[test]
    fn the_car_keeps_the_contract() {
        keeps_the_contract(&car());
        let wrong = Config { steps: 7 };
        assert_eq!(wrong.check().expect_err("it is too short").0, "steps");
    }

    /// Full throttle in the direction of motion, which begins to one side or to the other.
    #[test]
    fn every_start_can_be_solved() {
        let world = car();
        for split in SPLITS {
            for number in 0..200 {
                let start = world.reset(split, &mut split.dice(1, number));
                let swing = |side: f32| {
                    drive_from(&world, start, |state, numbers| {
                        numbers[0] = if state.steps == 0 { side } else { state.velocity.signum() };
                    })
                };
                let mut swings = [swing(-1.0), swing(1.0)].into_iter();
                let episode = swings.find(|episode| episode.won()).expect("it can be solved");
                assert!(episode.primitives[4] == 1.0 && episode.primitives[6] > 0.99);
            }
        }
    }

    #[test]
    fn splits_have_their_valleys() {
        let world = car();
        for number in 0..200 {
            let start = |split: Split| world.reset(split, &mut split.dice(1, number));
            for split in SPLITS {
                let state = start(split);
                assert!((-0.6..=-0.4).contains(&state.position) && state.velocity == 0.0);
                assert_eq!(state.engine, if split == Split::L2 { 0.0008 } else { 0.001 });
                assert!(split == Split::L1 || state.gravity == 0.0025);
            }
            assert!((0.0022..=0.0028).contains(&start(Split::L1).gravity));
        }
    }

    /// 1000 episodes, as the specification measured: none succeeds.
    #[test]
    fn random_play_never_succeeds() {
        let world = car();
        let episodes = (0..1000).map(|number| random_episode(&world, Split::L0, number));
        let farthest = episodes.map(|episode| episode.last.position_max).reduce(f32::max);
        assert!(farthest.is_some_and(|position| (-0.3..0.0).contains(&position)), "{farthest:?}");
    }

    #[test]
    fn one_step_by_hand() {
        let world = car();
        let mut state = world.reset(Split::L0, &mut Split::L0.dice(1, 1));
        (state.position, state.position_max) = (-0.5, -0.5);
        let mut signals = [0.0; 2];
        assert!(!world.step(&mut state, Action::Continuous(&[-3.0]), &mut signals));
        // cos(-1.5) = 0.0707372.
        let velocity = -0.001 - 0.0025 * 0.070_737_2;
        assert!((state.velocity - velocity).abs() < 1e-8 && signals[1] == 1.0);
        assert!((state.position - (-0.5 + velocity)).abs() < 1e-7);
        assert!((signals[0] + velocity / 0.07).abs() < 1e-6);
        let trace = Trace { values: &signals, signals: 2, horizon: 200 };
        let mut primitives = [0.0; 9];
        world.finish(&state, trace, &mut primitives);
        // One step has no first and no middle third.
        assert_eq!(primitives[..3], [0.0; 3]);
        assert_eq!((primitives[3], primitives[7], primitives[8]), (signals[0], 1.0, 0.995));
        assert!((primitives[4] - 0.7 / 1.7).abs() < 1e-6);
    }

    #[test]
    fn a_picture_of_the_valley() {
        let world = car();
        let mut state = world.reset(Split::L0, &mut Split::L0.dice(1, 1));
        state.position = -0.5;
        let picture = world.draw(&state);
        assert_eq!(picture.lines().count(), 9);
        assert!(picture.contains('o') && picture.contains('P'), "{picture}");
        let words = world.say(&state, Action::Continuous(&[-0.5]));
        assert_eq!(words, "50 % throttle to the left");
    }
}
