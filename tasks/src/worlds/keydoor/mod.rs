//! Key and door: a room split by a wall, a key for its door, a goal behind it. The rules of MiniGrid's DoorKey with five actions.
//!
//! The grid has S × S cells, of which the border is wall. A wall stands in a column from 2 to S - 3, its locked door in a row from 1 to
//! S - 3. Key and agent are at different cells left of the wall, the agent looks anywhere; the goal is (S - 2, S - 2).
//! An episode has `steps` S² steps, 4 S² by default.
//!
//! | code | action | effect |
//! |---|---|---|
//! | 0, 1 | left, right | turns |
//! | 2 | forward | one cell, unless that is a wall, a key or a closed door |
//! | 3 | pick up | the key in front is carried |
//! | 4 | toggle | the door in front opens, if its key is carried, or closes, if it is open |
//!
//! | split | grid |
//! |---|---|
//! | training, validation, L0 | `sizes`: 6 or 8 |
//! | L1 | `far`: 10 |
//! | L2 | the largest of `sizes`, two walls, doors and keys: a key of the other colour does not open |
//!
//! Signals of a step: `new` is 1 on a cell where the agent has not been, `event` is 1 when a key is carried, a door opened, or the
//! goal reached, for the first time.
//!
//! Decisions where the specification is silent:
//! - In L2 both doors are on the way, one behind the other. Key 1 lies left of wall 1, key 2 anywhere left of wall 2, and the agent can
//!   carry both. What the policy sees is always about the next door.
//! - `nearer` is the difference of a potential between end and start, (done + 1 - d / 2S) / (2 doors + 2), where `done` counts keys, doors
//!   and goal, and d is the distance to the next of them, columns plus rows.
//! - Keys stay carried when their door is open, and toggling an open door closes it, as in MiniGrid. With this the success of random
//!   play on 8 × 8 in 640 steps is that of the specification.

mod features;
mod state;

pub use state::State;

use hatchery_engine::world::{
    Action, Controls, Features, Primitive, PrimitiveSet, Split, Trace, World,
};
use hatchery_kernels::Dice;
use serde::{Deserialize, Serialize};

use super::action;
use state::{ACTIONS, Cell};

/// Smallest grid in which two walls, one behind the other, leave room.
const CHAIN_SIZE_MIN: u8 = 7;
/// Largest grid.
const SIZE_MAX: u8 = 16;

/// The options of this world.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Side lengths of the grids of all splits but L1, cells, from 5 to 16; each has the same chance.
    pub sizes: Vec<u8>,
    /// Side length of the grids of L1, cells, from 5 to 16.
    pub far: u8,
    /// Most steps of an episode, for each cell of its grid, up to 10. With 1.5 and sizes 10 and 12 this is a hard world.
    pub steps: f32,
}

impl Default for Config {
    fn default() -> Self {
        Self { sizes: vec![6, 8], far: 10, steps: 4.0 }
    }
}

impl Config {
    /// Larger grids and short episodes: random play hardly ever reaches the goal.
    pub fn hard() -> Self {
        Self { sizes: vec![10, 12], far: 14, steps: 1.5 }
    }

    /// Whether the values make sense.
    ///
    /// # Errors
    /// The first key whose value does not, and why.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let fits = |size: &u8| (5..=SIZE_MAX).contains(size);
        if self.sizes.is_empty() {
            return Err(("sizes", "must hold at least one size, such as [6, 8]".to_owned()));
        }
        if let Some(wrong) = self.sizes.iter().find(|size| !fits(size)) {
            return Err(("sizes", format!("must be from 5 to {SIZE_MAX}, found {wrong}")));
        }
        if !fits(&self.far) {
            return Err(("far", format!("must be from 5 to {SIZE_MAX}, found {}", self.far)));
        }
        if !(0.1..=10.0).contains(&self.steps) {
            return Err(("steps", format!("must be from 0.1 to 10 a cell, found {}", self.steps)));
        }
        Ok(())
    }

    /// The world.
    ///
    /// # Panics
    /// If [`check`](Self::check) refuses the options.
    pub fn world(&self) -> KeyDoor {
        self.check().expect("options are checked");
        KeyDoor { config: self.clone() }
    }
}

const PRIMITIVES: [Primitive; 10] = [
    Primitive::unit("g1", "the goal is reached"),
    Primitive::unit("g2", "share of steps onto new cells, first third"),
    Primitive::unit("g3", "share of steps onto new cells, middle third"),
    Primitive::unit("g4", "share of steps onto new cells, last third"),
    Primitive::unit("key", "share of the keys that were picked up"),
    Primitive::unit("door", "share of the doors that were opened"),
    Primitive::unit("cells", "share of the free cells that were visited"),
    Primitive::unit("speed", "share of the steps that were not needed"),
    Primitive::unit("spin", "share of steps that turn"),
    Primitive { name: "nearer", doc: "progress to key, door and goal", range: [-1.0, 1.0] },
];

const SIGNALS: [Primitive; 2] = [
    Primitive::unit("new", "the cell is new"),
    Primitive::unit("event", "a key, a door or the goal, for the first time"),
];

const ALL: [&str; 10] = ["g1", "g2", "g3", "g4", "key", "door", "cells", "speed", "spin", "nearer"];

const SETS: [PrimitiveSet; 4] = [
    PrimitiveSet { name: "full", primitives: &ALL, signals: &[] },
    PrimitiveSet { name: "derl4", primitives: &["g1", "g2", "g3", "g4"], signals: &[] },
    PrimitiveSet { name: "sub", primitives: &["g1", "key", "door"], signals: &[] },
    PrimitiveSet { name: "signals", primitives: &ALL, signals: &["new", "event"] },
];

/// The world.
#[derive(Debug, Clone)]
pub struct KeyDoor {
    config: Config,
}

impl KeyDoor {
    fn steps_max(&self, size: u8) -> u16 {
        (self.config.steps * f32::from(size) * f32::from(size)) as u16
    }
}

impl World for KeyDoor {
    type State = State;

    fn name(&self) -> String {
        if self.config == Config::hard() {
            return "keydoor-hard".to_owned();
        }
        let usual = Config::default();
        let mut name = "keydoor".to_owned();
        if self.config.sizes != usual.sizes {
            let sizes: Vec<String> = self.config.sizes.iter().map(u8::to_string).collect();
            name += &format!("-{}", sizes.join("x"));
        }
        if self.config.far != usual.far {
            name += &format!("-far{}", self.config.far);
        }
        if self.config.steps != usual.steps {
            name += &format!("-steps{}", self.config.steps);
        }
        name
    }

    fn controls(&self) -> Controls {
        Controls::Listed { features: features::COUNT }
    }

    fn horizon(&self) -> usize {
        let largest = self.config.sizes.iter().copied().chain([self.config.far, CHAIN_SIZE_MIN]);
        usize::from(largest.map(|size| self.steps_max(size)).max().unwrap_or(1))
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
        "g1+0.25*(key+door+nearer)+0.1*speed"
    }

    fn reset(&self, split: Split, dice: &mut Dice) -> State {
        let sizes = &self.config.sizes;
        let (size, doors) = match split {
            Split::Training | Split::Validation | Split::L0 => (sizes[dice.below(sizes.len())], 1),
            Split::L1 => (self.config.far, 1),
            Split::L2 => (sizes.iter().copied().fold(CHAIN_SIZE_MIN, u8::max), 2),
        };
        State::start(size, doors, self.steps_max(size), dice)
    }

    fn legal(&self, _: &State, codes: &mut Vec<u32>) {
        codes.extend(0..ACTIONS);
    }

    fn describe(&self, state: &State, code: u32, features: &mut Features) {
        features::describe(state, code, features);
    }

    fn step(&self, state: &mut State, action: Action<'_>, signals: &mut [f32]) -> bool {
        signals.copy_from_slice(&state.act(action::code(action)));
        state.over()
    }

    fn finish(&self, state: &State, trace: Trace<'_>, primitives: &mut [f32]) {
        let share = |part: u32, whole: u32| part as f32 / whole as f32;
        let steps = u32::from(state.steps);
        primitives.copy_from_slice(&[
            if state.won { 1.0 } else { 0.0 },
            trace.third(0, 0),
            trace.third(0, 1),
            trace.third(0, 2),
            share(state.carried.count_ones(), state.doors.into()),
            share(state.opened.count_ones(), state.doors.into()),
            share(state.cells.into(), state.free()),
            1.0 - share(steps, state.steps_max.into()),
            share(state.turns.into(), steps.max(1)),
            state.potential() - state.potential_at_start,
        ]);
    }

    fn draw(&self, state: &State) -> String {
        let end = match (state.over(), state.won) {
            (_, true) => "  done",
            (true, false) => "  failed",
            _ => "",
        };
        let mut picture = format!("step {} of {}{end}\n", state.steps, state.steps_max);
        for y in 0..state.size {
            for x in 0..state.size {
                let symbol = match state.cell((x, y)) {
                    _ if (x, y) == state.agent => [">", "v", "<", "^"][usize::from(state.heading)],
                    Cell::Wall => "#",
                    Cell::Key(0) => "k",
                    Cell::Key(_) => "m",
                    Cell::Door(door) if state.open >> door & 1 == 1 => "/",
                    Cell::Door(0) => "K",
                    Cell::Door(_) => "M",
                    Cell::Goal => "*",
                    Cell::Free => ".",
                };
                picture.push_str(symbol);
            }
            picture.push('\n');
        }
        let carried = (0..state.doors).filter(|key| state.carried >> key & 1 == 1);
        let names: Vec<&str> = carried.map(|key| ["k", "m"][usize::from(key)]).collect();
        picture
            + &format!(
                "carries {}\n",
                if names.is_empty() { "nothing".into() } else { names.join(" ") }
            )
    }

    fn say(&self, _: &State, action: Action<'_>) -> String {
        ["turn left", "turn right", "go forward", "pick up", "toggle the door"]
            [action::code(action) as usize]
            .to_owned()
    }
}

#[cfg(test)]
mod tests;
