use std::collections::VecDeque;

use super::state::{FORWARD, LEFT, PICK_UP, RIGHT, TOGGLE};
use super::*;
use crate::worlds::testing::{SPLITS, assert_share, keeps_the_contract, play_from, random_shares};

fn grid(size: u8, steps: f32) -> KeyDoor {
    Config { sizes: vec![size], steps, ..Config::default() }.world()
}

/// The first action of a shortest way to what is next, by breadth-first search over cells and headings.
fn expert(start: &State) -> u32 {
    let to = start.next().1;
    let mut queue = VecDeque::from([(*start, None)]);
    let mut seen = [[[false; 4]; 16]; 16];
    while let Some((state, first)) = queue.pop_front() {
        if state.front() == to {
            let last = match state.cell(to) {
                Cell::Key(_) => PICK_UP,
                Cell::Door(_) => TOGGLE,
                _ => FORWARD,
            };
            return first.unwrap_or(last);
        }
        for code in [LEFT, RIGHT, FORWARD] {
            let mut next = state;
            next.act(code);
            let (column, row) = (usize::from(next.agent.0), usize::from(next.agent.1));
            if !std::mem::replace(&mut seen[column][row][usize::from(next.heading)], true) {
                queue.push_back((next, first.or(Some(code))));
            }
        }
    }
    panic!("there is no way to {to:?} from {start:?}");
}

#[test]
fn the_grid_keeps_the_contract() {
    keeps_the_contract(&Config::default().world());
    let hard = Config { sizes: vec![10, 12], steps: 1.5, ..Config::default() }.world();
    keeps_the_contract(&hard);
    assert_eq!((hard.name().as_str(), hard.horizon()), ("keydoor-10x12-steps1.5", 216));
}

#[test]
fn every_start_can_be_solved() {
    for world in [Config::default().world(), grid(5, 4.0), grid(16, 1.5)] {
        for split in SPLITS {
            for number in 0..60 {
                let start = world.reset(split, &mut split.dice(1, number));
                let episode = play_from(&world, start, |state, _| expert(state));
                assert!(episode.won(), "{}", world.draw(&start));
                assert_eq!(episode.primitives[4..6], [1.0, 1.0]);
            }
        }
    }
}

#[test]
fn splits_have_their_grids() {
    let world = Config::default().world();
    for number in 0..200 {
        let start = |split: Split| world.reset(split, &mut split.dice(1, number));
        for split in [Split::Training, Split::Validation, Split::L0] {
            let state = start(split);
            assert!([6, 8].contains(&state.size) && state.doors == 1);
            assert_eq!(state.steps_max, 4 * u16::from(state.size) * u16::from(state.size));
        }
        assert_eq!((start(Split::L1).size, start(Split::L1).doors), (10, 1));
        let chain = start(Split::L2);
        assert_eq!((chain.size, chain.doors), (8, 2));
        assert!(chain.door[0].0 + 2 <= chain.door[1].0 && chain.door[1].0 <= 5);
        assert!(chain.key[0].0 < chain.door[0].0 && chain.key[1].0 < chain.door[1].0);
    }
    let wrong = Config { sizes: vec![4], ..Config::default() };
    assert_eq!(wrong.check().expect_err("it is too small").0, "sizes");
}

/// The agent at (1, 2) looks east in a grid of 6; key at (1, 1), door at (2, 2).
fn small() -> (KeyDoor, State) {
    let world = grid(6, 4.0);
    let mut state = world.reset(Split::L0, &mut Split::L0.dice(1, 1));
    let fresh = State::start(6, 1, 144, &mut Split::L0.dice(1, 1));
    assert_eq!(state.size, fresh.size);
    state.door = [(2, 2); 2];
    state.key = [(1, 1); 2];
    state.place((1, 2), 0);
    (world, state)
}

#[test]
fn the_door_needs_its_key() {
    let (world, start) = small();
    let codes = [
        TOGGLE, FORWARD, LEFT, PICK_UP, RIGHT, TOGGLE, FORWARD, FORWARD, RIGHT, FORWARD, FORWARD,
        LEFT, FORWARD,
    ];
    let mut rest = codes.iter();
    let episode = play_from(&world, start, |_, _| *rest.next().expect("it ends in time"));
    let trace = Trace { values: &episode.signals, signals: 2, horizon: 144 };
    assert!(trace.of(0).eq([0., 0., 0., 0., 0., 0., 1., 1., 0., 1., 1., 0., 1.]));
    assert!(trace.of(1).eq([0., 0., 0., 1., 0., 1., 0., 0., 0., 0., 0., 0., 1.]));
    // 13 steps, cut at 4 and 8; 6 of 13 free cells; 4 turns. The key was one cell away: (0 + 1 - 1/12) / 4.
    let expected = [1.0, 0.0, 0.5, 0.6, 1.0, 1.0, 6.0 / 13.0, 1.0 - 13.0 / 144.0, 4.0 / 13.0];
    assert_eq!(episode.primitives[..9], expected);
    assert!((episode.primitives[9] - (1.0 - 11.0 / 48.0)).abs() < 1e-6);
}

#[test]
fn a_key_of_the_other_colour_does_not_open() {
    let mut state = State::start(8, 2, 256, &mut Split::L2.dice(1, 1));
    state.door = [(3, 3), (5, 3)];
    state.key = [(1, 1), (1, 6)];
    state.place((2, 3), 0);
    state.carried = 2;
    state.act(TOGGLE);
    assert_eq!(state.open, 0);
    state.carried = 3;
    state.act(TOGGLE);
    assert_eq!((state.open, state.blocked()), (1, false));
    state.act(TOGGLE);
    assert_eq!((state.open, state.opened), (0, 1), "it closes");
}

/// Random play against the measurements of the specification, which had 400 episodes: eight comparisons within four standard errors, so
/// a correct world fails less than once in two thousand seeds.
#[test]
fn random_play_succeeds_as_often_as_was_measured() {
    let (ours, theirs) = (3000, 400);
    let measured = [
        (5, 4.0, [0.065, 0.93, 0.41]),
        (6, 4.0, [0.033, f64::NAN, f64::NAN]),
        (8, 4.0, [0.025, 0.79, 0.28]),
        (8, 10.0, [0.148, f64::NAN, f64::NAN]),
    ];
    for (size, steps, expected) in measured {
        let shares = random_shares(&grid(size, steps), Split::L0, ours, 0.0);
        for (share, expected) in [shares[0], shares[4], shares[5]].into_iter().zip(expected) {
            if expected.is_finite() {
                assert_share(share, expected, [ours, theirs], 4.0);
            }
        }
    }
}

#[test]
fn features_of_a_state() {
    let (world, state) = small();
    let mut features = Features::default();
    world.describe(&state, FORWARD, &mut features);
    features.close();
    let indices = features.row(0).0;
    let block = 2 * 302;
    // Key 0, -1; door 1, 0; goal 3, 2; the way is blocked; the key is next, 0 forward and 1 to the left.
    let offsets = [7, 15 + 6, 30 + 8, 45 + 7, 60 + 10, 75 + 9].map(|at| 5 + at);
    let others = [0, 1].into_iter().chain(offsets).chain([97, 98, 102 + 25 + 5 * 2 + 1]);
    assert!(indices.iter().map(|&index| index as usize).eq(others.map(|at| block + at)));
}

#[test]
fn a_picture_of_the_grid() {
    let (world, state) = small();
    let picture =
        "step 0 of 144\n######\n#k#..#\n#>K..#\n#.#..#\n#.#.*#\n######\ncarries nothing\n";
    assert_eq!(world.draw(&state), picture);
}
