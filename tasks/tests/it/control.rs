//! Replays of trajectories of the real environments, recorded by `tests/golden/make_gymnasium.py`.
//!
//! All trajectories of an environment run side by side as lanes of one block; a lane that has reached its end is stepped on
//! with action 0 and ignored.

use std::collections::BTreeMap;

use hatchery_tasks::control::{
    Acrobot, Actions, CartPole, DoorKey, Environment, MountainCar, MountainCarContinuous, Pendulum,
    acrobot, cartpole, door_key, mountain_car, mountain_car_continuous, pendulum,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Gymnasium {
    environments: BTreeMap<String, Recorded>,
}

#[derive(Deserialize)]
struct Recorded {
    max_episode_steps: u32,
    observations: usize,
    choices: Option<usize>,
    size: Option<usize>,
    bounds: Option<[f32; 2]>,
    trajectories: Vec<Trajectory>,
}

#[derive(Deserialize)]
struct Trajectory {
    title: String,
    start: Vec<f64>,
    /// States and observations are those after every so many steps, and after the last one.
    stride: usize,
    actions: Vec<f32>,
    rewards: Vec<f64>,
    /// Whether the last step ended the episode; no earlier one did.
    terminated: bool,
    states: Vec<Vec<f64>>,
    observations: Vec<Vec<f32>>,
}

impl Trajectory {
    /// Row of `states` that belongs to a step, if it was kept.
    fn row(&self, step: usize) -> Option<usize> {
        let last = step + 1 == self.actions.len();
        (last || step.is_multiple_of(self.stride)).then(|| step.div_ceil(self.stride))
    }
}

fn recorded(name: &str) -> Recorded {
    let text = include_str!("../golden/gymnasium.json");
    let mut all: Gymnasium = serde_json::from_str(text).expect("golden file");
    all.environments.remove(name).expect("recorded environment")
}

fn starts<const N: usize>(trajectories: &[Trajectory]) -> Vec<[f64; N]> {
    trajectories.iter().map(|t| t.start.clone().try_into().expect("length of a state")).collect()
}

/// Largest deviations allowed: of states, relative with a floor of 0.01 on the reference; of observations, in units of the
/// last place, likewise; of rewards, absolute.
struct Bounds {
    state: f64,
    ulps: f64,
    reward: f64,
}

fn relative(found: f64, expected: f64) -> f64 {
    (found - expected).abs() / expected.abs().max(0.01)
}

fn replay<E: Environment, const N: usize>(
    environment: &E,
    recorded: &Recorded,
    mut lanes: E::Lanes,
    state: impl Fn(&E::Lanes, usize) -> [f64; N],
    bounds: &Bounds,
) {
    assert_eq!(environment.steps_max(), recorded.max_episode_steps);
    assert_eq!(environment.observations(), recorded.observations);
    match environment.actions() {
        Actions::Discrete(choices) => assert_eq!(Some(choices), recorded.choices),
        Actions::Continuous { size, low, high } => {
            assert_eq!((Some(size), Some([low, high])), (recorded.size, recorded.bounds));
        }
    }
    let trajectories = &recorded.trajectories;
    let count = trajectories.len();
    let steps = trajectories.iter().map(|t| t.actions.len()).max().expect("trajectories");
    let mut observations = vec![0.0; environment.observations() * count];
    let (mut rewards, mut terminated) = (vec![0.0; count], vec![false; count]);
    let mut worst = Bounds { state: 0.0, ulps: 0.0, reward: 0.0 };
    for step in 0..steps {
        let action = |t: &Trajectory| t.actions.get(step).copied().unwrap_or(0.0);
        let actions: Vec<f32> = trajectories.iter().map(action).collect();
        environment.step(&mut lanes, &actions, &mut rewards, &mut terminated);
        environment.observe(&lanes, &mut observations);
        let running = trajectories.iter().enumerate().filter(|(_, t)| step < t.actions.len());
        for (lane, trajectory) in running {
            let at = format!("{}, {}, step {step}", environment.name(), trajectory.title);
            let ends = trajectory.terminated && step + 1 == trajectory.actions.len();
            assert_eq!(terminated[lane], ends, "{at}: terminated");
            let deviation = (rewards[lane] - trajectory.rewards[step]).abs();
            assert!(deviation <= bounds.reward, "{at}: reward off by {deviation:e}");
            worst.reward = worst.reward.max(deviation);
            let Some(row) = trajectory.row(step) else { continue };
            let expected = &trajectory.states[row];
            for (k, (found, expected)) in state(&lanes, lane).iter().zip(expected).enumerate() {
                let deviation = relative(*found, *expected);
                assert!(deviation <= bounds.state, "{at}: state {k}: {found}, not {expected}");
                worst.state = worst.state.max(deviation);
            }
            for (k, expected) in trajectory.observations[row].iter().enumerate() {
                let found = observations[k * count + lane];
                let deviation = relative(found.into(), (*expected).into());
                let ulps = deviation / f64::from(f32::EPSILON);
                assert!(ulps <= bounds.ulps, "{at}: observation {k}: {found}, not {expected}");
                worst.ulps = worst.ulps.max(ulps);
            }
        }
    }
    println!(
        "{}: {count} lanes, {steps} steps; state {:e}, observation {} ulp, reward {:e}",
        environment.name(),
        worst.state,
        worst.ulps,
        worst.reward,
    );
}

#[test]
fn gymnasium_golden_trajectories_of_cartpole() {
    let recorded = recorded("CartPole-v1");
    let lanes = cartpole::Lanes::from_states(&starts(&recorded.trajectories));
    let bounds = Bounds { state: 1e-9, ulps: 1.0, reward: 0.0 };
    replay(&CartPole, &recorded, lanes, cartpole::Lanes::state, &bounds);
}

#[test]
fn gymnasium_golden_trajectories_of_acrobot() {
    let recorded = recorded("Acrobot-v1");
    let lanes = acrobot::Lanes::from_states(&starts(&recorded.trajectories));
    // Chaotic: differences in the last place grow over the episode, to 1e-13 within these.
    let bounds = Bounds { state: 1e-9, ulps: 1.0, reward: 0.0 };
    replay(&Acrobot, &recorded, lanes, acrobot::Lanes::state, &bounds);
}

#[test]
fn gymnasium_golden_trajectories_of_mountain_car() {
    let recorded = recorded("MountainCar-v0");
    let lanes = mountain_car::Lanes::from_states(&starts(&recorded.trajectories));
    let bounds = Bounds { state: 1e-9, ulps: 1.0, reward: 0.0 };
    replay(&MountainCar, &recorded, lanes, mountain_car::Lanes::state, &bounds);
}

#[test]
fn gymnasium_golden_trajectories_of_mountain_car_continuous() {
    let recorded = recorded("MountainCarContinuous-v0");
    let narrow = |state: &[f64; 2]| state.map(|v| v as f32);
    let states: Vec<_> = starts(&recorded.trajectories).iter().map(narrow).collect();
    let lanes = mountain_car_continuous::Lanes::from_states(&states);
    let state = |lanes: &mountain_car_continuous::Lanes, lane| lanes.state(lane).map(f64::from);
    // The state is single precision: as good as bit for bit.
    let bounds = Bounds { state: 1e-9, ulps: 0.0, reward: 1e-9 };
    replay(&MountainCarContinuous, &recorded, lanes, state, &bounds);
}

#[test]
fn gymnasium_golden_trajectories_of_pendulum() {
    let recorded = recorded("Pendulum-v1");
    let lanes = pendulum::Lanes::from_states(&starts(&recorded.trajectories));
    let bounds = Bounds { state: 1e-9, ulps: 1.0, reward: 1e-9 };
    replay(&Pendulum, &recorded, lanes, pendulum::Lanes::state, &bounds);
}

#[derive(Deserialize)]
struct MiniGrid {
    max_steps: u32,
    choices: usize,
    trajectories: Vec<Room>,
}

#[derive(Deserialize)]
struct Room {
    title: String,
    start: Pose,
    door: (i32, i32),
    goal: (i32, i32),
    actions: Vec<f32>,
    rows: Vec<Row>,
}

/// Agent's column and row, direction, key carried, door open, door locked, column and row of the key, -1 if carried.
type Pose = (i32, i32, usize, u8, u8, u8, i32, i32);

/// A pose, the reward, and whether the episode ended.
#[derive(Deserialize)]
struct Row(i32, i32, usize, u8, u8, u8, i32, i32, f64, u8);

fn pose(world: &door_key::World) -> Pose {
    let (x, y) = world.agent;
    let (key_x, key_y) = world.key.unwrap_or((-1, -1));
    let flags = (world.key.is_none().into(), world.open.into(), world.locked.into());
    (x, y, world.direction, flags.0, flags.1, flags.2, key_x, key_y)
}

#[test]
fn gymnasium_golden_trajectories_of_door_key() {
    let recorded: MiniGrid = serde_json::from_str(include_str!("../golden/minigrid.json")).unwrap();
    assert_eq!(DoorKey.steps_max(), recorded.max_steps);
    assert_eq!(DoorKey.actions(), Actions::Discrete(recorded.choices));
    let rooms = &recorded.trajectories;
    let world = |room: &Room| {
        assert_eq!(room.goal, (6, 6));
        let (x, y, direction, carrying, open, locked, key_x, key_y) = room.start;
        door_key::World {
            agent: (x, y),
            direction,
            key: (carrying == 0).then_some((key_x, key_y)),
            door: room.door,
            open: open == 1,
            locked: locked == 1,
            steps: 0,
        }
    };
    let mut lanes = door_key::Lanes { worlds: rooms.iter().map(world).collect() };
    let (mut rewards, mut terminated) = (vec![0.0; rooms.len()], vec![false; rooms.len()]);
    for step in 0..rooms.iter().map(|r| r.actions.len()).max().unwrap() {
        let action = |room: &Room| room.actions.get(step).copied().unwrap_or(0.0);
        let actions: Vec<f32> = rooms.iter().map(action).collect();
        DoorKey.step(&mut lanes, &actions, &mut rewards, &mut terminated);
        for (lane, room) in rooms.iter().enumerate() {
            let Some(&Row(x, y, direction, carrying, open, locked, key_x, key_y, reward, ended)) =
                room.rows.get(step)
            else {
                continue;
            };
            let expected = (x, y, direction, carrying, open, locked, key_x, key_y);
            let at = format!("{}, step {step}", room.title);
            assert_eq!(pose(&lanes.worlds[lane]), expected, "{at}");
            assert_eq!((rewards[lane], terminated[lane]), (reward, ended == 1), "{at}");
        }
    }
}
