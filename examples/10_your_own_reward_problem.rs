//! A reward problem of your own: fetch something from the end of a corridor, which by chance happens too rarely to learn from.
//!
//! `cargo run --release --example 10_your_own_reward_problem`

use hatchery::engine::world::{Action, Controls, Features, Primitive, Split, Trace, World};
use hatchery::kernels::Dice;
use hatchery::prelude::*;
use hatchery::search::meta_reward::expression::{Division, Invariance, Reward, Vocabulary};
use hatchery::search::meta_reward::inner;
use hatchery::search::meta_reward::outer::{Aging, AgingConfig, InnerRuns, Outer, Seeds};

/// What can be said of an episode, between 0 and 1. The first is the outcome.
const PRIMITIVES: [Primitive; 3] = [
    Primitive::unit("g1", "it was brought to the door"),
    Primitive::unit("fetched", "the end was reached"),
    Primitive::unit("home", "how near the door is after that"),
];
struct Corridor;

/// Where the end is and where we are, in cells from the door, and whether the thing is carried.
#[derive(Clone)]
struct State {
    last: i32,
    cell: i32,
    carried: bool,
}

impl World for Corridor {
    type State = State;
    fn name(&self) -> String {
        "corridor".into()
    }
    /// Left (0) or right (1), seen with (2, 3) and without what is to be fetched.
    fn controls(&self) -> Controls {
        Controls::Listed { features: 4 }
    }
    fn horizon(&self) -> usize {
        40
    }
    fn primitives(&self) -> &[Primitive] {
        &PRIMITIVES
    }
    fn reset(&self, _: Split, dice: &mut Dice) -> State {
        State { last: 12 + dice.below(3) as i32, cell: 0, carried: false }
    }
    fn legal(&self, _: &State, codes: &mut Vec<u32>) {
        codes.extend([0, 1]);
    }
    fn describe(&self, state: &State, code: u32, features: &mut Features) {
        features.push(code as usize + 2 * usize::from(state.carried), 1.0);
    }
    fn step(&self, state: &mut State, action: Action<'_>, _: &mut [f32]) -> bool {
        let way = if matches!(action, Action::Listed(1)) { 1 } else { -1 };
        state.cell = (state.cell + way).clamp(0, state.last);
        state.carried |= state.cell == state.last;
        state.carried && state.cell == 0
    }
    fn finish(&self, state: &State, _: Trace<'_>, primitives: &mut [f32]) {
        let fetched = if state.carried { 1.0 } else { 0.0 };
        let home = fetched * (1.0 - state.cell as f32 / state.last as f32);
        primitives.copy_from_slice(&[home.floor(), fetched, home]);
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rewards = Vocabulary::everything(&PRIMITIVES, &[])?;
    let config = inner::Config { updates: 20, ..Default::default() };
    let task = InnerRuns::new(Corridor, config, 1, 2, Division::Safe);
    let aging = Aging::new(rewards.clone(), AgingConfig::default(), 1);
    let mut search = Outer::new(aging, rewards.clone(), 8, 80);
    run(&mut search, &task, &Evaluator::new(Backend::cpu()), &RunPlan::default(), &mut [])?;

    let best = search.archive().best(1)[0].reward.simplified(&rewards, Invariance::Affine);
    for reward in [Reward::outcome(), best] {
        let new = (0..8).map(|n| task.train(&reward, Seeds::Report.seed(1, n), &[Split::L0]).0[0]);
        println!("{:.3} success with {}", new.sum::<f64>() / 8.0, reward.text(&rewards));
    }
    Ok(())
}
