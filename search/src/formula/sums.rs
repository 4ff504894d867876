//! Sums over rows, in `f64`, that losses and steps of constants are made of.

use hatchery_kernels::cpu::elementwise::Operand;
use hatchery_kernels::simd::{Kernel, dispatch};

/// Independent partial sums; they are added by halves at the end, so that the bits do not depend on the width of vectors.
const LANES: usize = 8;

/// Sums over rows of a formula f and of the deviations y of a target.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// Σ w f.
    pub f: f64,
    /// Σ w f².
    pub ff: f64,
    /// Σ w f y.
    pub fy: f64,
}

impl Moments {
    /// Adds the sums of other rows.
    pub fn add(&mut self, other: &Self) {
        self.f += other.f;
        self.ff += other.ff;
        self.fy += other.fy;
    }
}

/// What [`Moments`] are summed over.
#[derive(Clone, Copy, Debug)]
pub(super) struct MomentsOf<'a> {
    pub(super) f: Operand<'a>,
    pub(super) y: &'a [f32],
    pub(super) weights: Option<&'a [f32]>,
}

impl MomentsOf<'_> {
    pub(super) fn sum(self) -> Moments {
        dispatch(self)
    }
}

/// The sum by halves; written out, so that the lanes stay in registers.
#[inline(always)]
fn halves(lanes: [f64; LANES]) -> f64 {
    let four: [f64; 4] = std::array::from_fn(|lane| lanes[lane] + lanes[lane + 4]);
    let two: [f64; 2] = std::array::from_fn(|lane| four[lane] + four[lane + 2]);
    two[0] + two[1]
}

impl Kernel for MomentsOf<'_> {
    type Output = Moments;

    #[inline(always)]
    fn run(self) -> Moments {
        let (mut f, mut ff, mut fy) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
        if let (Operand::Block(block), None) = (self.f, self.weights) {
            let (f_chunks, f_rest) = block.as_chunks::<LANES>();
            let (y_chunks, y_rest) = self.y.as_chunks::<LANES>();
            for (f_chunk, y_chunk) in f_chunks.iter().zip(y_chunks) {
                for lane in 0..LANES {
                    let (one_f, one_y) = (f64::from(f_chunk[lane]), f64::from(y_chunk[lane]));
                    f[lane] += one_f;
                    ff[lane] = one_f.mul_add(one_f, ff[lane]);
                    fy[lane] = one_f.mul_add(one_y, fy[lane]);
                }
            }
            let (mut rest_f, mut rest_ff, mut rest_fy) = (0.0, 0.0, 0.0);
            for (one_f, one_y) in f_rest.iter().zip(y_rest) {
                let (one_f, one_y) = (f64::from(*one_f), f64::from(*one_y));
                rest_f += one_f;
                rest_ff = one_f.mul_add(one_f, rest_ff);
                rest_fy = one_f.mul_add(one_y, rest_fy);
            }
            return Moments {
                f: halves(f) + rest_f,
                ff: halves(ff) + rest_ff,
                fy: halves(fy) + rest_fy,
            };
        }
        let mut moments = Moments::default();
        for (row, y) in self.y.iter().enumerate() {
            let f = match self.f {
                Operand::Block(block) => f64::from(block[row]),
                Operand::Scalar(value) => f64::from(value),
            };
            let weighted = self.weights.map_or(1.0, |weights| f64::from(weights[row])) * f;
            moments.f += weighted;
            moments.ff = weighted.mul_add(f, moments.ff);
            moments.fy = weighted.mul_add(f64::from(*y), moments.fy);
        }
        moments
    }
}

/// Rows of a column of [`Gram`] are a multiple of this.
pub(super) const STRIDE: usize = 64;
/// Partial sums that are left before the last step.
const WIDE: usize = 16;

/// A square table of sums for up to [`COLUMNS_MAX`] columns.
pub(super) type Table2 = [[f64; COLUMNS_MAX]; COLUMNS_MAX];

/// Most columns of a [`Gram`]: derivatives, the formula, the residuals, the roots of the weights.
pub(super) const COLUMNS_MAX: usize = super::constants::CONSTANTS_MAX + 3;

/// Adds Σ uᵢ uⱼ of all pairs of columns to the lower half of `sums`, and Σ uᵢ to `totals`.
///
/// Products are summed in single precision within a block of rows: good enough for the direction of a step.
pub(super) struct Gram<'a> {
    /// The columns one after the other, each of `stride` numbers, those after the last row 0.
    pub(super) columns: &'a [f32],
    /// A multiple of [`STRIDE`], at most a block of rows.
    pub(super) stride: usize,
    pub(super) sums: &'a mut Table2,
    pub(super) totals: &'a mut [f64; COLUMNS_MAX],
}

impl Gram<'_> {
    pub(super) fn add(self) {
        debug_assert!(self.stride.is_multiple_of(STRIDE));
        dispatch(self);
    }
}

/// Σ u v, or Σ u. Quarters are added place by place until few partial sums are left: loops over places are what compilers turn into
/// vectors.
#[inline(always)]
fn folded(u: &[f32], v: Option<&[f32]>, space: &mut [f32; super::machine::BLOCK / 4]) -> f64 {
    let quarter = u.len() / 4;
    let space = &mut space[..quarter];
    let (u0, rest) = u.split_at(quarter);
    let (u1, rest) = rest.split_at(quarter);
    let (u2, u3) = rest.split_at(quarter);
    let u3 = &u3[..quarter];
    match v {
        Some(v) => {
            let (v0, rest) = v.split_at(quarter);
            let (v1, rest) = rest.split_at(quarter);
            let (v2, v3) = rest.split_at(quarter);
            let v3 = &v3[..quarter];
            for i in 0..quarter {
                let sum = u0[i] * v0[i];
                let sum = u1[i].mul_add(v1[i], sum);
                let sum = u2[i].mul_add(v2[i], sum);
                space[i] = u3[i].mul_add(v3[i], sum);
            }
        }
        None => {
            for i in 0..quarter {
                space[i] = (u0[i] + u1[i]) + (u2[i] + u3[i]);
            }
        }
    }
    let (last, others) = space.split_at_mut(WIDE);
    for other in others.chunks_exact(WIDE) {
        for (sum, x) in last.iter_mut().zip(other) {
            *sum += x;
        }
    }
    let sum = |at: usize| (last[at] + last[at + 8]) + (last[at + 4] + last[at + 12]);
    f64::from((sum(0) + sum(2)) + (sum(1) + sum(3)))
}

impl Kernel for Gram<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let mut space = [0.0_f32; super::machine::BLOCK / 4];
        for (i, u) in self.columns.chunks_exact(self.stride).enumerate() {
            self.totals[i] += folded(u, None, &mut space);
            for (j, v) in self.columns.chunks_exact(self.stride).take(i + 1).enumerate() {
                self.sums[i][j] += folded(u, Some(v), &mut space);
            }
        }
    }
}

/// `out = factor · (column − shift) · root`, where root are the roots of the weights.
pub(super) struct Scaled<'a> {
    pub(super) column: Operand<'a>,
    pub(super) factor: f32,
    pub(super) shift: f32,
    pub(super) roots: Option<&'a [f32]>,
    pub(super) out: &'a mut [f32],
}

impl Scaled<'_> {
    pub(super) fn write(self) {
        dispatch(self);
    }
}

impl Kernel for Scaled<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { factor, shift, .. } = self;
        match self.column {
            Operand::Block(column) => {
                for (x, out) in column.iter().zip(&mut *self.out) {
                    *out = factor * (x - shift);
                }
            }
            Operand::Scalar(value) => self.out.fill(factor * (value - shift)),
        }
        if let Some(roots) = self.roots {
            for (root, out) in roots.iter().zip(self.out) {
                *out *= root;
            }
        }
    }
}

/// `out = (y − offset − slope · f) · root`.
pub(super) struct Residuals<'a> {
    pub(super) f: Operand<'a>,
    pub(super) slope: f64,
    pub(super) offset: f64,
    pub(super) y: &'a [f32],
    pub(super) roots: Option<&'a [f32]>,
    pub(super) out: &'a mut [f32],
}

impl Residuals<'_> {
    pub(super) fn write(self) {
        dispatch(self);
    }
}

impl Kernel for Residuals<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let rest =
            |f: f32, y: f32| ((f64::from(y) - self.offset) - self.slope * f64::from(f)) as f32;
        match self.f {
            Operand::Block(f) => {
                for ((f, y), out) in f.iter().zip(self.y).zip(&mut *self.out) {
                    *out = rest(*f, *y);
                }
            }
            Operand::Scalar(f) => {
                for (y, out) in self.y.iter().zip(&mut *self.out) {
                    *out = rest(f, *y);
                }
            }
        }
        if let Some(roots) = self.roots {
            for (root, out) in roots.iter().zip(self.out) {
                *out *= root;
            }
        }
    }
}

/// Σ w (f − y)², where y is `mean` plus a deviation. Nothing cancels but what is meant to, unlike in [`Moments`].
pub(super) struct SquaredError<'a> {
    pub(super) f: Operand<'a>,
    pub(super) slope: f64,
    pub(super) offset: f64,
    pub(super) y: &'a [f32],
    pub(super) weights: Option<&'a [f32]>,
}

impl SquaredError<'_> {
    pub(super) fn sum(self) -> f64 {
        dispatch(self)
    }
}

impl Kernel for SquaredError<'_> {
    type Output = f64;

    #[inline(always)]
    fn run(self) -> f64 {
        let mut sums = [0.0; LANES];
        let error = |f: f32, y: f32| self.slope.mul_add(f64::from(f), self.offset) - f64::from(y);
        match (self.f, self.weights) {
            (Operand::Block(block), None) => {
                let (f_chunks, f_rest) = block.as_chunks::<LANES>();
                let (y_chunks, y_rest) = self.y.as_chunks::<LANES>();
                for (f, y) in f_chunks.iter().zip(y_chunks) {
                    for lane in 0..LANES {
                        let e = error(f[lane], y[lane]);
                        sums[lane] = e.mul_add(e, sums[lane]);
                    }
                }
                let mut rest = 0.0;
                for (f, y) in f_rest.iter().zip(y_rest) {
                    let e = error(*f, *y);
                    rest = e.mul_add(e, rest);
                }
                return halves(sums) + rest;
            }
            (f, weights) => {
                for (row, y) in self.y.iter().enumerate() {
                    let f = match f {
                        Operand::Block(block) => block[row],
                        Operand::Scalar(value) => value,
                    };
                    let e = error(f, *y);
                    let weight = weights.map_or(1.0, |w| f64::from(w[row]));
                    sums[row % LANES] += weight * e * e;
                }
            }
        }
        halves(sums)
    }
}
