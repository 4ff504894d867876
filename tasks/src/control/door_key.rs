//! Door and key: an 8×8 grid world with one reward, at the end.
//!
//! The rules of MiniGrid's DoorKey-8x8: a wall with a locked door splits the room; the agent starts on the left, where the key
//! lies; the goal is in the lower right corner. Reward `1 - 0.9 t/640` on the goal at step t, else 0; 640 steps.
//!
//! The agent sees what a network without memory needs, in its own frame (forward, right), all within ±1:
//!
//! | inputs | meaning |
//! |---|---|
//! | 0–1, 2–3, 4–5 | offsets to key, door and goal, divided by 8; those of a carried key are 0 |
//! | 6, 7 | key carried, door open |
//! | 8–13 | what is in front, one-hot: free, wall, key, closed door, open door, goal |
//! | 14, 15 | whether the cells to the left and to the right can be entered |

use super::environment::{Actions, Environment, Start};

const SIZE: i32 = 8;
const STEPS_MAX: u32 = 640;
const GOAL: (i32, i32) = (SIZE - 2, SIZE - 2);
/// Steps east, south, west, north, as MiniGrid counts directions; y grows downwards.
const AHEAD: [(i32, i32); 4] = [(1, 0), (0, 1), (-1, 0), (0, -1)];

const LEFT: u8 = 0;
const RIGHT: u8 = 1;
const FORWARD: u8 = 2;
const PICK_UP: u8 = 3;
const DROP: u8 = 4;
const TOGGLE: u8 = 5;

/// The environment: turn left, turn right, forward, pick up, drop, toggle, done.
#[derive(Debug, Clone, Copy, Default)]
pub struct DoorKey;

/// One world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct World {
    /// Where the agent is.
    pub agent: (i32, i32),
    /// Where it looks: 0 east, 1 south, 2 west, 3 north.
    pub direction: usize,
    /// Where the key lies; `None` if the agent carries it.
    pub key: Option<(i32, i32)>,
    /// Where the door is.
    pub door: (i32, i32),
    /// Whether the door is open.
    pub open: bool,
    /// Whether the door still needs the key.
    pub locked: bool,
    /// Steps made.
    pub steps: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cell {
    Free,
    Wall,
    Key,
    ClosedDoor,
    OpenDoor,
    Goal,
}

impl World {
    /// A random layout: the wall at columns 2 to 5, the door in it, key and agent at different free cells left of it.
    fn random(start: &Start) -> Self {
        let wall = 2 + start.below(0, 4) as i32;
        let door = (wall, 1 + start.below(1, 5) as i32);
        let cells = ((wall - 1) * (SIZE - 2)) as usize;
        let cell = |index: usize| {
            let (column, row) = (index as i32 / (SIZE - 2), index as i32 % (SIZE - 2));
            (1 + column, 1 + row)
        };
        let agent = start.below(2, cells);
        let other = start.below(3, cells - 1);
        let key = if other >= agent { other + 1 } else { other };
        Self {
            agent: cell(agent),
            direction: start.below(4, 4),
            key: Some(cell(key)),
            door,
            open: false,
            locked: true,
            steps: 0,
        }
    }

    fn cell(&self, at: (i32, i32)) -> Cell {
        let border = [at.0, at.1].iter().any(|&c| c <= 0 || c >= SIZE - 1);
        if at == self.door {
            if self.open { Cell::OpenDoor } else { Cell::ClosedDoor }
        } else if border || at.0 == self.door.0 {
            Cell::Wall
        } else if self.key == Some(at) {
            Cell::Key
        } else if at == GOAL {
            Cell::Goal
        } else {
            Cell::Free
        }
    }

    fn beside(&self, quarter_turns: usize) -> (i32, i32) {
        let (dx, dy) = AHEAD[(self.direction + quarter_turns) % 4];
        (self.agent.0 + dx, self.agent.1 + dy)
    }

    /// One action; returns the reward if the goal was reached.
    fn act(&mut self, action: u8) -> Option<f64> {
        self.steps += 1;
        let front = self.beside(0);
        match (action, self.cell(front)) {
            (LEFT, _) => self.direction = (self.direction + 3) % 4,
            (RIGHT, _) => self.direction = (self.direction + 1) % 4,
            (FORWARD, Cell::Goal) => {
                self.agent = front;
                return Some(1.0 - 0.9 * (f64::from(self.steps) / f64::from(STEPS_MAX)));
            }
            (FORWARD, Cell::Free | Cell::OpenDoor) => self.agent = front,
            (PICK_UP, Cell::Key) => self.key = None,
            (DROP, Cell::Free) if self.key.is_none() => self.key = Some(front),
            (TOGGLE, Cell::ClosedDoor) if !self.locked || self.key.is_none() => {
                (self.locked, self.open) = (false, true);
            }
            (TOGGLE, Cell::OpenDoor) => self.open = false,
            _ => {}
        }
        None
    }

    /// Offset to a cell in the agent's frame: forward, right.
    fn offset(&self, to: (i32, i32)) -> [f32; 2] {
        let (dx, dy) = (to.0 - self.agent.0, to.1 - self.agent.1);
        let along = |(ax, ay): (i32, i32)| (dx * ax + dy * ay) as f32 / SIZE as f32;
        [along(AHEAD[self.direction]), along(AHEAD[(self.direction + 1) % 4])]
    }

    fn observation(&self) -> [f32; OBSERVATIONS] {
        let mut seen = [0.0; OBSERVATIONS];
        seen[..2].copy_from_slice(&self.key.map_or([0.0; 2], |key| self.offset(key)));
        seen[2..4].copy_from_slice(&self.offset(self.door));
        seen[4..6].copy_from_slice(&self.offset(GOAL));
        let flag = |condition: bool| if condition { 1.0 } else { 0.0 };
        seen[6] = flag(self.key.is_none());
        seen[7] = flag(self.open);
        let front = match self.cell(self.beside(0)) {
            Cell::Free => 8,
            Cell::Wall => 9,
            Cell::Key => 10,
            Cell::ClosedDoor => 11,
            Cell::OpenDoor => 12,
            Cell::Goal => 13,
        };
        seen[front] = 1.0;
        let passable = |turns: usize| {
            let cell = self.cell(self.beside(turns));
            flag(matches!(cell, Cell::Free | Cell::OpenDoor | Cell::Goal))
        };
        (seen[14], seen[15]) = (passable(3), passable(1));
        seen
    }
}

const OBSERVATIONS: usize = 16;

/// The worlds of a block of lanes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lanes {
    /// One world per lane.
    pub worlds: Vec<World>,
}

impl Environment for DoorKey {
    type Lanes = Lanes;

    fn name(&self) -> &'static str {
        "door-key"
    }

    fn observations(&self) -> usize {
        OBSERVATIONS
    }

    fn actions(&self) -> Actions {
        Actions::Discrete(7)
    }

    fn steps_max(&self) -> u32 {
        STEPS_MAX
    }

    fn cuda(&self) -> Option<&'static str> {
        Some(include_str!("door_key.cuh"))
    }

    fn reset(&self, starts: &[Start]) -> Lanes {
        Lanes { worlds: starts.iter().map(World::random).collect() }
    }

    fn observe(&self, lanes: &Lanes, out: &mut [f32]) {
        let count = lanes.worlds.len();
        for (lane, world) in lanes.worlds.iter().enumerate() {
            for (k, value) in world.observation().into_iter().enumerate() {
                out[k * count + lane] = value;
            }
        }
    }

    fn step(
        &self,
        lanes: &mut Lanes,
        actions: &[f32],
        rewards: &mut [f64],
        terminated: &mut [bool],
    ) {
        let results = rewards.iter_mut().zip(terminated.iter_mut());
        for ((world, action), (reward, ended)) in lanes.worlds.iter_mut().zip(actions).zip(results)
        {
            let reached = world.act(*action as u8);
            *reward = reached.unwrap_or(0.0);
            *ended = reached.is_some();
        }
    }
}

#[cfg(test)]
mod tests {
    use hatchery_kernels::{NoiseAddress, NoiseStream};

    use super::*;

    #[test]
    fn layouts_are_solvable_and_varied() {
        let stream = NoiseStream::new(1);
        let mut doors = std::collections::BTreeSet::new();
        for pair in 0..2000 {
            let at = NoiseAddress { pair, ..NoiseAddress::default() };
            let world = World::random(&Start { stream, at });
            let key = world.key.expect("the key lies somewhere");
            assert_ne!(key, world.agent);
            for cell in [key, world.agent] {
                assert!((1..world.door.0).contains(&cell.0) && (1..SIZE - 1).contains(&cell.1));
            }
            assert!((2..=5).contains(&world.door.0) && (1..=5).contains(&world.door.1));
            doors.insert(world.door);
        }
        assert_eq!(doors.len(), 20);
    }

    #[test]
    fn the_door_needs_the_key() {
        let mut world = World {
            agent: (2, 3),
            direction: 0,
            key: Some((2, 2)),
            door: (3, 3),
            open: false,
            locked: true,
            steps: 0,
        };
        world.act(TOGGLE);
        assert!(!world.open);
        for action in [LEFT, PICK_UP, RIGHT, TOGGLE, FORWARD, FORWARD] {
            assert_eq!(world.act(action), None);
        }
        assert!(world.open && world.key.is_none());
        assert_eq!(world.agent, (4, 3));
        for action in [FORWARD, FORWARD, RIGHT, FORWARD, FORWARD] {
            assert_eq!(world.act(action), None);
        }
        assert_eq!(world.act(FORWARD), Some(1.0 - 0.9 * 13.0 / 640.0));
    }
}
