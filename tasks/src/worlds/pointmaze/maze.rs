//! Walls in a square room, and the shortest way round them.

/// Side of the room.
pub(super) const SIDE: f32 = 3.0;

/// A place in the room.
pub(super) type Point = [f32; 2];

/// A wall that fills a rectangle, without its edge.
#[derive(Debug, PartialEq)]
pub(super) struct Wall {
    low: Point,
    high: Point,
}

/// A corridor round some walls.
#[derive(Debug, PartialEq)]
pub(super) struct Maze {
    /// Walls; those that touch the border reach beyond it.
    walls: &'static [Wall],
    /// The corners that the shortest way from end to end turns round, in order.
    corners: &'static [Point],
    /// Middle of the starts, middle of the goal.
    pub(super) ends: [Point; 2],
    /// Length of the shortest way from end to end.
    pub(super) length: f32,
}

pub(super) static U_SHAPED: Maze = Maze {
    walls: &[Wall { low: [-1.0, 1.0], high: [2.0, 2.0] }],
    corners: &[[2.0, 1.0], [2.0, 2.0]],
    ends: [[0.5, 0.5], [0.5, 2.5]],
    // Twice from (0.5, 0.5) to (2, 1), and 1 between the corners.
    length: 4.162_277_7,
};

pub(super) static MIRRORED: Maze = Maze {
    walls: &[Wall { low: [1.0, 1.0], high: [4.0, 2.0] }],
    corners: &[[1.0, 1.0], [1.0, 2.0]],
    ends: [[2.5, 0.5], [2.5, 2.5]],
    length: 4.162_277_7,
};

/// Walls are thicker than the largest step, 0.5.
pub(super) static S_SHAPED: Maze = Maze {
    walls: &[
        Wall { low: [-1.0, 0.6], high: [2.0, 1.2] },
        Wall { low: [1.0, 1.8], high: [4.0, 2.4] },
    ],
    corners: &[[2.0, 0.6], [2.0, 1.2], [1.0, 1.8], [1.0, 2.4]],
    ends: [[0.5, 0.3], [2.5, 2.7]],
    // Twice √(1.5² + 0.3²), twice 0.6, and √(1² + 0.6²).
    length: 5.425_607_7,
};

pub(super) fn distance(a: Point, b: Point) -> f32 {
    let [dx, dy] = [a[0] - b[0], a[1] - b[1]];
    (dx * dx + dy * dy).sqrt()
}

impl Wall {
    #[inline]
    fn holds(&self, at: Point) -> bool {
        (0..2).all(|axis| self.low[axis] < at[axis] && at[axis] < self.high[axis])
    }

    /// Whether it stands between two points; touching it does not count.
    fn between(&self, from: Point, to: Point) -> bool {
        let (mut enter, mut leave) = (0.0_f32, 1.0_f32);
        for axis in 0..2 {
            let way = to[axis] - from[axis];
            if way.abs() < 1e-6 {
                if from[axis] <= self.low[axis] + 1e-5 || from[axis] >= self.high[axis] - 1e-5 {
                    return false;
                }
                continue;
            }
            let cuts = [self.low[axis], self.high[axis]].map(|edge| (edge - from[axis]) / way);
            enter = enter.max(cuts[0].min(cuts[1]));
            leave = leave.min(cuts[0].max(cuts[1]));
        }
        leave - enter > 1e-4
    }
}

impl Maze {
    /// Whether a point is in the room and in no wall.
    #[inline]
    pub(super) fn free(&self, at: Point) -> bool {
        at.iter().all(|value| (0.0..=SIDE).contains(value))
            && !self.walls.iter().any(|wall| wall.holds(at))
    }

    /// How far it is to the next wall or border: to the right, to the left, up, down.
    #[inline]
    pub(super) fn clearance(&self, at: Point) -> [f32; 4] {
        let mut found = [SIDE - at[0], at[0], SIDE - at[1], at[1]];
        for wall in self.walls {
            for axis in 0..2 {
                let other = 1 - axis;
                if wall.low[other] < at[other] && at[other] < wall.high[other] {
                    let [up, down] = [wall.low[axis] - at[axis], at[axis] - wall.high[axis]];
                    if up >= 0.0 {
                        found[2 * axis] = found[2 * axis].min(up);
                    }
                    if down >= 0.0 {
                        found[2 * axis + 1] = found[2 * axis + 1].min(down);
                    }
                }
            }
        }
        found
    }

    /// Length of the shortest way from a point to one of the ends.
    pub(super) fn way(&self, from: Point, goal: Point) -> f32 {
        let sees = |to: Point| !self.walls.iter().any(|wall| wall.between(from, to));
        if sees(goal) {
            return distance(from, goal);
        }
        // From the corner next to the goal outwards: the length of the rest grows corner by corner.
        let count = self.corners.len();
        let backwards = goal == self.ends[1];
        let (mut rest, mut last, mut shortest) = (0.0, goal, f32::INFINITY);
        for step in 0..count {
            let corner = self.corners[if backwards { count - 1 - step } else { step }];
            rest += distance(corner, last);
            last = corner;
            if sees(corner) {
                shortest = shortest.min(distance(from, corner) + rest);
            }
        }
        // A point sees some corner; if rounding hides all, the farthest bounds the way.
        if shortest.is_finite() { shortest } else { distance(from, last) + rest }
    }
}
