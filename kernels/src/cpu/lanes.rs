//! The members of a block, and what they are given.

use crate::KernelError;

/// The lanes of a block: which direction each uses, with which sign and scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Lanes {
    /// Directions of the block, D.
    pub directions: usize,
    /// Members per direction, 1 or 2.
    pub halves: usize,
    /// Sign of each lane, `directions · halves` values: +1, -1, or 0 for a member without noise.
    pub signs: Vec<f32>,
    /// Noise scale σ.
    pub sigma: f32,
}

impl Lanes {
    /// Number of lanes.
    pub fn len(&self) -> usize {
        self.directions * self.halves
    }

    /// Whether there are no lanes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn check(&self, op: &'static str) -> Result<(), KernelError> {
        KernelError::check_len(op, "signs", self.len(), self.signs.len())
    }
}

/// Inputs of a layer.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// Each lane has its own: `(inputs, rows, lanes)`.
    PerLane(&'a [f32]),
    /// Both signs of a direction have the same: `(inputs, rows, directions)`; the mean product is made once per pair.
    PerDirection(&'a [f32]),
    /// All lanes have the same: `(inputs, rows)`; the mean product is then made once.
    Shared(&'a [f32]),
}

impl Input<'_> {
    pub(crate) fn check(
        self,
        op: &'static str,
        inputs: usize,
        rows: usize,
        lanes: &Lanes,
    ) -> Result<(), KernelError> {
        let (x, columns) = match self {
            Self::PerLane(x) => (x, lanes.len()),
            Self::PerDirection(x) => (x, lanes.directions),
            Self::Shared(x) => (x, 1),
        };
        KernelError::check_len(op, "x", inputs * rows * columns, x.len())
    }
}
