use super::*;
use crate::worlds::testing::{
    SPLITS, assert_share, drive_from, keeps_the_contract, random_episode,
};

fn maze() -> PointMaze {
    Config::default().world()
}

/// Pushes towards the corners and the goal in turn, a little outside of the walls, and brakes.
fn expert(state: &State, numbers: &mut [f32]) {
    let step = 0.02;
    let mut best = (f32::INFINITY, [0.0; 2]);
    for direction in 0..16 {
        let angle = std::f32::consts::TAU * direction as f32 / 16.0;
        let ahead =
            [state.position[0] + step * angle.cos(), state.position[1] + step * angle.sin()];
        let free = state.maze.clearance(ahead).into_iter().fold(f32::INFINITY, f32::min);
        let way = if state.maze.free(ahead) { state.maze.way(ahead, state.goal) } else { 9.0 };
        let cost = way + 0.1 * (0.1 - free).max(0.0);
        if cost < best.0 {
            best = (cost, [angle.cos(), angle.sin()]);
        }
    }
    for ((number, towards), velocity) in numbers.iter_mut().zip(best.1).zip(state.velocity) {
        *number = (0.1 * towards - 0.9 * velocity) / 0.05;
    }
}

#[test]
fn mazes_keep_the_contract() {
    keeps_the_contract(&maze());
    let other = Config { far: Shape::S, jitter: 0.0, ..Config::default() }.world();
    keeps_the_contract(&other);
    assert_eq!(other.name(), "pointmaze-far-s-jitter0");
    let wrong = Config { jitter: 0.5, ..Config::default() };
    assert_eq!(wrong.check().expect_err("it would begin in a wall").0, "jitter");
}

#[test]
fn every_start_can_be_solved() {
    for (home, far) in [(Shape::U, Shape::Mirrored), (Shape::S, Shape::U)] {
        let world = Config { home, far, ..Config::default() }.world();
        for split in SPLITS {
            for number in 0..30 {
                let start = world.reset(split, &mut split.dice(1, number));
                let episode = drive_from(&world, start, expert);
                assert!(episode.won(), "{split:?} {far:?}\n{}", world.draw(&episode.last));
                assert!(episode.primitives[5] > 0.8);
            }
        }
    }
}

#[test]
fn splits_have_their_mazes() {
    let world = maze();
    for number in 0..100 {
        let start = |split: Split| world.reset(split, &mut split.dice(1, number));
        for (split, x, y, goal) in [
            (Split::Training, 0.5, 0.5, [0.5, 2.5]),
            (Split::L0, 0.5, 0.5, [0.5, 2.5]),
            (Split::L1, 0.5, 2.5, [0.5, 0.5]),
            (Split::L2, 2.5, 0.5, [2.5, 2.5]),
        ] {
            let state = start(split);
            assert_eq!(state.goal, goal);
            let off = [state.position[0] - x, state.position[1] - y];
            assert!(off.iter().all(|value: &f32| value.abs() <= 0.1001));
            assert_eq!(state.maze.free([0.5, 1.5]), split == Split::L2);
        }
    }
}

/// The specification: 4.1 %, and 73 % reach x > 2, of an unknown number of episodes; here 4.9 % and 75 % of 2000. A stopped coordinate that loses its
/// velocity would give 9.5 % and 83 %, a stop of both 3 % and 65 %; the rule here is the only one of a dozen that comes near the 73 %.
#[test]
fn random_play_succeeds_about_as_often_as_was_measured() {
    for jitter in [0.0, 0.1] {
        let world = Config { jitter, ..Config::default() }.world();
        let episodes = 2000;
        let (mut won, mut turned) = (0.0, 0.0);
        for number in 0..episodes {
            let episode = random_episode(&world, Split::L0, number);
            won += f64::from(episode.primitives[0]) / episodes as f64;
            // Columns from x = 2 on.
            let right = (0..6).fold(0, |cells, row| cells | 0b11_0000 << (6 * row));
            turned += f64::from(u8::from(episode.last.cells & right != 0)) / episodes as f64;
        }
        assert_share(won, 0.041, [episodes, 1000], 4.0);
        assert_share(turned, 0.73, [episodes, 1000], 4.0);
    }
}

#[test]
fn two_steps_by_hand() {
    let world = Config { jitter: 0.0, ..Config::default() }.world();
    let start = world.reset(Split::L0, &mut Split::L0.dice(1, 1));
    let mut state = State { position: [0.5, 0.97], ..start };
    let mut signals = [0.0; 2];
    // The wall stops y, and x goes on.
    assert!(!world.step(&mut state, Action::Continuous(&[-1.0, 2.0]), &mut signals));
    assert_eq!((state.position, state.velocity), ([0.45, 0.97], [-0.05, 0.05]));
    assert_eq!(signals, [1.0, 1.0]);
    world.step(&mut state, Action::Continuous(&[0.0, -1.0]), &mut signals);
    assert!((state.position[0] - 0.405).abs() < 1e-6 && (state.position[1] - 0.965).abs() < 1e-6);
    assert_eq!(signals, [0.0, 0.0]);
    let mut observation = [0.0; 10];
    world.observe(&state, &mut observation);
    let expected = [2.595, 0.405, 0.035, 0.965].map(|length: f32| length / 3.0);
    assert!(observation[6..].iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6));
    let trace = Trace { values: &[1.0, 1.0, 0.0, 0.0], signals: 2, horizon: HORIZON };
    let mut primitives = [0.0; 8];
    world.finish(&state, trace, &mut primitives);
    // Two steps: the middle third has the first, the last third the second. Effort (1 + 1 + 0 + 1) / 4.
    assert_eq!(primitives[..4], [0.0, 0.0, 1.0, 0.0]);
    assert_eq!(primitives[6..], [0.75, 0.5]);
}

#[test]
fn the_way_goes_round_the_walls() {
    let near = |a: f32, b: f32| (a - b).abs() < 1e-5;
    for maze in [&U_SHAPED, &MIRRORED, &S_SHAPED] {
        let [start, goal] = maze.ends;
        assert!(near(maze.way(start, goal), maze.length), "{}", maze.way(start, goal));
        assert!(near(maze.way(goal, start), maze.length));
    }
    let goal = [0.5, 2.5];
    assert!(near(U_SHAPED.way([1.5, 2.5], goal), 1.0));
    // Past the first corner; from there the second is in sight.
    let expected = distance([2.5, 1.5], [2.0, 2.0]) + distance([2.0, 2.0], goal);
    assert!(near(U_SHAPED.way([2.5, 1.5], goal), expected));
}

#[test]
fn a_picture_of_the_maze() {
    let world = Config { jitter: 0.0, ..Config::default() }.world();
    let state = world.reset(Split::L0, &mut Split::L0.dice(1, 1));
    let picture = world.draw(&state);
    assert_eq!(picture.lines().count(), 31);
    assert_eq!(picture.lines().nth(15), Some("####################.........."));
    assert_eq!(picture.lines().nth(25), Some(".....o........................"));
    let words = world.say(&state, Action::Continuous(&[1.0, -0.5]));
    assert_eq!(words, "push +1.00 to the right and -0.50 up");
}
