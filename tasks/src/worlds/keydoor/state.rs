//! One episode on the grid. Columns grow to the right, rows downwards.

use hatchery_kernels::Dice;

use super::SIZE_MAX;

/// Number of actions.
pub(super) const ACTIONS: u32 = 5;
pub(super) const LEFT: u32 = 0;
pub(super) const RIGHT: u32 = 1;
pub(super) const FORWARD: u32 = 2;
pub(super) const PICK_UP: u32 = 3;
pub(super) const TOGGLE: u32 = 4;

/// Column and row.
pub(super) type At = (u8, u8);

/// Steps east, south, west, north.
const AHEAD: [(i8, i8); 4] = [(1, 0), (0, 1), (-1, 0), (0, -1)];

/// What is at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Free,
    Wall,
    Key(u8),
    Door(u8),
    Goal,
}

/// What the agent has to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Key,
    Door,
    Through,
    Goal,
}

/// All that changes during an episode.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct State {
    /// Side length of the grid, cells.
    pub size: u8,
    /// Number of walls, doors and keys, 1 or 2.
    pub doors: u8,
    /// Where each door is: its column is that of its wall.
    pub door: [(u8, u8); 2],
    /// Where each key is or was.
    pub key: [(u8, u8); 2],
    /// Where the agent is.
    pub agent: (u8, u8),
    /// Where it looks: 0 east, 1 south, 2 west, 3 north.
    pub heading: u8,
    /// Keys that are carried, a bit each.
    pub carried: u8,
    /// Doors that are open, a bit each.
    pub open: u8,
    /// Doors that were ever open.
    pub opened: u8,
    /// Whether the goal is reached.
    pub won: bool,
    /// Steps made.
    pub steps: u16,
    /// Most steps.
    pub steps_max: u16,
    /// Steps that turned.
    pub turns: u16,
    /// Cells visited.
    pub cells: u16,
    /// How far the agent had come at the start, from 0 to 1.
    pub potential_at_start: f32,
    visited: [u16; SIZE_MAX as usize],
}

impl State {
    /// A start with one or two walls.
    pub(super) fn start(size: u8, doors: u8, steps_max: u16, dice: &mut Dice) -> Self {
        let mut between = |low: u8, high: u8| low + dice.below(usize::from(high - low) + 1) as u8;
        let first = between(2, if doors == 2 { size - 5 } else { size - 3 });
        let second = if doors == 2 { between(first + 2, size - 3) } else { first };
        let door = [(first, between(1, size - 3)), (second, between(1, size - 3))];
        let mut free = |wall: u8, taken: &[At]| loop {
            let at = (between(1, wall - 1), between(1, size - 2));
            if at.0 != first && !taken.contains(&at) {
                return at;
            }
        };
        let agent = free(first, &[]);
        let key = free(first, &[agent]);
        let other = if doors == 2 { free(second, &[agent, key]) } else { key };
        let mut state = Self {
            size,
            doors,
            door,
            key: [key, other],
            agent,
            heading: between(0, 3),
            carried: 0,
            open: 0,
            opened: 0,
            won: false,
            steps: 0,
            steps_max,
            turns: 0,
            cells: 0,
            potential_at_start: 0.0,
            visited: [0; SIZE_MAX as usize],
        };
        state.visit();
        state.potential_at_start = state.potential();
        state
    }

    /// Puts the agent somewhere, as if the episode began there.
    #[cfg(test)]
    pub(super) fn place(&mut self, agent: At, heading: u8) {
        (self.agent, self.heading, self.cells) = (agent, heading, 0);
        self.visited = [0; SIZE_MAX as usize];
        self.visit();
        self.potential_at_start = self.potential();
    }

    /// Whether the episode is over.
    #[inline]
    pub fn over(&self) -> bool {
        self.won || self.steps >= self.steps_max
    }

    /// Number of cells that can be entered.
    pub(super) fn free(&self) -> u32 {
        let side = u32::from(self.size) - 2;
        side * side - u32::from(self.doors) * (side - 1)
    }

    #[inline]
    pub(super) fn cell(&self, at: At) -> Cell {
        let last = self.size - 1;
        if at.0 == 0 || at.1 == 0 || at.0 >= last || at.1 >= last {
            return Cell::Wall;
        }
        for door in 0..self.doors {
            let (column, row) = self.door[usize::from(door)];
            if at.0 == column {
                return if at.1 == row { Cell::Door(door) } else { Cell::Wall };
            }
            if at == self.key[usize::from(door)] && self.carried >> door & 1 == 0 {
                return Cell::Key(door);
            }
        }
        if at == self.goal() { Cell::Goal } else { Cell::Free }
    }

    #[inline]
    pub(super) fn goal(&self) -> At {
        (self.size - 2, self.size - 2)
    }

    #[inline]
    pub(super) fn front(&self) -> At {
        let (dx, dy) = AHEAD[usize::from(self.heading)];
        (self.agent.0.wrapping_add_signed(dx), self.agent.1.wrapping_add_signed(dy))
    }

    /// Whether the agent cannot go forward.
    #[inline]
    pub(super) fn blocked(&self) -> bool {
        match self.cell(self.front()) {
            Cell::Free | Cell::Goal => false,
            Cell::Wall | Cell::Key(_) => true,
            Cell::Door(door) => self.open >> door & 1 == 0,
        }
    }

    /// Number of walls left of a column; in a doorway the agent has not yet passed the wall.
    #[inline]
    fn room(&self, column: u8) -> u8 {
        let first = u8::from(column > self.door[0].0);
        first + u8::from(self.doors == 2 && column > self.door[1].0)
    }

    /// The door that is next on the way to the goal, or the last.
    #[inline]
    pub(super) fn next_door(&self) -> u8 {
        self.room(self.agent.0).min(self.doors - 1)
    }

    /// What to do next, and where.
    #[inline]
    pub(super) fn next(&self) -> (Stage, At) {
        let room = self.room(self.agent.0);
        let needed = |key: &u8| (self.carried | self.open) >> key & 1 == 0;
        let here = |key: &u8| self.room(self.key[usize::from(*key)].0) == room;
        let keys = (0..self.doors).filter(|key| needed(key) && here(key));
        if let Some(key) = keys.min_by_key(|&key| self.distance(self.key[usize::from(key)])) {
            return (Stage::Key, self.key[usize::from(key)]);
        }
        if room == self.doors {
            return (Stage::Goal, self.goal());
        }
        let (column, row) = self.door[usize::from(room)];
        if self.open >> room & 1 == 1 {
            (Stage::Through, (column + 1, row))
        } else if self.carried >> room & 1 == 1 {
            (Stage::Door, (column, row))
        } else {
            let (column, row) = self.door[usize::from(room.max(1) - 1)];
            (Stage::Through, (column - 1, row))
        }
    }

    #[inline]
    fn distance(&self, to: At) -> u32 {
        u32::from(self.agent.0.abs_diff(to.0)) + u32::from(self.agent.1.abs_diff(to.1))
    }

    /// How far the agent has come, from 0 to 1.
    pub(super) fn potential(&self) -> f32 {
        let done = self.carried.count_ones() + self.opened.count_ones() + u32::from(self.won);
        let away = self.distance(self.next().1) as f32 / (2.0 * f32::from(self.size));
        (done as f32 + 1.0 - away) / (2.0 * f32::from(self.doors) + 2.0)
    }

    /// Counts the cell of the agent; whether it is new.
    #[inline]
    fn visit(&mut self) -> bool {
        let row = &mut self.visited[usize::from(self.agent.1)];
        let new = *row >> self.agent.0 & 1 == 0;
        *row |= 1 << self.agent.0;
        self.cells += u16::from(new);
        new
    }

    /// One step: whether the cell is new, and whether something has happened for the first time.
    #[inline]
    pub(super) fn act(&mut self, code: u32) -> [f32; 2] {
        self.steps += 1;
        let (mut new, mut event) = (false, false);
        match code {
            LEFT | RIGHT => {
                self.turns += 1;
                self.heading = (self.heading + if code == LEFT { 3 } else { 1 }) & 3;
            }
            FORWARD => {
                if !self.blocked() {
                    self.agent = self.front();
                    new = self.visit();
                    self.won = self.agent == self.goal();
                    event = self.won;
                }
            }
            PICK_UP => {
                if let Cell::Key(key) = self.cell(self.front()) {
                    self.carried |= 1 << key;
                    event = true;
                }
            }
            TOGGLE => {
                if let Cell::Door(door) = self.cell(self.front())
                    && self.carried >> door & 1 == 1
                {
                    event = self.opened >> door & 1 == 0;
                    self.open ^= 1 << door;
                    self.opened |= self.open;
                }
            }
            _ => debug_assert!(false, "there is no action {code}"),
        }
        [f32::from(u8::from(new)), f32::from(u8::from(event))]
    }
}
