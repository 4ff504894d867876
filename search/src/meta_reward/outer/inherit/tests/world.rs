//! A world that is learnt in some updates: five pulls at one of four levers, and the outcome is whether lever 2 was pulled three times.

use hatchery_engine::world::{
    Action, Controls, Features, Primitive, PrimitiveSet, Split, Trace, World,
};
use hatchery_kernels::Dice;

use crate::meta_reward::expression::{Operators, Vocabulary};

const PULLS: u32 = 5;
const PRIMITIVES: [Primitive; 3] = [
    Primitive::unit("g1", "the outcome"),
    Primitive::unit("right", "share of pulls at lever 2"),
    Primitive::unit("wrong", "share of pulls at lever 0"),
];

#[derive(Debug)]
pub(super) struct Levers;

#[derive(Clone)]
pub(super) struct State {
    pulls: [u32; 4],
}

impl World for Levers {
    type State = State;

    fn name(&self) -> String {
        "levers".into()
    }
    fn controls(&self) -> Controls {
        Controls::Listed { features: 4 }
    }
    fn horizon(&self) -> usize {
        PULLS as usize
    }
    fn primitives(&self) -> &[Primitive] {
        &PRIMITIVES
    }
    fn signals(&self) -> &[Primitive] {
        &[]
    }
    fn sets(&self) -> &[PrimitiveSet] {
        &[PrimitiveSet { name: "all", primitives: &["g1", "right", "wrong"], signals: &[] }]
    }
    fn hand_made(&self) -> &str {
        "right"
    }
    fn reset(&self, _: Split, _: &mut Dice) -> State {
        State { pulls: [0; 4] }
    }
    fn legal(&self, _: &State, codes: &mut Vec<u32>) {
        codes.extend(0..4);
    }
    fn describe(&self, _: &State, code: u32, features: &mut Features) {
        features.push(code as usize, 1.0);
    }
    fn observe(&self, _: &State, _: &mut [f32]) {}
    fn step(&self, state: &mut State, action: Action<'_>, _: &mut [f32]) -> bool {
        if let Action::Listed(code) = action {
            state.pulls[code as usize] += 1;
        }
        state.pulls.iter().sum::<u32>() == PULLS
    }
    fn finish(&self, state: &State, _: Trace<'_>, primitives: &mut [f32]) {
        primitives[0] = if state.pulls[2] >= 3 { 1.0 } else { 0.0 };
        primitives[1] = state.pulls[2] as f32 / PULLS as f32;
        primitives[2] = state.pulls[0] as f32 / PULLS as f32;
    }
    fn draw(&self, state: &State) -> String {
        format!("{:?}", state.pulls)
    }
    fn say(&self, _: &State, action: Action<'_>) -> String {
        format!("{action:?}")
    }
}

pub(super) fn vocabulary(operators: Operators) -> Vocabulary {
    Vocabulary::try_new(Levers.primitives(), Levers.signals(), &Levers.sets()[0], operators)
        .expect("a vocabulary")
}
