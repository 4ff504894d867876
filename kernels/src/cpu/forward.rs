//! The forward pass of a linear layer of a block, in two sweeps over register tiles.
//!
//! First the inner products of low-rank noise, `t = s σ/√r (x B)`, one number per rank and column. Then the layer: a tile
//! of eight outputs and two registers of lanes (both signs of sixteen directions, where there are two) starts from
//! zero, runs over all inputs, takes bias and noise in while it is still in registers, and is stored once.

use std::marker::PhantomData;

use super::layer_noise::Kind;
use super::packed::PANEL;
use super::product::{Matrix, product};
use super::tile::{each, load, load_all, products};
use super::{Input, Lanes, LayerNoise, Packed, Precision};
use crate::KernelError;
use crate::simd::{LANES, Vector, VectorKernel, dispatch_vector};

/// A linear layer whose weights are stored `(outputs, inputs)`, or `(inputs, outputs)` if transposed.
pub(super) struct Layer<'a> {
    pub(super) op: &'static str,
    pub(super) weights: Weights<'a>,
    pub(super) outputs: usize,
    pub(super) inputs: usize,
    pub(super) bias: Option<(&'a [f32], &'a LayerNoise)>,
    pub(super) noise: &'a LayerNoise,
    pub(super) lanes: &'a Lanes,
    pub(super) x: Input<'a>,
    pub(super) rows: usize,
}

/// The weights as they are stored, and packed, if they are.
#[derive(Clone, Copy)]
pub(super) struct Weights<'a> {
    pub(super) plain: &'a [f32],
    pub(super) packed: Option<&'a Packed>,
    pub(super) transposed: bool,
}

impl Layer<'_> {
    pub(super) fn run(&self, y: &mut [f32]) -> Result<(), KernelError> {
        self.check(y)?;
        if y.is_empty() {
            return Ok(());
        }
        let inner = self.inner_products();
        match self.x {
            Input::Shared(x) => {
                let mut shared = vec![0.0; self.outputs * self.rows];
                product(self.matrix(), Matrix::plain(x, self.inputs, self.rows), &mut shared);
                dispatch_vector(Forward {
                    layer: self,
                    base: Base::Shared(&shared),
                    inner: &inner,
                    y,
                });
            }
            Input::PerLane(_) | Input::PerDirection(_) => {
                let fresh: Packed;
                let packed = match self.weights.packed {
                    Some(packed) => packed,
                    None => {
                        let Weights { plain, transposed, .. } = self.weights;
                        fresh = Packed::new(
                            plain,
                            self.outputs,
                            self.inputs,
                            transposed,
                            Precision::F32,
                        );
                        &fresh
                    }
                };
                dispatch_vector(Forward {
                    layer: self,
                    base: Base::Tiled(packed),
                    inner: &inner,
                    y,
                });
            }
        }
        if let Kind::Sparse { entries } = self.noise.kind {
            self.add_sparse(entries, y);
        }
        Ok(())
    }

    fn check(&self, y: &[f32]) -> Result<(), KernelError> {
        let Self { op, outputs, inputs, rows, lanes, .. } = *self;
        KernelError::check_len(op, "weights", outputs * inputs, self.weights.plain.len())?;
        if let Some(packed) = self.weights.packed {
            KernelError::check_len(op, "packed outputs", outputs, packed.outputs)?;
            KernelError::check_len(op, "packed inputs", inputs, packed.inputs)?;
        }
        KernelError::check_len(op, "y", outputs * rows * lanes.len(), y.len())?;
        lanes.check(op)?;
        self.x.check(op, inputs, rows, lanes)?;
        let transposed = self.weights.transposed;
        let shape = if transposed { (inputs, outputs) } else { (outputs, inputs) };
        self.noise.check(op, lanes.directions, shape)?;
        if let Some((bias, noise)) = self.bias {
            KernelError::check_len(op, "bias", outputs, bias.len())?;
            noise.check(op, lanes.directions, (outputs, 1))?;
        }
        Ok(())
    }

    /// `t`, `(rank, rows, lanes)`; empty without low-rank noise.
    fn inner_products(&self) -> Vec<f32> {
        let Kind::LowRank { rank } = self.noise.kind else { return Vec::new() };
        let mut inner = vec![0.0; rank * self.columns()];
        dispatch_vector(Inner { layer: self, rank, inner: &mut inner });
        inner
    }

    fn columns(&self) -> usize {
        self.rows * self.lanes.len()
    }

    fn matrix(&self) -> Matrix<'_> {
        if self.weights.transposed {
            Matrix::transpose(self.weights.plain, self.inputs, self.outputs)
        } else {
            Matrix::plain(self.weights.plain, self.outputs, self.inputs)
        }
    }

    /// The factor that meets the inputs: B, or A if transposed.
    #[inline(always)]
    fn inner_factor(&self, rank: usize, k: usize) -> &[f32] {
        if self.weights.transposed { self.noise.a(rank, k) } else { self.noise.b(k) }
    }

    /// The factor that makes the outputs: A, or B if transposed.
    #[inline(always)]
    fn outer_factor(&self, rank: usize, k: usize) -> &[f32] {
        if self.weights.transposed { self.noise.b(k) } else { self.noise.a(rank, k) }
    }

    fn add_sparse(&self, entries: usize, y: &mut [f32]) {
        let (lanes, directions) = (self.lanes.len(), self.lanes.directions);
        let columns = self.columns();
        let cols = if self.weights.transposed { self.outputs } else { self.inputs };
        for entry in 0..entries {
            for lane in 0..lanes {
                let d = lane % directions;
                let at = entry * directions + d;
                let place = self.noise.places()[at] as usize;
                let (r, c) = (place / cols, place % cols);
                let (o, i) = if self.weights.transposed { (c, r) } else { (r, c) };
                let scale = self.lanes.signs[lane] * self.lanes.sigma * self.noise.values()[at];
                for row in 0..self.rows {
                    let x = match self.x {
                        Input::PerLane(x) => x[i * columns + row * lanes + lane],
                        Input::PerDirection(x) => x[(i * self.rows + row) * directions + d],
                        Input::Shared(x) => x[i * self.rows + row],
                    };
                    let slot = &mut y[o * columns + row * lanes + lane];
                    *slot = scale.mul_add(x, *slot);
                }
            }
        }
    }
}

/// Calls `$body` for each stretch of a row: `$stretch` is sixteen directions with all their signs, or what is left.
macro_rules! stretches {
    ($layer:expr, $vector:ident, $row:expr, |$stretch:ident| $body:expr) => {{
        let (layer, row) = ($layer, $row);
        let mut d = 0;
        while d < layer.lanes.directions {
            let count = LANES.min(layer.lanes.directions - d);
            match (layer.lanes.halves == 2, count == LANES) {
                (true, true) => {
                    let $stretch = Stretch::<$vector, 2, true>::new(layer, row, d, count);
                    $body
                }
                (true, false) => {
                    let $stretch = Stretch::<$vector, 2, false>::new(layer, row, d, count);
                    $body
                }
                (false, true) => {
                    let $stretch = Stretch::<$vector, 1, true>::new(layer, row, d, count);
                    $body
                }
                (false, false) => {
                    let $stretch = Stretch::<$vector, 1, false>::new(layer, row, d, count);
                    $body
                }
            }
            d += count;
        }
    }};
}

/// Fills the inner products of low-rank noise.
struct Inner<'a> {
    layer: &'a Layer<'a>,
    rank: usize,
    inner: &'a mut [f32],
}

impl VectorKernel for Inner<'_> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { layer, rank, inner } = self;
        for row in 0..layer.rows {
            stretches!(layer, V, row, |stretch| stretch.inner_products(rank, inner));
        }
    }
}

/// Where the product with the mean weights comes from.
#[derive(Clone, Copy)]
enum Base<'a> {
    /// Made here, in register tiles.
    Tiled(&'a Packed),
    /// `(outputs, rows)`, the same for all lanes.
    Shared(&'a [f32]),
}

struct Forward<'a> {
    layer: &'a Layer<'a>,
    base: Base<'a>,
    inner: &'a [f32],
    y: &'a mut [f32],
}

/// Bytes of inputs that stay in the second-level cache while all panels pass over them.
const INPUT_BYTES: usize = 256 << 10;

impl VectorKernel for Forward<'_> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { layer, base, inner, y } = self;
        if let Base::Tiled(packed) = base
            && packed.precision == Precision::Bf16
        {
            let mut pairs = vec![0.0; packed.depth() * 2 * LANES];
            for row in 0..layer.rows {
                stretches!(layer, V, row, |stretch| stretch.in_bf16(packed, inner, &mut pairs, y));
            }
            return;
        }
        let row_bytes = 4 * layer.inputs * layer.lanes.len();
        let rows_per_group = (INPUT_BYTES / row_bytes.max(1)).max(1);
        let mut first = 0;
        while first < layer.rows {
            let end = layer.rows.min(first + rows_per_group);
            for panel in 0..layer.outputs.div_ceil(PANEL) {
                for row in first..end {
                    stretches!(layer, V, row, |stretch| stretch.panel(base, panel, inner, y));
                }
            }
            first = end;
        }
    }
}

/// Sixteen neighbouring directions of one row, or `count` if not `FULL`, with all `H` signs of each.
struct Stretch<'a, V, const H: usize, const FULL: bool> {
    layer: &'a Layer<'a>,
    row: usize,
    /// First direction.
    d: usize,
    count: usize,
    vectors: PhantomData<V>,
}

impl<'a, V: Vector, const H: usize, const FULL: bool> Stretch<'a, V, H, FULL> {
    #[inline(always)]
    fn new(layer: &'a Layer<'a>, row: usize, d: usize, count: usize) -> Self {
        Self { layer, row, d, count, vectors: PhantomData }
    }

    /// First column of each sign.
    #[inline(always)]
    fn at(&self) -> [usize; H] {
        let directions = self.layer.lanes.directions;
        let mut at = [self.row * H * directions + self.d; H];
        each!(HALF < H in [0, 1] {
            at[HALF] += HALF * directions;
        });
        at
    }

    /// The stretch's directions in row `row` of a matrix `(rows, directions)`.
    #[inline(always)]
    fn of_directions(&self, values: &[f32], row: usize) -> V {
        load::<V, FULL>(values, row * self.layer.lanes.directions + self.d, self.count)
    }

    /// The stretch's lanes in row `row` of a matrix `(rows, columns)`.
    #[inline(always)]
    fn of_columns(&self, values: &[f32], row: usize) -> [V; H] {
        let columns = self.layer.columns();
        load_all::<V, H, FULL>(&values[row * columns..(row + 1) * columns], self.at(), self.count)
    }

    /// What goes into feature `i`: one vector for each sign, or the same one.
    #[inline(always)]
    fn input(&self, i: usize) -> [V; H] {
        match self.layer.x {
            Input::PerLane(x) => self.of_columns(x, i),
            Input::PerDirection(x) => [self.of_directions(x, i * self.layer.rows + self.row); H],
            Input::Shared(x) => [V::splat(x[i * self.layer.rows + self.row]); H],
        }
    }

    /// s σ of each lane.
    #[inline(always)]
    fn scale(&self) -> [V; H] {
        let lanes = self.layer.lanes;
        let mut scale = [V::zero(); H];
        each!(HALF < H in [0, 1] {
            let sign = self.of_directions(&lanes.signs, HALF);
            scale[HALF] = sign.mul(V::splat(lanes.sigma));
        });
        scale
    }

    #[inline(always)]
    fn inner_products(&self, rank: usize, inner: &mut [f32]) {
        let mut k = 0;
        while k + 4 <= rank {
            self.inner_of::<4>(rank, k, inner);
            k += 4;
        }
        while k < rank {
            self.inner_of::<1>(rank, k, inner);
            k += 1;
        }
    }

    /// Columns `k .. k + R` of the factor.
    #[inline(always)]
    fn inner_of<const R: usize>(&self, rank: usize, k: usize, inner: &mut [f32]) {
        let layer = self.layer;
        let mut factors: [&[f32]; R] = [&[]; R];
        each!(COL < R in [0, 1, 2, 3] {
            factors[COL] = layer.inner_factor(rank, k + COL);
        });
        let mut sums = [[V::zero(); H]; R];
        for i in 0..layer.inputs {
            let x = self.input(i);
            each!(COL < R in [0, 1, 2, 3] {
                let noise = self.of_directions(factors[COL], i);
                each!(HALF < H in [0, 1] {
                    sums[COL][HALF] = noise.mul_add(x[HALF], sums[COL][HALF]);
                });
            });
        }
        let share = V::splat(1.0 / (rank as f32).sqrt());
        let (scale, at, columns) = (self.scale(), self.at(), layer.columns());
        each!(COL < R in [0, 1, 2, 3] {
            each!(HALF < H in [0, 1] {
                let t = sums[COL][HALF].mul(scale[HALF].mul(share));
                self.store(t, &mut inner[(k + COL) * columns + at[HALF]..]);
            });
        });
    }

    #[inline(always)]
    fn store(&self, value: V, to: &mut [f32]) {
        if FULL { value.store(to) } else { value.store_first(to, self.count) }
    }

    /// The outputs of one panel.
    #[inline(always)]
    fn panel(&self, base: Base<'_>, panel: usize, inner: &[f32], y: &mut [f32]) {
        let mut first = panel * PANEL;
        let end = self.layer.outputs.min(first + PANEL);
        if V::TILED && end == first + PANEL {
            return self.outputs::<PANEL>(base, first, inner, y);
        }
        while V::TILED && first + 2 <= end {
            self.outputs::<2>(base, first, inner, y);
            first += 2;
        }
        while first < end {
            self.outputs::<1>(base, first, inner, y);
            first += 1;
        }
    }

    /// All outputs, from inputs rounded to bf16: these are packed once, in `pairs` `(inputs / 2, signs, 16)`, and
    /// stay in the first-level cache while all panels pass.
    #[inline(always)]
    fn in_bf16(&self, packed: &Packed, inner: &[f32], pairs: &mut [f32], y: &mut [f32]) {
        let layer = self.layer;
        for (j, pairs) in pairs.chunks_exact_mut(2 * LANES).enumerate() {
            let even = self.input(2 * j);
            let odd = if 2 * j + 1 < layer.inputs { self.input(2 * j + 1) } else { [V::zero(); H] };
            each!(HALF < H in [0, 1] {
                V::pack_bf16(even[HALF], odd[HALF]).store(&mut pairs[HALF * LANES..]);
            });
        }
        for panel in 0..layer.outputs.div_ceil(PANEL) {
            let mut first = panel * PANEL;
            let end = layer.outputs.min(first + PANEL);
            let weights = packed.panel(panel);
            if V::TILED && end == first + PANEL {
                let sums = self.products_bf16::<PANEL>(weights, pairs);
                self.finish::<PANEL>(first, sums, inner, y);
                continue;
            }
            while first < end {
                let sums = self.products_bf16::<1>(&weights[first % PANEL..], pairs);
                self.finish::<1>(first, sums, inner, y);
                first += 1;
            }
        }
    }

    #[inline(always)]
    fn products_bf16<const O: usize>(&self, weights: &[f32], pairs: &[f32]) -> [[V; H]; O] {
        let mut sums = [[V::zero(); H]; O];
        for (w, x) in weights.chunks(PANEL).zip(pairs.chunks_exact(2 * LANES)) {
            let w = &w[..O];
            let mut pair = [V::zero(); H];
            each!(HALF < H in [0, 1] {
                pair[HALF] = V::load(&x[HALF * LANES..]);
            });
            each!(OUT < O in [0, 1, 2, 3, 4, 5, 6, 7] {
                let w = V::splat(w[OUT]);
                each!(HALF < H in [0, 1] {
                    sums[OUT][HALF] = sums[OUT][HALF].dot_bf16(pair[HALF], w);
                });
            });
        }
        sums
    }

    /// Mean product, bias and noise of `O` outputs of one panel.
    #[inline(always)]
    fn outputs<const O: usize>(&self, base: Base<'_>, first: usize, inner: &[f32], y: &mut [f32]) {
        let sums = self.base::<O>(base, first);
        self.finish(first, sums, inner, y);
    }

    /// Adds bias and noise to the mean product of `O` outputs and stores them.
    #[inline(always)]
    fn finish<const O: usize>(
        &self,
        first: usize,
        mut sums: [[V; H]; O],
        inner: &[f32],
        y: &mut [f32],
    ) {
        let layer = self.layer;
        if layer.noise.kind == Kind::Dense {
            self.add_dense(first, &mut sums);
        }
        if let Some((bias, noise)) = layer.bias {
            let scale = self.scale();
            each!(OUT < O in [0, 1, 2, 3, 4, 5, 6, 7] {
                let b = V::splat(bias[first + OUT]);
                each!(HALF < H in [0, 1] {
                    sums[OUT][HALF] = sums[OUT][HALF].add(b);
                });
                if noise.kind == Kind::Dense {
                    let e = self.of_directions(noise.values(), first + OUT);
                    each!(HALF < H in [0, 1] {
                        sums[OUT][HALF] = scale[HALF].mul_add(e, sums[OUT][HALF]);
                    });
                }
            });
        }
        if let Kind::LowRank { rank } = layer.noise.kind {
            for k in 0..rank {
                let t = self.of_columns(inner, k);
                let factor = layer.outer_factor(rank, k);
                each!(OUT < O in [0, 1, 2, 3, 4, 5, 6, 7] {
                    let noise = self.of_directions(factor, first + OUT);
                    each!(HALF < H in [0, 1] {
                        sums[OUT][HALF] = t[HALF].mul_add(noise, sums[OUT][HALF]);
                    });
                });
            }
        }
        let (at, columns) = (self.at(), layer.columns());
        each!(OUT < O in [0, 1, 2, 3, 4, 5, 6, 7] {
            each!(HALF < H in [0, 1] {
                self.store(sums[OUT][HALF], &mut y[(first + OUT) * columns + at[HALF]..]);
            });
        });
    }

    /// The product with the mean weights.
    #[inline(always)]
    fn base<const O: usize>(&self, base: Base<'_>, first: usize) -> [[V; H]; O] {
        let layer = self.layer;
        let mut sums = [[V::zero(); H]; O];
        match (base, layer.x) {
            (Base::Tiled(packed), Input::PerLane(x)) => {
                let panel = &packed.panel(first / PANEL)[first % PANEL..];
                sums = products::<V, O, H, FULL>(panel, x, layer.columns(), self.at(), self.count);
            }
            (Base::Tiled(packed), Input::PerDirection(x)) => {
                let panel = &packed.panel(first / PANEL)[first % PANEL..];
                let directions = layer.lanes.directions;
                let (columns, at) = (layer.rows * directions, self.row * directions + self.d);
                let once = products::<V, O, 1, FULL>(panel, x, columns, [at], self.count);
                each!(OUT < O in [0, 1, 2, 3, 4, 5, 6, 7] {
                    sums[OUT] = [once[OUT][0]; H];
                });
            }
            (Base::Shared(shared), _) => {
                each!(OUT < O in [0, 1, 2, 3, 4, 5, 6, 7] {
                    sums[OUT] = [V::splat(shared[(first + OUT) * layer.rows + self.row]); H];
                });
            }
            (Base::Tiled(_), Input::Shared(_)) => {
                unreachable!("shared inputs have a shared product")
            }
        }
        sums
    }

    /// Adds `s σ Σᵢ E[o][i] x[i]` of dense noise.
    #[inline(always)]
    fn add_dense<const O: usize>(&self, first: usize, sums: &mut [[V; H]; O]) {
        let layer = self.layer;
        let (by_output, by_input) =
            if layer.weights.transposed { (1, layer.outputs) } else { (layer.inputs, 1) };
        let scale = self.scale();
        each!(OUT < O in [0, 1, 2, 3, 4, 5, 6, 7] {
            let mut own = [V::zero(); H];
            for i in 0..layer.inputs {
                let element = (first + OUT) * by_output + i * by_input;
                let (e, x) = (self.of_directions(layer.noise.values(), element), self.input(i));
                each!(HALF < H in [0, 1] {
                    own[HALF] = e.mul_add(x[HALF], own[HALF]);
                });
            }
            each!(HALF < H in [0, 1] {
                sums[OUT][HALF] = scale[HALF].mul_add(own[HALF], sums[OUT][HALF]);
            });
        });
    }
}
