//! Causal attention over short texts.
//!
//! Rows of `x` are `(queries, keys, values)`, each `width` numbers, head after head. Output and shares of a position depend on this
//! position and those before it.

use hatchery_kernels::math;
use hatchery_kernels::simd::Kernel;

use super::rows::{largest, sum};

/// `y = softmax(q kᵀ/√d) v`, head by head.
pub(super) struct Attend<'a> {
    pub(super) x: &'a [f32],
    pub(super) y: &'a mut [f32],
    /// For each row and head, what each position contributes: `(rows, heads, length)`.
    pub(super) shares: &'a mut [f32],
    pub(super) heads: usize,
    pub(super) length: usize,
    pub(super) width: usize,
}

impl Kernel for Attend<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let Self { x, y, shares, heads, length, width } = self;
        let (size, row) = (width / heads, 3 * width);
        let scale = 1.0 / (size as f32).sqrt();
        let texts = x.chunks_exact(length * row).zip(y.chunks_exact_mut(length * width));
        for ((x, y), shares) in texts.zip(shares.chunks_exact_mut(length * heads * length)) {
            for head in 0..heads {
                let at = head * size;
                for t in 0..length {
                    let shares = &mut shares[(t * heads + head) * length..][..length];
                    let query = &x[t * row + at..][..size];
                    let shares = &mut shares[..=t];
                    for (u, share) in shares.iter_mut().enumerate() {
                        let key = &x[u * row + width + at..][..size];
                        *share = sum(size, |i| query[i] * key[i]) * scale;
                    }
                    let largest = largest(shares);
                    for share in shares.iter_mut() {
                        *share = math::exp(*share - largest);
                    }
                    let total = sum(shares.len(), |u| shares[u]);
                    let y = &mut y[t * width + at..][..size];
                    y.fill(0.0);
                    for u in 0..=t {
                        shares[u] /= total;
                        let value = &x[u * row + 2 * width + at..][..size];
                        for i in 0..size {
                            y[i] = shares[u].mul_add(value[i], y[i]);
                        }
                    }
                }
            }
        }
    }
}

/// Adds the slopes of [`Attend`].
pub(super) struct AttendBack<'a> {
    pub(super) x: &'a [f32],
    pub(super) shares: &'a [f32],
    pub(super) dy: &'a [f32],
    pub(super) dx: &'a mut [f32],
    pub(super) heads: usize,
    pub(super) length: usize,
    pub(super) width: usize,
}

impl Kernel for AttendBack<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let Self { x, shares, dy, dx, heads, length, width } = self;
        let (size, row) = (width / heads, 3 * width);
        let scale = 1.0 / (size as f32).sqrt();
        let texts = x.chunks_exact(length * row).zip(dx.chunks_exact_mut(length * row));
        let outs =
            dy.chunks_exact(length * width).zip(shares.chunks_exact(length * heads * length));
        for ((x, dx), (dy, shares)) in texts.zip(outs) {
            for head in 0..heads {
                let at = head * size;
                for t in 0..length {
                    let shares = &shares[(t * heads + head) * length..][..=t];
                    let dy = &dy[t * width + at..][..size];
                    // Slope of each share, and their mean by share.
                    let mut slopes = [0.0_f32; MAX];
                    let mut mean = 0.0_f32;
                    for u in 0..=t {
                        let value = &x[u * row + 2 * width + at..][..size];
                        let product = sum(size, |i| dy[i] * value[i]);
                        slopes[u] = product;
                        mean = shares[u].mul_add(product, mean);
                        let dvalue = &mut dx[u * row + 2 * width + at..][..size];
                        for i in 0..size {
                            dvalue[i] = shares[u].mul_add(dy[i], dvalue[i]);
                        }
                    }
                    let query = &x[t * row + at..][..size];
                    for u in 0..=t {
                        let slope = shares[u] * (slopes[u] - mean) * scale;
                        let key = &x[u * row + width + at..][..size];
                        let dquery = &mut dx[t * row + at..][..size];
                        for i in 0..size {
                            dquery[i] += slope * key[i];
                        }
                        let dkey = &mut dx[u * row + width + at..][..size];
                        for i in 0..size {
                            dkey[i] += slope * query[i];
                        }
                    }
                }
            }
        }
    }
}

/// Positions of the longest text.
pub(super) const MAX: usize = 128;
