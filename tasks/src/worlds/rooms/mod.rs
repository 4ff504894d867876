//! Things in places, carried about and treated at stations: the engine of [`tidy`](super::tidy) and [`lab`](super::lab).
//!
//! A place holds any number of things; what it holds is seen only by who is there, while it is open, and remembered. Surfaces are
//! the first places, stations the last. A recipe names the stations that the target has to be treated at, in order, and how it ends.
//!
//! | action | legal | effect |
//! |---|---|---|
//! | go to p | p is another place | the agent is there |
//! | open | the place is shut | it is open for the rest of the episode |
//! | take o | o is seen here, the hand is empty | o is in the hand |
//! | put | the place is open, the hand is full | the thing is in the place |
//! | use | at a station, the hand is empty | all that is inside is treated; the station may be shut |
//! | light the lamp | the lamp is here | ends an episode of which the target is held for the lamp |
//! | report | the rules know it | ends the episode, rightly if the target is ready |
//! | look | always | nothing |
//!
//! Signals of a step: `s` is 1 if the action, kind and argument, is new in this episode and not `look`; `undo` is 1 if it reverses the
//! one before: going back, putting down what was just taken, taking what was just put.
//!
//! Decisions where the specification is silent:
//! - A target is put on its class's favourite surface with probability 0.5 unless that is the destination, else on any other
//!   surface that is not the destination.
//! - With two targets, `found` and `held` are shares of them. `inserted` and `done` are shares of the recipe's stations, and 0 if it
//!   has none.
//! - A recipe that ends at the lamp, or with a report, has no destination.
//! - Opening, putting and using have no argument, so a second `open`, though elsewhere, is not new.

mod features;
mod layout;
mod picture;
mod rules;
mod state;

pub use layout::Layout;
pub use rules::{Ending, Recipe, Rules};
pub use state::State;

use hatchery_engine::world::{
    Action, Controls, Features, Primitive, PrimitiveSet, Split, Trace, World,
};
use hatchery_kernels::Dice;

use super::action;

/// Most steps of an episode.
pub const HORIZON: usize = 30;
/// Layouts that are trained on, and as many that are not.
const LAYOUTS: usize = 32;
/// Number of the first layout of [`Split::L1`].
const L1_LAYOUT: u64 = 500;

const PRIMITIVES: [Primitive; 12] = [
    Primitive::unit("g1", "the task is completed"),
    Primitive::unit("g2", "share of actions that were new, first third"),
    Primitive::unit("g3", "share of actions that were new, middle third"),
    Primitive::unit("g4", "share of actions that were new, last third"),
    Primitive::unit("found", "the target was seen"),
    Primitive::unit("held", "the target was in the hand"),
    Primitive::unit("inserted", "the target was put where it has to be treated"),
    Primitive::unit("done", "the target was treated"),
    Primitive::unit("speed", "share of the steps that were not needed"),
    Primitive::unit("distract", "share of takes that took something else"),
    Primitive::unit("noise", "a number without meaning"),
    Primitive::unit("toxic", "the target was not seen"),
];

const SIGNALS: [Primitive; 2] = [
    Primitive::unit("s", "the action is new in this episode"),
    Primitive::unit("undo", "the action reverses the one before"),
];

const ALL: [&str; 12] = [
    "g1", "g2", "g3", "g4", "found", "held", "inserted", "done", "speed", "distract", "noise",
    "toxic",
];

const SETS: [PrimitiveSet; 4] = [
    PrimitiveSet { name: "full", primitives: &ALL, signals: &[] },
    PrimitiveSet { name: "derl4", primitives: &["g1", "g2", "g3", "g4"], signals: &[] },
    PrimitiveSet {
        name: "sub",
        primitives: &["g1", "found", "held", "inserted", "done"],
        signals: &[],
    },
    PrimitiveSet { name: "signals", primitives: &ALL, signals: &["s", "undo"] },
];

/// Places, things and recipes, with the layouts and the recipes of each split.
#[derive(Clone, Debug)]
pub struct Rooms {
    name: String,
    rules: &'static Rules,
    layouts: Vec<Layout>,
    trained: Vec<u8>,
    held_out: Vec<u8>,
}

impl Rooms {
    /// The world of some rules: recipes that are trained on and recipes of [`Split::L2`], as indices into the rules' table.
    ///
    /// # Panics
    /// If one of the lists is empty, or an index is none.
    pub fn new(name: String, rules: &'static Rules, trained: &[u8], held_out: &[u8]) -> Self {
        for list in [trained, held_out] {
            let known = list.iter().all(|&recipe| usize::from(recipe) < rules.recipes.len());
            assert!(known && !list.is_empty(), "recipes are some of the table");
        }
        let count = LAYOUTS as u64;
        let layouts = (0..count).chain(L1_LAYOUT..L1_LAYOUT + count);
        let layouts = layouts.map(|number| Layout::new(rules, number)).collect();
        Self { name, rules, layouts, trained: trained.to_vec(), held_out: held_out.to_vec() }
    }

    /// Places, things and recipes.
    pub fn rules(&self) -> &'static Rules {
        self.rules
    }

    /// The recipes that episodes of a split ask for.
    pub fn recipes(&self, split: Split) -> &[u8] {
        if split == Split::L2 { &self.held_out } else { &self.trained }
    }

    /// The layouts that episodes of a split are played in.
    pub fn layouts(&self, split: Split) -> &[Layout] {
        match split {
            Split::Training | Split::Validation | Split::L0 => &self.layouts[..LAYOUTS],
            Split::L1 | Split::L2 => &self.layouts[LAYOUTS..],
        }
    }
}

impl World for Rooms {
    type State = State;

    fn name(&self) -> String {
        self.name.clone()
    }

    fn controls(&self) -> Controls {
        Controls::Listed { features: features::count(self.rules) }
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
        "g1+0.25*(found+held+inserted+done+g2+g3+g4)"
    }

    fn reset(&self, split: Split, dice: &mut Dice) -> State {
        let layouts = self.layouts(split);
        let layout = &layouts[dice.below(layouts.len())];
        let recipes = self.recipes(split);
        let recipe = recipes[dice.below(recipes.len())];
        State::start(self.rules, layout, recipe, dice)
    }

    fn legal(&self, state: &State, codes: &mut Vec<u32>) {
        state.legal(self.rules, codes);
    }

    fn describe(&self, state: &State, code: u32, features: &mut Features) {
        features::describe(self.rules, state, code, features);
    }

    fn step(&self, state: &mut State, action: Action<'_>, signals: &mut [f32]) -> bool {
        signals.copy_from_slice(&state.act(self.rules, action::code(action)));
        state.over
    }

    fn finish(&self, state: &State, trace: Trace<'_>, primitives: &mut [f32]) {
        let [found, held, inserted, done] = state.milestones(self.rules);
        let share = |part: u8, whole: u8| f32::from(part) / f32::from(whole.max(1));
        primitives.copy_from_slice(&[
            if state.won { 1.0 } else { 0.0 },
            trace.third(0, 0),
            trace.third(0, 1),
            trace.third(0, 2),
            found,
            held,
            inserted,
            done,
            1.0 - f32::from(state.steps) / HORIZON as f32,
            share(state.strays, state.takes),
            state.noise(),
            1.0 - found,
        ]);
    }

    fn draw(&self, state: &State) -> String {
        picture::draw(self.rules, state)
    }

    fn say(&self, state: &State, action: Action<'_>) -> String {
        picture::say(self.rules, state, action::code(action))
    }
}

#[cfg(test)]
mod tests;
