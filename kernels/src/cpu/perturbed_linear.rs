//! `y = x Wᵀ + b` for a block of members: the product that they share, and what each adds.

use super::layer_noise::Kind;
use super::product::{Matrix, WEIGHTS_MAX_TILED, product};
use super::tile::{fma, fma_scalar, for_stretches, lane_dot, load, products};
use super::{Input, Lanes, LayerNoise};
use crate::KernelError;
use crate::simd::{Kernel, dispatch};

/// Arguments of the linear layer of a block.
///
/// `y[o][row][l] = Σᵢ W[o][i] x[i][row][l] + b[o] + s σ E_b[o][d] + s σ/√r Σₖ A[k][o][d] Σᵢ B[k][i][d] x[i][row][l]`
/// where lane `l` has sign s and direction d.
#[derive(Clone, Copy, Debug)]
pub struct PerturbedLinear<'a> {
    /// W, `(outputs, inputs)` row-major.
    pub weights: &'a [f32],
    /// Rows of W.
    pub outputs: usize,
    /// Columns of W.
    pub inputs: usize,
    /// b, `(outputs,)`, with its (dense) noise.
    pub bias: Option<(&'a [f32], &'a LayerNoise)>,
    /// Noise of W.
    pub noise: &'a LayerNoise,
    /// The members.
    pub lanes: &'a Lanes,
    /// What goes in.
    pub x: Input<'a>,
    /// Inputs per member.
    pub rows: usize,
}

/// Runs the layer; `y` is `(outputs, rows, lanes)`.
pub(crate) fn perturbed_linear(
    call: &PerturbedLinear<'_>,
    y: &mut [f32],
) -> Result<(), KernelError> {
    let layer = Layer {
        op: "perturbed_linear",
        weights: call.weights,
        outputs: call.outputs,
        inputs: call.inputs,
        transposed: false,
        bias: call.bias,
        noise: call.noise,
        lanes: call.lanes,
        x: call.x,
        rows: call.rows,
    };
    layer.run(y)
}

/// A linear layer whose weights are stored `(outputs, inputs)`, or `(inputs, outputs)` if transposed.
pub(super) struct Layer<'a> {
    pub(super) op: &'static str,
    pub(super) weights: &'a [f32],
    pub(super) outputs: usize,
    pub(super) inputs: usize,
    pub(super) transposed: bool,
    pub(super) bias: Option<(&'a [f32], &'a LayerNoise)>,
    pub(super) noise: &'a LayerNoise,
    pub(super) lanes: &'a Lanes,
    pub(super) x: Input<'a>,
    pub(super) rows: usize,
}

impl Layer<'_> {
    pub(super) fn run(&self, y: &mut [f32]) -> Result<(), KernelError> {
        let (outputs, inputs, rows) = (self.outputs, self.inputs, self.rows);
        let lanes = self.lanes.len();
        KernelError::check_len(self.op, "weights", outputs * inputs, self.weights.len())?;
        KernelError::check_len(self.op, "y", outputs * rows * lanes, y.len())?;
        self.lanes.check(self.op)?;
        self.x.check(self.op, inputs, rows, lanes)?;
        let shape = if self.transposed { (inputs, outputs) } else { (outputs, inputs) };
        self.noise.check(self.op, self.lanes.directions, shape)?;
        if let Some((bias, noise)) = self.bias {
            KernelError::check_len(self.op, "bias", outputs, bias.len())?;
            noise.check(self.op, self.lanes.directions, (outputs, 1))?;
        }
        let mut shared = Vec::new();
        let large = outputs * inputs > WEIGHTS_MAX_TILED;
        let base = match self.x {
            Input::PerLane(x) if large => {
                product(self.matrix(), plain(x, inputs, rows * lanes), 0.0, y);
                Base::Made
            }
            Input::PerLane(_) => Base::Tiled,
            Input::Shared(x) => {
                shared.resize(outputs * rows, 0.0);
                product(self.matrix(), plain(x, inputs, rows), 0.0, &mut shared);
                Base::Shared(&shared)
            }
        };
        dispatch(Forward { layer: self, base, y });
        if let Kind::Sparse { entries } = self.noise.kind {
            self.add_sparse(entries, y);
        }
        Ok(())
    }

    fn matrix(&self) -> Matrix<'_> {
        let (rows, cols, transposed) = (self.outputs, self.inputs, self.transposed);
        Matrix { data: self.weights, rows, cols, transposed }
    }

    fn add_sparse(&self, entries: usize, y: &mut [f32]) {
        let (lanes, directions) = (self.lanes.len(), self.lanes.directions);
        let columns = self.rows * lanes;
        let cols = if self.transposed { self.outputs } else { self.inputs };
        for entry in 0..entries {
            for lane in 0..lanes {
                let at = entry * directions + lane % directions;
                let place = self.noise.places()[at] as usize;
                let (r, c) = (place / cols, place % cols);
                let (o, i) = if self.transposed { (c, r) } else { (r, c) };
                let scale = self.lanes.signs[lane] * self.lanes.sigma * self.noise.values()[at];
                for row in 0..self.rows {
                    let x = match self.x {
                        Input::PerLane(x) => x[i * columns + row * lanes + lane],
                        Input::Shared(x) => x[i * self.rows + row],
                    };
                    let slot = &mut y[o * columns + row * lanes + lane];
                    *slot = scale.mul_add(x, *slot);
                }
            }
        }
    }
}

fn plain(data: &[f32], rows: usize, cols: usize) -> Matrix<'_> {
    Matrix { data, rows, cols, transposed: false }
}

/// Where the product with the mean weights comes from.
#[derive(Clone, Copy)]
enum Base<'a> {
    /// Made here, in register tiles.
    Tiled,
    /// Lies in `y` already.
    Made,
    /// `(outputs, rows)`, the same for all lanes.
    Shared(&'a [f32]),
}

struct Forward<'a> {
    layer: &'a Layer<'a>,
    base: Base<'a>,
    y: &'a mut [f32],
}

/// Columns of the factors that are held in registers at a time.
const RANKS: usize = 4;

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { layer, base, y } = self;
        let directions = layer.lanes.directions;
        for row in 0..layer.rows {
            for half in 0..layer.lanes.halves {
                for_stretches!(directions, first, WIDTH, {
                    let stretch = Stretch::<WIDTH>::new(layer, base, row, half, first);
                    stretch.run(y);
                });
            }
        }
    }
}

/// `L` neighbouring lanes of one row: same half, neighbouring directions.
struct Stretch<'a, const L: usize> {
    layer: &'a Layer<'a>,
    base: Base<'a>,
    row: usize,
    /// First direction.
    d: usize,
    /// First column of `x` and `y`.
    at: usize,
    /// s σ of each lane.
    scale: [f32; L],
}

impl<'a, const L: usize> Stretch<'a, L> {
    #[inline(always)]
    fn new(layer: &'a Layer<'a>, base: Base<'a>, row: usize, half: usize, d: usize) -> Self {
        let lane = half * layer.lanes.directions + d;
        let mut scale = load::<L>(&layer.lanes.signs, lane);
        for s in &mut scale {
            *s *= layer.lanes.sigma;
        }
        Self { layer, base, row, d, at: row * layer.lanes.len() + lane, scale }
    }

    #[inline(always)]
    fn run(&self, y: &mut [f32]) {
        let outputs = self.layer.outputs;
        let mut first = 0;
        while first + 8 <= outputs {
            self.outputs::<8>(first, y);
            first += 8;
        }
        while first + 2 <= outputs {
            self.outputs::<2>(first, y);
            first += 2;
        }
        if first < outputs {
            self.outputs::<1>(first, y);
        }
        if let Kind::LowRank { rank } = self.layer.noise.kind {
            let mut k = 0;
            while k < rank {
                let count = RANKS.min(rank - k);
                self.add_low_rank(rank, k, count, y);
                k += count;
            }
        }
    }

    /// Mean product, bias and dense noise of `O` outputs.
    #[inline(always)]
    fn outputs<const O: usize>(&self, first: usize, y: &mut [f32]) {
        let layer = self.layer;
        let columns = layer.rows * layer.lanes.len();
        let (outputs, inputs) = (layer.outputs, layer.inputs);
        let (output_stride, input_stride) =
            if layer.transposed { (1, outputs) } else { (inputs, 1) };
        let mut sums = match (self.base, layer.x) {
            (Base::Tiled, Input::PerLane(x)) => products::<O, L>(
                layer.weights,
                first,
                output_stride,
                input_stride,
                inputs,
                x,
                columns,
                self.at,
            ),
            (Base::Shared(shared), _) => {
                std::array::from_fn(|o| [shared[(first + o) * layer.rows + self.row]; L])
            }
            (Base::Tiled | Base::Made, _) => {
                std::array::from_fn(|o| load::<L>(y, (first + o) * columns + self.at))
            }
        };
        if layer.noise.kind == Kind::Dense {
            let directions = layer.lanes.directions;
            for (o, sum) in sums.iter_mut().enumerate() {
                let mut own = [0.0; L];
                for i in 0..inputs {
                    let element = (first + o) * output_stride + i * input_stride;
                    let e = load::<L>(layer.noise.values(), element * directions + self.d);
                    match layer.x {
                        Input::PerLane(x) => fma(&mut own, &e, &load(x, i * columns + self.at)),
                        Input::Shared(x) => fma_scalar(&mut own, x[i * layer.rows + self.row], &e),
                    }
                }
                fma(sum, &self.scale, &own);
            }
        }
        if let Some((bias, noise)) = layer.bias {
            for (o, sum) in sums.iter_mut().enumerate() {
                let b = bias[first + o];
                for value in sum.iter_mut() {
                    *value += b;
                }
                if noise.kind == Kind::Dense {
                    let at = (first + o) * layer.lanes.directions + self.d;
                    fma(sum, &self.scale, &load(noise.values(), at));
                }
            }
        }
        for (o, sum) in sums.iter().enumerate() {
            y[(first + o) * columns + self.at..][..L].copy_from_slice(sum);
        }
    }

    /// Adds columns `k .. k + count` of the low-rank noise to all outputs.
    #[inline(always)]
    fn add_low_rank(&self, rank: usize, k: usize, count: usize, y: &mut [f32]) {
        let layer = self.layer;
        let columns = layer.rows * layer.lanes.len();
        let directions = layer.lanes.directions;
        let share = 1.0 / (rank as f32).sqrt();
        let mut inner = [[0.0; L]; RANKS];
        for (j, inner) in inner.iter_mut().enumerate().take(count) {
            let factor = layer.inner(rank, k + j);
            *inner = match layer.x {
                Input::PerLane(x) => {
                    lane_dot::<L>(factor, directions, self.d, x, columns, self.at, layer.inputs)
                }
                Input::Shared(x) => {
                    let mut sum = [0.0; L];
                    for i in 0..layer.inputs {
                        let value = x[i * layer.rows + self.row];
                        fma_scalar(&mut sum, value, &load(factor, i * directions + self.d));
                    }
                    sum
                }
            };
            for (t, s) in inner.iter_mut().zip(&self.scale) {
                *t *= s * share;
            }
        }
        for (j, inner) in inner.iter().enumerate().take(count) {
            let factor = layer.outer(rank, k + j);
            for o in 0..layer.outputs {
                let slot = &mut y[o * columns + self.at..][..L];
                let mut sum = [0.0; L];
                sum.copy_from_slice(slot);
                fma(&mut sum, inner, &load(factor, o * directions + self.d));
                slot.copy_from_slice(&sum);
            }
        }
    }
}

impl Layer<'_> {
    /// The factor that meets the inputs: B, or A if transposed.
    #[inline(always)]
    fn inner(&self, rank: usize, k: usize) -> &[f32] {
        if self.transposed { self.noise.a(rank, k) } else { self.noise.b(k) }
    }

    /// The factor that makes the outputs: A, or B if transposed.
    #[inline(always)]
    fn outer(&self, rank: usize, k: usize) -> &[f32] {
        if self.transposed { self.noise.b(k) } else { self.noise.a(rank, k) }
    }
}
