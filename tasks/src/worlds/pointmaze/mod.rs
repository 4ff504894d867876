//! A point in a maze whose straight way to the goal ends at a wall.
//!
//! v ← 0.9 v + 0.05 a,  p ← p + v, coordinate by coordinate
//!
//! The room is [0, 3]². A coordinate whose new value would be outside, or in a wall, stays as it is; its velocity is kept, and fades.
//! 200 steps; the goal is a square of half-width 0.3.
//!
//! | split | maze | start | goal |
//! |---|---|---|---|
//! | training, validation, L0 | `home`, U: wall 1 < y < 2 for x < 2 | (0.5, 0.5) | (0.5, 2.5) |
//! | L1 | the same | (0.5, 2.5) | (0.5, 0.5) |
//! | L2 | `far`, U mirrored, x → 3 - x; or S: walls 0.6 < y < 1.2 for x < 2, and 1.8 < y < 2.4 for x > 1 | (2.5, 0.5); (0.5, 0.3) | (2.5, 2.5); (2.5, 2.7) |
//!
//! | observation | meaning |
//! |---|---|
//! | 0, 1 | (p - 1.5) / 1.5 |
//! | 2, 3 | v / 0.5 |
//! | 4, 5 | (goal - p) / 3 |
//! | 6–9 | how far it is to the next wall on the right, left, above and below, divided by 3 |
//!
//! Signals of a step: `new` is 1 in a cell of 0.5 × 0.5 where the point has not been, `hit` if a coordinate was stopped.
//!
//! Decisions where the specification is silent, and one departure:
//! - `dist` is 1 - distance / (3 √2) at the end of the episode, `path` is 1 - d / d₀, not below 0, where d is the length of the shortest
//!   way round the walls to the middle of the goal, from the end and from the middle of the starts.
//! - Departure: a start is uniform within `jitter` of the named point in each coordinate, since without that all episodes of a split would
//!   begin alike, and validation would be training. The success of random play does not depend on it.

mod maze;

use hatchery_engine::world::{Action, Controls, Primitive, PrimitiveSet, Split, Trace, World};
use hatchery_kernels::Dice;
use serde::{Deserialize, Serialize};

use super::action;
use maze::{MIRRORED, Maze, Point, S_SHAPED, U_SHAPED, distance};

const SIDE: f32 = maze::SIDE;
const HALF_WIDTH: f32 = 0.3;
/// Most steps of an episode.
pub const HORIZON: usize = 200;

/// The shape of a maze.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// A wall from the left.
    U,
    /// The U with left and right exchanged.
    Mirrored,
    /// Two walls, from either side.
    S,
}

impl Shape {
    fn maze(self) -> &'static Maze {
        match self {
            Self::U => &U_SHAPED,
            Self::Mirrored => &MIRRORED,
            Self::S => &S_SHAPED,
        }
    }
}

/// The options of this world.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The maze of all splits but L2.
    pub home: Shape,
    /// The maze of L2.
    pub far: Shape,
    /// Starts are at most so far from the named point in each coordinate, from 0 to 0.3.
    pub jitter: f32,
}

impl Default for Config {
    fn default() -> Self {
        Self { home: Shape::U, far: Shape::Mirrored, jitter: 0.1 }
    }
}

impl Config {
    /// Two walls to go round: random play hardly ever does.
    pub fn hard() -> Self {
        Self { home: Shape::S, far: Shape::U, ..Self::default() }
    }

    /// Whether the values make sense.
    ///
    /// # Errors
    /// The first key whose value does not, and why.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        if (0.0..0.3).contains(&self.jitter) {
            return Ok(());
        }
        Err(("jitter", format!("must be from 0 to below 0.3, found {}", self.jitter)))
    }

    /// The world.
    ///
    /// # Panics
    /// If [`check`](Self::check) refuses the options.
    pub fn world(&self) -> PointMaze {
        self.check().expect("options are checked");
        PointMaze { config: *self }
    }
}

/// The world.
#[derive(Debug, Clone, Copy)]
pub struct PointMaze {
    config: Config,
}

/// All that changes during an episode, and its maze.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct State {
    /// Where the point is, from 0 to 3.
    pub position: [f32; 2],
    /// Its velocity, a step.
    pub velocity: [f32; 2],
    /// Middle of the goal.
    pub goal: [f32; 2],
    /// Steps made.
    pub steps: u16,
    /// Steps in which a coordinate was stopped.
    pub hits: u16,
    maze: &'static Maze,
    /// Cells visited, a bit each.
    cells: u64,
    effort: f32,
}

impl State {
    fn won(&self) -> bool {
        (0..2).all(|axis| (self.position[axis] - self.goal[axis]).abs() <= HALF_WIDTH)
    }

    /// Whether the cell is new.
    #[inline]
    fn visit(&mut self) -> bool {
        let [column, row] = self.position.map(|value| (2.0 * value).min(5.0) as u32);
        let cell = 1 << (6 * row + column);
        let new = self.cells & cell == 0;
        self.cells |= cell;
        new
    }
}

const PRIMITIVES: [Primitive; 8] = [
    Primitive::unit("g1", "the goal is reached"),
    Primitive::unit("g2", "share of steps into new cells, first third"),
    Primitive::unit("g3", "share of steps into new cells, middle third"),
    Primitive::unit("g4", "share of steps into new cells, last third"),
    Primitive::unit("dist", "how near the goal is in a straight line, at the end"),
    Primitive::unit("path", "how near the goal is round the walls, at the end"),
    Primitive::unit("effort", "mean action²"),
    Primitive::unit("wallhits", "share of steps that were stopped"),
];

const SIGNALS: [Primitive; 2] =
    [Primitive::unit("new", "the cell is new"), Primitive::unit("hit", "a wall stopped the point")];

const ALL: [&str; 8] = ["g1", "g2", "g3", "g4", "dist", "path", "effort", "wallhits"];

const SETS: [PrimitiveSet; 4] = [
    PrimitiveSet { name: "full", primitives: &ALL, signals: &[] },
    PrimitiveSet { name: "derl4", primitives: &["g1", "g2", "g3", "g4"], signals: &[] },
    PrimitiveSet { name: "sub", primitives: &["g1", "dist", "path"], signals: &[] },
    PrimitiveSet { name: "signals", primitives: &ALL, signals: &["new", "hit"] },
];

impl World for PointMaze {
    type State = State;

    fn name(&self) -> String {
        if self.config == Config::hard() {
            return "pointmaze-hard".to_owned();
        }
        let shape = |shape, usual, name| match shape {
            _ if shape == usual => String::new(),
            other => format!("-{name}-{other:?}").to_lowercase(),
        };
        let far = shape(self.config.home, Shape::U, "in")
            + &shape(self.config.far, Shape::Mirrored, "far");
        match self.config.jitter {
            0.1 => format!("pointmaze{far}"),
            jitter => format!("pointmaze{far}-jitter{jitter}"),
        }
    }

    fn controls(&self) -> Controls {
        Controls::Continuous { observations: 10, dimension: 2 }
    }

    fn horizon(&self) -> usize {
        HORIZON
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
        "g1+0.5*path+0.1*(g2+g3+g4)"
    }

    fn reset(&self, split: Split, dice: &mut Dice) -> State {
        let maze = if split == Split::L2 { self.config.far } else { self.config.home }.maze();
        let [mut start, mut goal] = maze.ends;
        if split == Split::L1 {
            std::mem::swap(&mut start, &mut goal);
        }
        let jitter = self.config.jitter;
        let position = start.map(|value| value + jitter * (2.0 * dice.unit() as f32 - 1.0));
        let mut state = State {
            position,
            velocity: [0.0; 2],
            goal,
            steps: 0,
            hits: 0,
            maze,
            cells: 0,
            effort: 0.0,
        };
        state.visit();
        state
    }

    fn observe(&self, state: &State, observation: &mut [f32]) {
        let ([x, y], [vx, vy], [gx, gy]) = (state.position, state.velocity, state.goal);
        observation[..6].copy_from_slice(&[
            (x - 1.5) / 1.5,
            (y - 1.5) / 1.5,
            2.0 * vx,
            2.0 * vy,
            (gx - x) / SIDE,
            (gy - y) / SIDE,
        ]);
        let clearance = state.maze.clearance(state.position);
        observation[6..].copy_from_slice(&clearance.map(|length| length / SIDE));
    }

    fn step(&self, state: &mut State, action: Action<'_>, signals: &mut [f32]) -> bool {
        let (mut hit, mut effort) = (false, 0.0);
        for axis in 0..2 {
            let push = action::number(action, axis);
            effort += push * push;
            state.velocity[axis] = 0.9 * state.velocity[axis] + 0.05 * push;
            let mut next = state.position;
            next[axis] += state.velocity[axis];
            if state.maze.free(next) {
                state.position = next;
            } else {
                hit = true;
            }
        }
        state.steps += 1;
        state.effort += 0.5 * effort;
        state.hits += u16::from(hit);
        let new = state.visit();
        signals.copy_from_slice(&[f32::from(u8::from(new)), f32::from(u8::from(hit))]);
        state.won() || usize::from(state.steps) >= HORIZON
    }

    fn finish(&self, state: &State, trace: Trace<'_>, primitives: &mut [f32]) {
        let away = distance(state.position, state.goal);
        let steps = f32::from(state.steps.max(1));
        primitives.copy_from_slice(&[
            if state.won() { 1.0 } else { 0.0 },
            trace.third(0, 0),
            trace.third(0, 1),
            trace.third(0, 2),
            1.0 - away / (SIDE * std::f32::consts::SQRT_2),
            (1.0 - state.maze.way(state.position, state.goal) / state.maze.length).clamp(0.0, 1.0),
            (state.effort / steps).min(1.0),
            f32::from(state.hits) / steps,
        ]);
    }

    fn draw(&self, state: &State) -> String {
        const CELL: f32 = 0.1;
        let at = |point: Point| point.map(|value| (value / CELL) as usize);
        let (agent, goal) = (at(state.position), at(state.goal));
        let mut picture =
            format!("step {}{}\n", state.steps, if state.won() { "  done" } else { "" });
        for row in (0..30).rev() {
            let symbol = |column: usize| {
                let middle = [column, row].map(|index| (index as f32 + 0.5) * CELL);
                match [column, row] {
                    place if place == agent => 'o',
                    place if place == goal => '*',
                    _ if state.maze.free(middle) => '.',
                    _ => '#',
                }
            };
            picture.extend((0..30).map(symbol));
            picture.push('\n');
        }
        picture
    }

    fn say(&self, _: &State, action: Action<'_>) -> String {
        let [x, y] = [0, 1].map(|axis| action::number(action, axis));
        format!("push {x:+.2} to the right and {y:+.2} up")
    }
}

#[cfg(test)]
mod tests;
