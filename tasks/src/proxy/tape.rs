//! Small networks with gradients by reverse mode: a list of operations over slots of activations.
//!
//! A slot holds `(rows, width)`, row-major; all slots have the same rows: examples, or positions of texts. Operations
//! run in their order, and backwards in the opposite one, each adding to the slopes of the slots that it reads.

use hatchery_engine::Scratch;
use hatchery_kernels::cpu::{Left, small_product};
use hatchery_kernels::simd::dispatch;
use hatchery_kernels::{Domain, NoiseAddress, NoiseStream};

use super::attention::{Attend, AttendBack};
use super::patches::{Gather, MARGIN, Scatter};
use super::rows::{AddRows, GateBack, Normalise, NormaliseBack, Relu, SumRows, Tanh, TanhBack};

/// Number of a slot.
pub(super) type Slot = usize;
/// Number of a leaf.
type Leaf = usize;

#[derive(Debug, Clone)]
enum Op {
    /// `y = x W + b` on `repeat` stretches of each row; W is `(inputs, outputs)`.
    Linear {
        x: Slot,
        y: Slot,
        weight: Leaf,
        inputs: usize,
        outputs: usize,
        repeat: usize,
    },
    Relu {
        x: Slot,
        y: Slot,
    },
    Tanh {
        x: Slot,
        y: Slot,
    },
    Add {
        x: Slot,
        z: Slot,
        y: Slot,
    },
    /// `γ (x − mean)/√(var + ε) + β` of each row; γ and β are `gain` and the leaf after it.
    Norm {
        x: Slot,
        y: Slot,
        gain: Leaf,
    },
    /// Rows of a table by tokens, `tokens` to a row, one behind the other.
    Embed {
        y: Slot,
        table: Leaf,
        width: usize,
        tokens: usize,
    },
    /// A row of a table for each position of a text.
    Position {
        x: Slot,
        y: Slot,
        table: Leaf,
        length: usize,
    },
    /// Causal attention over texts of `length` rows; x has queries, keys and values side by side.
    Attention {
        x: Slot,
        y: Slot,
        shares: Slot,
        heads: usize,
        length: usize,
    },
    /// 3×3 patches of a picture `(pixels, channels)` with a margin of zeros: the pixel of each place, or [`MARGIN`].
    Patches {
        x: Slot,
        y: Slot,
        channels: usize,
        pixels: usize,
        places: Vec<u32>,
    },
}

/// How a leaf begins.
#[derive(Debug, Clone, Copy)]
enum Init {
    Constant(f32),
    Normal(f32),
}

/// A network.
#[derive(Debug, Clone, Default)]
pub(super) struct Tape {
    ops: Vec<Op>,
    widths: Vec<usize>,
    /// For each slot, whether weights go into it, so that its slopes are wanted.
    learned: Vec<bool>,
    leaves: Vec<usize>,
    inits: Vec<Init>,
}

impl Tape {
    /// A slot that the caller fills.
    pub(super) fn input(&mut self, width: usize) -> Slot {
        self.slot(width, false)
    }

    fn slot(&mut self, width: usize, learned: bool) -> Slot {
        self.widths.push(width);
        self.learned.push(learned);
        self.widths.len() - 1
    }

    fn leaf(&mut self, size: usize, init: Init) -> Leaf {
        self.leaves.push(size);
        self.inits.push(init);
        self.leaves.len() - 1
    }

    /// A linear layer with bias, weights N(0, gain²/inputs).
    pub(super) fn linear(&mut self, x: Slot, inputs: usize, outputs: usize, gain: f32) -> Slot {
        let repeat = self.widths[x] / inputs;
        let y = self.slot(outputs * repeat, true);
        let weight = self.leaf(inputs * outputs, Init::Normal(gain / (inputs as f32).sqrt()));
        self.leaf(outputs, Init::Constant(0.0));
        self.ops.push(Op::Linear { x, y, weight, inputs, outputs, repeat });
        y
    }

    pub(super) fn relu(&mut self, x: Slot) -> Slot {
        let y = self.slot(self.widths[x], self.learned[x]);
        self.ops.push(Op::Relu { x, y });
        y
    }

    pub(super) fn tanh(&mut self, x: Slot) -> Slot {
        let y = self.slot(self.widths[x], self.learned[x]);
        self.ops.push(Op::Tanh { x, y });
        y
    }

    pub(super) fn add(&mut self, x: Slot, z: Slot) -> Slot {
        let y = self.slot(self.widths[x], self.learned[x] || self.learned[z]);
        self.ops.push(Op::Add { x, z, y });
        y
    }

    pub(super) fn norm(&mut self, x: Slot) -> Slot {
        let width = self.widths[x];
        let y = self.slot(width, true);
        let gain = self.leaf(width, Init::Constant(1.0));
        self.leaf(width, Init::Constant(0.0));
        self.ops.push(Op::Norm { x, y, gain });
        y
    }

    pub(super) fn embed(
        &mut self,
        symbols: usize,
        width: usize,
        tokens: usize,
        scale: f32,
    ) -> Slot {
        let y = self.slot(width * tokens, true);
        let table = self.leaf(symbols * width, Init::Normal(scale));
        self.ops.push(Op::Embed { y, table, width, tokens });
        y
    }

    pub(super) fn position(&mut self, x: Slot, length: usize, scale: f32) -> Slot {
        let width = self.widths[x];
        let y = self.slot(width, true);
        let table = self.leaf(length * width, Init::Normal(scale));
        self.ops.push(Op::Position { x, y, table, length });
        y
    }

    pub(super) fn attention(&mut self, x: Slot, heads: usize, length: usize) -> Slot {
        let y = self.slot(self.widths[x] / 3, self.learned[x]);
        let shares = self.slot(heads * length, false);
        self.ops.push(Op::Attention { x, y, shares, heads, length });
        y
    }

    pub(super) fn patches(&mut self, x: Slot, side: usize, channels: usize, stride: usize) -> Slot {
        let along = side.div_ceil(stride);
        let mut places = Vec::with_capacity(along * along * 9);
        for (y, x) in (0..along).flat_map(|y| (0..along).map(move |x| (y * stride, x * stride))) {
            for (dy, dx) in (0..3).flat_map(|dy| (0..3).map(move |dx| (dy, dx))) {
                let (y, x) = ((y + dy).wrapping_sub(1), (x + dx).wrapping_sub(1));
                places.push(if y < side && x < side { (y * side + x) as u32 } else { MARGIN });
            }
        }
        let y = self.slot(places.len() * channels, self.learned[x]);
        self.ops.push(Op::Patches { x, y, channels, pixels: side * side, places });
        y
    }

    pub(super) fn leaves(&self) -> &[usize] {
        &self.leaves
    }

    pub(super) fn width(&self, slot: Slot) -> usize {
        self.widths[slot]
    }

    /// Initial weights of a seed.
    pub(super) fn init(&self, seed: u64) -> Vec<f32> {
        let stream = NoiseStream::new(seed).domain(Domain::Init);
        let mut weights = Vec::with_capacity(self.leaves.iter().sum());
        for (leaf, (size, init)) in self.leaves.iter().zip(&self.inits).enumerate() {
            let begin = weights.len();
            weights.resize(begin + size, 0.0);
            match *init {
                Init::Constant(value) => weights[begin..].fill(value),
                Init::Normal(scale) => {
                    let at = NoiseAddress { layer: leaf as u32, ..NoiseAddress::default() };
                    stream.fill_normals(at, &mut weights[begin..]);
                    weights[begin..].iter_mut().for_each(|w| *w *= scale);
                }
            }
        }
        weights
    }

    fn begin(&self, leaf: Leaf) -> usize {
        self.leaves[..leaf].iter().sum()
    }

    fn of<'a>(&self, weights: &'a [f32], leaf: Leaf) -> &'a [f32] {
        let begin = self.begin(leaf);
        &weights[begin..begin + self.leaves[leaf]]
    }

    /// Room for activations and slopes of so many rows.
    pub(super) fn activations(&self, rows: usize, scratch: &mut Scratch) -> Activations {
        let take = |scratch: &mut Scratch, first: usize| {
            self.widths
                .iter()
                .enumerate()
                .map(|(slot, width)| scratch.take(first + slot, rows * width))
                .collect()
        };
        let values = take(scratch, 0);
        let slopes = take(scratch, self.widths.len());
        let transposed = scratch.take(2 * self.widths.len(), 0);
        Activations { rows, values, slopes, transposed }
    }

    /// Runs forward from filled inputs.
    pub(super) fn forward(&self, weights: &[f32], tokens: &[u8], a: &mut Activations) {
        let rows = a.rows;
        for op in &self.ops {
            match *op {
                Op::Linear { x, y, weight, inputs, outputs, repeat } => {
                    let (x, y) = pair(&mut a.values, x, y);
                    let (w, b) = (self.of(weights, weight), self.of(weights, weight + 1));
                    let y = &mut y[..rows * repeat * outputs];
                    small_product(
                        Left::rows(x, inputs),
                        w,
                        y,
                        (rows * repeat, inputs, outputs),
                        false,
                    );
                    dispatch(AddRows { rows: y, row: b });
                }
                Op::Relu { x, y } => {
                    let length = rows * self.widths[x];
                    let (x, y) = pair(&mut a.values, x, y);
                    dispatch(Relu { x: &x[..length], y: &mut y[..length] });
                }
                Op::Tanh { x, y } => {
                    let length = rows * self.widths[x];
                    let (x, y) = pair(&mut a.values, x, y);
                    dispatch(Tanh { x: &x[..length], y: &mut y[..length] });
                }
                Op::Add { x, z, y } => {
                    let length = rows * self.widths[x];
                    let mut sum = std::mem::take(&mut a.values[y]);
                    for ((y, x), z) in sum[..length].iter_mut().zip(&a.values[x]).zip(&a.values[z])
                    {
                        *y = x + z;
                    }
                    a.values[y] = sum;
                }
                Op::Norm { x, y, gain } => {
                    let width = self.widths[x];
                    let (x, y) = pair(&mut a.values, x, y);
                    let (gain, bias) = (self.of(weights, gain), self.of(weights, gain + 1));
                    dispatch(Normalise {
                        x: &x[..rows * width],
                        y: &mut y[..rows * width],
                        gain,
                        bias,
                    });
                }
                Op::Embed { y, table, width, tokens: per_row } => {
                    let table = self.of(weights, table);
                    for (token, to) in
                        tokens[..rows * per_row].iter().zip(a.values[y].chunks_exact_mut(width))
                    {
                        to.copy_from_slice(&table[*token as usize * width..][..width]);
                    }
                }
                Op::Position { x, y, table, length } => {
                    let table = self.of(weights, table);
                    let size = rows * self.widths[x];
                    let (x, y) = pair(&mut a.values, x, y);
                    let texts =
                        x[..size].chunks_exact(table.len()).zip(y.chunks_exact_mut(table.len()));
                    debug_assert_eq!(rows % length, 0);
                    for (x, y) in texts {
                        for ((y, x), t) in y.iter_mut().zip(x).zip(table) {
                            *y = x + t;
                        }
                    }
                }
                Op::Attention { x, y, shares, heads, length } => {
                    let mut part = std::mem::take(&mut a.values[shares]);
                    let width = self.widths[y];
                    let (x, y) = pair(&mut a.values, x, y);
                    dispatch(Attend {
                        x: &x[..rows * 3 * width],
                        y,
                        shares: &mut part,
                        heads,
                        length,
                        width,
                    });
                    a.values[shares] = part;
                }
                Op::Patches { x, y, channels, pixels, ref places } => {
                    let (x, y) = pair(&mut a.values, x, y);
                    let (x, y) =
                        (&x[..rows * pixels * channels], &mut y[..rows * places.len() * channels]);
                    dispatch(Gather { x, y, channels, pixels, places });
                }
            }
        }
    }

    /// Runs backward from the slopes of the last slot into `gradient`, which is overwritten.
    pub(super) fn backward(
        &self,
        weights: &[f32],
        tokens: &[u8],
        gradient: &mut [f32],
        a: &mut Activations,
    ) {
        let rows = a.rows;
        gradient.fill(0.0);
        let last = self.widths.len() - 1;
        let output = self.output();
        for slot in 0..=last {
            if slot != output && self.learned[slot] {
                a.slopes[slot][..rows * self.widths[slot]].fill(0.0);
            }
        }
        for op in self.ops.iter().rev() {
            match *op {
                Op::Linear { x, y, weight, inputs, outputs, repeat } => {
                    let begin = self.begin(weight);
                    let (dw, db) = gradient[begin..begin + inputs * outputs + outputs]
                        .split_at_mut(inputs * outputs);
                    let all = rows * repeat;
                    let mut dx = std::mem::take(&mut a.slopes[x]);
                    let dy = &a.slopes[y][..all * outputs];
                    small_product(
                        Left::transposed(&a.values[x], inputs),
                        dy,
                        dw,
                        (inputs, all, outputs),
                        false,
                    );
                    dispatch(SumRows { rows: dy, sum: db });
                    if self.learned[x] {
                        let w = self.of(weights, weight);
                        a.transposed.resize(inputs * outputs, 0.0);
                        for (i, row) in w.chunks_exact(outputs).enumerate() {
                            for (o, value) in row.iter().enumerate() {
                                a.transposed[o * inputs + i] = *value;
                            }
                        }
                        small_product(
                            Left::rows(dy, outputs),
                            &a.transposed,
                            &mut dx,
                            (all, outputs, inputs),
                            true,
                        );
                    }
                    a.slopes[x] = dx;
                }
                Op::Relu { x, y } => {
                    let length = rows * self.widths[x];
                    let (dy, dx) = pair(&mut a.slopes, y, x);
                    dispatch(GateBack {
                        y: &a.values[y][..length],
                        dy: &dy[..length],
                        dx: &mut dx[..length],
                    });
                }
                Op::Tanh { x, y } => {
                    let length = rows * self.widths[x];
                    let (dy, dx) = pair(&mut a.slopes, y, x);
                    dispatch(TanhBack {
                        y: &a.values[y][..length],
                        dy: &dy[..length],
                        dx: &mut dx[..length],
                    });
                }
                Op::Add { x, z, y } => {
                    let length = rows * self.widths[x];
                    for to in [x, z] {
                        let (dy, dx) = pair(&mut a.slopes, y, to);
                        for (dx, dy) in dx[..length].iter_mut().zip(dy.iter()) {
                            *dx += dy;
                        }
                    }
                }
                Op::Norm { x, y, gain } => {
                    let (width, begin) = (self.widths[x], self.begin(gain));
                    let (dy, dx) = pair(&mut a.slopes, y, x);
                    let (dgain, dbias) = gradient[begin..begin + 2 * width].split_at_mut(width);
                    let length = rows * width;
                    let gain = self.of(weights, gain);
                    dispatch(NormaliseBack {
                        x: &a.values[x][..length],
                        dy: &dy[..length],
                        dx,
                        gain,
                        dgain,
                        dbias,
                    });
                }
                Op::Embed { y, table, width, tokens: per_row } => {
                    let begin = self.begin(table);
                    let dtable = &mut gradient[begin..begin + self.leaves[table]];
                    for (token, dy) in
                        tokens[..rows * per_row].iter().zip(a.slopes[y].chunks_exact(width))
                    {
                        for (dt, dy) in
                            dtable[*token as usize * width..][..width].iter_mut().zip(dy)
                        {
                            *dt += dy;
                        }
                    }
                }
                Op::Position { x, y, table, .. } => {
                    let (begin, size) = (self.begin(table), self.leaves[table]);
                    let (dy, dx) = pair(&mut a.slopes, y, x);
                    let dtable = &mut gradient[begin..begin + size];
                    for (dx, dy) in dx[..rows * self.widths[x]]
                        .chunks_exact_mut(size)
                        .zip(dy.chunks_exact(size))
                    {
                        for ((dx, dt), dy) in dx.iter_mut().zip(dtable.iter_mut()).zip(dy) {
                            *dx += dy;
                            *dt += dy;
                        }
                    }
                }
                Op::Attention { x, y, shares, heads, length } => {
                    let width = self.widths[y];
                    let (dy, dx) = pair(&mut a.slopes, y, x);
                    let (x, shares) = (&a.values[x][..rows * 3 * width], &a.values[shares]);
                    dispatch(AttendBack { x, shares, dy, dx, heads, length, width });
                }
                Op::Patches { x, y, channels, pixels, ref places } => {
                    if self.learned[x] {
                        let (dy, dx) = pair(&mut a.slopes, y, x);
                        let dx = &mut dx[..rows * pixels * channels];
                        let dy = &dy[..rows * places.len() * channels];
                        dispatch(Scatter { dx, dy, channels, pixels, places });
                    }
                }
            }
        }
    }

    /// The slot that the last operation writes.
    pub(super) fn output(&self) -> Slot {
        match self.ops.last().expect("a network has operations") {
            Op::Linear { y, .. }
            | Op::Relu { y, .. }
            | Op::Tanh { y, .. }
            | Op::Add { y, .. }
            | Op::Norm { y, .. } => *y,
            Op::Embed { y, .. }
            | Op::Position { y, .. }
            | Op::Attention { y, .. }
            | Op::Patches { y, .. } => *y,
        }
    }
}

/// Activations and slopes of one pass.
#[derive(Debug)]
pub(super) struct Activations {
    rows: usize,
    pub(super) values: Slots,
    pub(super) slopes: Slots,
    transposed: Vec<f32>,
}

type Slots = Vec<Vec<f32>>;

impl Activations {
    /// Gives the room back.
    pub(super) fn release(self, scratch: &mut Scratch) {
        let slots = self.values.len();
        for (slot, values) in self.values.into_iter().enumerate() {
            scratch.put(slot, values);
        }
        for (slot, slopes) in self.slopes.into_iter().enumerate() {
            scratch.put(slots + slot, slopes);
        }
        scratch.put(2 * slots, self.transposed);
    }
}

/// One slot to read and another to write.
fn pair(slots: &mut Slots, read: Slot, write: Slot) -> (&[f32], &mut [f32]) {
    let [read, write] =
        slots.get_disjoint_mut([read, write]).expect("an operation writes a new slot");
    (read, write)
}
