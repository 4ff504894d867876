//! What the outputs of a network mean, and the loss they are trained with.
//!
//! | head | outputs | loss of a row |
//! |---|---|---|
//! | [`Head::Squared`] | g | (g − y)² |
//! | [`Head::Normal`] | g, raw | ½ ((y − g)/s)² + ln s + ½ ln 2π, with s = exp of raw squeezed between two bounds |
//!
//! The squeeze is soft: l ← hi − softplus(hi − raw), then l ← lo + softplus(l − lo). With the bounds at their start, ln 0.2 and ln 0.1, s lies in (0.1, 0.3).
//!
//! Source: `cuong-dm/IGNITE` and `brandontrabucco/design-baselines`, described in words; the equations are ours to check by differences.

use super::Real;

/// What the outputs of a network mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Head {
    /// One output, the prediction, with squared error.
    Squared,
    /// Two outputs, mean and raw logarithm of the deviation, with the likelihood of a normal distribution.
    #[default]
    Normal,
    /// The same, and the two bounds of the deviation are learned: two weights behind those of the network, hi and lo.
    NormalLearned,
}

/// First upper bound of the logarithm of the deviation.
pub(super) const HIGH: f64 = -1.609_437_912_434_100_3;
/// First lower bound.
pub(super) const LOW: f64 = -std::f64::consts::LN_10;

impl Head {
    /// Outputs of the network.
    pub fn outputs(self) -> usize {
        match self {
            Self::Squared => 1,
            Self::Normal | Self::NormalLearned => 2,
        }
    }

    /// Weights of its own, behind those of the network.
    pub fn weights(self) -> usize {
        if self == Self::NormalLearned { 2 } else { 0 }
    }

    /// The mean loss over rows with given weights, and its slopes: `slope` in the outputs, `(rows, outputs)`, and `own` in the
    /// head's own weights. Rows have weight 1 if `counts` is none; the sum is divided by the number of rows.
    pub fn loss<T: Real>(
        self,
        output: &[T],
        own: &[T],
        y: &[T],
        counts: Option<&[T]>,
        slope: &mut [T],
        own_slope: &mut [T],
    ) -> f64 {
        let share = T::of(1.0 / y.len() as f64);
        let weight = |row: usize| counts.map_or(share, |counts| counts[row] * share);
        if self == Self::Squared {
            let mut loss = 0.0;
            for (row, (g, y)) in output.iter().zip(y).enumerate() {
                let error = *g - *y;
                loss += (weight(row) * error * error).wide();
                slope[row] = T::of(2.0) * weight(row) * error;
            }
            return loss;
        }
        let bounds = bounds(own);
        own_slope.fill(T::default());
        let mut loss = 0.0;
        for (row, (out, y)) in output.chunks_exact(2).zip(y).enumerate() {
            let squeezed = squeeze(out[1], bounds);
            let z = (*y - out[0]) * (-squeezed.log).exp();
            let half = T::of(0.5);
            let of_row = half * z * z + squeezed.log + T::of(0.918_938_533_204_672_8);
            loss += (weight(row) * of_row).wide();
            let by_log = weight(row) * (T::of(1.0) - z * z);
            slope[2 * row] = -(weight(row) * z * (-squeezed.log).exp());
            slope[2 * row + 1] = by_log * squeezed.by_raw;
            if let [high, low] = own_slope {
                *high += by_log * squeezed.by_high;
                *low += by_log * squeezed.by_low;
            }
        }
        loss
    }

    /// The deviation that an output states; none for [`Head::Squared`].
    pub fn deviation<T: Real>(self, output: &[T], own: &[T]) -> Option<T> {
        (self != Self::Squared).then(|| squeeze(output[1], bounds(own)).log.exp())
    }
}

fn bounds<T: Real>(own: &[T]) -> (T, T) {
    match own {
        [high, low] => (*high, *low),
        _ => (T::of(HIGH), T::of(LOW)),
    }
}

/// The logarithm of a deviation and its slopes.
struct Squeezed<T> {
    log: T,
    by_raw: T,
    by_high: T,
    by_low: T,
}

fn squeeze<T: Real>(raw: T, (high, low): (T, T)) -> Squeezed<T> {
    let one = T::of(1.0);
    let upper = high - softplus(high - raw);
    // d upper / d raw; the bound has the rest.
    let by_raw = sigmoid(high - raw);
    let log = low + softplus(upper - low);
    let through = sigmoid(upper - low);
    Squeezed {
        log,
        by_raw: through * by_raw,
        by_high: through * (one - by_raw),
        by_low: one - through,
    }
}

fn softplus<T: Real>(x: T) -> T {
    let zero = T::default();
    let top = if x > zero { x } else { zero };
    let size = if x > zero { x } else { -x };
    top + (T::of(1.0) + (-size).exp()).ln()
}

fn sigmoid<T: Real>(x: T) -> T {
    T::of(1.0) / (T::of(1.0) + (-x).exp())
}
