//! Countdown: combine all of some numbers to hit a target. An analogue of mathematics with an answer that can be checked.
//!
//! There are k numbers from 1 to 9 (from 1 to 12 if k is 3). A step takes two of them, x and y, and an operation, and puts the result in
//! their place; after k - 1 steps the last number should be the target. Results are positive integers: `x - y` needs x > y, `x / y`
//! needs y > 1 that divides x. `x + y` and `x * y` are listed once a pair, not once an order. The target comes from random legal
//! operations on the same numbers, so there is always a solution; numbers are drawn again until it lies between the bounds of the split.
//!
//! | split | numbers | target |
//! |---|---|---|
//! | training, validation, L0 | `numbers`: 4, or 3 | 10–100 |
//! | L1 | the same | 101–200 |
//! | L2 | one more | 10–100 |
//!
//! Signals of a step: `hit` is 1 if the result is the target, `product` if the operation is `*` or `/`.
//!
//! With `illegal`, pairs and operations without a result are listed too: such a step is lost and changes nothing, so that the episode
//! fails. `g2` is the share of steps that were legal; otherwise it is always 1.

mod features;
mod state;

pub use state::State;

use hatchery_engine::world::{
    Action, Controls, Features, Primitive, PrimitiveSet, Split, Trace, World,
};
use hatchery_kernels::{Dice, math};
use serde::{Deserialize, Serialize};

use super::action;
use state::Choice;

/// The options of this world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How many numbers there are, 3 or 4; L2 has one more.
    pub numbers: u8,
    /// Whether operations without a result can be chosen.
    pub illegal: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { numbers: 4, illegal: false }
    }
}

impl Config {
    /// Whether the values make sense.
    ///
    /// # Errors
    /// The first key whose value does not, and why.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        if [3, 4].contains(&self.numbers) {
            return Ok(());
        }
        Err(("numbers", format!("must be 3 or 4, found {}", self.numbers)))
    }

    /// The world.
    ///
    /// # Panics
    /// If [`check`](Self::check) refuses the options.
    pub fn world(&self) -> Countdown {
        self.check().expect("options are checked");
        Countdown { config: *self, tables: features::Tables::new() }
    }
}

const PRIMITIVES: [Primitive; 5] = [
    Primitive::unit("g1", "the last number is the target"),
    Primitive::unit("g2", "share of steps that were legal"),
    Primitive::unit("g3", "share of steps that multiply or divide"),
    Primitive::unit("g4", "some result was the target"),
    Primitive::unit("close", "how near the last result is to the target"),
];

const SIGNALS: [Primitive; 2] = [
    Primitive::unit("hit", "the result is the target"),
    Primitive::unit("product", "the step multiplies or divides"),
];

const ALL: [&str; 5] = ["g1", "g2", "g3", "g4", "close"];

const SETS: [PrimitiveSet; 3] = [
    PrimitiveSet { name: "full", primitives: &ALL, signals: &[] },
    PrimitiveSet { name: "derl4", primitives: &["g1", "g2", "g3", "g4"], signals: &[] },
    PrimitiveSet { name: "signals", primitives: &ALL, signals: &["hit", "product"] },
];

/// The world.
#[derive(Debug, Clone)]
pub struct Countdown {
    config: Config,
    tables: features::Tables,
}

impl World for Countdown {
    type State = State;

    fn name(&self) -> String {
        let illegal = if self.config.illegal { "-illegal" } else { "" };
        format!("countdown-{}{illegal}", self.config.numbers)
    }

    /// Features of numbers say little one by one.
    fn is_linear(&self) -> bool {
        false
    }

    fn controls(&self) -> Controls {
        Controls::Listed { features: features::COUNT }
    }

    fn horizon(&self) -> usize {
        usize::from(self.config.numbers)
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
        "g1+0.3*close"
    }

    fn reset(&self, split: Split, dice: &mut Dice) -> State {
        let numbers = self.config.numbers;
        match split {
            Split::Training | Split::Validation | Split::L0 => {
                State::start(numbers, 10..=100, dice).0
            }
            Split::L1 => State::start(numbers, 101..=200, dice).0,
            Split::L2 => State::start(numbers + 1, 10..=100, dice).0,
        }
    }

    fn legal(&self, state: &State, codes: &mut Vec<u32>) {
        state.each_choice(self.config.illegal, |choice| codes.push(choice.code()));
    }

    fn describe(&self, state: &State, code: u32, features: &mut Features) {
        features::describe(&self.tables, state, Choice::of(code), features);
    }

    fn step(&self, state: &mut State, action: Action<'_>, signals: &mut [f32]) -> bool {
        signals.copy_from_slice(&state.act(Choice::of(action::code(action))));
        state.over()
    }

    fn finish(&self, state: &State, trace: Trace<'_>, primitives: &mut [f32]) {
        let share = |count: u8| f32::from(count) / trace.steps() as f32;
        let off = state.result.abs_diff(state.target) as f32;
        let flag = |holds: bool| if holds { 1.0 } else { 0.0 };
        primitives.copy_from_slice(&[
            flag(state.won()),
            share(state.legal),
            share(state.products),
            flag(state.hit),
            math::exp(-off / 10.0),
        ]);
    }

    fn draw(&self, state: &State) -> String {
        let numbers: Vec<String> = state.numbers().iter().map(u32::to_string).collect();
        let end = match (state.over(), state.won()) {
            (_, true) => "  done",
            (true, false) => "  failed",
            _ => "",
        };
        format!("target  {}{end}\nnumbers {}\n", state.target, numbers.join(" "))
    }

    fn say(&self, state: &State, action: Action<'_>) -> String {
        let choice = Choice::of(action::code(action));
        let (x, y) = state.operands(choice);
        let result = choice.operation.apply(x, y).map_or("?".to_owned(), |r| r.to_string());
        format!("{x} {} {y} = {result}", choice.operation.symbol())
    }
}

#[cfg(test)]
mod tests;
