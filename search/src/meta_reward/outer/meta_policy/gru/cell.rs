//! One step of a gated recurrent unit, forth and back.
//!
//! ```text
//! z = σ(A_z x + B_z h + b_z)      r = σ(A_r x + B_r h + b_r)      n = tanh(A_n x + B_n (r ∘ h) + b_n)
//! h' = (1 − z) ∘ n + z ∘ h
//! ```
//!
//! Source: Cho et al., *Learning Phrase Representations using RNN Encoder-Decoder* (2014), arXiv:1406.1078, section 2.3.

/// Where the weights of a gate lie: A (h, x), B (h, h), b (h,); gates z, r, n after each other.
pub(super) struct Layout<const X: usize, const H: usize>;

impl<const X: usize, const H: usize> Layout<X, H> {
    const GATE: usize = H * (X + H + 1);
    /// Of all gates.
    pub(super) const WEIGHTS: usize = 3 * Self::GATE;
}

/// A step with all that its gradient needs.
#[derive(Clone, Debug)]
pub(super) struct Cell<const X: usize, const H: usize> {
    x: [f64; X],
    h: [f64; H],
    z: [f64; H],
    r: [f64; H],
    n: [f64; H],
}

impl<const X: usize, const H: usize> Cell<X, H> {
    pub(super) fn forward(weights: &[f32], x: [f64; X], h: [f64; H]) -> Self {
        let z = gate::<X, H>(weights, 0, &x, &h).map(sigmoid);
        let r = gate::<X, H>(weights, 1, &x, &h).map(sigmoid);
        let n = gate::<X, H>(weights, 2, &x, &product(&r, &h)).map(libm::tanh);
        Self { x, h, z, r, n }
    }

    /// h'
    pub(super) fn state(&self) -> [f64; H] {
        std::array::from_fn(|at| (1.0 - self.z[at]) * self.n[at] + self.z[at] * self.h[at])
    }

    /// The slopes by x and h, those by h' being given; adds those by the weights.
    pub(super) fn backward(
        &self,
        weights: &[f32],
        by_state: [f64; H],
        by_weights: &mut [f32],
    ) -> ([f64; X], [f64; H]) {
        let Self { x, h, z, r, n } = self;
        // By the sums before σ and tanh.
        let by_n: [f64; H] =
            std::array::from_fn(|at| by_state[at] * (1.0 - z[at]) * (1.0 - n[at] * n[at]));
        let by_z: [f64; H] =
            std::array::from_fn(|at| by_state[at] * (h[at] - n[at]) * z[at] * (1.0 - z[at]));
        let mut by_x = [0.0; X];
        let mut by_h: [f64; H] = product(&by_state, z);
        let mut by_reset = [0.0; H];
        pull(weights, 2, (x, &product(r, h)), &by_n, by_weights, (&mut by_x, &mut by_reset));
        for (by, at) in by_h.iter_mut().zip(0..) {
            *by += by_reset[at] * r[at];
        }
        let by_r: [f64; H] = std::array::from_fn(|at| by_reset[at] * h[at] * r[at] * (1.0 - r[at]));
        pull(weights, 0, (x, h), &by_z, by_weights, (&mut by_x, &mut by_h));
        pull(weights, 1, (x, h), &by_r, by_weights, (&mut by_x, &mut by_h));
        (by_x, by_h)
    }
}

fn gate<const X: usize, const H: usize>(
    weights: &[f32],
    gate: usize,
    x: &[f64; X],
    h: &[f64; H],
) -> [f64; H] {
    let weights = &weights[gate * Layout::<X, H>::GATE..];
    let (a, weights) = weights.split_at(H * X);
    let (b, bias) = weights.split_at(H * H);
    std::array::from_fn(|at| {
        let dot = |row: &[f32], by: &[f64]| -> f64 {
            row.iter().zip(by).map(|(&weight, value)| f64::from(weight) * value).sum()
        };
        f64::from(bias[at]) + dot(&a[X * at..][..X], x) + dot(&b[H * at..][..H], h)
    })
}

/// Adds the slopes of a gate by its weights and by its inputs, those by its sums being given.
fn pull<const X: usize, const H: usize>(
    weights: &[f32],
    gate: usize,
    (x, h): (&[f64; X], &[f64; H]),
    by_sums: &[f64; H],
    by_weights: &mut [f32],
    (by_x, by_h): (&mut [f64; X], &mut [f64; H]),
) {
    let begin = gate * Layout::<X, H>::GATE;
    for (at, &slope) in by_sums.iter().enumerate() {
        let mut pull = |begin: usize, values: &[f64], by_values: &mut [f64]| {
            let row = begin..begin + values.len();
            let pairs = weights[row.clone()].iter().zip(&mut by_weights[row]);
            for ((&weight, by_weight), (value, by_value)) in pairs.zip(values.iter().zip(by_values))
            {
                *by_weight += (slope * value) as f32;
                *by_value += slope * f64::from(weight);
            }
        };
        pull(begin + X * at, x, by_x);
        pull(begin + H * X + H * at, h, by_h);
        by_weights[begin + H * (X + H) + at] += slope as f32;
    }
}

fn product<const H: usize>(a: &[f64; H], b: &[f64; H]) -> [f64; H] {
    std::array::from_fn(|at| a[at] * b[at])
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}
