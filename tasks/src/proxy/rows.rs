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

/// Added to the variance of a row.
const FLOOR: f32 = 1e-5;

/// Mean and 1/√(var + ε) of a row.
#[inline(always)]
fn moments(x: &[f32]) -> (f32, f32) {
    let (mut sum, mut squares) = (0.0_f32, 0.0_f32);
    for x in x {
        sum += x;
    }
    let mean = sum / x.len() as f32;
    for x in x {
        squares += (x - mean) * (x - mean);
    }
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
            let (mut sum, mut along) = (0.0_f32, 0.0_f32);
            for i in 0..width {
                let n = (x[i] - mean) * scale;
                let d = dy[i] * gain[i];
                sum += d;
                along += d * n;
                dgain[i] += dy[i] * n;
                dbias[i] += dy[i];
            }
            let (sum, along) = (sum / width as f32, along / width as f32);
            for i in 0..width {
                let n = (x[i] - mean) * scale;
                dx[i] += scale * (dy[i] * gain[i] - sum - n * along);
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
            let mut largest = f32::NEG_INFINITY;
            for x in logits {
                largest = if *x > largest { *x } else { largest };
            }
            let shares = &mut shares[..width];
            for (share, x) in shares.iter_mut().zip(logits) {
                *share = math::exp(x - largest);
            }
            let mut sum = 0.0_f32;
            for share in shares.iter() {
                sum += share;
            }
            total += f64::from(math::ln(sum) + largest - logits[*class as usize]);
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
