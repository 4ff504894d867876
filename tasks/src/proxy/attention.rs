//! Causal attention over short texts.
//!
//! Rows of `x` are `(queries, keys, values)`, each `width` numbers, head after head. Output and shares of a position depend on this
//! position and those before it.

use hatchery_kernels::math;
use hatchery_kernels::simd::Kernel;

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
                    let mut largest = f32::NEG_INFINITY;
                    for u in 0..=t {
                        let key = &x[u * row + width + at..][..size];
                        let mut product = 0.0_f32;
                        for i in 0..size {
                            product = query[i].mul_add(key[i], product);
                        }
                        shares[u] = product * scale;
                        largest = if shares[u] > largest { shares[u] } else { largest };
                    }
                    let mut sum = 0.0_f32;
                    for share in &mut shares[..=t] {
                        *share = math::exp(*share - largest);
                        sum += *share;
                    }
                    let y = &mut y[t * width + at..][..size];
                    y.fill(0.0);
                    for u in 0..=t {
                        shares[u] /= sum;
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
                        let mut product = 0.0_f32;
                        for i in 0..size {
                            product = dy[i].mul_add(value[i], product);
                        }
                        slopes[u] = product;
                        mean = shares[u].mul_add(product, mean);
                        let dvalue = &mut dx[u * row + 2 * width + at..][..size];
                        for i in 0..size {
                            dvalue[i] = shares[u].mul_add(dy[i], dvalue[i]);
                        }
                    }
                    for u in 0..=t {
                        let slope = shares[u] * (slopes[u] - mean) * scale;
                        for i in 0..size {
                            let (query, key) = (x[t * row + at + i], x[u * row + width + at + i]);
                            dx[t * row + at + i] += slope * key;
                            dx[u * row + width + at + i] += slope * query;
                        }
                    }
                }
            }
        }
    }
}

/// Positions of the longest text.
pub(super) const MAX: usize = 128;
