//! Loops over rows of activations, compiled for the widest vectors there are.

use hatchery_kernels::math;
use hatchery_kernels::simd::Kernel;

macro_rules! kernel {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),* } $body:block) => {
        $(#[$doc])*
        pub(super) struct $name<'a> { $(pub(super) $field: $type,)* }
        impl<'a> Kernel for $name<'a> {
            type Output = ();
            #[inline(always)]
            fn run(self) {
                let Self { $($field),* } = self;
                $body
            }
        }
    };
}

kernel! {
    /// Adds a row to every row.
    AddRows { rows: &'a mut [f32], row: &'a [f32] } {
        for rows in rows.chunks_exact_mut(row.len()) {
            for (x, b) in rows.iter_mut().zip(row) {
                *x += b;
            }
        }
    }
}

kernel! {
    /// The sum of all rows.
    SumRows { rows: &'a [f32], sum: &'a mut [f32] } {
        for rows in rows.chunks_exact(sum.len()) {
            for (s, x) in sum.iter_mut().zip(rows) {
                *s += x;
            }
        }
    }
}

kernel! {
    /// max(x, 0).
    Relu { x: &'a [f32], y: &'a mut [f32] } {
        for (y, x) in y.iter_mut().zip(x) {
            *y = if *x > 0.0 { *x } else { 0.0 };
        }
    }
}

kernel! {
    /// The slope passes where the output is positive.
    GateBack { y: &'a [f32], dy: &'a [f32], dx: &'a mut [f32] } {
        for ((dx, y), dy) in dx.iter_mut().zip(y).zip(dy) {
            *dx += if *y > 0.0 { *dy } else { 0.0 };
        }
    }
}

kernel! {
    /// tanh x.
    Tanh { x: &'a [f32], y: &'a mut [f32] } {
        for (y, x) in y.iter_mut().zip(x) {
            *y = math::tanh(*x);
        }
    }
}

kernel! {
    /// 1 − y².
    TanhBack { y: &'a [f32], dy: &'a [f32], dx: &'a mut [f32] } {
        for ((dx, y), dy) in dx.iter_mut().zip(y).zip(dy) {
            *dx += dy * (1.0 - y * y);
        }
    }
}

/// Lanes that sums over a row are kept in.
const LANES: usize = 8;

/// Σ f(i) over places below `count`: lane `l` sums places `l`, `l + 8`, …, and the lanes are added by halves.
#[inline(always)]
pub(super) fn sum(count: usize, f: impl Fn(usize) -> f32) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    let whole = count - count % LANES;
    for at in (0..whole).step_by(LANES) {
        for (lane, sum) in lanes.iter_mut().enumerate() {
            *sum += f(at + lane);
        }
    }
    for (lane, sum) in lanes.iter_mut().enumerate().take(count - whole) {
        *sum += f(whole + lane);
    }
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            lanes[lane] += lanes[lane + half];
        }
        half /= 2;
    }
    lanes[0]
}

/// The largest of a row; NaN counts as the smallest.
#[inline(always)]
pub(super) fn largest(row: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let (whole, rest) = row.as_chunks::<LANES>();
    for x in whole {
        for (lane, x) in lanes.iter_mut().zip(x) {
            *lane = if *x > *lane { *x } else { *lane };
        }
    }
    for (lane, x) in lanes.iter_mut().zip(rest) {
        *lane = if *x > *lane { *x } else { *lane };
    }
    lanes.into_iter().fold(f32::NEG_INFINITY, |a, b| if b > a { b } else { a })
}

/// Added to the variance of a row.
const FLOOR: f32 = 1e-5;

/// Mean and 1/√(var + ε) of a row.
#[inline(always)]
fn moments(x: &[f32]) -> (f32, f32) {
    let mean = sum(x.len(), |i| x[i]) / x.len() as f32;
    let squares = sum(x.len(), |i| (x[i] - mean) * (x[i] - mean));
    (mean, 1.0 / (squares / x.len() as f32 + FLOOR).sqrt())
}

kernel! {
    /// Layer norm of each row.
    Normalise { x: &'a [f32], y: &'a mut [f32], gain: &'a [f32], bias: &'a [f32] } {
        for (x, y) in x.chunks_exact(gain.len()).zip(y.chunks_exact_mut(gain.len())) {
            let (mean, scale) = moments(x);
            for (((y, x), g), b) in y.iter_mut().zip(x).zip(gain).zip(bias) {
                *y = (x - mean) * scale * g + b;
            }
        }
    }
}

kernel! {
    /// Slopes of layer norm.
    NormaliseBack { x: &'a [f32], dy: &'a [f32], dx: &'a mut [f32], gain: &'a [f32], dgain: &'a mut [f32], dbias: &'a mut [f32] } {
        let width = gain.len();
        for ((x, dy), dx) in x.chunks_exact(width).zip(dy.chunks_exact(width)).zip(dx.chunks_exact_mut(width)) {
            let (mean, scale) = moments(x);
            let total = sum(width, |i| dy[i] * gain[i]) / width as f32;
            let along = sum(width, |i| dy[i] * gain[i] * ((x[i] - mean) * scale)) / width as f32;
            let (dgain, dbias) = (&mut dgain[..width], &mut dbias[..width]);
            for i in 0..width {
                let n = (x[i] - mean) * scale;
                dgain[i] += dy[i] * n;
                dbias[i] += dy[i];
                dx[i] += scale * (dy[i] * gain[i] - total - n * along);
            }
        }
    }
}

/// Cross-entropy in nats of each row of logits against its class. `slopes`, if any, get the slopes of the mean.
pub(super) struct CrossEntropy<'a> {
    pub(super) logits: &'a [f32],
    pub(super) classes: &'a [u8],
    pub(super) width: usize,
    pub(super) slopes: Option<&'a mut [f32]>,
}

impl Kernel for CrossEntropy<'_> {
    type Output = f64;
    #[inline(always)]
    fn run(self) -> f64 {
        let (width, scale) = (self.width, 1.0 / self.classes.len() as f32);
        let mut total = 0.0;
        let mut shares = [0.0_f32; 256];
        let mut slopes = self.slopes;
        for (row, class) in self.classes.iter().enumerate() {
            let logits = &self.logits[row * width..(row + 1) * width];
            let largest = largest(logits);
            let shares = &mut shares[..width];
            for (share, x) in shares.iter_mut().zip(logits) {
                *share = math::exp(x - largest);
            }
            let sum = sum(width, |i| shares[i]);
            // In this order: beside two huge logits that are equal ln(sum) would be lost, and the loss be 0.
            total += f64::from(math::ln(sum) + (largest - logits[*class as usize]));
            if let Some(slopes) = &mut slopes {
                let slopes = &mut slopes[row * width..(row + 1) * width];
                let factor = scale / sum;
                for (slope, share) in slopes.iter_mut().zip(shares.iter()) {
                    *slope = share * factor;
                }
                slopes[*class as usize] -= scale;
            }
        }
        total / self.classes.len() as f64
    }
}

/// Mean of squared differences, a half for each; `slopes`, if any, get its slopes.
pub(super) struct SquaredError<'a> {
    pub(super) found: &'a [f32],
    pub(super) wanted: &'a [f32],
    pub(super) slopes: Option<&'a mut [f32]>,
}

impl Kernel for SquaredError<'_> {
    type Output = f64;
    #[inline(always)]
    fn run(self) -> f64 {
        let scale = 1.0 / self.wanted.len() as f32;
        let mut total = 0.0;
        for (found, wanted) in self.found.iter().zip(self.wanted) {
            total += 0.5 * f64::from(found - wanted) * f64::from(found - wanted);
        }
        if let Some(slopes) = self.slopes {
            for ((slope, found), wanted) in slopes.iter_mut().zip(self.found).zip(self.wanted) {
                *slope = (found - wanted) * scale;
            }
        }
        total / self.wanted.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_logits_cost_ln_of_the_classes_however_large_they_are() {
        for size in [0.0, 1.0, 1e10, -1e30, 3e38] {
            let logits = [size; 10];
            let loss =
                CrossEntropy { logits: &logits, classes: &[3], width: 10, slopes: None }.run();
            assert!((loss - 10f64.ln()).abs() < 1e-6, "{size}: {loss}");
        }
        let logits = [f32::NAN; 10];
        let loss = CrossEntropy { logits: &logits, classes: &[3], width: 10, slopes: None }.run();
        assert!(loss.is_nan());
    }
}
