//! What an action looks like: features of the state, in a block for each action.
//!
//! | features of a block | meaning, of which one is 1 in each line |
//! |---|---|
//! | 0 | always |
//! | 1–4 | heading: east, south, west, north |
//! | 5–94 | columns, then rows, to the key, to the door, and to the goal, each from -7 to 7 |
//! | 95–97 | key carried, door open, way blocked, each alone |
//! | 98–101 | what is next: key, door, the cell behind the open door, goal |
//! | 102–301 | product: what is next × way blocked × cells forward × cells to the right, each from -2 to 2 |
//!
//! Key and door are those next on the way. A key that is carried is at no distance.

use hatchery_engine::world::Features;

use super::state::{ACTIONS, At, Stage, State};

const HEADING: usize = 1;
const OFFSETS: usize = 5;
const FLAGS: usize = 95;
const STAGE: usize = 98;
const PRODUCT: usize = 102;
const BLOCK: usize = 302;

/// Number of features.
pub(super) const COUNT: usize = BLOCK * ACTIONS as usize;

fn offset(from: At, to: At) -> [i32; 2] {
    [i32::from(to.0) - i32::from(from.0), i32::from(to.1) - i32::from(from.1)]
}

/// A number among -bound to bound.
#[inline]
fn one_hot(value: i32, bound: i32) -> usize {
    (value.clamp(-bound, bound) + bound) as usize
}

/// Appends the features of an action to the open row.
#[inline]
pub(super) fn describe(state: &State, code: u32, features: &mut Features) {
    let block = BLOCK * code as usize;
    let mut indicate = |feature: usize| features.push(block + feature, 1.0);
    indicate(0);
    indicate(HEADING + usize::from(state.heading));
    let door = state.next_door();
    let carried = state.carried >> door & 1 == 1;
    let key = if carried { state.agent } else { state.key[usize::from(door)] };
    let places = [key, state.door[usize::from(door)], state.goal()];
    for (place, to) in places.into_iter().enumerate() {
        for (axis, distance) in offset(state.agent, to).into_iter().enumerate() {
            indicate(OFFSETS + 15 * (2 * place + axis) + one_hot(distance, 7));
        }
    }
    let blocked = state.blocked();
    for (flag, holds) in [carried, state.open >> door & 1 == 1, blocked].into_iter().enumerate() {
        if holds {
            indicate(FLAGS + flag);
        }
    }
    let (stage, to) = state.next();
    let stage = match stage {
        Stage::Key => 0,
        Stage::Door => 1,
        Stage::Through => 2,
        Stage::Goal => 3,
    };
    indicate(STAGE + stage);
    let [dx, dy] = offset(state.agent, to);
    let (forward, right) = match state.heading {
        0 => (dx, dy),
        1 => (dy, -dx),
        2 => (-dx, -dy),
        _ => (-dy, dx),
    };
    let product =
        (2 * stage + usize::from(blocked)) * 25 + 5 * one_hot(forward, 2) + one_hot(right, 2);
    indicate(PRODUCT + product);
}
